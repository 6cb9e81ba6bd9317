"""Drum patterns are told apart by where in the bar sounds begin; truth is what was drummed."""

import numpy as np
import pytest

from notorious.analysis.bar_pattern import BarPattern, hear_bar_pattern
from notorious.analysis.model import Grid
from notorious.analysis.spectrum import hear_spectra

RATE = 22050
BPM = 120.0
BARS = 8


def drummed(*, kick: str = "", snare: str = "", swing: float = 0.0) -> BarPattern:
    """Sixteen steps a bar, `x` is a hit; `swing` delays every second sixteenth by that share of a beat."""
    beat = 60 / BPM
    draw = np.random.default_rng(5)
    signal = np.zeros(int((BARS * 4 + 1) * beat * RATE), np.float32)
    time = np.arange(int(0.12 * RATE)) / RATE
    kick_hit = np.sin(2 * np.pi * 60 * time) * np.exp(-time * 25)
    snare_hit = draw.standard_normal(len(time)) * np.exp(-time * 60)
    for pattern, hit in ((kick, kick_hit), (snare, 0.5 * snare_hit)):
        for bar in range(BARS):
            for step, sign in enumerate(pattern):
                if sign == "x":
                    start = int((bar * 4 + step / 4 + (swing if step % 2 else 0)) * beat * RATE)
                    signal[start : start + len(hit)] += hit.astype(np.float32)
    grid = Grid(first_beat_seconds=0.0, bpm=BPM, beat_count=BARS * 4 + 1)
    found = hear_bar_pattern(hear_spectra(signal), grid)
    assert found is not None
    return found


def test_four_even_kicks_are_four_on_the_floor() -> None:
    heard = drummed(kick="x---x---x---x---")
    assert heard.four_on_the_floor > 0.8
    assert heard.on_the_beat > 0.9
    assert heard.pulse > 0.9


def test_a_broken_beat_is_not() -> None:
    heard = drummed(kick="x-----x---x-----")
    assert heard.four_on_the_floor < 0.1
    assert heard.on_the_beat < 0.5
    assert set(np.argsort(-heard.low)[:3]) == {0, 6, 10}


def test_a_snare_on_two_and_four_is_a_backbeat() -> None:
    assert drummed(kick="x-------x-------", snare="----x-------x---").backbeat > 0.8


def test_a_snare_on_three_is_half_time() -> None:
    heard = drummed(kick="x---------------", snare="--------x-------")
    assert heard.half_time > 0.6
    assert heard.backbeat < 0.3


def test_chords_between_the_beats_are_off_beat() -> None:
    assert drummed(snare="--x---x---x---x-").off_beat > 0.8


def test_the_beat_of_reggaeton_is_told_by_its_snares() -> None:
    assert drummed(kick="x---x---x---x---", snare="---x--x----x--x-").dembow > 3 * drummed(
        kick="x---x---x---x---", snare="----x-------x---"
    ).dembow  # fmt: skip


def test_late_sixteenths_swing() -> None:
    hats = "xxxxxxxxxxxxxxxx"
    assert drummed(snare=hats, swing=1 / 12).swing > drummed(snare=hats).swing + 0.15


def test_without_sixteenths_nothing_swings() -> None:
    assert abs(drummed(snare="x-x-x-x-x-x-x-x-").swing) < 0.1


@pytest.mark.parametrize("grid", [{"beat_count": 3}, {"beat_count": 40, "beats_per_bar": 3}])
def test_without_bars_of_four_beats_there_is_no_pattern(grid: dict[str, int]) -> None:
    spectra = hear_spectra(np.zeros(RATE * 5, np.float32))
    assert hear_bar_pattern(spectra, Grid(first_beat_seconds=0.0, bpm=BPM, **grid)) is None
