"""The mixing desk: each layer has a strip, each strip feeds a bus, each bus belongs to a stem.

What costs time on a whole track (moving filters, sidechain, reverb) sits on the buses; what differs from layer to layer
(level, place, echo, high-pass) on the strips. Levels were set by measuring, not by listening: seed 0's tracks
fall by 5 to 6.6 dB an octave above 100 Hz, darker than the 4.5 dB aimed at, with drops at -9 to -11.5 dBFS RMS
and breakdowns 4 to 9 dB below them.
"""

from dataclasses import dataclass
from typing import Literal

Stem = Literal["vocals", "drums", "bass", "other"]
STEMS: tuple[Stem, ...] = ("other", "drums", "bass", "vocals")
"""In the order in which they are rendered and summed: the one that needs most memory comes first."""


@dataclass(frozen=True)
class Bus:
    """Layers that share their effects. `duck` is the depth of the sidechain (0 to 1), `reverb` the send."""

    stem: Stem
    reverb: float = 0.0
    duck: float = 0.0
    opens: bool = False
    """Whether the arrangement's openings move a low-pass over this bus."""


@dataclass(frozen=True)
class Strip:
    """One layer's channel; `pan` from -1 to 1, `echo` the level of the first repeat."""

    bus: str
    gain: float
    pan: float = 0.0
    echo: float = 0.0
    highpass_hz: float | None = None


BUSES: dict[str, Bus] = {
    "music": Bus("other", reverb=0.3, duck=0.6, opens=True),
    "leads": Bus("other", reverb=0.28, duck=0.3),
    "effects": Bus("other", reverb=0.25),
    "hits": Bus("drums"),
    "skins": Bus("drums", reverb=0.18),
    "rumble": Bus("drums", duck=0.85),
    "bass": Bus("bass", duck=0.8),
    "voice": Bus("vocals", reverb=0.16),
}

STRIPS: dict[str, Strip] = {
    "kick": Strip("hits", 0.66),
    "closed_hat": Strip("hits", 0.40, pan=0.15),
    "open_hat": Strip("hits", 0.46, pan=-0.1),
    "shaker": Strip("hits", 0.38, pan=-0.45),
    "ride": Strip("hits", 0.36, pan=0.3),
    "rumble": Strip("rumble", 0.34),
    "clap": Strip("skins", 0.52),
    "snare": Strip("skins", 0.46),
    "rim": Strip("skins", 0.25, pan=0.4),
    "tom": Strip("skins", 0.28, pan=-0.25),
    "cymbals": Strip("skins", 0.40),
    "bass": Strip("bass", 0.72),
    "sub": Strip("bass", 0.70),
    "pad": Strip("music", 0.22, highpass_hz=150.0),
    "chords": Strip("music", 0.34, echo=0.2, highpass_hz=140.0),
    "pluck": Strip("music", 0.34, echo=0.4, highpass_hz=180.0),
    "drone": Strip("music", 0.17, highpass_hz=130.0),
    "lead": Strip("leads", 0.36, echo=0.3, highpass_hz=180.0),
    "answer": Strip("leads", 0.32, pan=0.2, echo=0.45, highpass_hz=180.0),
    "effects": Strip("effects", 0.34),
    "voice": Strip("voice", 0.95, echo=0.18, highpass_hz=160.0),
}

ADJUSTMENTS: dict[str, dict[str, float]] = {
    # Factors on the levels above, where a genre wants another balance.
    "deep house": {"lead": 0.85},
    "techno": {"kick": 1.05, "lead": 0.9, "bass": 1.05},
    "trance": {"bass": 1.0, "pad": 1.1},
    "drum and bass": {"kick": 1.0, "snare": 1.35, "bass": 0.62, "closed_hat": 0.6, "ride": 0.55, "shaker": 0.6},
}
PATCH_LEVELS: dict[str, float] = {
    # Factors that bring the patches of one layer to the same loudness.
    "acid_lead": 0.75,
    "bell_lead": 1.1,
    "string_pad": 1.2,
    "dub_stab": 1.3,
}
REVERB_SECONDS: dict[str, dict[Stem, float]] = {
    "deep house": {"vocals": 1.6, "drums": 0.5, "bass": 0.3, "other": 2.0},
    "techno": {"vocals": 2.4, "drums": 0.8, "bass": 0.3, "other": 2.8},
    "trance": {"vocals": 2.4, "drums": 0.6, "bass": 0.3, "other": 2.6},
    "drum and bass": {"vocals": 2.0, "drums": 0.5, "bass": 0.3, "other": 2.4},
}


def layer_gain(layer: str, genre: str) -> float:
    """A layer's level in a genre."""
    return STRIPS[layer].gain * ADJUSTMENTS[genre].get(layer, 1.0)


def stem_of(layer: str) -> Stem:
    """The stem that a layer is part of."""
    return BUSES[STRIPS[layer].bus].stem
