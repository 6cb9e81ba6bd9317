"""Drum patterns: who hits when and how hard, as one would write it in a step sequencer.

A pattern is a string of sixteenths, one bar (or more) long: `X` an accent, `x` a hit, `o` a soft one, `.` a ghost note
so soft that it is felt rather than heard, `-` a rest. Kicks stand on their step exactly; swing moves only the
off-sixteenths (the 2nd and 4th of each beat) and only what is not a kick.
"""

from dataclasses import dataclass

import numpy as np

STRENGTH = {"X": 1.0, "x": 0.78, "o": 0.5, ".": 0.24, "-": 0.0}


@dataclass(frozen=True)
class Hit:
    """One stroke: `beat` counts from the track's first beat; `velocity` is 0 to 1."""

    instrument: str
    beat: float
    velocity: float


@dataclass(frozen=True)
class Groove:
    """The patterns of a genre's variant; an instrument that is missing is silent. `swing` of 0.5 is straight."""

    swing: float
    patterns: dict[str, str]


DEEP_HOUSE = (
    Groove(0.57, {
        "kick": "X---X---X---X---",
        "clap": "----X-------X---",
        "snare": "-------.-------.",
        "open_hat": "--x---x---x---x-",
        "closed_hat": "o-.xo-.xo-.xo-.x",
        "shaker": "xo.oxo.oxo.oxo.o",
        "rim": "---x--x-----x-----o---x---x--x--",
        "tom": "-----------------------------o-o",
    }),
    Groove(0.545, {
        "kick": "X---X---X---X---",
        "clap": "----X-------X---",
        "snare": "---------.-----.",
        "open_hat": "--X---X---X---X-",
        "closed_hat": "..x...x...x...xo",
        "shaker": "o.x.o.x.o.x.o.xo",
        "rim": "x-----x---x--x--",
        "tom": "----------o-----",
    }),
    Groove(0.6, {
        "kick": "X---X---X---X---X---X---X---X-o-",
        "clap": "----X-------X--o",
        "snare": "-.-----.-.-----.",
        "open_hat": "--x---x---x---xo",
        "closed_hat": "xo.oxo.oxo.oxo.o",
        "shaker": "..o...o...o...o.",
        "rim": "------x--x------",
        "tom": "--------------o-",
    }),
)  # fmt: skip

TECHNO = (
    Groove(0.5, {
        "kick": "X---X---X---X---",
        "clap": "------------x---",
        "open_hat": "--X---X---X---X-",
        "closed_hat": "xoxoxoxoxoxoxoxo",
        "ride": "x-o-x-o-x-o-x-o-",
        "rim": "---x-----x----x-",
        "tom": "-------o--o----o",
    }),
    Groove(0.53, {
        "kick": "X---X---X---X---",
        "clap": "----x-------x---",
        "open_hat": "--X---X---X---X-",
        "closed_hat": ".ox..ox..ox..oxo",
        "ride": "--x---x---x---x-",
        "rim": "x--x--x---x--x----x--x--x--x--x-",
        "tom": "-----o-----o--o-",
    }),
    Groove(0.515, {
        "kick": "X---X---X---X---",
        "clap": "----X--.----X---",
        "snare": "-------.-.-----.",
        "open_hat": "--x---x---x---x-",
        "closed_hat": "x.x.x.x.x.x.x.xo",
        "ride": "x-x-x-x-x-x-x-x-",
        "rim": "-----x--x-------",
        "tom": "---o------o-----",
    }),
)  # fmt: skip

TRANCE = (
    Groove(0.5, {
        "kick": "X---X---X---X---",
        "clap": "----X-------X---",
        "open_hat": "--X---X---X---X-",
        "closed_hat": "xoxoxoxoxoxoxoxo",
        "ride": "--x---x---x---x-",
        "shaker": "x.o.x.o.x.o.x.o.",
    }),
    Groove(0.52, {
        "kick": "X---X---X---X---",
        "clap": "----X-------X---",
        "snare": "----o-------o-.-",
        "open_hat": "--X---X---X---X-",
        "closed_hat": "o.x.o.x.o.x.o.x.",
        "ride": "x---x---x---x---",
        "tom": "-------------o-o",
    }),
    Groove(0.51, {
        "kick": "X---X---X---X---",
        "clap": "----X-------X---",
        "open_hat": "--x---x---x---xo",
        "closed_hat": "xo.oxo.oxo.oxo.o",
        "shaker": "o-x-o-x-o-x-o-x-",
        "rim": "---------x----x-",
    }),
)  # fmt: skip

DRUM_AND_BASS = (
    Groove(0.53, {
        "kick": "X---------X-----",
        "snare": "----X--.-.--X--.",
        "closed_hat": "x.o.x.o.x.o.x.o.",
        "open_hat": "--------------o-",
        "ride": "x-o-x-o-x-o-x-o-",
        "shaker": "o.x.o.x.o.x.o.x.",
    }),
    Groove(0.55, {
        "kick": "X-X-------X-----X---------X--o--",
        "snare": "----X--o-o--X--.----X--.-o--X-.o",
        "closed_hat": "x-x-x-x-x-x-x-x-",
        "open_hat": "------x-------x-",
        "ride": "X-o-X-o-X-o-X-o-",
        "shaker": ".o.o.o.o.o.o.o.o",
        "rim": "---------o------",
    }),
    Groove(0.52, {
        "kick": "X---------X-----X-----X---X-----",
        "snare": "----X--.----X--.----X-.--.--X-.-",
        "closed_hat": "xoxoxoxoxoxoxoxo",
        "ride": "x---x---x---x---",
        "tom": "-----------------------------o-o",
    }),
)  # fmt: skip


def swung(step: int, swing: float) -> float:
    """The beat of a sixteenth: off-sixteenths come late by what `swing` is above a half, in halves of a beat."""
    late = (swing - 0.5) * 0.5 if step % 2 else 0.0
    return step * 0.25 + late


def bar_of_hits(groove: Groove, instrument: str, bar: int, rng: np.random.Generator) -> list[Hit]:
    """One instrument's hits in one bar, humanised: velocities waver by a few percent, kicks by nothing."""
    pattern = groove.patterns.get(instrument, "")
    if not pattern:
        return []
    offset = (bar % (len(pattern) // 16)) * 16
    hits: list[Hit] = []
    for step, mark in enumerate(pattern[offset : offset + 16]):
        strength = STRENGTH[mark]
        if strength == 0.0:
            continue
        if instrument == "kick":
            hits.append(Hit(instrument, bar * 4 + step * 0.25, strength))
        else:
            velocity = float(np.clip(strength * (1 + 0.07 * rng.standard_normal()), 0.05, 1.0))
            hits.append(Hit(instrument, bar * 4 + swung(step, groove.swing), velocity))
    return hits


FILLS = (
    {"snare": "--------o-o-xoxX", "tom": "----------------"},
    {"snare": "------------xxXX", "tom": "--------x-x-----"},
    {"snare": "--------o--o--x-", "tom": "----------x--x-X"},
    {"snare": "----------o.oxoX", "clap": "--------x-------"},
    {"snare": "------------x---", "tom": "--------X-x-xxXX"},
)
"""What the last bar before a border plays on top, loudest last."""


def fill(number: int, bar: int, *, beats: float = 4.0) -> list[Hit]:
    """A fill in a bar; `beats` 2.0 plays only its second half."""
    hits: list[Hit] = []
    for instrument, pattern in FILLS[number % len(FILLS)].items():
        for step, mark in enumerate(pattern):
            if STRENGTH[mark] > 0 and step >= 16 - beats * 4:
                hits.append(Hit(instrument, bar * 4 + step * 0.25, STRENGTH[mark]))
    return hits


def roll(start_bar: int, bars: int) -> list[Hit]:
    """A snare roll that doubles its speed: quarters, then eighths, sixteenths, and thirty-seconds at the end.

    It grows louder all along and stops a beat before the border, so that the drop falls into a hole.
    """
    hits: list[Hit] = []
    total = bars * 4.0
    beat = 0.0
    while beat < total - 1.0:
        done = beat / total
        hits.append(Hit("snare", start_bar * 4 + beat, 0.25 + 0.75 * done**1.5))
        beat += 1.0 if done < 0.5 else 0.5 if done < 0.75 else 0.25 if done < 0.9 else 0.125
    return hits
