"""Drift: how a track's attacks move against a constant grid, by a few milliseconds or a few dozen.

A tape that speeds up by 0.2 % over three minutes keeps near enough to one line for most of its beats to meet attacks,
and is 50 ms off at its ends. So the attacks around each stretch of beats are summed at every shift of the grid, and the
smoothest path through the strongest sums (Viterbi) is held against no shift at all.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from notorious.analysis.alignment import BRIGHT_LEAD_SECONDS, LOUDEST_RISE

STRETCH_BEATS = 16
STEP_BEATS = 4
REACH_SECONDS = 0.06
FEWEST_BEATS = 48
MOVE_SECONDS = 0.004
"""What a shift may change by from one step to the next: 0.2 % of the tempo at 120 BPM."""
DRIFT_GAIN = 1.15
DRIFT_SPREAD_SECONDS = 0.010
"""78 steady pieces gain up to 1.19 with a spread of up to 9 ms or return; drifts of 0.15 % and more gain from 1.22."""
SAME_LINE_SECONDS = 0.0025
LINE_SHARE = 0.25
LINE_SPAN = 0.5
LEFT_BEATS = 12
MOVE_COST = 0.02
"""Of the sum of an undisturbed stretch, for each row (0.73 ms) of movement."""


@dataclass(frozen=True)
class Drift:
    """beats, shift_seconds: NDArray [shape=(k,)]: beat numbers, and how much later than the grid the attacks are there.

    gain: how many times the strength of the attacks on the grid lies on the shifted grid (1: nothing is gained).
    spread_seconds: how far apart the shifts lie, but for the outermost tenths, weighted by strength.
    """

    beats: NDArray[np.float64]
    shift_seconds: NDArray[np.float64]
    gain: float
    spread_seconds: float

    @property
    def is_likely(self) -> bool:
        """Whether the grid may be wrong, rather than other sounds louder than what lies on it."""
        return self.gain > DRIFT_GAIN and self.spread_seconds > DRIFT_SPREAD_SECONDS


NONE = Drift(np.empty(0), np.empty(0), 1.0, 0.0)


def find_drift(attacks: NDArray[np.float32], rate_hz: float, beats: NDArray[np.float64]) -> Drift:
    """Hold the attacks (as from `alignment.attack_envelope`) against a grid of evenly spaced beats [seconds]."""
    if len(beats) < FEWEST_BEATS:
        return NONE
    reach = int(REACH_SECONDS * rate_hz)
    centre = np.rint((beats - BRIGHT_LEAD_SECONDS) * rate_hz).astype(np.int64)
    index = np.clip(centre[:, None] + np.arange(-reach, reach + 1), 0, len(attacks) - 1)
    rises = np.minimum(attacks[index], LOUDEST_RISE)
    sums = np.concatenate([np.zeros((1, rises.shape[1])), np.cumsum(rises, axis=0, dtype=np.float64)])
    first = np.arange(0, len(beats) - STRETCH_BEATS + 1, STEP_BEATS)
    stretches = (sums[first + STRETCH_BEATS] - sums[first]) / STRETCH_BEATS
    padded = np.pad(stretches, ((0, 0), (2, 2)))
    smooth = sum((padded[:, row : row + stretches.shape[1]] for row in range(5)), np.zeros(stretches.shape)) / 5
    path = _smoothest(smooth, max(1, round(MOVE_SECONDS * rate_hz)), MOVE_COST * float(smooth.max(axis=1).mean()))
    strength = smooth[np.arange(len(path)), path]
    shift = (path - reach) / rate_hz
    order = np.argsort(shift)
    share = np.cumsum(strength[order]) / max(float(strength.sum()), 1e-9)
    low, high = (float(shift[order][min(int(np.searchsorted(share, edge)), len(order) - 1)]) for edge in (0.1, 0.9))
    gain = float(strength.sum() / max(float(smooth[:, reach].sum()), 1e-9))
    middle = first.astype(np.float64) + STRETCH_BEATS / 2
    return Drift(middle, shift, gain, high - low)


def leaves_its_line(beats: NDArray[np.float64]) -> bool:
    """Whether beats [seconds, shape=(n,)] do not lie on one line, nor come back to it after having left it.

    A tempo that wanders does not come back to the same line; a steady track, where other sounds drown its beats for a
    while and draw them away, does."""
    number = np.arange(len(beats), dtype=np.float64)
    weight = np.ones(len(beats))
    for _ in range(8):  # the line of least absolute distance, by reweighting: most beats decide, not the farthest
        away = beats - np.polyval(np.polyfit(number, beats, 1, w=np.sqrt(weight)), number)
        weight = 1.0 / np.maximum(np.abs(away), 1e-3)
    low, high = np.percentile(away, (10, 90))
    if high - low < DRIFT_SPREAD_SECONDS:
        return False
    ordered = np.sort(away)
    neighbours = np.searchsorted(ordered, away + SAME_LINE_SECONDS) - np.searchsorted(
        ordered, away - SAME_LINE_SECONDS, side="right"
    )
    on_line = np.flatnonzero(np.abs(away - away[int(neighbours.argmax())]) < SAME_LINE_SECONDS)
    returns = (
        len(on_line) > LINE_SHARE * len(away)
        and int(on_line[-1] - on_line[0]) > LINE_SPAN * len(away)
        and int(np.diff(on_line).max(initial=0)) >= LEFT_BEATS
    )
    return not returns


def _smoothest(evidence: NDArray[np.float64], freedom: int, cost: float) -> NDArray[np.int64]:
    """The column at each row [shape=(rows,)] of the path of strong evidence that moves least."""
    moves = np.arange(freedom, -freedom - 1, -1)
    penalty = cost * np.abs(moves)
    padded = np.full(evidence.shape[1] + 2 * freedom, -np.inf)
    reachable = np.lib.stride_tricks.sliding_window_view(padded, len(moves))
    total = padded[freedom : len(padded) - freedom]
    total[:] = evidence[0]
    came_by = np.zeros(evidence.shape, dtype=np.int64)
    for row in range(1, len(evidence)):
        options = reachable - penalty
        came_by[row] = options.argmax(axis=1)
        total[:] = options.max(axis=1) + evidence[row]
    path = np.empty(len(evidence), dtype=np.int64)
    path[-1] = int(total.argmax())
    for row in range(len(evidence) - 1, 0, -1):
        path[row - 1] = path[row] - moves[came_by[row, path[row]]]
    return path
