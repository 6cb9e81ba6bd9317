"""Gains: every track at the plan's loudness, then nudged so that neighbours match where they meet."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from notorious.planning.candidates import Candidate
from notorious.planning.loudness import loudness_course
from notorious.planning.structure import Structure

MOST_NUDGE_DB = 2.0
"""How far a gain may leave the integrated match for the sake of the mix points."""

NUDGE_STIFFNESS = 1.0
"""Weight of staying at the integrated match against matching at the mix points; 1 halves a step between two tracks."""

PEAK_ALLOWANCE_DB = 6.0
"""How far a gain may push a track's true peak above full scale for the limiter to catch: soft, dynamic recordings
stay softer than the others rather than being crushed."""


def integrated_gain(structure: Structure, target_lufs: float) -> float:
    """The gain [dB] that brings a track to the target, as far as its peaks allow."""
    loudness = structure.track.analysis.loudness
    return min(target_lufs - loudness.integrated_lufs, PEAK_ALLOWANCE_DB - loudness.true_peak_dbtp)


def matched_gains(
    structures: Sequence[Structure], chosen: Sequence[Candidate], target_lufs: float
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """The gains of all tracks, and the loudness steps [LU] that remain at their transitions.

    Least squares: the squared steps at the transitions against the squared distances from the integrated match, then
    held within `MOST_NUDGE_DB` of it. `chosen[k]` leads from track k to track k + 1.
    """
    base = np.array([integrated_gain(structure, target_lufs) for structure in structures])
    count = len(structures)
    if count == 1:
        return (float(base[0]),), ()
    steps = np.array(
        [
            loudness_course(structures[k], structures[k + 1], chosen[k], (float(base[k]), float(base[k + 1]))).step_lu
            for k in range(count - 1)
        ]
    )
    nudges = np.clip(_settle(steps), -MOST_NUDGE_DB, MOST_NUDGE_DB)
    # A track that its peaks hold back is not pushed further.
    limits = np.array(
        [PEAK_ALLOWANCE_DB - structure.track.analysis.loudness.true_peak_dbtp for structure in structures]
    )
    gains = np.minimum(base + nudges, limits)
    nudges = gains - base
    remaining = steps + nudges[1:] - nudges[:-1]
    return tuple(float(gain) for gain in gains), tuple(float(step) for step in remaining)


def _settle(steps: NDArray[np.float64]) -> NDArray[np.float64]:
    """The nudges that minimise sum (step_k + nudge_{k+1} - nudge_k)^2 + stiffness * sum nudge_k^2 [dB].

    The normal equations are tridiagonal and are solved by elimination (Thomas), in a time that grows with the set.
    """
    count = len(steps) + 1
    diagonal = np.full(count, NUDGE_STIFFNESS + 2.0)
    diagonal[[0, -1]] -= 1.0
    right = np.concatenate((steps, [0.0])) - np.concatenate(([0.0], steps))
    for k in range(1, count):
        factor = -1.0 / diagonal[k - 1]
        diagonal[k] += factor
        right[k] -= factor * right[k - 1]
    nudges = np.empty(count)
    nudges[-1] = right[-1] / diagonal[-1]
    for k in range(count - 2, -1, -1):
        nudges[k] = (right[k] + nudges[k + 1]) / diagonal[k]
    return nudges
