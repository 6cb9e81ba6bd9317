"""Broken beats, whose off-beats are as loud as their beats: harmony over whole bars says which is which."""

import numpy as np
import pytest
import soxr
from synthetic_tracks import ALL, DRUMS, RATE_HZ, STYLES, Style, render

from notorious.analysis.grid import fit_grid
from notorious.demo.recipe import recipes
from notorious.demo.track import render as render_demo

BROKEN = {
    "two-step drum and bass": Style(174.0, (0, 10), (4, 12), (0, 2, 4, 6, 8, 10, 12, 14), bass=(0, 10)),
    "ghosts": Style(170.3, (0, 2, 10), (4, 7, 9, 12, 15), (0, 2, 4, 6, 8, 10, 12, 14)),
    "dotted hats": Style(128.0, (0, 8), (4, 12), (0, 3, 6, 9, 12, 15), bass=(0, 3, 6, 9, 12)),
    "dotted kicks": Style(126.0, (0, 3, 6, 10, 12), (4, 12), (0, 2, 4, 6, 8, 10, 12, 14), bass=(0, 3, 6, 10, 12)),
}


@pytest.mark.parametrize(("seed", "number"), [(23, 11), (29, 10)])
def test_a_produced_drum_and_bass_track_is_not_heard_half_a_beat_off(seed: int, number: int) -> None:
    # Slow, about five seconds each: these are whole productions, on which spans of two beats had failed.
    recipe = recipes(seed, 12, shorten=0.6)[number]
    made = render_demo(recipe)
    fit = fit_grid(soxr.resample(made.track.mean(axis=1), 44100, RATE_HZ).astype(np.float32))
    assert fit.tempo.bpm == pytest.approx(recipe.bpm, abs=0.02)
    beats = np.array(fit.grid.beats())
    assert np.abs(beats - made.timeline.seconds(100)).min() < 0.005
    assert np.abs(np.array(fit.grid.downbeats()) - made.timeline.seconds(96)).min() < 0.005


@pytest.mark.parametrize("name", BROKEN)
@pytest.mark.parametrize("layers", [ALL, DRUMS], ids=["all", "drums"])
def test_broken_and_dotted_beats_keep_level_and_phase(name: str, layers: frozenset[str]) -> None:
    track = render(BROKEN[name], arrangement=((28, layers),), seed=1, start_seconds=0.2)
    fit = fit_grid(track.mono)
    assert fit.tempo.bpm == pytest.approx(track.bpm, abs=0.02)
    assert np.percentile([np.abs(np.array(fit.grid.beats()) - beat).min() for beat in track.beats], 95) < 0.005


def test_drums_alone_are_less_sure_of_a_broken_beat_than_drums_with_harmony() -> None:
    style = BROKEN["two-step drum and bass"]
    alone, together = (
        fit_grid(render(style, arrangement=((28, layers),), seed=1).mono).tempo.confidence for layers in (DRUMS, ALL)
    )
    assert together > alone


def test_chords_without_any_drum_are_not_a_beat_to_rely_on() -> None:
    track = render(STYLES["house"], arrangement=((32, frozenset({"chords"})),))
    assert fit_grid(track.mono).tempo.confidence < 0.6
