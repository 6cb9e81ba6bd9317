"""The shape of a track in time: its sections, which layers play in each and how loud, and what happens at the borders.

Sections are multiples of 4 bars, in phrases of 8, 16 or 32 unless a track is shortened for a test. Bar 0 begins on beat
0.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

SectionKind = Literal["intro", "verse", "buildup", "drop", "breakdown", "outro"]

BEATS_PER_BAR = 4


@dataclass(frozen=True)
class Section:
    """A stretch of one character, in bars from beat 0."""

    kind: SectionKind
    start_bar: int
    bars: int

    @property
    def end_bar(self) -> int:
        return self.start_bar + self.bars


@dataclass(frozen=True)
class Passage:
    """A layer that plays from one bar to another at a level (0 to 1); its loops count from `section_bar`."""

    layer: str
    section_bar: int
    start_bar: int
    end_bar: int
    level: float
    kind: SectionKind


@dataclass(frozen=True)
class Opening:
    """The music's low-pass moves from one cutoff to another, evenly in octaves."""

    start_bar: int
    end_bar: int
    from_hz: float
    to_hz: float


@dataclass(frozen=True)
class Gesture:
    """Something that happens once: riser, downlifter, crash, impact, reverse, roll, fill. `bars` is its length."""

    kind: Literal["riser", "downlifter", "crash", "impact", "reverse", "roll", "fill", "half_fill"]
    bar: int
    bars: int = 1


@dataclass(frozen=True)
class Arrangement:
    """A whole track on paper."""

    sections: tuple[Section, ...]
    passages: tuple[Passage, ...]
    openings: tuple[Opening, ...]
    gestures: tuple[Gesture, ...]

    @property
    def bars(self) -> int:
        return self.sections[-1].end_bar

    def passages_of(self, layer: str) -> list[Passage]:
        return [passage for passage in self.passages if passage.layer == layer]


FORMS: dict[str, tuple[tuple[tuple[SectionKind, int], ...], ...]] = {
    "deep house": (
        (("intro", 16), ("verse", 16), ("breakdown", 8), ("buildup", 8), ("drop", 16), ("breakdown", 8), ("buildup", 8),
         ("drop", 16), ("outro", 16)),
        (("intro", 16), ("verse", 16), ("buildup", 8), ("drop", 16), ("breakdown", 16), ("buildup", 8), ("drop", 16),
         ("outro", 16)),
        (("intro", 16), ("verse", 16), ("breakdown", 16), ("buildup", 8), ("drop", 32), ("outro", 16)),
    ),
    "techno": (
        (("intro", 16), ("verse", 16), ("buildup", 8), ("drop", 16), ("breakdown", 16), ("buildup", 8), ("drop", 16),
         ("outro", 16)),
        (("intro", 16), ("verse", 16), ("breakdown", 8), ("buildup", 8), ("drop", 32), ("breakdown", 8), ("buildup", 8),
         ("drop", 16), ("outro", 16)),
        (("intro", 32), ("breakdown", 8), ("buildup", 8), ("drop", 32), ("verse", 8), ("outro", 16)),
    ),
    "trance": (
        (("intro", 16), ("verse", 16), ("breakdown", 16), ("buildup", 8), ("drop", 32), ("outro", 16)),
        (("intro", 16), ("verse", 8), ("buildup", 8), ("drop", 16), ("breakdown", 16), ("buildup", 8), ("drop", 32),
         ("outro", 16)),
        (("intro", 16), ("verse", 16), ("breakdown", 16), ("buildup", 16), ("drop", 32), ("outro", 16)),
    ),
    "drum and bass": (
        (("intro", 16), ("buildup", 8), ("drop", 32), ("breakdown", 16), ("buildup", 8), ("drop", 32), ("outro", 16)),
        (("intro", 16), ("verse", 16), ("buildup", 8), ("drop", 32), ("breakdown", 16), ("buildup", 8), ("drop", 32),
         ("outro", 16)),
        (("intro", 32), ("buildup", 8), ("drop", 32), ("verse", 16), ("breakdown", 8), ("buildup", 8), ("drop", 32),
         ("outro", 16)),
    ),
}  # fmt: skip

Levels = dict[str, tuple[float, float, float, float, float, float]]
KINDS: tuple[SectionKind, ...] = ("intro", "verse", "buildup", "drop", "breakdown", "outro")

LEVELS: dict[str, Levels] = {
    # layer:        intro verse build drop  break outro
    "deep house": {
        "kick":       (1.0, 1.0, 0.8, 1.0, 0.0, 1.0),
        "clap":       (0.7, 1.0, 0.5, 1.0, 0.0, 0.8),
        "snare":      (0.0, 0.8, 0.0, 1.0, 0.0, 0.0),
        "closed_hat": (0.8, 0.9, 0.5, 1.0, 0.25, 0.8),
        "open_hat":   (0.6, 0.9, 0.0, 1.0, 0.0, 0.7),
        "shaker":     (0.0, 0.7, 0.6, 1.0, 0.4, 0.5),
        "rim":        (0.7, 0.6, 0.4, 0.7, 0.0, 0.6),
        "tom":        (0.0, 0.6, 0.0, 0.7, 0.0, 0.4),
        "bass":       (0.0, 0.9, 0.0, 1.0, 0.0, 0.8),
        "pad":        (0.35, 0.4, 0.8, 0.6, 0.9, 0.35),
        "chords":     (0.0, 0.8, 0.8, 1.0, 0.7, 0.0),
        "pluck":      (0.0, 0.0, 0.6, 0.6, 0.6, 0.0),
        "lead":       (0.0, 0.0, 0.0, 0.9, 0.6, 0.0),
        "answer":     (0.0, 0.0, 0.0, 0.9, 0.5, 0.0),
        "drone":      (0.5, 0.3, 0.5, 0.2, 0.6, 0.5),
        "voice":      (0.0, 0.9, 0.0, 1.0, 1.0, 0.0),
    },
    "techno": {
        "kick":       (1.0, 1.0, 0.8, 1.0, 0.0, 1.0),
        "rumble":     (0.7, 0.9, 0.0, 1.0, 0.0, 0.8),
        "clap":       (0.0, 0.7, 0.5, 1.0, 0.0, 0.5),
        "snare":      (0.0, 0.5, 0.0, 0.8, 0.0, 0.0),
        "closed_hat": (0.7, 0.9, 0.5, 1.0, 0.3, 0.7),
        "open_hat":   (0.5, 0.8, 0.0, 1.0, 0.0, 0.6),
        "ride":       (0.0, 0.0, 0.0, 1.0, 0.0, 0.0),
        "rim":        (0.6, 0.8, 0.5, 0.7, 0.3, 0.6),
        "tom":        (0.5, 0.6, 0.0, 0.7, 0.0, 0.5),
        "bass":       (0.0, 0.8, 0.0, 1.0, 0.0, 0.6),
        "pad":        (0.0, 0.2, 0.6, 0.35, 0.9, 0.0),
        "chords":     (0.0, 0.6, 0.8, 1.0, 0.7, 0.4),
        "pluck":      (0.0, 0.6, 0.7, 1.0, 0.5, 0.0),
        "lead":       (0.0, 0.0, 0.4, 0.8, 0.0, 0.0),
        "answer":     (0.0, 0.0, 0.0, 0.8, 0.0, 0.0),
        "drone":      (0.7, 0.6, 0.8, 0.5, 1.0, 0.7),
        "voice":      (0.0, 0.0, 0.0, 0.8, 0.9, 0.0),
    },
    "trance": {
        "kick":       (1.0, 1.0, 0.8, 1.0, 0.0, 1.0),
        "clap":       (0.5, 0.9, 0.5, 1.0, 0.0, 0.6),
        "snare":      (0.0, 0.6, 0.0, 1.0, 0.0, 0.0),
        "closed_hat": (0.8, 0.9, 0.4, 1.0, 0.0, 0.8),
        "open_hat":   (0.6, 1.0, 0.0, 1.0, 0.0, 0.7),
        "ride":       (0.0, 0.0, 0.0, 0.9, 0.0, 0.0),
        "shaker":     (0.5, 0.6, 0.5, 0.8, 0.0, 0.5),
        "rim":        (0.5, 0.6, 0.0, 0.6, 0.0, 0.5),
        "tom":        (0.0, 0.5, 0.0, 0.7, 0.0, 0.0),
        "bass":       (0.0, 0.9, 0.0, 1.0, 0.0, 0.7),
        "pad":        (0.25, 0.4, 0.9, 0.7, 1.0, 0.3),
        "chords":     (0.0, 0.0, 0.7, 1.0, 0.0, 0.0),
        "pluck":      (0.0, 0.7, 0.8, 0.8, 0.7, 0.0),
        "lead":       (0.0, 0.0, 0.5, 1.0, 0.5, 0.0),
        "answer":     (0.0, 0.0, 0.5, 1.0, 0.5, 0.0),
        "drone":      (0.5, 0.3, 0.4, 0.2, 0.7, 0.5),
        "voice":      (0.0, 0.0, 0.0, 0.8, 1.0, 0.0),
    },
    "drum and bass": {
        "kick":       (0.9, 1.0, 0.8, 1.0, 0.0, 1.0),
        "snare":      (0.6, 0.9, 0.0, 1.0, 0.0, 0.8),
        "closed_hat": (0.8, 0.9, 0.6, 1.0, 0.4, 0.8),
        "open_hat":   (0.0, 0.7, 0.0, 1.0, 0.0, 0.5),
        "ride":       (0.0, 0.0, 0.0, 1.0, 0.0, 0.0),
        "shaker":     (0.6, 0.7, 0.5, 0.8, 0.3, 0.6),
        "rim":        (0.4, 0.6, 0.4, 0.6, 0.0, 0.4),
        "tom":        (0.0, 0.5, 0.0, 0.7, 0.0, 0.0),
        "bass":       (0.0, 0.6, 0.0, 1.0, 0.0, 0.0),
        "sub":        (0.0, 0.7, 0.0, 1.0, 0.0, 0.5),
        "pad":        (0.7, 0.5, 0.9, 0.5, 1.0, 0.5),
        "chords":     (0.0, 0.5, 0.6, 0.8, 0.7, 0.0),
        "pluck":      (0.4, 0.5, 0.8, 0.5, 0.7, 0.3),
        "lead":       (0.0, 0.0, 0.0, 0.8, 0.6, 0.0),
        "answer":     (0.0, 0.0, 0.0, 0.8, 0.5, 0.0),
        "drone":      (0.7, 0.4, 0.6, 0.3, 0.9, 0.6),
        "voice":      (0.0, 0.7, 0.0, 0.8, 1.0, 0.0),
    },
}  # fmt: skip

ENTRIES: dict[tuple[str, SectionKind], tuple[float, float]] = {
    # (layer, kind): the part of the section in which it plays. A mix wants sparse ends and a full middle.
    ("clap", "intro"): (0.5, 1.0),
    ("open_hat", "intro"): (0.75, 1.0),
    ("closed_hat", "intro"): (0.25, 1.0),
    ("tom", "intro"): (0.5, 1.0),
    ("rumble", "intro"): (0.5, 1.0),
    ("snare", "intro"): (0.5, 1.0),
    ("pad", "intro"): (0.5, 1.0),
    ("pluck", "intro"): (0.5, 1.0),
    ("ride", "drop"): (0.5, 1.0),
    ("lead", "breakdown"): (0.5, 1.0),
    ("answer", "breakdown"): (0.5, 1.0),
    ("chords", "verse"): (0.25, 1.0),
    ("pluck", "verse"): (0.5, 1.0),
    ("clap", "buildup"): (0.0, 0.5),
    ("bass", "outro"): (0.0, 0.5),
    ("sub", "outro"): (0.0, 0.5),
    ("clap", "outro"): (0.0, 0.75),
    ("snare", "outro"): (0.0, 0.75),
    ("open_hat", "outro"): (0.0, 0.5),
    ("chords", "outro"): (0.0, 0.5),
    ("pad", "outro"): (0.0, 0.5),
    ("pluck", "outro"): (0.0, 0.5),
    ("rumble", "outro"): (0.0, 0.75),
    ("tom", "outro"): (0.0, 0.5),
    ("voice", "verse"): (0.5, 1.0),
}


def _shortened(bars: int, shorten: float) -> int:
    """A section's length in a shortened track: whole fours, at least 4."""
    return max(4, 4 * round(bars * shorten / 4))


def arrange(genre: str, form: int, rng: np.random.Generator, *, sings: bool, shorten: float = 1.0) -> Arrangement:
    """A track of a genre in one of its forms. `rng` decides what is left out where, so that no two drops are alike."""
    sections: list[Section] = []
    bar = 0
    for kind, bars in FORMS[genre][form % len(FORMS[genre])]:
        length = _shortened(bars, shorten)
        sections.append(Section(kind, bar, length))
        bar += length
    return Arrangement(
        sections=tuple(sections),
        passages=tuple(_passages(genre, sections, rng, sings=sings)),
        openings=tuple(_openings(sections)),
        gestures=tuple(_gestures(sections)),
    )


def _passages(genre: str, sections: list[Section], rng: np.random.Generator, *, sings: bool) -> list[Passage]:
    passages: list[Passage] = []
    drops = 0
    for section in sections:
        drops += section.kind == "drop"
        column = KINDS.index(section.kind)
        absent = _left_out(section.kind, drops, rng, sings=sings)
        for layer, levels in LEVELS[genre].items():
            if levels[column] == 0.0 or layer in absent or (layer == "voice" and not sings):
                continue
            enter, leave = ENTRIES.get((layer, section.kind), (0.0, 1.0))
            first = section.start_bar + round(section.bars * enter)
            last = section.start_bar + round(section.bars * leave)
            if last > first:
                passages.append(Passage(layer, section.start_bar, first, last, levels[column], section.kind))
    return passages


def _left_out(kind: SectionKind, drops: int, rng: np.random.Generator, *, sings: bool) -> set[str]:
    """What is silent although the genre knows it: a first drop keeps something for the second, a voice wants room."""
    absent: set[str] = set()
    if kind == "drop" and drops == 1:
        absent.add(("pluck", "answer", "ride")[int(rng.integers(3))])
    if sings and kind in ("drop", "verse"):
        absent.add("answer")
    if sings and kind == "breakdown":
        absent |= {"lead", "answer"}
    return absent


def _openings(sections: list[Section]) -> list[Opening]:
    """Filters: half closed at the start, closed and opening through a breakdown, wide open at the drop."""
    openings: list[Opening] = []
    for index, section in enumerate(sections):
        following = sections[index + 1].kind if index + 1 < len(sections) else None
        span = (section.start_bar, section.end_bar)
        if section.kind == "intro":
            openings.append(Opening(*span, 500.0, 3000.0))
        elif section.kind == "breakdown":
            openings.append(Opening(*span, 420.0, 2600.0 if following == "buildup" else 9000.0))
        elif section.kind == "buildup":
            openings.append(Opening(*span, 900.0, 14000.0))
        elif section.kind == "outro":
            openings.append(Opening(*span, 9000.0, 600.0))
    return openings


def _gestures(sections: list[Section]) -> list[Gesture]:
    gestures: list[Gesture] = []
    for index, section in enumerate(sections):
        following = sections[index + 1].kind if index + 1 < len(sections) else None
        if section.kind in ("drop", "verse", "breakdown", "outro"):
            gestures.append(Gesture("crash", section.start_bar))
        if section.kind == "drop":
            gestures.append(Gesture("impact", section.start_bar))
        if section.kind in ("breakdown", "outro"):
            gestures.append(Gesture("downlifter", section.start_bar, min(4, section.bars)))
        if section.kind == "buildup":
            gestures.append(Gesture("riser", section.start_bar, section.bars))
            gestures.append(Gesture("roll", section.start_bar + section.bars // 2, section.bars - section.bars // 2))
        if following in ("drop", "verse", "breakdown") and section.bars >= 4:
            gestures.append(Gesture("reverse", section.end_bar - 1, 1))
        if section.kind in ("intro", "verse", "drop", "outro"):
            # A fill before every border, a half one in the middle of what is longer than 8 bars.
            if following is not None:
                gestures.append(Gesture("fill", section.end_bar - 1))
            gestures += [Gesture("half_fill", bar - 1) for bar in range(section.start_bar + 8, section.end_bar, 8)]
    return gestures
