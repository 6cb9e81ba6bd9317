"""Where the vocoder takes its frames from: the time map held still at attacks, the source read once and in order."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from notorious.audio.attacks import REACH_SECONDS, AttackFinder
from notorious.audio.timeline import TimeMap, UntouchedRun, hold_attacks

Samples = NDArray[np.float32]
Floats = NDArray[np.float64]
ReadSource = Callable[[int, int], Samples]

FRAME = 4096
"""Length of a frame: 93 ms at 44.1 kHz; bass notes 20 Hz apart keep their own peaks."""
HOP = FRAME // 4

HOLD_BEFORE = 0.4
_HOLD_AFTER = 0.45
"""Shares of a frame before and after an attack that are held at slope 1: further out a frame damps it by 40 dB."""
_HOLD_MOST_OF_GAP = 0.3
"""Share of the way to the next attack that a hold may take: 40 % at least remain to make up the time."""
_BEND_REACH_SECONDS = 0.3
"""How far from an attack the map may be bent at most."""
_CONTEXT_SECONDS = 1.0
"""How far around a frame attacks are asked for: more than three times the reach, so that batches agree."""
_SAME_ATTACK_SECONDS = 0.04
"""An attack that is heard this near to a given one is the given one."""


class SourceWindow:
    """A window that slides along the source, which is read once and in order; attacks are heard on the way."""

    def __init__(self, read_source: ReadSource, first_frame: int, rate_hz: int) -> None:
        self._read = read_source
        self._start = self._stop = first_frame
        self._held: Samples | None = None
        self._finder = AttackFinder(first_frame, rate_hz)
        self._lookahead = int((REACH_SECONDS + 0.1) * rate_hz)

    def take(self, low: int, high: int) -> Samples:
        """Source frames from `low` to `high` [shape=(high - low, channels)]; `low` must not have been let go."""
        self._read_until(high)
        if self._held is None or low < self._start:
            raise ValueError(f"source frame {low} is no longer held; the window begins at {self._start}")
        return self._held[low - self._start : high - self._start]

    def attacks(self, low: float, high: float) -> Floats:
        """The attacks heard between two source frames, as far back as they are remembered."""
        self._read_until(int(high) + self._lookahead)
        heard = self._finder.attacks()
        return heard[(heard >= low) & (heard <= high)]

    def let_go(self, samples_before: int, attacks_before: int) -> None:
        """Forget the samples, and the attacks, before a source frame."""
        if self._held is not None and samples_before > self._start:
            self._held = self._held[samples_before - self._start :].copy()
            self._start = samples_before
        self._finder.forget_before(attacks_before)

    def _read_until(self, stop: int) -> None:
        if stop <= self._stop:
            return
        fresh = self._read(self._stop, stop - self._stop)
        self._finder.hear(fresh)
        self._held = fresh if self._held is None else np.concatenate([self._held, fresh])
        self._stop = stop


@dataclass(frozen=True)
class Batch:
    """Consecutive frames: where each is taken from, in source frames (centres), and what happens at it.

    `positions` holds the frame before the batch first. `homing` says at which frames the rotations turn home;
    `beginnings` names the frames (counted in the batch) at which the hold of an attack begins, with the attack's
    source frame.
    """

    positions: NDArray[np.int64]
    homing: NDArray[np.bool_]
    beginnings: dict[int, float]


class Placement:
    """Gives the frames of one region their place in the source."""

    def __init__(self, time_map: TimeMap, start: int, stop: int, attacks: Floats, rate_hz: int) -> None:
        self._map = time_map
        self._given = np.sort(attacks)
        self._before, self._after = _runs_around(time_map, start, stop)
        self._lower = self._before.stop if self._before else float(start)
        self._upper = self._after.start if self._after else float(stop)
        self._knots = np.array(time_map.output_frames)
        self._rate_hz = rate_hz
        self._last: int | None = None

    def first_source_frame(self, first: int) -> int:
        """A source frame before all that the batch beginning with frame `first` may ask for."""
        return int(self._map.source(float(first * HOP))) - 2 * FRAME

    def batch(self, begin: int, end: int, source: SourceWindow) -> Batch:
        """Place the frames from number `begin` to `end`; called in order."""
        centres = np.arange(begin, end, dtype=np.int64) * HOP
        context = _CONTEXT_SECONDS * self._rate_hz
        lower = max(self._lower, float(centres[0]) - context)
        upper = min(self._upper, float(centres[-1]) + context)
        hold_starts = attacks = np.zeros(0)
        held_map = self._map
        if lower < upper:
            inner = self._knots[(self._knots > lower) & (self._knots < upper)]
            knots = np.concatenate([[lower], inner, [upper]])
            local = TimeMap(tuple(knots.tolist()), tuple(self._map.source(knots).tolist()))
            held = hold_attacks(
                local,
                self._attacks(source, float(local.source_frames[0]), float(local.source_frames[-1])),
                before_frames=HOLD_BEFORE * FRAME,
                after_frames=_HOLD_AFTER * FRAME,
                most_of_gap=_HOLD_MOST_OF_GAP,
                reach_frames=_BEND_REACH_SECONDS * self._rate_hz,
            )
            held_map, attacks, hold_starts = held.time_map, held.attacks, held.hold_starts
        positions = np.round(held_map.source(centres.astype(np.float64))).astype(np.int64)
        homing = np.zeros(len(centres), dtype=bool)
        if self._before:
            early = centres <= self._before.stop
            positions[early] = centres[early] + self._before.shift
        if self._after:
            homing = centres >= self._after.start
            positions[homing] = centres[homing] + self._after.shift
        previous = int(positions[0]) - HOP if self._last is None else self._last
        self._last = int(positions[-1])
        positions = np.concatenate([[previous], positions])
        # A hold cut short by a neighbour begins late; the attack's own phase is wanted when it enters the frame.
        begins = np.searchsorted(positions, hold_starts, side="left") - 1
        beginnings = {
            int(frame): float(attack)
            for frame, attack in zip(begins, attacks, strict=True)
            if 0 <= frame < len(centres)
        }
        return Batch(positions, homing, beginnings)

    def _attacks(self, source: SourceWindow, low: float, high: float) -> Floats:
        """Those given, and those heard where none is given."""
        given = self._given[np.searchsorted(self._given, low - 2) : np.searchsorted(self._given, high + 2)]
        heard = source.attacks(low, high)
        if len(given) and len(heard):
            right = np.searchsorted(given, heard)
            to_next = np.abs(given[np.minimum(right, len(given) - 1)] - heard)
            to_last = np.abs(given[np.maximum(right - 1, 0)] - heard)
            heard = heard[np.minimum(to_next, to_last) > _SAME_ATTACK_SECONDS * self._rate_hz]
        return np.concatenate([given, heard])


def _runs_around(time_map: TimeMap, start: int, stop: int) -> tuple[UntouchedRun | None, UntouchedRun | None]:
    """The untouched runs that the region from `start` to `stop` begins and ends in, where it does."""
    before = after = None
    for run in time_map.untouched_runs():
        if run.start <= start < run.stop < np.inf:
            before = run
        if start < run.start and run.start < stop <= run.stop:
            after = run
    return before, after
