"""Whether two tempos can be beat-matched, and at what cost.

The tolerance is what DJs of a genre let pass without reaching for the pitch fader, in BPM; of two genres the tighter
one holds. Within half of it the match is perfect. Half, double and 3:2 tempos count as matches, measured on the scale
of the faster of the two tracks, so that the judgement is the same in both directions.

Beyond the tolerance the pitch fader helps: of 24,202 plays in real mixes 75 % were adjusted by at most 3 %, 86 % by
at most 5 % and 94 % by at most 10 % (re-measured from Kim et al., "A computational analysis of real-world DJ mixes
using mix-to-track subsequence alignment", ISMIR 2020). So the score falls to 0 at 10 %, and `adjustment_percent` says
what it takes.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from notorious.theory.genres import rule_for

Relation = Literal["same", "half", "double", "three_to_two", "two_to_three", "none"]

DEFAULT_TOLERANCE_BPM = 3.0
TOLERANCES_BPM: Mapping[str, float] = {
    "minimal techno": 1.0,
    "house": 1.5,
    "deep house": 1.5,
    "tech house": 1.5,
    "techno": 1.5,
    "progressive house": 2.0,
    "trance": 2.0,
    "progressive trance": 2.5,
    "drum and bass": 3.0,
    "jungle": 3.0,
    "hardcore": 4.0,
    "downtempo": 5.0,
    "trap": 6.0,
    "pop": 6.0,
    "chillout": 6.0,
    "r&b": 7.0,
    "hip-hop": 8.0,
    "ambient": 10.0,
}

_RATIOS: tuple[tuple[Relation, float], ...] = (
    ("same", 1.0),
    ("half", 0.5),
    ("double", 2.0),
    ("three_to_two", 2 / 3),
    ("two_to_three", 3 / 2),
)
_RELATION_FACTOR: Mapping[Relation, float] = {
    "same": 1.0,
    "half": 0.9,
    "double": 0.9,
    "three_to_two": 0.7,
    "two_to_three": 0.7,
    "none": 1.0,
}
"""Our judgement: half and double change the pulse that one dances to; 3:2 is an effect rather than a mix."""
_SCORE_AT_TOLERANCE = 70.0
_SCORE_BEYOND_TOLERANCE = 60.0
_FURTHEST_ADJUSTMENT_PERCENT = 10.0


@dataclass(frozen=True)
class TempoMatch:
    """How the second tempo stands to the first.

    `ratio` is what the relation makes of second over first (1, 1/2, 2, 2/3, 3/2): one beat of the second lasts
    1 / ratio beats of the first. `difference_bpm` (at least 0) is what is missing to that ratio, on the scale of
    the faster. `adjustment_percent` is how much faster (negative: slower) the second must play to fit the first.
    """

    relation: Relation
    ratio: float
    difference_bpm: float
    tolerance_bpm: float
    adjustment_percent: float
    compatible: bool
    perfect: bool
    score: float
    reason: str


def tolerance_bpm(genre: str | None) -> float:
    """The tempo difference that passes in a genre (any spelling), in BPM; 3 where the genre is unknown or has no
    rule.
    """
    found = rule_for(genre, TOLERANCES_BPM)
    return DEFAULT_TOLERANCE_BPM if found is None else found


def compare_tempo(
    from_bpm: float, to_bpm: float, *, from_genre: str | None = None, to_genre: str | None = None
) -> TempoMatch:
    """Judge `to_bpm` after `from_bpm` by the tighter of the two genres' tolerances. Raises ValueError for no tempo."""
    for bpm in (from_bpm, to_bpm):
        if not (math.isfinite(bpm) and bpm > 0):
            raise ValueError(f"a tempo is a positive number of beats per minute, not {bpm}")
    tolerance = min(tolerance_bpm(from_genre), tolerance_bpm(to_genre))
    for relation, ratio in _RATIOS:
        difference = _difference_bpm(from_bpm, to_bpm, ratio)
        if difference <= tolerance:
            return _match(from_bpm, to_bpm, relation, ratio, difference, tolerance)
    # 3:2 is left out here: where it does not fit by itself nobody bends a track to it.
    ratio = min((1.0, 0.5, 2.0), key=lambda one: abs(math.log(from_bpm * one / to_bpm)))
    return _match(from_bpm, to_bpm, "none", ratio, _difference_bpm(from_bpm, to_bpm, ratio), tolerance)


def _difference_bpm(from_bpm: float, to_bpm: float, ratio: float) -> float:
    """What is missing to the ratio, on the scale of the faster: |to - from * ratio| where the second is the faster."""
    return abs(to_bpm - from_bpm * ratio) if ratio >= 1 else abs(to_bpm / ratio - from_bpm)


def _match(
    from_bpm: float, to_bpm: float, relation: Relation, ratio: float, difference: float, tolerance: float
) -> TempoMatch:
    adjustment = 100.0 * (from_bpm * ratio / to_bpm - 1.0)
    compatible = relation != "none"
    if compatible:
        score = 100.0 - (100.0 - _SCORE_AT_TOLERANCE) * difference / tolerance
    else:
        score = min(_SCORE_BEYOND_TOLERANCE, 100.0 * (1.0 - abs(adjustment) / _FURTHEST_ADJUSTMENT_PERCENT))
    counted: Relation = relation if compatible else {1.0: "same", 0.5: "half", 2.0: "double"}[ratio]  # type: ignore[assignment]
    score = max(0.0, score) * _RELATION_FACTOR[counted]
    perfect = compatible and difference <= tolerance / 2
    return TempoMatch(
        relation=relation,
        ratio=ratio,
        difference_bpm=difference,
        tolerance_bpm=tolerance,
        adjustment_percent=adjustment,
        compatible=compatible,
        perfect=perfect,
        score=score,
        reason=_reason(from_bpm, to_bpm, relation, counted, difference, tolerance, adjustment, perfect),
    )


_AT = {
    "same": "",
    "half": " at half tempo",
    "double": " at double tempo",
    "three_to_two": " at 3:2",
    "two_to_three": " at 2:3",
}


def _reason(
    from_bpm: float, to_bpm: float, relation: Relation, counted: Relation, difference: float, tolerance: float,
    adjustment: float, perfect: bool,
) -> str:  # fmt: skip
    tempos = f"{from_bpm:.2f} to {to_bpm:.2f} BPM{_AT[counted]}"
    if relation == "none":
        return f"{tempos}: {difference:.2f} BPM apart, {tolerance:g} would pass; needs {adjustment:+.1f} %"
    verdict = "perfect" if perfect else "compatible"
    return f"{tempos}: {difference:.2f} BPM apart, within {tolerance:g}, {verdict}"
