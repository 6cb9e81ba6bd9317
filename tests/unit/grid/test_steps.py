"""Where a tempo jumps: the instant is found, however long the search, and without a table of all of it."""

import tracemalloc

import numpy as np
import pytest

from notorious.analysis.steps import Plateau, course_of_steps

RATE_HZ = 172.27
PATTERN = {0.0: 1.0, 1.0: 0.6, 1.5: 0.3, 2.0: 0.9, 2.75: 0.5, 3.0: 0.6}
"""Onsets in four beats, and how strong they are."""


def onsets(jump: float, end: float, periods: tuple[float, float]) -> tuple[np.ndarray, float]:
    """An onset envelope whose tempo jumps on a beat near a second, and when it does."""
    first = round(jump / periods[0])
    jump = first * periods[0]
    envelope = np.random.default_rng(5).random(round(end * RATE_HZ)).astype(np.float32) * 0.05
    for beat in range(int(end / min(periods))):
        for place, strength in PATTERN.items():
            if beat % 4 != int(place):
                continue
            number = beat + place % 1
            seconds = number * periods[0] if number < first else jump + (number - first) * periods[1]
            row = round(seconds * RATE_HZ)
            if row < len(envelope):
                envelope[row] += strength
    return envelope, jump


@pytest.mark.parametrize("hole_seconds", [0.0, 20.0, 240.0])
@pytest.mark.parametrize("periods", [(0.5, 0.46), (0.43, 0.47)])
def test_the_instant_of_a_jump_is_found_however_long_the_search(
    hole_seconds: float, periods: tuple[float, float]
) -> None:
    end = 160.0 + hole_seconds
    envelope, jump = onsets(70.0 + 0.4 * hole_seconds, end, periods)
    plateaus = [Plateau(5.0, 70.0, periods[0]), Plateau(70.0 + hole_seconds, end - 5.0, periods[1])]
    tracemalloc.start()
    course = course_of_steps(plateaus, envelope, RATE_HZ)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 30e6
    assert len(course.seconds) == 3
    assert course.seconds[1] == pytest.approx(jump, abs=0.03)
