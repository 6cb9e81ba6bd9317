"""The keys of a track's parts: what the intro and the outro are in, and where the key changes.

A key rarely changes within a track of dance music, and eight bars alone say less than four minutes. So stretches of
eight bars, every four bars, are heard with the same profiles as the whole and tied together by a hidden Markov model
(L. Rabiner, *Proceedings of the IEEE* 77, 1989) with the 24 keys as its states:

- a key stays from one stretch to the next, with a small probability that it changes;
- where it changes it mostly goes to what the whole is in, since one returns; else to any key;
- what all stretches have in common is judged once, by the whole: a stretch speaks for a key by what its score has
  beyond the mean of all stretches, weakened, since neighbours overlap. So a track that stays in one key is exactly as
  sure of it in its parts as in its whole.

A part that is in the key of the whole is not claimed to be surer than half-way from the whole to certainty: what makes
the whole doubtful (an odd scale, an odd sound) is in the parts, too.

Forward and backward probabilities give the probability of each key at each stretch; those of intro and outro are means
over their stretches, weighted by how much tonal sound is in each.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from notorious.analysis.key_chroma import evened
from notorious.analysis.key_profiles import scores_of_bands
from notorious.analysis.model import KeyCandidate, PartKey
from notorious.theory.keys import Key

MOST_CONFIDENCE = 0.95
"""No answer claims more: annotators of keys agree with each other less often than that."""

_STEP_BARS = 4
_STRETCH_BARS = 8
_FEWEST_BARS = 16
_PART_BARS = 32
_PART_SHARE = 0.25
_TONAL_SHARE = 0.05
"""A bar with less than this of the tonal weight of a usual bar has no key: drums alone."""
_MODULATION_STRETCHES = 2
_LEAST_CONFIDENCE = 0.6
"""A change of key that is less likely than this is not claimed."""
_EVIDENCE = 0.25
_CHANGES = 0.02
_ELSEWHERE = 0.2

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class KeyParts:
    """The keys of the parts; see `notorious.analysis.model.KeyEstimate`."""

    intro: PartKey | None = None
    outro: PartKey | None = None
    modulations: tuple[PartKey, ...] = ()


def hear_parts(chroma: Floats, edges: Floats, whole: Floats, *, tuning_cents: float) -> KeyParts:
    """The keys of the parts of a track.

    chroma : shape (bars, 5, 12), weights by bar, band and pitch class
    edges : shape (bars + 1,), where the bars begin and the last ends, in seconds
    whole : shape (24,), the probability of each key for the whole
    """
    count = len(chroma)
    if count < _FEWEST_BARS:
        return KeyParts()
    starts = np.arange(0, count, _STEP_BARS)
    scores, tonal = _stretch_scores(chroma, starts)
    likely = key_course(scores, whole)
    home = int(np.argmax(whole))
    part = min(_PART_BARS, int(_PART_SHARE * count))
    middles = starts + _STEP_BARS / 2
    usual = chroma[:, :3].sum() / count

    def part_key(first_bar: int, last_bar: int) -> PartKey | None:
        inside = (middles > first_bar) & (middles < last_bar)
        if not inside.any() or chroma[first_bar:last_bar, :3].sum() < _TONAL_SHARE * usual * (last_bar - first_bar):
            return None
        return _part(
            np.average(likely[inside], axis=0, weights=tonal[inside] + 1e-12),
            edges[first_bar],
            edges[last_bar],
            tuning_cents,
            whole,
        )

    modulations = []
    for first, last in _runs(likely.argmax(axis=1)):
        mean = likely[first:last].mean(axis=0)
        named_key = int(likely[first].argmax())
        if named_key == home or last - first < _MODULATION_STRETCHES or mean[named_key] < _LEAST_CONFIDENCE:
            continue
        end = starts[last] if last < len(starts) else count
        modulations.append(_part(mean, edges[starts[first]], edges[end], tuning_cents, whole))
    return KeyParts(part_key(0, part), part_key(count - part, count), tuple(modulations))


def key_course(scores: Floats, whole: Floats) -> Floats:
    """The probability of each key at each stretch, shape (stretches, 24), from the scores of the stretches."""
    beyond = _EVIDENCE * (scores - scores.mean(axis=0)) + np.log(whole + 1e-12) / len(scores)
    evidence = np.exp(beyond - beyond.max(axis=1, keepdims=True))
    goes_to = (1.0 - _ELSEWHERE) * whole + _ELSEWHERE / 24
    forward = np.empty_like(evidence)
    here = np.full(24, 1 / 24)
    for number, heard in enumerate(evidence):
        if number:
            here = (1.0 - _CHANGES) * here + _CHANGES * goes_to
        here = here * heard
        here = here / here.sum()
        forward[number] = here
    backward = np.ones_like(evidence)
    for number in range(len(evidence) - 1, 0, -1):
        after = backward[number] * evidence[number]
        back = (1.0 - _CHANGES) * after + _CHANGES * (goes_to @ after)
        backward[number - 1] = back / back.sum()
    both = forward * backward
    likely: Floats = both / both.sum(axis=1, keepdims=True)
    return likely


def named(probabilities: Floats, *, tuning_cents: float, surest: float = MOST_CONFIDENCE) -> dict[str, Any]:
    """The fields of a `HeardKey`, from the probability of each key [shape=(24,)]."""
    second, best = (int(place) for place in np.argsort(probabilities, kind="stable")[-2:])
    key, other = Key.from_index(best), Key.from_index(second)
    return {
        "camelot": key.camelot,
        "name": key.name,
        "tonic": key.tonic_name,
        "mode": key.mode,
        "tuning_cents": round(tuning_cents, 1),
        "confidence": round(min(float(probabilities[best]), surest), 3),
        "runner_up": KeyCandidate(
            camelot=other.camelot, name=other.name, confidence=round(float(probabilities[second]), 3)
        ),
    }


def _part(probabilities: Floats, start: float, end: float, tuning_cents: float, whole: Floats) -> PartKey:
    is_home = probabilities.argmax() == whole.argmax()
    surest = min(MOST_CONFIDENCE, 0.5 + 0.5 * float(whole.max())) if is_home else MOST_CONFIDENCE
    found = named(probabilities, tuning_cents=tuning_cents, surest=surest)
    return PartKey(**found, start=round(max(float(start), 0.0), 3), end=round(float(end), 3))


def _stretch_scores(chroma: Floats, starts: NDArray[np.intp]) -> tuple[Floats, Floats]:
    """Scores of the stretches around some bars [shape=(n, 24)], and their tonal weight [shape=(n,)]."""
    summed = np.concatenate([np.zeros((1, 5, 12)), np.cumsum(chroma, axis=0)])
    margin = (_STRETCH_BARS - _STEP_BARS) // 2
    first = np.maximum(starts - margin, 0)
    last = np.minimum(starts + _STEP_BARS + margin, len(chroma))
    stretches = np.maximum(summed[last] - summed[first], 0.0)
    tonal = stretches[:, :3].sum(axis=(1, 2)) / (last - first)
    scores = scores_of_bands(evened(stretches))
    scores[tonal < _TONAL_SHARE * tonal.mean()] = 0.0
    return scores, tonal


def _runs(labels: NDArray[np.intp]) -> list[tuple[int, int]]:
    """Where a label begins and ends (exclusive), run by run."""
    borders = [0, *(np.flatnonzero(np.diff(labels)) + 1).tolist(), len(labels)]
    return list(zip(borders[:-1], borders[1:], strict=True))
