"""What sounds where phrases begin: the harmony of a track by its bars, as evidence of its tonic.

The notes of a loop fit a key and its relative equally well, and often the key a fifth away; which of them is home is
told by the order, and mostly the first bar of a phrase stands on the tonic.

1. **Bars.** Pitches from 180 to 900 Hz are gathered bar by bar, and so are the levels of six bands. (The bass below,
   tried beside it, made known tracks no better and one recording worse: a kick hides it where the bar begins.)
2. **Where phrases begin.** At the borders of phrases layers come and go. So, for periods of 4 and 8 bars, each of the
   possible beginnings is weighed by the level changes that fall on it; the first bar that sounds counts as one, too.
3. **Contrast.** The chroma of first bars less the chroma of all bars: what never changes, such as a pedal or a kick
   with a pitch, cancels itself.
4. **Does it repeat?** The share of the bars' variance that their place in the period explains, corrected for chance
   (adjusted R squared: M. Ezekiel, "Methods of Correlation Analysis", 1930). Music that does not go round in 4 or 8
   bars (a blues, a free form) or bar lines in the wrong places explain nothing, and so say nothing.

Conventions: times in seconds, bars counted from the first downbeat; what precedes it is passed over.
"""

import numpy as np
from numpy.typing import NDArray

from notorious.analysis.key_chroma import CENTS_A_STEP, LOWEST_CENTS, OFF_PITCH_CENTS, STEPS

_MIDDLE_STEPS = slice((-1545 - LOWEST_CENTS) // CENTS_A_STEP, (1240 - LOWEST_CENTS) // CENTS_A_STEP)
"""180 to 900 Hz: chords, and the lower half of melodies."""
_LEVEL_BINS = (2, 8, 28, 93, 372, 1300)
"""First bins of the six bands whose changes mark the borders of phrases: 11, 43, 150 and 500 Hz, 2 and 7 kHz."""
_FLOOR = 1e-4
"""A band 40 dB below its own mean is as good as silent."""
_SPAN_BARS = 2
_PERIODS_BARS = (4, 8)
_SHARPNESS = 40.0
"""How decidedly the beginning with the most change is preferred. At 40, against 8 and 15, most of the demo tracks and
renderings of the fit got a contrast in favour of their tonic."""
_FEWEST_BARS = 2


class PhraseBorders:
    """Gathers the levels of six bands by bars, to find where phrases begin."""

    def __init__(self, downbeats: NDArray[np.float64]) -> None:
        """downbeats : shape (bars,), rising, in seconds."""
        self._downbeats = downbeats
        self._levels = np.zeros((len(downbeats), len(_LEVEL_BINS)))
        self._frames = np.zeros(len(downbeats))

    def hear(self, power: NDArray[np.float32], seconds: NDArray[np.float64]) -> None:
        """Take in some frames [shape=(frames, bins)] and their times [shape=(frames,)]."""
        if not len(self._downbeats):
            return
        bars = np.searchsorted(self._downbeats, seconds, side="right") - 1
        inside = bars >= 0
        levels = np.add.reduceat(power, _LEVEL_BINS, axis=1, dtype=np.float64)
        np.add.at(self._levels, bars[inside], levels[inside])
        np.add.at(self._frames, bars[inside], 1.0)

    def contrast(self, heard: NDArray[np.float64], *, tuning_cents: float) -> NDArray[np.float64]:
        """What first bars have more of than all bars, shape (12,), pitch classes from C, 4 and 8 bars added.

        `heard` [shape=(bars, STEPS)] is the pitch of each bar, as `key_chroma.PitchBars` has it. Values lie between -2
        and 2, and are 0 where nothing repeats.
        """
        if len(self._downbeats) < _FEWEST_BARS or not self._frames.any():
            return np.zeros(12)
        changes = self._changes()
        chroma = heard[:, _MIDDLE_STEPS] @ _folding(tuning_cents)[_MIDDLE_STEPS]
        return sum((_contrast(chroma, changes, period) for period in _PERIODS_BARS), np.zeros(12))

    def _changes(self) -> NDArray[np.float64]:
        """How much the levels change at the beginning of each bar, shape (bars,)."""
        levels = self._levels / np.maximum(self._frames, 1.0)[:, None]
        decades = np.log10(levels + _FLOOR * levels.mean(axis=0) + 1e-30)
        summed = np.concatenate([np.zeros((1, decades.shape[1])), np.cumsum(decades, axis=0)])
        changes = np.zeros(len(decades))
        for bar in range(1, len(decades)):
            span = min(_SPAN_BARS, bar, len(decades) - bar)
            before = (summed[bar] - summed[bar - span]) / span
            after = (summed[bar + span] - summed[bar]) / span
            changes[bar] = np.abs(after - before).sum() * np.sqrt(span / _SPAN_BARS)
        changes[0] = np.sort(changes)[-2:].mean()
        return changes


def _folding(tuning_cents: float) -> NDArray[np.float64]:
    """Matrix from steps of pitch to pitch classes from C, shape (STEPS, 12)."""
    cents = LOWEST_CENTS + CENTS_A_STEP * (np.arange(STEPS) + 0.5) - tuning_cents
    semitones = np.rint(cents / 100.0)
    folding = np.zeros((STEPS, 12))
    in_tune = np.exp(-0.5 * ((cents - 100.0 * semitones) / OFF_PITCH_CENTS) ** 2)
    folding[np.arange(STEPS), (semitones.astype(np.intp) + 9) % 12] = in_tune
    return folding


def _contrast(chroma: NDArray[np.float64], changes: NDArray[np.float64], period: int) -> NDArray[np.float64]:
    """First bars less all bars [shape=(12,)], times how surely the bars [shape=(bars, 12)] repeat with this period."""
    total = chroma.sum(axis=1)
    if not total.any():
        return np.zeros(12)
    shares = chroma / np.maximum(total, 1e-30)[:, None]
    weights = np.sqrt(total) / np.sqrt(total).sum()
    mean = weights @ shares
    place = np.arange(len(chroma)) % period

    by_place = np.tile(mean, (period, 1))
    weight_of_place: NDArray[np.float64] = np.bincount(place, weights, minlength=period).astype(np.float64)
    for number in np.flatnonzero(weight_of_place):
        here = place == number
        by_place[number] = weights[here] @ shares[here] / weight_of_place[number]

    change = np.bincount(place, changes**2, minlength=period)
    odds = np.exp(_SHARPNESS * (change - change.max()) / max(float(change.sum()), 1e-12))
    first_bars = (odds / odds.sum()) @ by_place
    contrast: NDArray[np.float64] = first_bars - mean
    return contrast * _explained(shares, weights, by_place, weight_of_place)


def _explained(
    shares: NDArray[np.float64],
    weights: NDArray[np.float64],
    by_place: NDArray[np.float64],
    weight_of_place: NDArray[np.float64],
) -> float:
    """Share of the variance of bars that their place explains, 0 to 1, corrected for what chance would explain."""
    mean = weights @ shares
    whole = float(weights @ np.sum((shares - mean) ** 2, axis=1))
    bars, places = 1.0 / float(np.sum(weights**2)), len(by_place)
    if whole < 1e-12 or bars <= places + 1:
        return 0.0
    between = float(weight_of_place @ np.sum((by_place - mean) ** 2, axis=1))
    return max(0.0, 1.0 - (1.0 - between / whole) * (bars - 1.0) / (bars - places))
