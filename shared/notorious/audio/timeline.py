"""The time map: which source frame sounds at which output frame.

A time map is a row of knots with straight lines between them; outside its knots it goes on with slope 1. Slope is
source frames per output frame: 1.03 plays 3 % faster than recorded. Where the slope is exactly 1 and the map is
shifted by a whole number of frames the source is **untouched**: `stretch` copies it.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

SLOWEST, FASTEST = 0.25, 4.0
"""Slopes that a time map may have: two octaves each way, far beyond anything that is still music."""

_SLOWEST_BENT, _FASTEST_BENT = 0.3, 3.8
"""Slopes that making up for a hold may lead to; between 0.72 and 2.1 no hold is shorter for it."""


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
            raise ValueError(
                f"a time map pairs its knots, but has {len(output)} output and {len(source)} source frames"
            )
        if not (np.isfinite(output).all() and np.isfinite(source).all()):
            raise ValueError("a time map's knots must be finite numbers")
        if (np.diff(output) <= 0).any() or (np.diff(source) <= 0).any():
            raise ValueError("a time map must rise strictly in output and in source frames")
        slopes = np.diff(source) / np.diff(output)
        # A millionth more for rounding, between knots that lie close together.
        if len(slopes) and not (slopes.min() >= SLOWEST * (1 - 1e-6) and slopes.max() <= FASTEST * (1 + 1e-6)):
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


@dataclass(frozen=True)
class HeldMap:
    """A time map that holds still at attacks; `attacks` and where each hold begins and ends, in source frames."""

    time_map: TimeMap
    attacks: Floats
    hold_starts: Floats
    hold_stops: Floats


def hold_attacks(
    time_map: TimeMap,
    attacks: Floats,
    *,
    before_frames: float,
    after_frames: float,
    most_of_gap: float,
    reach_frames: float,
) -> HeldMap:
    """The time map, bent so that it passes each attack with slope 1 and makes up the time in between.

    An attack stays where the map puts it. From `before_frames` before it to `after_frames` after it the slope is 1
    (less where the next attack is near: each side takes at most the share `most_of_gap` of the way to it, and no more
    than leaves the rest a slope that can be played), and the deviation that this brings leads along a straight line to
    that of the next attack's hold, or back to nothing within `reach_frames` where the next attack is further away than
    twice that. The map's ends stay where they are. So a place depends on the attacks within about twice `reach_frames`
    alone.

    `attacks`: source frames, in any order; those outside of the map's knots are passed over.
    """
    first, last = time_map.source_frames[0], time_map.source_frames[-1]
    within = attacks[(attacks > first - 2) & (attacks < last + 2)]  # knots lie on beats, rounded to a frame
    ordered = np.unique(np.clip(within, first, last))
    if len(ordered) == 0 or len(time_map.output_frames) < 2:
        return HeldMap(time_map, np.zeros(0), np.zeros(0), np.zeros(0))
    knots = np.array(time_map.output_frames)
    places = time_map.output(ordered)
    gaps = np.diff(np.concatenate([knots[:1], places, knots[-1:]]))
    playable = _most_to_hold(time_map, np.concatenate([knots[:1], places, knots[-1:]]))
    most = np.minimum(most_of_gap * gaps, playable * np.minimum(gaps, 2 * reach_frames))
    starts = places - np.minimum(before_frames, most[:-1])
    stops = places + np.minimum(after_frames, most[1:])
    held_starts, held_stops = ordered + (starts - places), ordered + (stops - places)
    edges = np.column_stack([starts, stops]).ravel()
    held = np.column_stack([held_starts, held_stops]).ravel()

    far = gaps > 2 * reach_frames
    level = np.concatenate([places[far[1:]] + reach_frames, places[far[:-1]] - reach_frames])
    bend_at = np.concatenate([knots[:1], edges, level, knots[-1:]])
    bend = np.concatenate([[0.0], held - time_map.source(edges), np.zeros(len(level)), [0.0]])
    order = np.argsort(bend_at, kind="stable")
    bend_at, bend = bend_at[order], bend[order]

    # A knot inside of a hold is passed straight; the others keep their place, moved by the bend.
    in_hold = np.searchsorted(edges, knots) % 2 == 1
    in_hold[[0, -1]] = False
    kept = np.concatenate([knots[~in_hold], level])
    output = np.concatenate([kept, edges])
    source = np.concatenate([time_map.source(kept) + np.interp(kept, bend_at, bend), held])
    order = np.argsort(output, kind="stable")
    output, source = output[order], source[order]
    apart = np.concatenate([[True], np.diff(output) > 1e-3])
    bent = TimeMap(tuple(output[apart].tolist()), tuple(source[apart].tolist()))
    return HeldMap(bent, ordered, held_starts, held_stops)


def _most_to_hold(time_map: TimeMap, places: Floats) -> Floats:
    """The share of each gap between places that a hold may take on each side of it.

    Where both sides hold the share h, slope s becomes (s - 2h) / (1 - 2h) between them, which has to be playable.
    """
    knots, source = np.array(time_map.output_frames), np.array(time_map.source_frames)
    slopes = np.diff(source) / np.diff(knots)
    first = np.clip(np.searchsorted(knots, places[:-1], side="right") - 1, 0, len(slopes) - 1)
    last = np.clip(np.searchsorted(knots, places[1:], side="left") - 1, first, len(slopes) - 1)
    spans = np.column_stack([first, last + 1]).ravel()
    slowest = np.minimum.reduceat(np.append(slopes, np.inf), spans)[::2]
    fastest = np.maximum.reduceat(np.append(slopes, -np.inf), spans)[::2]
    slow = (slowest - _SLOWEST_BENT) / (2.0 * (1.0 - _SLOWEST_BENT))
    fast = (_FASTEST_BENT - fastest) / (2.0 * (_FASTEST_BENT - 1.0))
    return np.asarray(np.clip(np.minimum(slow, fast), 0.0, 0.5))


def _along(knots: Floats, values: Floats, at: float | Floats) -> Floats:
    """Piecewise linear interpolation, going on with slope 1 beyond both ends."""
    places = np.asarray(at, dtype=np.float64)
    inside = np.interp(places, knots, values)
    below = np.minimum(places - knots[0], 0.0)
    above = np.maximum(places - knots[-1], 0.0)
    return np.asarray(inside + below + above)
