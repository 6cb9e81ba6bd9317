"""Lanes: what one automated parameter of a voice is worth at every frame of the mix.

Conventions: beats are mix beats; values are amplitudes for `fader`, `low`, `mid`, `high` (0 silent, 1 as it is), a
position from -1 (low-pass shut) to +1 (high-pass shut) for `filter`, a send from 0 to 1 for `echo`. A voice carries the
lanes of two transitions, the one that brings it in and the one that takes it out; where both draw the same parameter,
amplitudes multiply, filter positions add (within -1 to 1) and of two sends the larger counts.

Lanes are straight lines over beats, and so is the clock over seconds: a lane with the clock's knots among its points
is straight lines over frames, and is read as such, sample by sample. Where a parameter sits at its neutral value,
nothing is done to the audio there.
"""

from collections.abc import Iterable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from notorious.errors import PlanError
from notorious.planning.plan import Lane, Parameter
from notorious.rendering.clock import Clock

NEUTRAL: Final[dict[Parameter, float]] = {"fader": 1.0, "low": 1.0, "mid": 1.0, "high": 1.0, "filter": 0.0, "echo": 0.0}
LOWEST: Final[dict[Parameter, float]] = {"fader": 0.0, "low": 0.0, "mid": 0.0, "high": 0.0, "filter": -1.0, "echo": 0.0}
STEP_SECONDS: Final = 0.003
"""What a step in a lane takes, so that it does not click."""
BANDS: Final[tuple[Parameter, Parameter, Parameter]] = ("low", "mid", "high")


class _Drawn:
    """One lane as two rising arrays over frames, ready for interpolation."""

    def __init__(self, lane: Lane, clock: Clock, rate_hz: int) -> None:
        beats = np.array([point.beat for point in lane.points], np.float64)
        values = np.array([point.value for point in lane.points], np.float64)
        if not (np.isfinite(beats).all() and np.isfinite(values).all()):
            raise PlanError(f"the {lane.parameter} lane holds a number that is not finite; give plain numbers")
        if np.any(np.diff(beats) < 0):
            after = beats[int(np.argmax(np.diff(beats) < 0))]
            raise PlanError(
                f"the {lane.parameter} lane goes back in time after beat {after:g}; sort its points by beat"
            )
        lowest = LOWEST[lane.parameter]
        if values.min() < lowest or values.max() > 1.0:
            raise PlanError(f"the {lane.parameter} lane must stay within {lowest:g} and 1; a point of it does not")
        # A step drawn by hand would click: its first point moves a few milliseconds ahead, so that no lane crosses its
        # whole range in less than STEP_SECONDS. (The steepest place of a cut's ramp is just within that.)
        frames = np.asarray(clock.seconds(beats) * rate_hz, np.float64)
        for number in range(len(frames) - 1, 0, -1):
            least = STEP_SECONDS * rate_hz * abs(values[number] - values[number - 1])
            frames[number - 1] = min(frames[number - 1], frames[number] - least)
        bends = clock.knot_beats
        bends = bends[(bends > beats[0]) & (bends < beats[-1])]
        bend_frames = np.asarray(clock.seconds(bends) * rate_hz, np.float64)
        self.frames = np.concatenate([frames, bend_frames])
        self.values = np.concatenate([values, np.interp(bends, beats, values)])
        order = np.argsort(self.frames, kind="stable")
        self.frames, self.values = self.frames[order], self.values[order]

    def at(self, frames: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(np.interp(frames, self.frames, self.values), np.float64)

    def extremes(self, first_frame: float, last_frame: float) -> tuple[float, float]:
        """Smallest and largest value from first to last frame: straight lines have them at points or at the ends."""
        left, right = np.searchsorted(self.frames, first_frame), np.searchsorted(self.frames, last_frame, "right")
        ends = self.at(np.array([first_frame, last_frame]))
        seen = np.concatenate([ends, self.values[left:right]])
        return float(seen.min()), float(seen.max())


class Automation:
    """All lanes of one voice, held against the clock. A step from 0 to 1 drawn on one beat takes STEP_SECONDS.

    Raises PlanError for lanes that go back in time or leave their range.
    """

    def __init__(self, lanes: Iterable[Lane], clock: Clock, *, rate_hz: int) -> None:
        self._lanes: dict[Parameter, list[_Drawn]] = {}
        for lane in lanes:
            self._lanes.setdefault(lane.parameter, []).append(_Drawn(lane, clock, rate_hz))

    def values(self, parameter: Parameter, start: int, frames: int) -> NDArray[np.float32]:
        """The parameter at each of so many frames of the mix: array [shape=(frames,)]."""
        drawn = self._lanes.get(parameter, [])
        if not drawn:
            return np.full(frames, NEUTRAL[parameter], np.float32)
        places = np.arange(start, start + frames, dtype=np.float64)
        combined = drawn[0].at(places)
        for lane in drawn[1:]:
            if parameter == "filter":
                combined = np.clip(combined + lane.at(places), -1.0, 1.0)
            elif parameter == "echo":
                combined = np.maximum(combined, lane.at(places))
            else:
                combined = combined * lane.at(places)
        return combined.astype(np.float32)

    def moves(self, parameter: Parameter, start: int, frames: int) -> bool:
        """Whether the parameter leaves its neutral value anywhere in so many frames."""
        neutral = (NEUTRAL[parameter], NEUTRAL[parameter])
        return any(lane.extremes(start, start + frames - 1) != neutral for lane in self._lanes.get(parameter, []))

    def is_silent(self, start: int, frames: int) -> bool:
        """Whether a fader is shut all through so many frames."""
        return any(lane.extremes(start, start + frames - 1) == (0.0, 0.0) for lane in self._lanes.get("fader", []))
