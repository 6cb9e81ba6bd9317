"""Lanes: what one automated parameter of a voice is worth at every beat.

Conventions: beats are mix beats; values are amplitudes for `fader`, `low`, `mid`, `high` (0 silent, 1 as it is), a
position from -1 (low-pass shut) to +1 (high-pass shut) for `filter`, a send from 0 to 1 for `echo`. A voice carries the
lanes of two transitions, the one that brings it in and the one that takes it out; where both draw the same parameter,
amplitudes multiply, filter positions add (within -1 to 1) and of two sends the larger counts.

Where a parameter sits at its neutral value, nothing is done to the audio there.
"""

from collections.abc import Iterable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from notorious.errors import PlanError
from notorious.planning.plan import Lane, Parameter

NEUTRAL: Final[dict[Parameter, float]] = {"fader": 1.0, "low": 1.0, "mid": 1.0, "high": 1.0, "filter": 0.0, "echo": 0.0}
LOWEST: Final[dict[Parameter, float]] = {"fader": 0.0, "low": 0.0, "mid": 0.0, "high": 0.0, "filter": -1.0, "echo": 0.0}
BANDS: Final[tuple[Parameter, Parameter, Parameter]] = ("low", "mid", "high")


class _Drawn:
    """One lane as two rising arrays, ready for interpolation."""

    def __init__(self, lane: Lane, step_beats: float) -> None:
        beats = np.array([point.beat for point in lane.points], np.float64)
        values = np.array([point.value for point in lane.points], np.float64)
        if not (np.isfinite(beats).all() and np.isfinite(values).all()):
            raise PlanError(
                f"the {lane.parameter} lane holds a number that is not finite; give every point a plain number"
            )
        if np.any(np.diff(beats) < 0):
            after = beats[int(np.argmax(np.diff(beats) < 0))]
            raise PlanError(
                f"the {lane.parameter} lane goes back in time after beat {after:g}; sort its points by beat"
            )
        lowest = LOWEST[lane.parameter]
        if values.min() < lowest or values.max() > 1.0:
            raise PlanError(f"the {lane.parameter} lane must stay within {lowest:g} and 1; a point of it does not")
        # A step drawn by hand would click: its first point moves a few milliseconds ahead.
        for number in range(len(beats) - 1, 0, -1):
            beats[number - 1] = min(beats[number - 1], beats[number] - step_beats)
        self.beats = beats
        self.values = values

    def at(self, beats: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.interp(beats, self.beats, self.values)

    def extremes(self, first_beat: float, last_beat: float) -> tuple[float, float]:
        """Smallest and largest value from first to last beat: straight lines have them at points or at the ends."""
        inside = self.values[np.searchsorted(self.beats, first_beat) : np.searchsorted(self.beats, last_beat, "right")]
        ends = self.at(np.array([first_beat, last_beat]))
        seen = np.concatenate([ends, inside])
        return float(seen.min()), float(seen.max())


class Automation:
    """All lanes of one voice.

    `step_beats` is the time that a step drawn as two points on one beat takes instead of none.
    Raises PlanError for lanes that go back in time or leave their range.
    """

    def __init__(self, lanes: Iterable[Lane], *, step_beats: float = 0.01) -> None:
        self._lanes: dict[Parameter, list[_Drawn]] = {}
        for lane in lanes:
            self._lanes.setdefault(lane.parameter, []).append(_Drawn(lane, step_beats))

    def values(self, parameter: Parameter, beats: NDArray[np.float64]) -> NDArray[np.float32]:
        """The parameter at each beat: array [shape=(n,)] like `beats`."""
        drawn = self._lanes.get(parameter, [])
        if not drawn:
            return np.full(len(beats), NEUTRAL[parameter], np.float32)
        combined = drawn[0].at(beats)
        for lane in drawn[1:]:
            if parameter == "filter":
                combined = np.clip(combined + lane.at(beats), -1.0, 1.0)
            elif parameter == "echo":
                combined = np.maximum(combined, lane.at(beats))
            else:
                combined = combined * lane.at(beats)
        return combined.astype(np.float32)

    def moves(self, parameter: Parameter, first_beat: float, last_beat: float) -> bool:
        """Whether the parameter leaves its neutral value anywhere from first to last beat."""
        neutral = NEUTRAL[parameter]
        return any(
            lane.extremes(first_beat, last_beat) != (neutral, neutral) for lane in self._lanes.get(parameter, [])
        )

    def is_silent(self, first_beat: float, last_beat: float) -> bool:
        """Whether a fader is shut all the way from first to last beat."""
        return any(lane.extremes(first_beat, last_beat) == (0.0, 0.0) for lane in self._lanes.get("fader", []))
