"""Levels: which of the periods that run through a track is the beat, and at which phase.

Every hypothesis is a period with one of the instants at which the track, folded by that period, has a peak. Each is
judged by the same evidence over the whole track (`evidence`); where the tempo wanders, in its even time (`course`).

The weights were fitted (softmax over a track's hypotheses, then rounded) on 18 synthetic styles at four tempos each
(tests/unit/grid/synthetic_tracks.py) and 29 pieces of development music at three speeds. Fitted on the synthetic ones
alone they are right on 95 % of the real pieces (90 % at the notated level), fitted on the real ones alone on 96 % of
the synthetic: they describe metre, not a collection. In five-fold cross-validation by piece: 95 % and 99 %.
Two, `Harmony.bars` (now over whole bars) and `Rhythm.fast`, were then set again by hand, on these and on demo crates;
see docs/analysis-grid.md.
"""

from dataclasses import astuple, dataclass, replace

import numpy as np
from numpy.typing import NDArray

from notorious.analysis.accents import Accents
from notorious.analysis.activations import FAINT, AskNetwork, downbeat_probability
from notorious.analysis.course import STEADY, Course
from notorious.analysis.evidence import (
    FOLD_BINS,
    Harmony,
    Rhythm,
    coverage,
    hear_harmony,
    hear_rhythm,
    strongest_of_four,
)
from notorious.analysis.onsets import FLUX_LEAD_SECONDS
from notorious.analysis.tempo import Lines, candidate_periods, related_periods

PHASES_PER_PERIOD = 6
WEAKEST_LINE = 0.08
"""Periods whose lines hold less than this share of the strongest's power do not run through the track."""
SHARPNESS = 3.0
"""Scores times this are log odds, from the same fit."""
RHYTHM_WEIGHTS = np.array(
    astuple(
        Rhythm(
            contrast=0.3,
            accent=1.0,
            duple=0.7,
            coverage=4.0,
            eighths=0.5,
            line=0.9,
            prior=2.2,
            fast=4.0,
            slow=2.0,
            emptiness=0.4,
            snare=0.3,
            kick=0.15,
        )
    )
)
HARMONY_WEIGHTS = np.array(astuple(Harmony(changes=0.8, bars=2.0)))
OUT_OF_REACH = 3.0
"""How far a hypothesis may lie behind in rhythm before its harmony is left unread. Harmony moves a score by -1.6 to
1.6;
on 66 pieces what is left out held at most 0.04 % of the odds."""
SAME_LEVEL = 0.02
WORTH_NAMING = 0.01
"""Probability from which a tempo other than half or double is named as an alternative."""
HALF_BEAT_DOUBT = 0.25
"""Taken off the lead over the rival half a beat off before odds are taken: with other weights, leads up to this much
were wrong on 4 of 18 drum-and-bass tracks of demo crates."""

CLEAR_LEAD = 0.75
"""Over the best of the other phases; one as large (odds of 9 to 1) is not asked of a network."""
NETWORK = 0.2
"""Weight of the downbeats that a network hears at one phase rather than at another. On 233 modules and MIDI files
11 or 10 instead of 14 are then half a beat off, with any weight from 0.07 to 0.4; none of 76 other pieces changes."""


@dataclass(frozen=True)
class Hypothesis:
    """A beat period with a phase [seconds, in even time] and its score (times `SHARPNESS`: log odds)."""

    period_seconds: float
    offset_seconds: float
    score: float


def beat_hypotheses(
    envelope: NDArray[np.float32],
    rate_hz: float,
    accents: Accents,
    course: Course = STEADY,
    ask_network: AskNetwork | None = None,
) -> list[Hypothesis]:
    """All hypotheses within reach of the best, best first; none where nothing repeats.

    envelope: onset strength [shape=(n,)] in the even time of `course`; the accents are in real time.
    ask_network: called only where the best one has a close rival of the same period.
    """
    lines = Lines(envelope, rate_hz)
    refined = [lines.refine(period) for period in related_periods(candidate_periods(envelope, rate_hz))]
    if not refined:
        return []
    strongest = max(power for _, power in refined)
    heard: list[tuple[float, float, NDArray[np.float64], float]] = []
    for period, power in refined:
        if power < WEAKEST_LINE * strongest:
            continue
        profile = _fold(envelope, rate_hz, period)
        line = float(np.log(power / strongest))
        for slot in _peaks(profile):
            offset = (slot + 0.5) / FOLD_BINS * period
            count = max(4, int((len(envelope) / rate_hz - offset) / period))
            beats = course.to_seconds(offset + period * np.arange(count, dtype=np.float64))
            rhythm = hear_rhythm(accents, beats, covered=coverage(profile, slot), line=line)
            heard.append((period, offset, beats, float(RHYTHM_WEIGHTS @ np.array(astuple(rhythm)))))
    reach = max(score for _, _, _, score in heard) - OUT_OF_REACH
    found = [
        (
            Hypothesis(
                period, offset, score + float(HARMONY_WEIGHTS @ np.array(astuple(hear_harmony(accents, beats))))
            ),
            beats,
        )
        for period, offset, beats, score in heard
        if score >= reach
    ]
    found.sort(key=lambda judged: -judged[0].score)
    return _with_network(found, ask_network) if ask_network else [hypothesis for hypothesis, _ in found]


def _with_network(found: list[tuple[Hypothesis, NDArray[np.float64]]], ask_network: AskNetwork) -> list[Hypothesis]:
    """Hypotheses, given with their beats [seconds] and best first; those of the best one's period judged again where
    one of them is close."""
    hypotheses = [hypothesis for hypothesis, _ in found]
    best = hypotheses[0]
    others = [number for number, other in enumerate(hypotheses) if number and _same_period(best, other)]
    if not others or best.score - hypotheses[others[0]].score > CLEAR_LEAD:
        return hypotheses
    activations = ask_network()
    if activations is None:
        return hypotheses
    heard, *rest = (
        strongest_of_four(downbeat_probability(activations, found[number][1]), FAINT) for number in (0, *others)
    )
    for number, other in zip(others, rest, strict=True):
        score = hypotheses[number].score + NETWORK * (other - heard)
        hypotheses[number] = replace(hypotheses[number], score=score)
    return sorted(hypotheses, key=lambda hypothesis: -hypothesis.score)


def odds(hypotheses: list[Hypothesis]) -> float:
    """Probability (as far as the fit goes) that the best hypothesis is the right one of these."""
    best = hypotheses[0]
    # The rival half a beat off shares nearly all evidence with the best, so that small leads over it mean little.
    leads = [best.score - rival.score - HALF_BEAT_DOUBT * _half_a_beat_off(best, rival) for rival in hypotheses]
    return float(1.0 / np.exp(-SHARPNESS * np.array(leads)).sum())


def alternatives(hypotheses: list[Hypothesis], period_seconds: float) -> list[tuple[float, float]]:
    """Other periods [seconds] that the beat could have, with their probabilities: half and double, and any that is not
    out of the question; likeliest first."""
    scores = np.array([hypothesis.score for hypothesis in hypotheses]) * SHARPNESS
    shares = np.exp(scores - scores.max())
    shares /= shares.sum()
    ratios = np.array([hypothesis.period_seconds for hypothesis in hypotheses]) / hypotheses[0].period_seconds
    found: list[tuple[float, float]] = []
    for ratio in (0.5, 2.0, *ratios):
        known = (1.0, *(period / period_seconds for period, _ in found))
        if all(abs(ratio / other - 1.0) > SAME_LEVEL for other in known):
            share = float(shares[np.abs(ratios / ratio - 1.0) < SAME_LEVEL].sum())
            if ratio in (0.5, 2.0) or share >= WORTH_NAMING:
                found.append((ratio * period_seconds, share))
    return sorted(found, key=lambda other: -other[1])


def _half_a_beat_off(one: Hypothesis, other: Hypothesis) -> bool:
    """Whether two hypotheses have the same beats but for half a beat, give or take a tenth."""
    apart = (other.offset_seconds - one.offset_seconds) / one.period_seconds % 1.0
    return _same_period(one, other) and abs(apart - 0.5) < 0.1


def _same_period(one: Hypothesis, other: Hypothesis) -> bool:
    return abs(other.period_seconds / one.period_seconds - 1.0) < 0.005


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
