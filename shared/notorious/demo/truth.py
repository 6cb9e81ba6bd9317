"""The exact truth of a synthesised track, as it lies in JSON beside the FLAC.

Times in seconds from the first sample of the file. The kicks of the audio begin on `beats` to the nearest sample.
"""

from typing import Literal

from pydantic import BaseModel, ConfigDict

from notorious.demo.arrangement import SectionKind


class TrueValue(BaseModel):
    """A frozen part of the truth; unknown fields are refused, because the truth is written here and nowhere else."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class TrueKey(TrueValue):
    """The key that is played, and how far it is tuned from A4 = 440 Hz (positive is sharp)."""

    name: str
    camelot: str
    tonic: str
    mode: Literal["major", "minor"]
    tuning_cents: float


class TrueSection(TrueValue):
    """A section between two bar lines."""

    kind: SectionKind
    start: float
    end: float
    bars: int


class TrueZone(TrueValue):
    """pre_drop: the buildup that leads into a drop; post_drop: the drop's first 8 bars."""

    kind: Literal["pre_drop", "post_drop"]
    start: float
    end: float


class TrueRegion(TrueValue):
    """Where a voice sings (its reverb goes on a little longer)."""

    start: float
    end: float


class TrueVocals(TrueValue):
    """All places where a voice sings; pauses below half a second are passed over."""

    regions: tuple[TrueRegion, ...]


class TrueLayer(TrueValue):
    """A layer of the arrangement, the stem it belongs to, and the bars in which it plays (from, to; bar 0 first)."""

    name: str
    stem: Literal["vocals", "drums", "bass", "other"]
    bars: tuple[tuple[int, int], ...]


class TrackTruth(TrueValue):
    """All that is known of a track, because it was made so."""

    file: str
    title: str
    artist: str
    genre: str
    duration_seconds: float
    sample_rate_hz: int
    bpm: float
    first_beat_seconds: float
    beats_per_bar: int
    beats: tuple[float, ...]
    downbeats: tuple[float, ...]
    key: TrueKey
    sections: tuple[TrueSection, ...]
    zones: tuple[TrueZone, ...]
    vocals: TrueVocals
    layers: tuple[TrueLayer, ...]
    tags: dict[str, str]
    wrong_tags: tuple[str, ...]
    """Which of the tags in the file do not say the truth."""
    seed: int
