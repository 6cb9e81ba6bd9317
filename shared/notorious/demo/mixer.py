"""The mixing desk: for every layer its stem, level, place, sends, and how far the kick pushes it down.

Levels were set by ear's substitute, measurement: so that the summed tracks fall by about 4.5 dB an octave from 100 Hz up, as
released club music does, and so that no layer stands more than a few dB out of its band.
"""

from dataclasses import dataclass, replace
from typing import Literal

Stem = Literal["vocals", "drums", "bass", "other"]
STEMS: tuple[Stem, ...] = ("vocals", "drums", "bass", "other")


@dataclass(frozen=True)
class Strip:
    """One layer's channel. `reverb` and `echo` are sends, `duck` is the depth of the sidechain (0 to 1)."""

    stem: Stem
    gain: float
    pan: float = 0.0
    reverb: float = 0.0
    echo: float = 0.0
    duck: float = 0.0
    highpass_hz: float | None = None
    opens: bool = False
    """Whether the arrangement's filter openings move this layer's low-pass."""


STRIPS: dict[str, Strip] = {
    "kick": Strip("drums", 0.95),
    "rumble": Strip("drums", 0.5, duck=0.85),
    "clap": Strip("drums", 0.42, reverb=0.22),
    "snare": Strip("drums", 0.45, reverb=0.15),
    "closed_hat": Strip("drums", 0.16, pan=0.15),
    "open_hat": Strip("drums", 0.20, pan=-0.1),
    "shaker": Strip("drums", 0.13, pan=-0.4),
    "ride": Strip("drums", 0.15, pan=0.25),
    "rim": Strip("drums", 0.16, pan=0.4, reverb=0.2),
    "tom": Strip("drums", 0.30, pan=-0.25, reverb=0.15),
    "cymbals": Strip("drums", 0.30, reverb=0.15),
    "bass": Strip("bass", 0.50, duck=0.75),
    "sub": Strip("bass", 0.55, duck=0.8),
    "pad": Strip("other", 0.11, reverb=0.35, duck=0.55, highpass_hz=150.0, opens=True),
    "chords": Strip("other", 0.15, reverb=0.25, echo=0.18, duck=0.4, highpass_hz=140.0, opens=True),
    "pluck": Strip("other", 0.16, reverb=0.25, echo=0.35, duck=0.3, highpass_hz=180.0, opens=True),
    "lead": Strip("other", 0.19, reverb=0.25, echo=0.28, duck=0.25, highpass_hz=180.0),
    "answer": Strip("other", 0.17, pan=0.0, reverb=0.35, echo=0.4, duck=0.25, highpass_hz=180.0),
    "drone": Strip("other", 0.12, reverb=0.3, duck=0.5, highpass_hz=130.0, opens=True),
    "effects": Strip("other", 0.30, reverb=0.25),
    "voice": Strip("vocals", 0.30, reverb=0.22, echo=0.16, duck=0.1, highpass_hz=160.0),
}

ADJUSTMENTS: dict[str, dict[str, float]] = {
    # Factors on the levels above, where a genre wants another balance.
    "deep house": {"bass": 1.1, "lead": 0.8},
    "techno": {"kick": 1.05, "lead": 0.8},
    "trance": {"bass": 0.85, "pad": 1.1},
    "drum and bass": {"kick": 0.9, "snare": 1.35, "bass": 0.8},
}
PATCH_LEVELS: dict[str, float] = {
    # Factors that bring patches of one layer to the same loudness.
    "acid_lead": 0.75,
    "bell_lead": 1.1,
    "supersaw_chord": 0.8,
    "string_pad": 1.2,
    "glass_pad": 1.0,
    "dub_stab": 1.3,
}
REVERB_SECONDS: dict[str, dict[Stem, float]] = {
    "deep house": {"vocals": 1.6, "drums": 0.5, "bass": 0.3, "other": 2.0},
    "techno": {"vocals": 2.4, "drums": 0.8, "bass": 0.3, "other": 2.8},
    "trance": {"vocals": 2.4, "drums": 0.6, "bass": 0.3, "other": 2.6},
    "drum and bass": {"vocals": 2.0, "drums": 0.5, "bass": 0.3, "other": 2.4},
}


def strip(layer: str, genre: str) -> Strip:
    """A layer's channel in a genre."""
    channel = STRIPS[layer]
    return replace(channel, gain=channel.gain * ADJUSTMENTS[genre].get(layer, 1.0))
