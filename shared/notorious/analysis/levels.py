"""Levels: which of the periods that run through a track is the beat, and at which phase.

Every hypothesis is a period with one of the instants at which the track, folded by that period, has a peak. Each is
judged by the same evidence over the whole track, band by band (after Goto & Muraoka 1999, who read the metre from
kick, snare and chord changes, and Klapuri et al. 2006, who weigh levels against a prior):

- *contrast*: more begins on the beats than half-way between them;
- *accent*: more begins on the beats than anywhere;
- *harmony*: chords and bass notes change on beats rather than between;
- *evenness*: beats resemble each other (where every other one is weak, the beat is twice as long; where every other
  pulse of a dotted pattern is weak, it is no beat at all);
- *duple*: beats part in two or four rather than in three, unless the track does otherwise everywhere;
- *prior*: how people count (log-normal around `PREFERRED_BPM`; after Moelants 2002, moved up to what DJs count).

The weights were set by hand on 29 pieces of the development music, where results are flat over a factor of two in each
(see docs/analysis-grid.md).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from notorious.analysis.accents import Accents
from notorious.analysis.onsets import FLUX_LEAD_SECONDS
from notorious.analysis.tempo import Lines, candidate_periods, related_periods

FOLD_BINS = 48
PHASES_PER_PERIOD = 6
WEAKEST_LINE = 0.12
"""Periods whose lines hold less than this share of the strongest's power do not run through the track."""
BAND_WEIGHTS = np.array([0.20, 0.20, 0.20, 0.17, 0.13, 0.10])
"""Low to high: kicks, bass and chords say more about the beat than hats do."""
CONTRAST, ACCENT, HARMONY, EVENNESS, DUPLE, PRIOR, LINE = 1.0, 0.5, 0.5, 0.5, 0.5, 2.0, 0.2
PREFERRED_BPM = 125.0
FLOOR = 0.05
"""Added to strengths (mean 1) before logarithms: what is absent is not infinitely absent."""


@dataclass(frozen=True)
class Hypothesis:
    """A beat period with a phase [seconds], and its score in nats or so (only differences mean something)."""

    period_seconds: float
    offset_seconds: float
    score: float


def beat_hypotheses(envelope: NDArray[np.float32], rate_hz: float, accents: Accents) -> list[Hypothesis]:
    """All hypotheses, best first; none where nothing repeats."""
    lines = Lines(envelope, rate_hz)
    refined = [lines.refine(period) for period in related_periods(candidate_periods(envelope, rate_hz))]
    if not refined:
        return []
    strongest = max(power for _, power in refined)
    found: list[Hypothesis] = []
    for period, power in refined:
        if power < WEAKEST_LINE * strongest:
            continue
        for offset in _phases(envelope, rate_hz, period):
            score = _score(accents, len(envelope) / rate_hz, period, offset) + LINE * float(np.log(power / strongest))
            found.append(Hypothesis(period, offset, score))
    return sorted(found, key=lambda hypothesis: -hypothesis.score)


def _phases(envelope: NDArray[np.float32], rate_hz: float, period: float) -> list[float]:
    """Instants within the period at which the folded envelope peaks, highest first."""
    times = np.arange(len(envelope)) / rate_hz + FLUX_LEAD_SECONDS
    slot = ((times / period) % 1.0 * FOLD_BINS).astype(int) % FOLD_BINS
    profile = np.bincount(slot, envelope, FOLD_BINS) / np.maximum(np.bincount(slot, minlength=FOLD_BINS), 1)
    profile = profile + 0.5 * (np.roll(profile, 1) + np.roll(profile, -1))
    peaks = np.flatnonzero((profile > np.roll(profile, 1)) & (profile >= np.roll(profile, -1)))
    best = peaks[np.argsort(-profile[peaks], kind="stable")][:PHASES_PER_PERIOD]
    return [float((index + 0.5) / FOLD_BINS * period) for index in best]


def _level(strength: NDArray[np.float32]) -> float:
    """Weighted log strength of a set of instants [shape=(BANDS, n)]."""
    return float(BAND_WEIGHTS @ np.log(strength.mean(axis=1) + FLOOR))


def _score(accents: Accents, duration: float, period: float, offset: float) -> float:
    times = offset + period * np.arange(max(2, int((duration - offset) / period)))
    on = accents.strength(times)
    beat = _level(on)
    half = _level(accents.strength(times + period / 2))
    quarters = _level(np.hstack([accents.strength(times + period / 4), accents.strength(times + period * 0.75)]))
    thirds = _level(np.hstack([accents.strength(times + period / 3), accents.strength(times + period * 2 / 3)]))
    change = accents.harmonic_change(np.concatenate([times, times + period / 2]), period)
    harmony = float(np.log((change[: len(times)].mean() + 1e-3) / (change[len(times) :].mean() + 1e-3)))
    uneven = abs(_level(on[:, ::2]) - _level(on[:, 1::2]))
    duple = min(0.0, max(half, quarters) - thirds)
    octaves = float(np.log2(60.0 / period / PREFERRED_BPM))
    return (
        CONTRAST * (beat - half) + ACCENT * beat + HARMONY * harmony - EVENNESS * uneven + DUPLE * duple
        - PRIOR * octaves**2
    )
