"""Pieces: a tempo that changes in steps, each piece of it constant.

A producer's tempo track changes at a bar line and is exact before and after; a drummer's hand never is. Beats that were
followed one by one are cut into the fewest straight lines that explain them (optimal partitioning: Jackson et al., IEEE
Signal Processing Letters 12, 2005); where few, long and close lines do, each is laid onto its attacks like a track of
its own. Elsewhere the beats stay as they were followed.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from notorious.analysis.alignment import lay_line

FEWEST_BEATS = 16
SPREAD_SECONDS = 0.003
"""How far followed beats scatter about the lines of synthetic steps (smoothed over nine beats each)."""
PIECE_COST = 60.0
"""What a piece must save in squared spreads to be worth it."""
BEATS_PER_PIECE = 40
CLOSE_SECONDS = 0.004
"""Root mean square distance of the beats from the lines up to which they are believed: a hand scatters more."""
SMALLEST_STEP = 0.002
"""Lines whose tempos differ by less than this are no step but a drift."""


@dataclass(frozen=True)
class Piece:
    """A constant tempo from one beat on."""

    first_beat: int
    period_seconds: float


def find_pieces(
    beats: NDArray[np.float64], attacks: NDArray[np.float32], rate_hz: float
) -> tuple[NDArray[np.float64], tuple[Piece, ...]]:
    """The beats [seconds, shape=(n,)] laid on constant pieces, and the pieces; the same beats and none if they do not
    lie on some.

    attacks: as from `alignment.attack_envelope`.
    """
    borders = _partition(beats)
    if not 2 <= len(borders) - 1 <= max(2, len(beats) // BEATS_PER_PIECE):
        return beats, ()
    laid, pieces, distance = lay_pieces(beats, borders, attacks, rate_hz)
    steps = np.abs(np.diff(np.log([piece.period_seconds for piece in pieces])))
    if distance >= CLOSE_SECONDS or steps.min() < SMALLEST_STEP or np.diff(laid).min() <= 0:
        return beats, ()
    return laid, pieces


def lay_pieces(
    beats: NDArray[np.float64], borders: list[int], attacks: NDArray[np.float32], rate_hz: float
) -> tuple[NDArray[np.float64], tuple[Piece, ...], float]:
    """Beats [seconds, shape=(n,)] laid on a straight line from each border to the next, and each line onto its attacks.

    borders: first beat numbers of the pieces, two beats or more each, and the count of the beats at last. Returns the
    beats, the pieces, and how far the given beats lay from the lines before these were moved (root mean square,
    seconds)."""
    number = np.arange(len(beats), dtype=np.float64)
    laid = beats.copy()
    pieces = []
    squares = 0.0
    for first, end in zip(borders[:-1], borders[1:], strict=True):
        period, offset = np.polyfit(number[first:end], beats[first:end], 1)
        squares += float(((offset + period * number[first:end] - beats[first:end]) ** 2).sum())
        period, offset, _, _ = lay_line(attacks, rate_hz, float(period), float(offset), number[first:end], 0.014)
        period, offset, _, _ = lay_line(attacks, rate_hz, period, offset, number[first:end], 0.008)
        laid[first:end] = offset + period * number[first:end]
        pieces.append(Piece(first, period))
    return laid, tuple(pieces), float(np.sqrt(squares / len(beats)))


def _partition(beats: NDArray[np.float64]) -> list[int]:
    """Borders (first beat numbers, and the count) of the straight lines that explain the beats at the least cost."""
    count = len(beats)
    if count < 2 * FEWEST_BEATS:
        return [0, count]
    number = np.arange(count, dtype=np.float64)
    # Seen from the mean line the numbers stay small, so that sums of squares lose nothing.
    slope, start = np.polyfit(number, beats, 1)
    value = (beats - start - slope * number) / SPREAD_SECONDS
    sums = {
        name: np.concatenate([[0.0], np.cumsum(row)])
        for name, row in {"x": number, "y": value, "xx": number**2, "xy": number * value, "yy": value**2}.items()
    }
    best = np.full(count + 1, np.inf)
    best[0] = -PIECE_COST
    came_from = np.zeros(count + 1, dtype=np.int64)
    for end in range(FEWEST_BEATS, count + 1):
        first = np.arange(0, end - FEWEST_BEATS + 1)
        size = end - first
        x, y, xx, xy, yy = (sums[name][end] - sums[name][first] for name in ("x", "y", "xx", "xy", "yy"))
        cross = xy - x * y / size
        cost = best[first] + PIECE_COST + np.maximum(yy - y**2 / size - cross**2 / (xx - x**2 / size), 0.0)
        came_from[end] = int(cost.argmin())
        best[end] = float(cost.min())
    borders = [count]
    while borders[-1] > 0:
        borders.append(int(came_from[borders[-1]]))
    return borders[::-1]
