"""Downbeats: which beat begins the bar.

Three kinds of evidence, each summed over all beats of the same place in the bar (after Goto & Muraoka 1999 and
Papadopoulos & Peeters 2011, who read bars from chords and drums together):

- *harmony*: chords and bass notes change on bar lines more than elsewhere;
- *kick*: the first beat has the strongest low band;
- *sections*: where the sound of eight beats differs most from that of the eight before, a section begins, and sections
  begin with bars.

- *network*: where these leave doubt and BeatNet is installed, its probability of a downbeat. Alone it is right on 92 of
  120 pieces where the others are right on 117; beside them it mends one and makes the rest surer.

Bars have four beats unless three explain the sound better.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from notorious.analysis.accents import Accents
from notorious.analysis.activations import FAINT, Activations, AskNetwork, downbeat_probability
from notorious.analysis.onsets import Onsets

HARMONY, KICK, SECTIONS, NETWORK = 1.0, 0.5, 0.25, 0.3
"""Set by hand on the development music, where more weight on sections costs bars: fills and pick-ups move borders. The
network's: any from 0.1 to 0.5 does as well, on 120 pieces (docs/analysis-grid.md)."""
SHARPNESS = 6.0
"""Scores times this are log odds: fitted on one half of the 120 pieces 7 and 10, which say less on the other half."""
CLEAR = 0.9
"""Bars at least this likely are not asked of a network, which costs more than all the rest of the grid."""
SPAN_BEATS = 2
FAINTEST_BEAT = 1e-6
SECTION_BEATS = 8
FEWEST_BEATS = 12
WALTZ_CONTRAST = 0.4
WALTZ_RATIO = 0.95
"""Three beats a bar are believed where their contrast is at least this large, and this many times that of four. Of 120
pieces those in four have at most 0.5 of it, those in three (five waltzes) at least 0.98."""


@dataclass(frozen=True)
class Bars:
    """Beats per bar, the number of the first beat that begins one, and the odds of that phase (0 to 1)."""

    beats_per_bar: int
    first_downbeat: int
    confidence: float


def find_bars(
    accents: Accents,
    onsets: Onsets,
    beats: NDArray[np.float64],
    ask_network: AskNetwork | None = None,
) -> Bars:
    """Choose metre and bar phase for beats [seconds, shape=(n,)]; four from the first beat where there are under 12.

    ask_network: called only where the bars are not clear without it.
    """
    if len(beats) < FEWEST_BEATS:
        return Bars(4, 0, 0.0)
    period = float(np.median(np.diff(beats)))
    change = accents.harmonic_change(beats, SPAN_BEATS * period)
    # Where the sound itself begins or ends is no change of chord, and may be any beat of the bar. Beside kicks that are
    # all alike it would be the only change, and decide alone.
    first, last = _sounding(onsets, beats)
    usual = np.median(change[first : last + 1])
    change[: first + SPAN_BEATS] = change[max(0, last + 1 - SPAN_BEATS) :] = usual
    low = accents.strength(beats)[0].astype(np.float64)
    if not change.any() and not low.any():
        return Bars(4, 0, 0.0)
    scores = {size: _by_place(change, low, size) + SECTIONS * _section_votes(onsets, beats, size) for size in (3, 4)}
    bars = _choose(scores)
    if bars.confidence >= CLEAR or ask_network is None or (activations := ask_network()) is None:
        return bars
    return _choose({size: score + NETWORK * _heard_places(activations, beats, size) for size, score in scores.items()})


def _sounding(onsets: Onsets, beats: NDArray[np.float64]) -> tuple[int, int]:
    """The first and the last beat with sound: no more than 60 dB below the loudest beat."""
    powers = _beat_powers(onsets, np.append(beats, 2 * beats[-1] - beats[-2])).sum(axis=0)
    sounding = np.flatnonzero(powers >= FAINTEST_BEAT * powers.max())
    return int(sounding[0]), int(sounding[-1])


def _beat_powers(onsets: Onsets, beats: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean power of each band between each beat and the next [shape=(bands, len(beats) - 1)]."""
    sums = np.zeros((len(onsets.energy), onsets.energy.shape[1] + 1))
    np.cumsum(onsets.energy, axis=1, dtype=np.float64, out=sums[:, 1:])
    frames = np.clip(np.rint(beats * onsets.flux_rate_hz).astype(int), 0, sums.shape[1] - 1)
    return np.asarray(np.diff(sums[:, frames], axis=1) / np.maximum(np.diff(frames), 1))


def _choose(scores: dict[int, NDArray[np.float64]]) -> Bars:
    contrast = {size: float(score.max() - score.mean()) for size, score in scores.items()}
    size = 3 if contrast[3] > max(WALTZ_CONTRAST, WALTZ_RATIO * contrast[4]) else 4
    score = scores[size]
    chosen = int(np.argmax(score))
    return Bars(size, chosen, float(1.0 / np.exp(SHARPNESS * (score - score[chosen])).sum()))


def _heard_places(activations: Activations, beats: NDArray[np.float64], size: int) -> NDArray[np.float64]:
    """How much likelier than elsewhere a network found a downbeat at each place in the bar [shape=(size,)], log."""
    at_beats = downbeat_probability(activations, beats)
    mean = np.log(at_beats.mean() + FAINT)
    return np.array([np.log(at_beats[place::size].mean() + FAINT) - mean for place in range(size)])


def _by_place(change: NDArray[np.float64], low: NDArray[np.float64], size: int) -> NDArray[np.float64]:
    """Evidence of harmony and kick that the bar begins at each place [shape=(size,)]."""
    mean_change, mean_low = change.mean() + 1e-3, low.mean() + 0.05
    return np.array(
        [
            HARMONY * np.log((change[place::size].mean() + 1e-3) / mean_change)
            + KICK * np.log((low[place::size].mean() + 0.05) / mean_low)
            for place in range(size)
        ]
    )


def _section_votes(onsets: Onsets, beats: NDArray[np.float64], size: int) -> NDArray[np.float64]:
    """Share of the section borders beyond an even share that lies on each place [shape=(size,)]."""
    count = len(beats) - 1
    if count < 4 * SECTION_BEATS:
        return np.zeros(size)
    per_beat = _beat_powers(onsets, beats)
    levels = np.log(per_beat + 1e-4 * per_beat.max(axis=1, keepdims=True) + 1e-12)
    running = np.concatenate([np.zeros((len(levels), 1)), np.cumsum(levels, axis=1)], axis=1)
    here = np.arange(SECTION_BEATS, count - SECTION_BEATS + 1)
    after = running[:, here + SECTION_BEATS] - running[:, here]
    before = running[:, here] - running[:, here - SECTION_BEATS]
    novelty = np.abs(after - before).mean(axis=0) / SECTION_BEATS
    typical = float(np.median(novelty))
    votes = np.zeros(size)
    for index, value in enumerate(novelty):
        around = novelty[max(0, index - SECTION_BEATS + 2) : index + SECTION_BEATS - 1]
        if value >= around.max() and value > 1.5 * typical:
            votes[int(here[index]) % size] += value - typical
    # Few borders say little: the votes are shared out as if two typical borders had lain anywhere.
    return np.asarray((votes - votes.mean()) / (votes.sum() + 2.0 * typical + 1e-9))
