"""Downbeats: which beat begins the bar."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from notorious.analysis.accents import Accents


@dataclass(frozen=True)
class Bars:
    """Beats per bar, the number of the first beat that begins one, and how clear that was (0 to 1)."""

    beats_per_bar: int
    first_downbeat: int
    confidence: float


def find_bars(accents: Accents, beats: NDArray[np.float64]) -> Bars:
    """Choose the bar phase."""
    if len(beats) < 12:
        return Bars(4, 0, 0.0)
    strength = accents.strength(beats)
    period = float(np.median(np.diff(beats)))
    harmony = accents.harmonic_change(beats, 2 * period)
    score = np.zeros(4)
    for phase in range(4):
        inside = np.arange(len(beats)) % 4 == phase
        score[phase] = np.log((harmony[inside].mean() + 1e-3) / (harmony.mean() + 1e-3))
        score[phase] += 0.5 * np.log((strength[0, inside].mean() + 0.05) / (strength[0].mean() + 0.05))
    return Bars(4, int(np.argmax(score)), 0.5)
