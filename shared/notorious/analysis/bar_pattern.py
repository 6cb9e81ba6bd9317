"""The bar that a track repeats: where in it sounds begin, low, middle and high, folded over all full bars.

A drum pattern is what dance genres are told apart by beside their tempo: four even kicks, a snare on two and four, on
three alone (half time), off the beat. The pattern is a mean over bars, so that a break or a fill does not change it.

Conventions: sixteen steps to a bar of four beats, step 0 on the downbeat; values are relative to the mean of their
band (1 is a step like any other).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from notorious.analysis.model import Grid
from notorious.analysis.spectrum import Spectra

STEPS = 16
_FINE_STEPS_PER_BEAT = 12  # tells a straight sixteenth (3/12) from a swung one (4/12)
_SIXTEENTHS_THAT_COUNT = 0.2
"""Attacks between the eighths, relative to the mean step: where there are fewer, nothing can swing."""
_BANDS = {"low": (0,), "mid": (2, 3), "high": (4,)}

Steps = NDArray[np.float64]


@dataclass(frozen=True)
class BarPattern:
    """`low` (below 150 Hz), `mid` (600 Hz to 7 kHz), `high` (above): attacks of the sixteen steps, mean 1.

    `swing` compares where the even sixteenths of the mid and high bands fall: 0 straight, positive swung (log10 of the
    attacks at a third over those at a quarter of the beat). `pulse` says how the four strongest low steps
    stand out from the usual one: 0 where nothing repeats, near 1 for a drum machine.
    """

    low: Steps
    mid: Steps
    high: Steps
    swing: float
    pulse: float

    @property
    def four_on_the_floor(self) -> float:
        """0 to 1: the weakest of the four low beats over the strongest step."""
        return float(self.low[::4].min() / max(self.low.max(), 1e-9))

    @property
    def on_the_beat(self) -> float:
        """Share of the low attacks that lies on the four beats (a quarter where they lie anywhere)."""
        return float(self.low[::4].sum() / max(self.low.sum(), 1e-9))

    @property
    def backbeat(self) -> float:
        """Share of the mid attacks on the beats that lies on two and four (a half where they are even)."""
        return float(self.mid[[4, 12]].sum() / max(self.mid[::4].sum(), 1e-9))

    @property
    def half_time(self) -> float:
        """Share of the mid attacks on the beats that lies on three (a quarter where they are even)."""
        return float(self.mid[8] / max(self.mid[::4].sum(), 1e-9))

    @property
    def off_beat(self) -> float:
        """Share of the mid attacks on eighths that lies between the beats (a half where they are even)."""
        return float(self.mid[2::4].sum() / max(self.mid[::2].sum(), 1e-9))

    @property
    def dembow(self) -> float:
        """Mid attacks on the fourth and seventh sixteenth of each half bar over all others: the beat of reggaeton."""
        marked = [3, 6, 11, 14]
        rest = [step for step in range(STEPS) if step not in marked]
        return float(self.mid[marked].mean() / max(self.mid[rest].mean(), 1e-9))


def hear_bar_pattern(spectra: Spectra, grid: Grid) -> BarPattern | None:
    """Fold the attacks of the fuller half of a track's bars; None where it has no bars of four beats."""
    downbeats = np.array(grid.downbeats())
    if grid.beats_per_bar != 4 or len(downbeats) < 3:
        return None
    fine = STEPS // 4 * _FINE_STEPS_PER_BEAT
    times = np.arange(len(spectra.flux)) * spectra.hop_seconds
    place = np.interp(times, downbeats, np.arange(len(downbeats)), left=-1, right=-1)
    inside = place >= 0
    bar = place[inside].astype(int)
    step = np.rint((place[inside] - bar) * fine).astype(int) % fine
    flux = np.stack([spectra.flux[inside][:, bands].mean(axis=1, dtype=np.float64) for bands in _BANDS.values()])
    fullness = np.bincount(bar, weights=flux.sum(axis=0), minlength=len(downbeats) - 1)
    full = fullness[bar] >= np.median(fullness)
    counts = np.bincount(step[full], minlength=fine)
    folded = np.stack([np.bincount(step[full], weights=row[full], minlength=fine) for row in flux])
    means = folded / np.maximum(counts, 1)
    # An attack lasts two or three frames: a step takes its neighbours in.
    smooth = means + 0.5 * (np.roll(means, 1, axis=1) + np.roll(means, -1, axis=1))
    quarter = fine // STEPS
    low, mid, high = (row / max(row.mean(), 1e-12) for row in smooth[:, ::quarter])
    # What stands out from its two neighbours: the spectrum's windows smear the eighths over the places beside them.
    peaks = np.maximum(means - 0.5 * (np.roll(means, 1, axis=1) + np.roll(means, -1, axis=1)), 0)[1:]
    straight, swung = (float(peaks[:, place :: _FINE_STEPS_PER_BEAT // 2].mean()) for place in (3, 4))
    doubt = _SIXTEENTHS_THAT_COUNT * float(means[1:].mean())
    return BarPattern(
        low=low,
        mid=mid,
        high=high,
        swing=round(float(np.log10((swung + doubt + 1e-9) / (straight + doubt + 1e-9))), 4),
        pulse=round(float(1 - np.median(low) / max(np.sort(low)[-4:].mean(), 1e-9)), 4),
    )
