"""Levels: which of the periods that run through a track is the beat, and at which phase.

Every hypothesis is a period with one of the instants at which the track, folded by that period, has a peak. Each is
judged by the same evidence over the whole track (after Goto & Muraoka 1999, who read the metre from kick, snare and
chord changes; Klapuri, Eronen & Astola 2006, who weigh levels against a prior; Krebs, Böck & Widmer 2013, who let the
pattern of a whole bar speak). `Evidence` says what each part means.

The weights were fitted (softmax over a track's hypotheses, then rounded) on 18 synthetic styles at four tempos each
(tests/unit/grid/synthetic_tracks.py) and 29 pieces of development music at three speeds. Fitted on the synthetic ones
alone they are right on 95 % of the real pieces (90 % at the notated level), fitted on the real ones alone on 96 % of
the synthetic: they describe metre, not a collection. In five-fold cross-validation by piece: 95 % and 99 %.
Two, `chord_bars` (now over whole bars) and `fast`, were then set again by hand, on these and on demo crates; see
docs/analysis-grid.md.
"""

from dataclasses import astuple, dataclass

import numpy as np
from numpy.typing import NDArray

from notorious.analysis.accents import Accents
from notorious.analysis.onsets import FLUX_LEAD_SECONDS
from notorious.analysis.tempo import Lines, candidate_periods, related_periods

FOLD_BINS = 48
PHASES_PER_PERIOD = 6
WEAKEST_LINE = 0.08
"""Periods whose lines hold less than this share of the strongest's power do not run through the track."""
ACCENT_BANDS = np.array([0.20, 0.20, 0.20, 0.17, 0.13, 0.10])
"""Low to high: kicks, bass and chords say more about the beat than hats do."""
CONTRAST_BANDS = np.array([0.10, 0.20, 0.20, 0.20, 0.15, 0.15])
"""Against the off-beat the low band is the one that syncopates (bass lines, broken kicks), so it weighs less."""
SNARE_BANDS = slice(2, 5)
BAR_BEATS = 4
PREFERRED_BPM = 125.0
RARELY_ABOVE_BPM = 176.0
RARELY_BELOW_BPM = 78.0
FLOOR = 0.05
"""Added to strengths (mean 1) before logarithms: what is absent is not infinitely absent."""
SHARPNESS = 3.0
"""Scores times this are log odds, from the same fit."""


HALF_BEAT_DOUBT = 0.25
"""Taken off the lead over the rival half a beat off before odds are taken: with other weights, leads up to this much
were wrong on 4 of 18 drum-and-bass tracks of demo crates."""


@dataclass(frozen=True)
class Evidence:
    """What speaks for a hypothesis; logarithms of ratios, so that 0 says nothing, except where noted."""

    contrast: float
    """More begins on the beats than half-way between them."""
    accent: float
    """More begins on the beats than at any time."""
    harmony: float
    """Chords and bass notes change on beats rather than between."""
    duple: float
    """Beats part in two or four (0), not in three (below 0): dotted patterns pose as beats of 3/2 or 3/4 the tempo."""
    coverage: float
    """Share of all onsets on sixteenths of this beat, odd ones late by a swing of up to a third of a sixteenth."""
    eighths: float
    """More begins on eighths than on odd sixteenths; the same for either half-beat phase."""
    line: float
    """How much of the power of the strongest period in the track this one has."""
    prior: float
    """How people count: minus the squared octaves from `PREFERRED_BPM` (Moelants 2002, moved up to what DJs count)."""
    fast: float
    """Octaves beyond `RARELY_ABOVE_BPM`, negative."""
    slow: float
    """Octaves beyond `RARELY_BELOW_BPM`, negative."""
    emptiness: float
    """Little begins half-way between sixteenths."""
    snare: float
    """One beat of four has a stronger mid-band accent than any eighth between beats: the backbeat."""
    kick: float
    """The same in the low band."""
    chord_bars: float
    """The four beats after one beat of four differ more from the four before than those of any eighth between beats do.

    Over whole bars a drum pattern is the same on both sides wherever the cut falls, so that what is left is harmony,
    arrangement and the borders of sections. Over shorter spans kicks and snares decide, and broken beats mislead."""


WEIGHTS = np.array(astuple(Evidence(0.3, 1.0, 0.8, 0.7, 4.0, 0.5, 0.9, 2.2, 4.0, 2.0, 0.4, 0.3, 0.15, 2.0)))


@dataclass(frozen=True)
class Hypothesis:
    """A beat period with a phase [seconds], the evidence, and the score (times `SHARPNESS`: log odds)."""

    period_seconds: float
    offset_seconds: float
    evidence: Evidence
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
        profile = _fold(envelope, rate_hz, period)
        line = float(np.log(power / strongest))
        for slot in _peaks(profile):
            offset = (slot + 0.5) / FOLD_BINS * period
            count = max(4, int((len(envelope) / rate_hz - offset) / period))
            evidence = _weigh(
                accents, offset + period * np.arange(count, dtype=np.float64), _coverage(profile, slot), line
            )
            found.append(Hypothesis(period, offset, evidence, float(WEIGHTS @ np.array(astuple(evidence)))))
    return sorted(found, key=lambda hypothesis: -hypothesis.score)


def choose_level(
    envelope: NDArray[np.float32], rate_hz: float, accents: Accents, tracked: NDArray[np.float64]
) -> tuple[NDArray[np.float64], float]:
    """Of tracked beats, those of twice and half the tempo and those half-way between: the likeliest, and its odds."""
    doubled = np.sort(np.concatenate([tracked, tracked[:-1] + np.diff(tracked) / 2]))
    options = [tracked, doubled[1::2], doubled, tracked[::2], tracked[1::2]]
    times = np.arange(len(envelope)) / rate_hz + FLUX_LEAD_SECONDS
    scores = []
    for beats in options:
        if len(beats) < 8:
            scores.append(-np.inf)
            continue
        place = (
            np.interp(times, beats, np.arange(len(beats), dtype=np.float64), left=0.0, right=0.0) + 1 / FOLD_BINS / 2
        )
        slot = (place % 1.0 * FOLD_BINS).astype(int) % FOLD_BINS
        inside = (times > beats[0]) & (times < beats[-1])
        profile = np.bincount(slot[inside], envelope[inside], FOLD_BINS).astype(np.float64)
        evidence = _weigh(accents, beats, _coverage(profile, 0), 0.0)
        scores.append(float(WEIGHTS @ np.array(astuple(evidence))))
    order = np.array(scores) * SHARPNESS
    best = int(order.argmax())
    return options[best], float(1.0 / np.exp(order - order.max()).sum())


def odds(hypotheses: list[Hypothesis]) -> float:
    """Probability (as far as the fit goes) that the best hypothesis is the right one of these."""
    best = hypotheses[0]
    # The rival half a beat off shares nearly all evidence with the best, so that small leads over it mean little.
    leads = [best.score - rival.score - HALF_BEAT_DOUBT * _half_a_beat_off(best, rival) for rival in hypotheses]
    return float(1.0 / np.exp(-SHARPNESS * np.array(leads)).sum())


def _half_a_beat_off(one: Hypothesis, other: Hypothesis) -> bool:
    """Whether two hypotheses have the same beats but for half a beat, give or take a tenth."""
    apart = (other.offset_seconds - one.offset_seconds) / one.period_seconds % 1.0
    return abs(other.period_seconds / one.period_seconds - 1.0) < 0.005 and abs(apart - 0.5) < 0.1


def _fold(envelope: NDArray[np.float32], rate_hz: float, period: float) -> NDArray[np.float64]:
    """Mean onset strength by place in the period [shape=(FOLD_BINS,)]."""
    times = np.arange(len(envelope)) / rate_hz + FLUX_LEAD_SECONDS
    slot = ((times / period) % 1.0 * FOLD_BINS).astype(int) % FOLD_BINS
    return np.asarray(np.bincount(slot, envelope, FOLD_BINS) / np.maximum(np.bincount(slot, minlength=FOLD_BINS), 1))


def _peaks(profile: NDArray[np.float64]) -> list[int]:
    """Places at which the folded envelope peaks, highest first."""
    smooth = profile + 0.5 * (np.roll(profile, 1) + np.roll(profile, -1))
    peaks = np.flatnonzero((smooth > np.roll(smooth, 1)) & (smooth >= np.roll(smooth, -1)))
    return [int(slot) for slot in peaks[np.argsort(-smooth[peaks], kind="stable")][:PHASES_PER_PERIOD]]


def _coverage(profile: NDArray[np.float64], slot: int) -> float:
    near = profile + np.roll(profile, 1) + np.roll(profile, -1)
    sixteenth = FOLD_BINS // 4
    swing = sixteenth // 3
    straight = near[slot] + near[(slot + 2 * sixteenth) % FOLD_BINS]
    swung = sum(
        max(float(near[(slot + odd * sixteenth + late) % FOLD_BINS]) for late in range(swing + 1)) for odd in (1, 3)
    )
    return float((straight + swung) / (profile.sum() + 1e-9))


def _level(strength: NDArray[np.float32]) -> float:
    """Weighted log strength of a set of instants [shape=(BANDS, n)]."""
    return float(ACCENT_BANDS @ np.log(strength.mean(axis=1) + FLOOR))


def _strongest_of_four(values: NDArray[np.floating], floor: float) -> float:
    """Log of the mean of every fourth value [shape=(n,)], from where it is largest."""
    return max(float(np.log(values[first::4].mean() + floor)) for first in range(min(4, len(values))))


def _weigh(accents: Accents, beats: NDArray[np.float64], coverage: float, line: float) -> Evidence:
    """The evidence for beats [seconds, shape=(n,), n >= 4], evenly spaced or not."""
    lengths = np.append(np.diff(beats), beats[-1] - beats[-2])
    period = float(np.median(lengths))
    on = accents.strength(beats)
    off = accents.strength(beats + lengths / 2)
    beat, half = _level(on), _level(off)
    quarters = _level(np.hstack([accents.strength(beats + lengths * part / 4) for part in (1, 3)]))
    thirds = _level(np.hstack([accents.strength(beats + lengths * part / 3) for part in (1, 2)]))
    between = _level(np.hstack([accents.strength(beats + lengths * part / 8) for part in (1, 3, 5, 7)]))
    both = np.concatenate([beats, beats + lengths / 2])
    change = accents.harmonic_change(both, period)
    bars = accents.harmonic_change(both, BAR_BEATS * period)
    count = len(beats)
    octaves = float(np.log2(60.0 / period / PREFERRED_BPM))
    return Evidence(
        contrast=float(CONTRAST_BANDS @ np.log((on.mean(axis=1) + FLOOR) / (off.mean(axis=1) + FLOOR))),
        accent=beat,
        harmony=float(np.log((change[:count].mean() + 1e-3) / (change[count:].mean() + 1e-3))),
        duple=min(0.0, max(half, quarters) - thirds),
        coverage=coverage,
        eighths=(beat + half) / 2 - quarters,
        line=line,
        prior=-(octaves**2),
        fast=-max(0.0, float(np.log2(60.0 / period / RARELY_ABOVE_BPM))),
        slow=-max(0.0, float(np.log2(RARELY_BELOW_BPM * period / 60.0))),
        emptiness=-between,
        snare=_strongest_of_four(on[SNARE_BANDS].mean(axis=0), FLOOR)
        - _strongest_of_four(off[SNARE_BANDS].mean(axis=0), FLOOR),
        kick=_strongest_of_four(on[0], FLOOR) - _strongest_of_four(off[0], FLOOR),
        chord_bars=_strongest_of_four(bars[:count], 1e-3) - _strongest_of_four(bars[count:], 1e-3),
    )
