"""Evidence: what speaks for a list of instants being the beats of a track.

Each part compares how much happens at these instants with how much happens at others, over the whole track (after Goto
& Muraoka 1999, who read the metre from kick, snare and chord changes; Klapuri, Eronen & Astola 2006, who weigh levels
against a prior; Krebs, Böck & Widmer 2013, who let the pattern of a whole bar speak). `levels` weighs the parts.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from notorious.analysis.accents import Accents

FOLD_BINS = 48
ACCENT_BANDS = np.array([0.20, 0.20, 0.20, 0.17, 0.13, 0.10])
"""Low to high: kicks, bass and chords say more about the beat than hats do."""
CONTRAST_BANDS = np.array([0.10, 0.20, 0.20, 0.20, 0.15, 0.15])
"""Against the off-beat the low band is the one that syncopates (bass lines, broken kicks), so it weighs less."""
SNARE_BANDS = slice(2, 5)
BAR_BEATS = 4
PREFERRED_BPM = 125.0
RARELY_ABOVE_BPM = 176.0
HARDLY_ABOVE_BPM = 180.0
HARDLY = 6.0
"""From 180 BPM on each octave counts this many times: there a DJ counts half."""
RARELY_BELOW_BPM = 78.0
FLOOR = 0.05
"""Added to strengths (mean 1) before logarithms: what is absent is not infinitely absent."""


@dataclass(frozen=True)
class Rhythm:
    """What onsets say; logarithms of ratios, so that 0 says nothing, except where noted."""

    contrast: float
    """More begins on the beats than half-way between them."""
    accent: float
    """More begins on the beats than at any time."""
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
    """Octaves beyond `RARELY_ABOVE_BPM`, negative; those beyond `HARDLY_ABOVE_BPM` count `HARDLY` times."""
    slow: float
    """Octaves beyond `RARELY_BELOW_BPM`, negative."""
    emptiness: float
    """Little begins half-way between sixteenths."""
    snare: float
    """One beat of four has a stronger mid-band accent than any eighth between beats: the backbeat."""
    kick: float
    """The same in the low band."""


@dataclass(frozen=True)
class Harmony:
    """What chords, bass notes and arrangement say. Costs most to read."""

    changes: float
    """Chords and bass notes change on beats rather than between."""
    bars: float
    """The four beats after one beat of four differ more from the four before than those of any eighth between beats do.

    Over whole bars a drum pattern is the same on both sides wherever the cut falls, so that what is left is harmony,
    arrangement and the borders of sections. Over shorter spans kicks and snares decide, and broken beats mislead."""


def coverage(profile: NDArray[np.float64], slot: int) -> float:
    """Share of a folded envelope [shape=(FOLD_BINS,)] on sixteenths of a beat that begins at `slot`."""
    near = profile + np.roll(profile, 1) + np.roll(profile, -1)
    sixteenth = FOLD_BINS // 4
    swing = sixteenth // 3
    straight = near[slot] + near[(slot + 2 * sixteenth) % FOLD_BINS]
    swung = sum(
        max(float(near[(slot + odd * sixteenth + late) % FOLD_BINS]) for late in range(swing + 1)) for odd in (1, 3)
    )
    return float((straight + swung) / (profile.sum() + 1e-9))


def hear_rhythm(accents: Accents, beats: NDArray[np.float64], *, covered: float, line: float) -> Rhythm:
    """Read the onsets at and between beats [seconds, shape=(n,), n >= 4], evenly spaced or not."""
    lengths = _lengths(beats)
    period = float(np.median(lengths))
    octaves = {edge: float(np.log2(60.0 / period / edge)) for edge in (RARELY_ABOVE_BPM, HARDLY_ABOVE_BPM)}
    # Read all at once: beats, the middles between them, quarters, thirds, and what lies between the sixteenths.
    places = np.array([0, 1 / 2, 1 / 4, 3 / 4, 1 / 3, 2 / 3, 1 / 8, 3 / 8, 5 / 8, 7 / 8])
    heard = accents.strength((beats + lengths * places[:, None]).ravel()).reshape(-1, len(places), len(beats))
    on, off = heard[:, 0], heard[:, 1]
    means = heard.mean(axis=2)
    beat, half, quarters, thirds, between = (
        _level(means[:, group].mean(axis=1)) for group in ([0], [1], [2, 3], [4, 5], [6, 7, 8, 9])
    )
    return Rhythm(
        contrast=float(CONTRAST_BANDS @ np.log((means[:, 0] + FLOOR) / (means[:, 1] + FLOOR))),
        accent=beat,
        duple=min(0.0, max(half, quarters) - thirds),
        coverage=covered,
        eighths=(beat + half) / 2 - quarters,
        line=line,
        prior=-(float(np.log2(60.0 / period / PREFERRED_BPM)) ** 2),
        fast=-max(0.0, octaves[RARELY_ABOVE_BPM]) - (HARDLY - 1.0) * max(0.0, octaves[HARDLY_ABOVE_BPM]),
        slow=-max(0.0, float(np.log2(RARELY_BELOW_BPM * period / 60.0))),
        emptiness=-between,
        snare=strongest_of_four(on[SNARE_BANDS].mean(axis=0), FLOOR)
        - strongest_of_four(off[SNARE_BANDS].mean(axis=0), FLOOR),
        kick=strongest_of_four(on[0], FLOOR) - strongest_of_four(off[0], FLOOR),
    )


def hear_harmony(accents: Accents, beats: NDArray[np.float64]) -> Harmony:
    """Read how the sound changes across beats [seconds, shape=(n,), n >= 4] and half-way between them."""
    lengths = _lengths(beats)
    period = float(np.median(lengths))
    both = np.concatenate([beats, beats + lengths / 2])
    count = len(beats)
    change = accents.harmonic_change(both, period)
    bars = accents.harmonic_change(both, BAR_BEATS * period)
    return Harmony(
        changes=float(np.log((change[:count].mean() + 1e-3) / (change[count:].mean() + 1e-3))),
        bars=strongest_of_four(bars[:count], 1e-3) - strongest_of_four(bars[count:], 1e-3),
    )


def _lengths(beats: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.append(np.diff(beats), beats[-1] - beats[-2])


def _level(mean_strength: NDArray[np.float32]) -> float:
    """Weighted log strength of a set of instants [shape=(BANDS,)]."""
    return float(ACCENT_BANDS @ np.log(mean_strength + FLOOR))


def strongest_of_four(values: NDArray[np.floating], floor: float) -> float:
    """Log of the mean of every fourth value [shape=(n,), n >= 4], from where it is largest."""
    place = np.arange(len(values)) % 4
    means = np.bincount(place, values, 4) / np.bincount(place, minlength=4)
    return float(np.log(means.max() + floor))
