"""What happens to the ear when one key follows another.

Every move is classified by arithmetic on pitch classes and on the circle of fifths and scored from 0 to 100:

    same key                                       100   perfect
    relative (same notes, other mode)               90   excellent
    one step on the wheel (a fifth up or down)      80   good
    energy boost: a semitone up (7 steps), or       70   acceptable, only where boosts are allowed
        a whole tone up (2 steps), same mode
    parallel (same tonic, other mode)               60   acceptable
    diagonal (one step and the other mode)          50   risky
    anything else                                 0-30   clash: ten for each shared note above two

The first five are the rules of harmonic mixing as DJs use them (Camelot wheel, Mark Davis). Two of our own choices: the
diagonal at 50, since six of seven notes are shared but the tonic jumps to a foreign chord; and the scale of the
clashes, so that a search that has nothing better still prefers five shared notes to two.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from notorious.theory.keys import ALL_KEYS, Key

MoveKind = Literal["same", "relative", "step", "boost_semitone", "boost_whole_tone", "parallel", "diagonal", "clash"]
Quality = Literal["perfect", "excellent", "good", "acceptable", "risky", "clash"]
Direction = Literal["level", "up", "down", "brighter", "darker", "away"]

_SCORES: dict[MoveKind, float] = {
    "same": 100.0,
    "relative": 90.0,
    "step": 80.0,
    "boost_semitone": 70.0,
    "boost_whole_tone": 70.0,
    "parallel": 60.0,
    "diagonal": 50.0,
}
_QUALITY_FROM: tuple[tuple[float, Quality], ...] = (
    (100.0, "perfect"),
    (90.0, "excellent"),
    (80.0, "good"),
    (60.0, "acceptable"),
    (40.0, "risky"),
    (0.0, "clash"),
)


@dataclass(frozen=True)
class HarmonicMove:
    """One key following another.

    `wheel_steps` counts clockwise on the wheel (-5 to 6), `semitones` is the way of the tonic (-5 to 6), `shared_notes`
    are named as the first key spells them.
    """

    from_key: Key
    to_key: Key
    score: float
    kind: MoveKind
    quality: Quality
    direction: Direction
    wheel_steps: int
    semitones: int
    shared_notes: tuple[str, ...]
    recommendation: str

    @property
    def reason(self) -> str:
        """The move in one line: `8A to 9A (A minor to E minor): one step up the wheel, good, 6 shared notes`."""
        names = f"{self.from_key.camelot} to {self.to_key.camelot} ({self.from_key.name} to {self.to_key.name})"
        return f"{names}: {_words_of(self)}, {self.quality}, {len(self.shared_notes)} shared notes"


def harmonic_move(from_key: Key, to_key: Key, *, boosts_allowed: bool = True) -> HarmonicMove:
    """Judge `to_key` after `from_key`. Boosts go upwards only; where they are not allowed they count as clashes."""
    return _move(from_key, to_key, boosts_allowed)


@lru_cache(maxsize=2)
def move_scores(boosts_allowed: bool = True) -> tuple[tuple[float, ...], ...]:
    """The scores of all moves: `move_scores()[from_key.index][to_key.index]`, 24 x 24, 0 to 100."""
    return tuple(tuple(_move(one, other, boosts_allowed).score for other in ALL_KEYS) for one in ALL_KEYS)


@lru_cache(maxsize=2 * 24 * 24)
def _move(from_key: Key, to_key: Key, boosts_allowed: bool) -> HarmonicMove:
    steps = _centred(to_key.wheel_position - from_key.wheel_position)
    semitones = _centred(to_key.tonic - from_key.tonic)
    common = set(from_key.pitch_classes) & set(to_key.pitch_classes)
    shared = tuple(
        name for name, note in zip(from_key.note_names, from_key.pitch_classes, strict=True) if note in common
    )
    kind = _kind(from_key, to_key, steps, semitones, boosts_allowed)
    # Same, relative, step and diagonal share six or seven notes, so what is left shares two to five.
    score = _SCORES[kind] if kind != "clash" else 10.0 * (len(shared) - 2)
    return HarmonicMove(
        from_key=from_key,
        to_key=to_key,
        score=score,
        kind=kind,
        quality=next(label for least, label in _QUALITY_FROM if score >= least),
        direction=_direction(kind, to_key, steps),
        wheel_steps=steps,
        semitones=semitones,
        shared_notes=shared,
        recommendation=_RECOMMENDATIONS[kind],
    )


def _centred(difference: int) -> int:
    """A difference on a circle of twelve by the shorter way, -5 to 6."""
    return (difference + 5) % 12 - 5


def _kind(from_key: Key, to_key: Key, steps: int, semitones: int, boosts_allowed: bool) -> MoveKind:
    if from_key == to_key:
        return "same"
    if from_key.mode == to_key.mode:
        if abs(steps) == 1:
            return "step"
        if boosts_allowed and semitones == 1:
            return "boost_semitone"
        if boosts_allowed and semitones == 2:
            return "boost_whole_tone"
        return "clash"
    if steps == 0:
        return "relative"
    if semitones == 0:
        return "parallel"
    return "diagonal" if abs(steps) == 1 else "clash"


def _direction(kind: MoveKind, to_key: Key, steps: int) -> Direction:
    if kind == "same":
        return "level"
    if kind in ("relative", "parallel"):
        return "brighter" if to_key.mode == "major" else "darker"
    if kind in ("boost_semitone", "boost_whole_tone"):
        return "up"
    if kind == "clash":
        return "away"
    return "up" if steps > 0 else "down"


_RECOMMENDATIONS: dict[MoveKind, str] = {
    "same": "Mix as long as you like: every note of one belongs to the other.",
    "relative": "Mix as long as you like: the notes stay, only the mood turns.",
    "step": "A long blend works: one note changes.",
    "boost_semitone": "Lifts the room by a semitone: keep the overlap short or on drums alone.",
    "boost_whole_tone": "Lifts the room by a whole tone: keep melodies and basses of the two apart.",
    "parallel": "The tonic stays and the third changes: works where one side has no chords at the mix point.",
    "diagonal": "Six notes are shared, but the home chord jumps: blend on sparse passages.",
    "clash": "Keep tonal parts apart: mix on drums alone, cut, or choose another track.",
}


def _words_of(move: HarmonicMove) -> str:
    if move.kind == "same":
        return "the same key"
    if move.kind == "relative":
        return f"the relative {move.to_key.mode}"
    if move.kind == "parallel":
        return f"the parallel {move.to_key.mode}"
    if move.kind == "step":
        return f"one step {move.direction} the wheel"
    if move.kind == "boost_semitone":
        return "an energy boost of a semitone"
    if move.kind == "boost_whole_tone":
        return "an energy boost of a whole tone"
    if move.kind == "diagonal":
        return f"one step {move.direction} the wheel and into {move.to_key.mode}"
    return f"{abs(move.wheel_steps)} steps apart on the wheel"
