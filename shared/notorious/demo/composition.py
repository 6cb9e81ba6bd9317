"""The music on paper: keys, chords, bass lines, arpeggios and melodies as notes, before any of it sounds.

Everything is diatonic: a chord is built on a degree of the scale and so is every melody, so that the key that the truth
names is the key that is played. Progressions begin on the tonic and come back to it; those that lean on the relative
key (i-VI-III-VII and its kind) are left out, because there even musicians disagree about the key.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from notorious.demo.grooves import swung

Mode = Literal["major", "minor"]

SCALES: dict[str, tuple[int, ...]] = {"major": (0, 2, 4, 5, 7, 9, 11), "minor": (0, 2, 3, 5, 7, 8, 10)}
MAJOR_NAMES = ("C", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
MINOR_NAMES = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "G#", "A", "Bb", "B")


@dataclass(frozen=True)
class Key:
    """A tonic (pitch class, 0 is C), a mode, and how far the tuning lies from A4 = 440 Hz, in cents."""

    tonic: int
    mode: Mode
    tuning_cents: float = 0.0

    @property
    def tonic_name(self) -> str:
        return (MAJOR_NAMES if self.mode == "major" else MINOR_NAMES)[self.tonic]

    @property
    def name(self) -> str:
        return f"{self.tonic_name} {self.mode}"

    @property
    def camelot(self) -> str:
        """The place on the Camelot wheel: C major is 8B, a fifth up is one further, the relative minor bears an A."""
        major = self.tonic if self.mode == "major" else (self.tonic + 3) % 12
        return f"{(7 + 7 * major) % 12 + 1}{'B' if self.mode == 'major' else 'A'}"

    @staticmethod
    def from_camelot(number: int, mode: Mode, tuning_cents: float = 0.0) -> "Key":
        major = (7 * (number - 8)) % 12
        return Key(major if mode == "major" else (major + 9) % 12, mode, tuning_cents)

    def midi(self, degree: int, octave: int) -> int:
        """The MIDI note of any scale degree (0 is the tonic) in an octave (4 begins at C4 = 60)."""
        return 12 * (octave + 1) + self.tonic + 12 * (degree // 7) + SCALES[self.mode][degree % 7]

    def hertz(self, midi: float) -> float:
        return float(440.0 * 2 ** ((midi - 69) / 12 + self.tuning_cents / 1200))

    def holds(self, midi: int) -> bool:
        """Whether a note belongs to the scale."""
        return (midi - self.tonic) % 12 in SCALES[self.mode]


@dataclass(frozen=True)
class Note:
    """A note of a loop: `beat` from the loop's start, `midi` as equal temperament numbers it, `velocity` 0 to 1.

    `syllable` is what a voice sings on it; instruments pass over it.
    """

    beat: float
    length_beats: float
    midi: int
    velocity: float = 0.8
    syllable: str = ""


@dataclass(frozen=True)
class Loop:
    """Notes that repeat every `bars` bars of four beats."""

    bars: int
    notes: tuple[Note, ...]


@dataclass(frozen=True)
class Harmony:
    """A progression: scale degrees, each `bars_each` bars long, stacked in thirds up to `size` notes."""

    degrees: tuple[int, ...]
    bars_each: int
    size: int = 3

    @property
    def bars(self) -> int:
        return len(self.degrees) * self.bars_each

    def degree_at(self, beat: float) -> int:
        return self.degrees[int(beat // (4 * self.bars_each)) % len(self.degrees)]


PROGRESSIONS: dict[str, dict[str, tuple[tuple[int, ...], ...]]] = {
    "deep house": {
        "minor": ((0, 3, 0, 4), (0, 0, 5, 3), (0, 3, 5, 4), (0, 5, 3, 4)),
        "major": ((0, 3, 0, 4), (0, 1, 3, 4), (0, 3, 1, 4), (0, 0, 3, 4)),
    },
    "techno": {
        "minor": ((0, 0, 0, 3), (0, 0, 5, 4), (0, 0, 3, 0), (0, 0, 0, 6)),
        "major": ((0, 0, 3, 0), (0, 0, 3, 4)),
    },
    "trance": {
        "minor": ((0, 5, 3, 4), (0, 5, 6, 4), (0, 3, 5, 4), (0, 6, 5, 4)),
        "major": ((0, 4, 3, 4), (0, 3, 4, 0), (0, 4, 5, 3)),
    },
    "drum and bass": {
        "minor": ((0, 5, 3, 4), (0, 0, 5, 4), (0, 3, 0, 5), (0, 6, 5, 4)),
        "major": ((0, 3, 0, 4), (0, 4, 3, 0), (0, 3, 4, 0)),
    },
}


def harmony(genre: str, mode: Mode, rng: np.random.Generator) -> Harmony:
    """A progression that the genre is at home in."""
    options = PROGRESSIONS[genre][mode]
    degrees = options[int(rng.integers(len(options)))]
    return Harmony(degrees, 1 if genre == "deep house" and rng.random() < 0.4 else 2, 4 if genre == "deep house" else 3)


def chord_tones(key: Key, degree: int, size: int, centre: int) -> tuple[int, ...]:
    """The chord's notes packed around `centre`, so that one chord leads to the next by small steps."""
    notes = []
    for step in range(size):
        midi = key.midi(degree + 2 * step, 4)
        while midi < centre - 6:
            midi += 12
        while midi >= centre + 6:
            midi -= 12
        notes.append(midi)
    return tuple(sorted(set(notes)))


def sustained_chords(key: Key, plan: Harmony, *, centre: int = 62) -> Loop:
    """A pad: each chord held for its whole length, with its root an octave below."""
    notes: list[Note] = []
    length = 4.0 * plan.bars_each
    for number, degree in enumerate(plan.degrees):
        for midi in chord_tones(key, degree, plan.size, centre):
            notes.append(Note(number * length, length, midi))
    return Loop(plan.bars, tuple(notes))


def rhythmic_chords(
    key: Key, plan: Harmony, pattern: str, *, swing: float, centre: int = 64, length_beats: float = 0.4
) -> Loop:
    """Stabs: the chord of the moment wherever the pattern (sixteenths: X accent, x, o soft) strikes."""
    notes: list[Note] = []
    for bar in range(plan.bars):
        offset = (bar % (len(pattern) // 16)) * 16
        for step, mark in enumerate(pattern[offset : offset + 16]):
            if mark == "-":
                continue
            beat = bar * 4 + swung(step, swing)
            velocity = {"X": 0.95, "x": 0.75, "o": 0.5}[mark]
            # A stab just before the bar line anticipates the next chord, as a player's hand would.
            degree = plan.degree_at((beat + (0.3 if step >= 14 else 0.0)) % (plan.bars * 4))
            notes += [Note(beat, length_beats, midi, velocity) for midi in chord_tones(key, degree, plan.size, centre)]
    return Loop(plan.bars, tuple(notes))


def bass_line(key: Key, plan: Harmony, pattern: str, *, swing: float, octave: int = 1, lowest: int = 28) -> Loop:
    """A bass from a pattern of sixteenths: r root, o octave, f fifth, t third, s seventh below, _ holds on, - rests."""
    places = {"r": 0, "o": 7, "f": 4, "t": 2, "s": -1}
    notes: list[Note] = []
    for bar in range(plan.bars):
        offset = (bar % (len(pattern) // 16)) * 16
        for step, mark in enumerate(pattern[offset : offset + 16]):
            beat = bar * 4 + swung(step, swing)
            if mark == "_" and notes:
                notes[-1] = replace(notes[-1], length_beats=notes[-1].length_beats + 0.25)
            elif mark in places:
                midi = key.midi(plan.degree_at(beat) + places[mark], octave)
                root = key.midi(plan.degree_at(beat), octave)
                shift = 12 if root < lowest else -12 if root >= lowest + 12 else 0
                notes.append(Note(beat, 0.25, midi + shift, 0.95 if step % 4 == 0 else 0.8))
    return Loop(plan.bars, tuple(notes))


def arpeggio(key: Key, plan: Harmony, rng: np.random.Generator, *, swing: float, octave: int = 5) -> Loop:
    """A figure of chord tones in sixteenths that turns every bar, with the gaps that make it dance."""
    figures = ((0, 1, 2, 3, 2, 1, 2, 3), (0, 2, 1, 3, 0, 2, 3, 1), (3, 2, 1, 0, 1, 2, 3, 4), (0, 3, 1, 4, 2, 3, 1, 2))
    figure = figures[int(rng.integers(len(figures)))]
    gaps = ("xxxxxxxxxxxxxxxx", "x-xx-xx-x-xx-xx-", "x-xxx-xxx-xxx-xx", "xx-xx-xx-xx-xx-x")[int(rng.integers(4))]
    notes: list[Note] = []
    for step in range(plan.bars * 16):
        if gaps[step % 16] == "-":
            continue
        beat = step // 16 * 4 + swung(step % 16, swing)
        tones = chord_tones(key, plan.degree_at(beat), 3, 12 * (octave + 1) + 2)
        place = figure[step % len(figure)]
        midi = tones[place % len(tones)] + 12 * (place // len(tones))
        notes.append(Note(beat, 0.24, midi, (0.9 if step % 4 == 0 else 0.62) * float(1 + 0.06 * rng.standard_normal())))
    return Loop(plan.bars, tuple(notes))


RHYTHMS: tuple[tuple[tuple[float, float], ...], ...] = (
    ((0.0, 1.5), (1.5, 0.5), (2.0, 1.0), (3.0, 1.0), (4.0, 2.0), (6.5, 0.5), (7.0, 0.75)),
    ((0.0, 0.75), (0.75, 0.75), (1.5, 1.0), (3.0, 0.5), (3.5, 0.5), (4.0, 1.5), (5.5, 1.5)),
    ((0.5, 0.5), (1.0, 0.5), (1.5, 1.0), (3.0, 1.0), (4.5, 0.5), (5.0, 0.5), (5.5, 2.0)),
    ((0.0, 0.5), (0.75, 0.5), (1.5, 0.5), (2.5, 1.0), (4.0, 0.75), (4.75, 0.75), (5.5, 0.5), (6.0, 1.5)),
    ((0.0, 2.0), (2.0, 1.0), (3.0, 0.5), (3.5, 0.5), (4.0, 3.0)),
)
"""Two-bar rhythms of a phrase as (beat, length)."""


def _nearest_chord_degree(target: int, root: int) -> int:
    """The degree nearest to `target` that belongs to the triad on `root`; the lower of two."""
    tones = [degree for degree in range(target - 4, target + 5) if (degree - root) % 7 in (0, 2, 4)]
    return min(tones, key=lambda degree: (abs(degree - target), degree))


def _phrase(
    plan: Harmony, rhythm: Sequence[tuple[float, float]], walk: Sequence[int], start: float
) -> list[tuple[float, float, int]]:
    """Two bars of melody: the walk gives the contour, notes on the beat are bent to the chord beneath."""
    out: list[tuple[float, float, int]] = []
    for (beat, length), place in zip(rhythm, walk, strict=False):
        on_beat = beat % 1.0 == 0.0 or length >= 1.0
        degree = _nearest_chord_degree(place, plan.degree_at(start + beat)) if on_beat else place
        out.append((start + beat, length, degree))
    return out


def melody(key: Key, plan: Harmony, rng: np.random.Generator, *, octave: int = 5) -> tuple[Loop, Loop]:
    """Eight bars of call and response, as two loops: call, answer, call, and an answer that comes home to the tonic.

    The answer takes up the call's rhythm with its contour turned upside down.
    """
    rhythm = RHYTHMS[int(rng.integers(len(RHYTHMS)))]
    steps = rng.choice([-2, -1, -1, 1, 1, 2], size=len(rhythm))
    walk = [
        int(np.clip(total, -3, 8)) for total in np.cumsum(np.concatenate([[int(rng.choice([0, 2, 4]))], steps[:-1]]))
    ]
    mirrored = [4 - place for place in walk]
    bars = max(8, plan.bars)
    call: list[Note] = []
    answer: list[Note] = []
    for bar in range(0, bars, 2):
        second, last = bar % 4 == 2, bar == bars - 2
        line = _phrase(plan, rhythm, mirrored if second else walk, bar * 4.0)
        if last:
            beat, length, _ = line[-1]
            line[-1] = (beat, length, 7 if line[-2][2] > 3 else 0)
        target = answer if second else call
        for beat, length, degree in line:
            accent = 0.9 if beat % 2 == 0 else 0.72
            target.append(
                Note(beat, length, key.midi(degree, octave), accent * float(1 + 0.05 * rng.standard_normal()))
            )
    return Loop(bars, tuple(call)), Loop(bars, tuple(answer))


SYLLABLES = (
    "sa ay", "ta ah", "ma ee", "ko oh", "fa ah", "ce ey", "la ay", "do oh", "na oh", "hi ee", "ya ah", "wa ay", "bo oh",
    "lu oo", "ti ee", "he ey",
)  # fmt: skip
"""What is sung: a consonant's letter with its vowel, or a vowel that glides to another ("do oh"). "c" is "sh"."""

_SONG_RHYTHMS = (
    ((0.0, 0.5), (0.5, 0.5), (1.0, 1.0), (2.0, 0.5), (2.5, 0.5), (3.0, 1.0), (4.0, 0.5), (4.5, 2.0)),
    ((0.5, 0.5), (1.0, 0.5), (1.5, 0.5), (2.0, 1.0), (3.0, 0.5), (3.5, 0.5), (4.0, 1.0), (5.0, 2.0)),
)
_SLOW_SONG_RHYTHMS = (
    ((0.0, 1.0), (1.0, 1.0), (2.0, 1.0), (3.0, 1.0), (4.0, 1.0), (5.0, 2.0)),
    ((1.0, 1.0), (2.0, 1.0), (3.0, 1.0), (4.0, 1.0), (5.0, 1.0), (6.0, 1.5)),
)
_FAST_BPM = 155.0  # from here on half a beat is too short for a syllable


def sung_melody(key: Key, plan: Harmony, rng: np.random.Generator, *, bpm: float, octave: int = 4) -> Loop:
    """Eight bars for a voice: a line, and the line again in another rhythm that comes home. A syllable a note."""
    rhythms = _SLOW_SONG_RHYTHMS if bpm > _FAST_BPM else _SONG_RHYTHMS
    bars = max(8, plan.bars)
    words = [SYLLABLES[int(number)] for number in rng.permutation(len(SYLLABLES))]
    steps = np.concatenate([[2], rng.choice([-2, -1, -1, 0, 1, 1, 2], size=7)])
    shape = [int(place) for place in np.clip(np.cumsum(steps), -1, 6)]
    notes: list[Note] = []
    for number, bar in enumerate(range(0, bars, 4)):
        line = rhythms[number % 2]
        places = shape[: len(line)] if number % 2 == 0 else [*shape[: len(line) - 1], 0]
        for beat, length, degree in _phrase(plan, line, places, bar * 4.0):
            word = words[len(notes) % len(words)]
            notes.append(Note(beat, length, key.midi(degree, octave), 0.85, word))
    return Loop(bars, tuple(notes))
