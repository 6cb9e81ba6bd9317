"""The clock: straight lines between knots, the ends' tempo beyond them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from notorious.errors import PlanError
from notorious.planning.plan import ClockKnot
from notorious.rendering.clock import Clock


def clock_of(*knots: tuple[float, float]) -> Clock:
    return Clock([ClockKnot(beat=beat, seconds=seconds) for beat, seconds in knots])


TWO_TEMPOS = ((0.0, 0.0), (60.0, 30.0), (120.0, 75.0))  # 120 BPM, then 80


def test_beats_lie_on_straight_lines_between_knots() -> None:
    clock = clock_of(*TWO_TEMPOS)
    assert clock.seconds(30.0) == pytest.approx(15.0)
    assert clock.seconds(90.0) == pytest.approx(52.5)
    assert clock.beat(52.5) == pytest.approx(90.0)


def test_beyond_its_ends_the_clock_goes_on_at_the_tempo_found_there() -> None:
    clock = clock_of(*TWO_TEMPOS)
    assert clock.seconds(-2.0) == pytest.approx(-1.0)
    assert clock.seconds(124.0) == pytest.approx(78.0)
    assert clock.bpm_at(-100.0) == pytest.approx(120.0)
    assert clock.bpm_at(500.0) == pytest.approx(80.0)


def test_on_a_knot_the_tempo_is_the_one_that_begins_there() -> None:
    clock = clock_of(*TWO_TEMPOS)
    assert clock.bpm_at(59.999) == pytest.approx(120.0)
    assert clock.bpm_at(60.0) == pytest.approx(80.0)


def test_arrays_give_what_numbers_give() -> None:
    clock = clock_of(*TWO_TEMPOS)
    beats = np.linspace(-10, 130, 57)
    assert clock.seconds(beats).tolist() == [clock.seconds(float(beat)) for beat in beats]
    assert clock.bpm_at(beats).tolist() == [clock.bpm_at(float(beat)) for beat in beats]
    assert isinstance(clock.seconds(3.0), float)


@given(
    st.lists(st.tuples(st.floats(0.5, 64), st.floats(60, 200)), min_size=1, max_size=20),
    st.floats(-50, 1500),
)
def test_beat_is_the_inverse_of_seconds(steps: list[tuple[float, float]], beat: float) -> None:
    knots = [(0.0, 0.0)]
    for beats, bpm in steps:
        knots.append((knots[-1][0] + beats, knots[-1][1] + beats * 60 / bpm))
    clock = clock_of(*knots)
    assert clock.beat(clock.seconds(beat)) == pytest.approx(beat, abs=1e-8)


@pytest.mark.parametrize(
    "knots",
    [
        ((0.0, 0.0),),
        ((0.0, 0.0), (0.0, 1.0)),
        ((0.0, 0.0), (4.0, 2.0), (8.0, 2.0)),
        ((0.0, 0.0), (4.0, float("inf"))),
        ((0.0, 0.0), (float("nan"), 3.0)),
    ],
)
def test_a_clock_that_does_not_rise_is_refused(knots: tuple[tuple[float, float], ...]) -> None:
    with pytest.raises(PlanError, match="clock"):
        clock_of(*knots)
