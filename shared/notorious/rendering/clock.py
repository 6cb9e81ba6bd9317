"""The clock: at which second of the mix a mix beat falls, and the other way round.

A clock is a row of knots (mix beat, mix second), straight lines between them; each line is a constant tempo. Before the
first knot and after the last it goes on at the tempo of that end, so that a voice which reaches a little beyond the
mix still has a place. Beats are counted from the mix's first beat, seconds from its first sample.
"""

from collections.abc import Sequence
from typing import overload

import numpy as np
from numpy.typing import NDArray

from notorious.errors import PlanError
from notorious.planning.plan import ClockKnot

Floats = NDArray[np.float64]


class Clock:
    """The set's beats as a function of time: piecewise linear, strictly rising, defined everywhere.

    `seconds` and `beat` are inverses of each other and take a number or an array of any shape.
    """

    def __init__(self, knots: Sequence[ClockKnot]) -> None:
        """Take at least two knots, beats and seconds strictly rising and finite; else `PlanError`."""
        beats = np.array([knot.beat for knot in knots], dtype=np.float64)
        seconds = np.array([knot.seconds for knot in knots], dtype=np.float64)
        if len(beats) < 2:
            raise PlanError(f"a clock needs at least two knots to have a tempo, but has {len(beats)}")
        if not (np.isfinite(beats).all() and np.isfinite(seconds).all()):
            raise PlanError("a clock's knots must be finite numbers: look for NaN or infinity in the plan's clock")
        falling = np.flatnonzero((np.diff(beats) <= 0) | (np.diff(seconds) <= 0))
        if len(falling):
            raise PlanError(
                f"the clock must rise in beats and seconds, but does not after mix beat {beats[falling[0]]:g}"
            )
        self._beats = beats
        self._seconds = seconds

    @property
    def knot_beats(self) -> Floats:
        """The mix beats of the knots [shape=(knots,)]: where the tempo may change."""
        return self._beats.copy()

    @property
    def duration_seconds(self) -> float:
        """Seconds from the first knot to the last."""
        return float(self._seconds[-1] - self._seconds[0])

    @overload
    def seconds(self, beat: float) -> float: ...
    @overload
    def seconds(self, beat: Floats) -> Floats: ...
    def seconds(self, beat: float | Floats) -> float | Floats:
        """The mix second on which a mix beat falls; beyond the knots at the tempo of that end."""
        return _along(self._beats, self._seconds, beat)

    @overload
    def beat(self, seconds: float) -> float: ...
    @overload
    def beat(self, seconds: Floats) -> Floats: ...
    def beat(self, seconds: float | Floats) -> float | Floats:
        """The (fractional) mix beat at a mix second: the inverse of `seconds`."""
        return _along(self._seconds, self._beats, seconds)

    @overload
    def bpm_at(self, beat: float) -> float: ...
    @overload
    def bpm_at(self, beat: Floats) -> Floats: ...
    def bpm_at(self, beat: float | Floats) -> float | Floats:
        """The tempo at a mix beat, in beats per minute; on a knot, the tempo that begins there."""
        left = _segment(self._beats, beat)
        tempo = 60.0 * (self._beats[left + 1] - self._beats[left]) / (self._seconds[left + 1] - self._seconds[left])
        return float(tempo) if np.ndim(beat) == 0 else np.asarray(tempo, dtype=np.float64)


def _segment(knots: Floats, at: float | Floats) -> NDArray[np.intp]:
    """Number of the segment that holds each place; the end segments hold what lies beyond them."""
    return np.clip(np.searchsorted(knots, at, side="right") - 1, 0, len(knots) - 2)


def _along(knots: Floats, values: Floats, at: float | Floats) -> float | Floats:
    """Piecewise linear interpolation that goes on beyond both ends with the slope found there."""
    left = _segment(knots, at)
    slope = (values[left + 1] - values[left]) / (knots[left + 1] - knots[left])
    found = values[left] + (at - knots[left]) * slope
    return float(found) if np.ndim(at) == 0 else np.asarray(found, dtype=np.float64)
