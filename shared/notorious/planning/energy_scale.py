"""The curve asks on its own scale; a library answers on the scale of what it holds.

Where a library does not reach from the curve's valley to its peak (all of it is peak-time techno, say), following the
curve to the letter would play its softest tracks until shortly before the climax. So the library's range is laid on
the curve's, and the curve is followed in shape.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

MOST_STRETCHED = 3.0
"""A library's range is spread at most threefold: tracks that differ by nothing make no curve."""

FEW_TRACKS = 20
"""From so many tracks on the outermost twentieth at either end is not counted as the library's range."""

Value = TypeVar("Value", float, NDArray[np.float32])


@dataclass(frozen=True)
class EnergyScale:
    """A straight line from the energy of tracks to the scale of the curve; identity where all of it is reached."""

    track_low: float = 0.0
    track_high: float = 1.0
    curve_low: float = 0.0
    curve_high: float = 1.0

    @property
    def is_identity(self) -> bool:
        return (self.track_low, self.track_high) == (self.curve_low, self.curve_high)

    def on_curve(self, energy: Value) -> Value:
        """A track's energy (0-1, or an array of them) on the scale of the curve; not clamped."""
        if self.is_identity:
            return energy
        slope = (self.curve_high - self.curve_low) / (self.track_high - self.track_low)
        return self.curve_low + (energy - self.track_low) * slope


def energy_scale(energies: Sequence[float], target: NDArray[np.float32]) -> EnergyScale:
    """The scale for a library with these energies (0-1) under this target curve."""
    curve_low, curve_high = float(target.min()), float(target.max())
    if len(energies) < 2 or curve_high - curve_low < 1e-3:
        return EnergyScale()
    margin = 0.05 if len(energies) >= FEW_TRACKS else 0.0
    low, high = (float(np.quantile(np.array(energies), share)) for share in (margin, 1.0 - margin))
    if high <= curve_low or low >= curve_high:
        # Wholly beside the curve: its shape is laid around the library's middle.
        track_low, track_high = low, high
    else:
        track_low, track_high = max(low, curve_low), min(high, curve_high)
    least = (curve_high - curve_low) / MOST_STRETCHED
    if track_high - track_low < least:
        middle = (track_low + track_high) / 2
        track_low, track_high = middle - least / 2, middle + least / 2
    return EnergyScale(track_low, track_high, curve_low, curve_high)
