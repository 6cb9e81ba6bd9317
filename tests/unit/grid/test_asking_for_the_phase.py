"""Which phase the beats have is asked of a network where the evidence is close, and there alone."""

import numpy as np
import pytest
from synthetic_tracks import DRUMS, STYLES, Style, Synthetic, render

from notorious.analysis.activations import Activations
from notorious.analysis.grid import fit_grid

DOTTED = Style(126.0, (0, 3, 6, 10, 12), (4, 12), (0, 2, 4, 6, 8, 10, 12, 14))
"""Drums alone, kicks on beats and off them: heard with a confidence of about 0.3."""


@pytest.fixture(scope="module")
def close() -> Synthetic:
    return render(DOTTED, arrangement=((24, DRUMS),), start_seconds=0.2)


def hears(downbeats: np.ndarray, seconds: float) -> Activations:
    """What a network says that hears these downbeats [seconds] and nothing else."""
    said = np.full((int(seconds * 50) + 1, 2), 0.001, np.float32)
    said[np.rint(downbeats[downbeats < seconds] * 50).astype(int), 1] = 0.9
    return said


def phase_of(track: Synthetic, activations: Activations | None) -> float:
    """How many beats late (-0.25 to 0.75) those are that are heard, when a network says this."""
    fit = fit_grid(track.mono, ask_network=lambda: activations)
    late = (fit.grid.first_beat_seconds - float(track.beats[0])) * track.bpm / 60.0
    return (late + 0.25) % 1.0 - 0.25


@pytest.mark.parametrize("late", [0.0, 0.5])
def test_a_close_choice_is_settled_by_the_network(close: Synthetic, late: float) -> None:
    downbeats = close.downbeats + late * 60.0 / close.bpm
    assert phase_of(close, hears(downbeats, len(close.mono) / 22050)) == pytest.approx(late, abs=0.02)


def test_without_a_network_a_close_choice_is_made_by_the_evidence(close: Synthetic) -> None:
    alone = fit_grid(close.mono)
    assert fit_grid(close.mono, ask_network=lambda: None).grid == alone.grid
    assert alone.tempo.confidence < 0.9


def test_a_clear_choice_is_not_changed_by_a_network_that_is_wrong() -> None:
    track = render(STYLES["disco"], arrangement=((24, frozenset(DRUMS | {"bass", "chords"})),))
    wrong = hears(track.downbeats + 30.0 / track.bpm, len(track.mono) / 22050)
    assert phase_of(track, wrong) == pytest.approx(0.0, abs=0.02)
