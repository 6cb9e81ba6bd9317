"""Where a tempo jumps: the instant is found, however long the search, and without a table of all of it."""

import tracemalloc

import numpy as np
import pytest

from notorious.analysis.accents import find_accents
from notorious.analysis.alignment import attack_envelope
from notorious.analysis.beats import Sound, _levelled
from notorious.analysis.grid import fit_grid
from notorious.analysis.onsets import find_onsets
from notorious.analysis.steps import Plateau, course_of_steps
from notorious.analysis.tempo import pulse

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


def drums(bpm: float, seconds: float) -> np.ndarray:
    """A kick on every beat, a hat between, at 22,050 Hz."""
    draw = np.random.default_rng(8)
    sound = draw.normal(0.0, 0.002, round(seconds * 22050))
    time = np.arange(2600) / 22050
    kick = 0.6 * np.sin(2 * np.pi * 60 * time) * np.exp(-time / 0.03)
    hat = 0.02 * draw.standard_normal(1500) * np.exp(-np.arange(1500) / 300)
    for beat in range(int(seconds * bpm / 60)):
        for place, hit in ((beat, kick), (beat + 0.5, hat)):
            start = round(place * 60 / bpm * 22050)
            part = sound[start : start + len(hit)]
            part += hit[: len(part)]
    return sound.astype(np.float32)


def test_two_tempos_with_nothing_between_are_two_though_a_grid_slips_by_whole_beats() -> None:
    """32 beats at 128 BPM last as long as 30 at 120: to a constant grid phrases are alike in both parts."""
    pause = np.random.default_rng(9).normal(0.0, 0.003, 30 * 22050).astype(np.float32)
    fit = fit_grid(np.concatenate([drums(120.0, 80.0), pause, drums(128.0, 80.0)]))
    assert not fit.tempo.steady
    tempos = [piece.bpm for piece in fit.grid.pieces]
    assert min(abs(bpm - 120.0) for bpm in tempos) < 0.05
    assert min(abs(bpm - 128.0) for bpm in tempos) < 0.05
    beats = np.array(fit.grid.beats())
    # The attack is early in the kick: all beats of both parts lie on one.
    for bpm, start, end in ((120.0, 2.0, 75.0), (128.0, 115.0, 185.0)):
        inside = beats[(beats > start) & (beats < end)]
        since = (inside - (0.0 if bpm == 120.0 else 110.0)) * bpm / 60
        assert np.abs(since - np.round(since)).max() * 60 / bpm < 0.01


def test_a_part_whose_path_runs_beside_its_beat_gets_the_beat_that_it_has_by_itself() -> None:
    mono = np.concatenate([drums(140.0, 40.0), drums(128.0, 40.0), drums(140.0, 20.0)])
    onsets = find_onsets(mono)
    sound = Sound(onsets, pulse(onsets), find_accents(mono, onsets), attack_envelope(onsets), len(mono) / 22050)
    beside = [
        Plateau(2.0, 38.0, 60 / 140),
        Plateau(42.0, 78.0, 60 / 128 * 1.5),
        Plateau(82.0, 98.0, 60 / 140),
    ]
    assert [60 / one.period_seconds for one in _levelled(beside, sound)] == pytest.approx([140, 128, 140], abs=0.1)
    doubled = [Plateau(2.0, 38.0, 60 / 70), Plateau(42.0, 78.0, 60 / 64)]  # octaves are for the whole track to choose
    assert _levelled(doubled, sound) == doubled
