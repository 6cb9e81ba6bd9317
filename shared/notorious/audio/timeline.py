"""The time map: which source frame sounds at which output frame.

A time map is a row of knots with straight lines between them; outside its knots it goes on with slope 1. Slope is source
frames per output frame: 1.03 plays 3 % faster than recorded. Where the slope is exactly 1 and the map is shifted by a whole
number of frames the source is **untouched**: `stretch` copies it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

SLOWEST, FASTEST = 0.25, 4.0
"""Slopes that a time map may have: two octaves each way, far beyond anything that is still music."""


@dataclass(frozen=True)
class TimeMap:
    """Knots (output frame, source frame), both strictly rising; straight lines between, slope 1 outside.

    Raises `ValueError` for no knots, unequal lengths, numbers that are not finite, knots that do not rise, and slopes
    outside 0.25 to 4.
    """

    output_frames: tuple[float, ...]
    source_frames: tuple[float, ...]
    _output: Floats = field(init=False, repr=False, compare=False)
    _source: Floats = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        output = np.array(self.output_frames, dtype=np.float64)
        source = np.array(self.source_frames, dtype=np.float64)
        if len(output) == 0 or len(output) != len(source):
            raise ValueError(f"a time map pairs its knots, but has {len(output)} output and {len(source)} source frames")
        if not (np.isfinite(output).all() and np.isfinite(source).all()):
            raise ValueError("a time map's knots must be finite numbers")
        if (np.diff(output) <= 0).any() or (np.diff(source) <= 0).any():
            raise ValueError("a time map must rise strictly in output and in source frames")
        slopes = np.diff(source) / np.diff(output)
        if len(slopes) and not (slopes.min() >= SLOWEST and slopes.max() <= FASTEST):
            raise ValueError(
                f"a time map's slopes must lie within {SLOWEST:g} and {FASTEST:g}, but reach from "
                f"{slopes.min():.3g} to {slopes.max():.3g}"
            )
        object.__setattr__(self, "_output", output)
        object.__setattr__(self, "_source", source)

    def source(self, output: float | Floats) -> Floats:
        """The source frame (fractional) that sounds at an output frame; a number or an array."""
        return _along(self._output, self._source, output)

    def output(self, source: float | Floats) -> Floats:
        """The output frame (fractional) at which a source frame sounds: the inverse of `source`."""
        return _along(self._source, self._output, source)

    def is_untouched(self, start: float, stop: float) -> bool:
        """Whether all of the output frames from `start` to `stop` are source frames at one whole shift."""
        return any(run.start <= start and stop <= run.stop for run in self.untouched_runs())

    def untouched_runs(self) -> list["UntouchedRun"]:
        """The longest stretches of output frames that are source frames at one whole shift, in order.

        The first may begin at minus infinity and the last end at infinity, since the slope outside the knots is 1.
        """
        output, source = self._output, self._source
        shifts = source - output
        straight = np.diff(source) == np.diff(output)
        runs: list[UntouchedRun] = []
        start: float = -np.inf
        for knot in range(len(output)):
            last = knot == len(output) - 1
            if not last and straight[knot]:
                continue
            if shifts[knot] == np.round(shifts[knot]):
                stop = np.inf if last else float(output[knot])
                if stop > start:
                    runs.append(UntouchedRun(start, stop, int(shifts[knot])))
            if not last:
                start = float(output[knot + 1])
        return runs


@dataclass(frozen=True)
class UntouchedRun:
    """Output frames from `start` to `stop` that are the source frames `shift` later, as they are."""

    start: float
    stop: float
    shift: int


def hold_attacks(
    time_map: TimeMap, attacks: Sequence[float], *, before_frames: float, after_frames: float, most_of_gap: float
) -> TimeMap:
    """The time map, bent so that it passes each attack with slope 1 and makes up the time in between.

    An attack stays where the map puts it. From `before_frames` before it to `after_frames` after it the slope is 1 (less
    where the next attack is near: each side takes at most the share `most_of_gap` of the way to it), and the deviation that
    this brings leads along a straight line to that of the next attack's hold. The map's ends stay where they are.

    `attacks`: source frames, in any order.
    """
    if len(time_map.output_frames) < 2:
        return time_map
    first, last = time_map.source_frames[0], time_map.source_frames[-1]
    ordered = np.array(attacks, dtype=np.float64)
    ordered = ordered[(ordered > first - 2) & (ordered < last + 2)]  # knots lie on beats, rounded to a frame
    ordered = np.unique(np.clip(ordered, first, last))
    if len(ordered) == 0:
        return time_map
    places = time_map.output(ordered)
    borders = np.concatenate([[time_map.output_frames[0]], places, [time_map.output_frames[-1]]])
    gaps = np.diff(borders)
    starts = places - np.minimum(before_frames, most_of_gap * gaps[:-1])
    stops = places + np.minimum(after_frames, most_of_gap * gaps[1:])
    # How far the held line runs from the map at the edges of each hold; straight lines lead from one to the next.
    anchors = np.column_stack([starts, stops]).ravel()
    held = np.column_stack([ordered + (starts - places), ordered + (stops - places)]).ravel()
    deviations = held - time_map.source(anchors)
    inside = np.zeros(len(time_map.output_frames), dtype=bool)
    knots = np.array(time_map.output_frames)
    position = np.searchsorted(anchors, knots)
    inside[1:-1] = position[1:-1] % 2 == 1
    kept = knots[~inside]
    bend = np.interp(kept, np.concatenate([[knots[0]], anchors, [knots[-1]]]), np.concatenate([[0], deviations, [0]]))
    output = np.concatenate([kept, anchors])
    source = np.concatenate([time_map.source(kept) + bend, held])
    order = np.argsort(output, kind="stable")
    output, source = output[order], source[order]
    fresh = np.concatenate([[True], np.diff(output) > 1e-6])
    return TimeMap(tuple(output[fresh].tolist()), tuple(source[fresh].tolist()))


def _along(knots: Floats, values: Floats, at: float | Floats) -> Floats:
    """Piecewise linear interpolation, going on with slope 1 beyond both ends."""
    places = np.asarray(at, dtype=np.float64)
    inside = np.interp(places, knots, values)
    below = np.minimum(places - knots[0], 0.0)
    above = np.maximum(places - knots[-1], 0.0)
    return np.asarray(inside + below + above)
