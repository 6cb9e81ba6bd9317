import numpy as np
import pytest

from notorious.errors import PlanError
from notorious.planning.plan import ClockKnot, Lane, LanePoint, Parameter
from notorious.rendering.clock import Clock
from notorious.rendering.lanes import STEP_SECONDS, Automation

RATE = 1000
# A beat is a second until beat 4, half a second afterwards.
CLOCK = Clock([ClockKnot(beat=0, seconds=0), ClockKnot(beat=4, seconds=4), ClockKnot(beat=12, seconds=8)])


def lane(parameter: Parameter, *points: tuple[float, float]) -> Lane:
    return Lane(parameter=parameter, points=tuple(LanePoint(beat=beat, value=value) for beat, value in points))


def values(parameter: Parameter, *lanes: Lane, at: float) -> float:
    return float(Automation(lanes, CLOCK, rate_hz=RATE).values(parameter, round(at * RATE), 1)[0])


def test_a_lane_is_straight_in_beats_also_where_the_tempo_changes() -> None:
    drawn = lane("fader", (2, 0.0), (8, 1.0))
    # Beats 3, 4 and 6 fall on seconds 3, 4 and 5.
    assert [values("fader", drawn, at=second) for second in (3, 4, 5)] == pytest.approx([1 / 6, 2 / 6, 4 / 6])


def test_a_lane_is_level_before_its_first_point_and_after_its_last() -> None:
    drawn = lane("low", (2, 0.25), (3, 0.75))
    assert values("low", drawn, at=0) == 0.25
    assert values("low", drawn, at=8) == 0.75


def test_amplitudes_multiply_filters_add_and_the_larger_send_counts() -> None:
    assert values("mid", lane("mid", (0, 0.5)), lane("mid", (0, 0.5)), at=1) == 0.25
    assert values("filter", lane("filter", (0, -0.75)), lane("filter", (0, -0.5)), at=1) == -1.0
    assert values("echo", lane("echo", (0, 0.2)), lane("echo", (0, 0.6)), at=1) == pytest.approx(0.6)


def test_without_a_lane_a_parameter_is_neutral() -> None:
    automation = Automation([], CLOCK, rate_hz=RATE)
    assert np.array_equal(automation.values("fader", 0, 3), np.ones(3, np.float32))
    assert np.array_equal(automation.values("filter", 0, 3), np.zeros(3, np.float32))
    assert not automation.moves("fader", 0, 100)


def test_a_lane_moves_only_where_it_leaves_neutral() -> None:
    automation = Automation([lane("fader", (2, 1.0), (3, 0.0))], CLOCK, rate_hz=RATE)
    assert not automation.moves("fader", 0, 2001)
    assert automation.moves("fader", 0, 2002)
    assert automation.is_silent(3000, 500)
    assert not automation.is_silent(2999, 500)


def test_a_point_between_two_neutral_ends_is_not_overlooked() -> None:
    automation = Automation([lane("low", (1, 1.0), (1.5, 0.0), (2, 1.0))], CLOCK, rate_hz=RATE)
    assert automation.moves("low", 500, 3000)


def test_a_step_takes_a_few_milliseconds_and_ends_on_its_beat() -> None:
    drawn = lane("fader", (2, 1.0), (2, 0.0))
    assert values("fader", drawn, at=2) == 0.0
    assert values("fader", drawn, at=2 - STEP_SECONDS) == pytest.approx(1.0)
    assert 0.0 < values("fader", drawn, at=2 - STEP_SECONDS / 2) < 1.0


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (lane("fader", (2, 0.0), (1, 1.0)), "goes back in time"),
        (lane("fader", (2, 1.5)), "within 0 and 1"),
        (lane("filter", (2, -1.5)), "within -1 and 1"),
        (lane("low", (2, float("nan"))), "finite"),
    ],
)
def test_a_lane_that_cannot_be_meant_is_refused(wrong: Lane, says: str) -> None:
    with pytest.raises(PlanError, match=says):
        Automation([wrong], CLOCK, rate_hz=RATE)
