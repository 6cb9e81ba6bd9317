"""Time maps, their untouched runs, and holding still at attacks."""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from notorious.audio.timeline import TimeMap, UntouchedRun, hold_attacks


def test_outside_its_knots_a_map_goes_on_with_slope_one() -> None:
    time_map = TimeMap((100.0, 200.0), (1000.0, 1110.0))
    assert time_map.source(np.array([90.0, 150.0, 260.0])).tolist() == [990.0, 1055.0, 1170.0]
    assert time_map.output(np.array([990.0, 1055.0, 1170.0])).tolist() == [90.0, 150.0, 260.0]


def test_untouched_runs_are_where_the_slope_is_one_and_the_shift_whole() -> None:
    time_map = TimeMap((0.0, 100.0, 200.0, 300.0, 400.0, 500.0), (7.0, 107.0, 210.0, 310.0, 410.5, 510.5))
    assert time_map.untouched_runs() == [
        UntouchedRun(-np.inf, 100.0, 7),
        UntouchedRun(200.0, 300.0, 10),
    ]
    assert time_map.is_untouched(-50, 100)
    assert time_map.is_untouched(220, 300)
    assert not time_map.is_untouched(90, 110)
    assert not time_map.is_untouched(420, 480), "a shift by half a frame is no copy"


@pytest.mark.parametrize(
    ("output", "source", "words"),
    [
        ((), (), "pairs its knots"),
        ((0.0, 1.0), (0.0,), "pairs its knots"),
        ((0.0, float("nan")), (0.0, 1.0), "finite"),
        ((0.0, 0.0), (0.0, 1.0), "rise"),
        ((0.0, 10.0), (5.0, 5.0), "rise"),
        ((0.0, 10.0), (0.0, 50.0), "slopes"),
    ],
)
def test_a_map_that_cannot_be_played_is_refused(
    output: tuple[float, ...], source: tuple[float, ...], words: str
) -> None:
    with pytest.raises(ValueError, match=words):
        TimeMap(output, source)


def held(time_map: TimeMap, *attacks: float) -> TimeMap:
    return hold_attacks(
        time_map,
        np.array(attacks),
        before_frames=1600,
        after_frames=1800,
        most_of_gap=0.3,
        reach_frames=13000,
    ).time_map


def test_a_held_attack_stays_in_its_place_and_passes_with_slope_one() -> None:
    time_map = TimeMap((0.0, 400000.0), (0.0, 412000.0))
    attacks = np.arange(20000.0, 400000.0, 21000.0)
    bent = held(time_map, *attacks)
    places = time_map.output(attacks)
    assert bent.source(places) == pytest.approx(attacks, abs=1e-6)
    for away in (-1599.0, -800.0, 900.0, 1799.0):
        assert bent.source(places + away) == pytest.approx(attacks + away, abs=1e-6)


def test_between_holds_the_map_never_strays_more_than_the_holds_cost() -> None:
    time_map = TimeMap((0.0, 400000.0), (0.0, 412000.0))
    bent = held(time_map, *np.arange(20000.0, 400000.0, 21000.0))
    output = np.linspace(0, 400000, 5001)
    assert np.abs(bent.source(output) - time_map.source(output)).max() <= 0.03 * 1800 + 1e-6


def test_a_crowd_of_attacks_leaves_room_to_make_up_the_time() -> None:
    time_map = TimeMap((0.0, 100000.0), (0.0, 103000.0))
    bent = held(time_map, *np.arange(1000.0, 100000.0, 500.0))
    slopes = np.diff(bent.source_frames) / np.diff(bent.output_frames)
    assert slopes.max() <= 1 + 0.03 / 0.39
    assert slopes.min() >= 1 - 1e-9


@given(
    slopes=st.lists(st.floats(0.25, 4.0), min_size=1, max_size=4),
    steps=st.lists(st.floats(5.0, 60000.0), min_size=1, max_size=40),
)
@example(slopes=[1.0, 0.666616], steps=[20000.0] * 8)
def test_any_map_that_can_be_played_can_be_played_with_its_attacks_held(
    slopes: list[float], steps: list[float]
) -> None:
    output = np.concatenate([[0.0], np.cumsum([100000.0] * len(slopes))])
    source = np.concatenate([[0.0], np.cumsum(100000.0 * np.array(slopes))])
    time_map = TimeMap(tuple(output.tolist()), tuple(source.tolist()))
    attacks = np.cumsum(steps)
    bent = held(time_map, *attacks)
    kept = attacks[attacks <= source[-1]]
    assert bent.source(time_map.output(kept)) == pytest.approx(kept, abs=1e-2)


def test_far_from_attacks_the_map_is_as_it_was() -> None:
    time_map = TimeMap((0.0, 400000.0), (0.0, 412000.0))
    bent = held(time_map, 206000.0)
    output = np.array([0.0, 100000.0, 186000.0, 214000.0, 300000.0, 400000.0])
    assert bent.source(output) == pytest.approx(time_map.source(output), abs=1e-6)


def test_a_change_of_slope_on_an_attack_is_kept_on_both_sides() -> None:
    time_map = TimeMap((0.0, 100000.0, 200000.0), (0.0, 103000.0, 201000.0))
    bent = held(time_map, 60000.0, 103000.0, 150000.0)
    assert float(bent.source(100000.0)) == pytest.approx(103000.0)
    assert float(bent.source(200000.0)) == pytest.approx(201000.0)
    output = np.linspace(0, 200000, 2001)
    assert np.abs(bent.source(output) - time_map.source(output)).max() <= 0.03 * 1800 + 1e-6
