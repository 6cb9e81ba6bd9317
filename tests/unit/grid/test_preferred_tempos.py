"""How people count: tempos far from the usual ones have their price, and from 180 BPM on a DJ counts half."""

import numpy as np
import pytest

from notorious.analysis.accents import Accents
from notorious.analysis.evidence import Rhythm, hear_rhythm
from notorious.analysis.onsets import BANDS

EVEN = Accents(np.ones((BANDS, 40_000), np.float32), 172.27, np.ones((1000, 4)), 21.5)
"""A track in which the same happens all the time, so that the tempo alone tells."""


def rhythm(bpm: float) -> Rhythm:
    return hear_rhythm(EVEN, np.arange(100) * 60.0 / bpm, covered=0.5, line=0.0)


@pytest.mark.parametrize(
    ("bpm", "octaves"),
    [
        (125.0, 0.0),
        (176.0, 0.0),
        (178.0, np.log2(178 / 176)),
        (187.0, np.log2(187 / 176) + 5 * np.log2(187 / 180)),
        (240.0, np.log2(240 / 176) + 5 * np.log2(240 / 180)),
    ],
)
def test_what_is_fast_costs_its_octaves_and_six_times_from_180_on(bpm: float, octaves: float) -> None:
    assert rhythm(bpm).fast == pytest.approx(-octaves, abs=1e-6)
    assert rhythm(bpm).slow == 0.0


@pytest.mark.parametrize(("bpm", "octaves"), [(78.0, 0.0), (70.0, np.log2(78 / 70)), (60.0, np.log2(78 / 60))])
def test_what_is_slow_costs_its_octaves(bpm: float, octaves: float) -> None:
    assert rhythm(bpm).slow == pytest.approx(-octaves, abs=1e-6)
    assert rhythm(bpm).fast == 0.0


def test_the_usual_tempo_is_125_and_each_octave_away_counts_squared() -> None:
    assert rhythm(125.0).prior == pytest.approx(0.0, abs=1e-9)
    assert rhythm(62.5).prior == pytest.approx(-1.0, abs=1e-6)
    assert rhythm(250.0).prior == pytest.approx(-1.0, abs=1e-6)
