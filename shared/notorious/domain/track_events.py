"""What can happen to a track."""

from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from notorious.domain.event import TrackEvent
from notorious.domain.values import Camelot, Cue, Reference, Sha256, TrackSummary

AnalysisCause = Literal["uploaded", "outdated", "asked"]
"""Why a track is to be heard: it is new, its analysers have newer versions, or its owner asked."""


class TrackUploaded(TrackEvent):
    """A file has entered the library; `key` is where its audio lies."""

    sha256: Sha256
    key: str
    file_name: str
    size_bytes: Annotated[int, Field(gt=0)]
    format: str
    """Container and coding in one word: `flac`, `wav`, `mp3`, `m4a`, ..."""
    duration_seconds: Annotated[float, Field(gt=0)] | None = None


class TrackRejected(TrackEvent):
    """A file could not enter the library."""

    file_name: str
    key: str
    size_bytes: Annotated[int, Field(ge=0)]
    reason: str
    remedy: str = ""


class AnalysisRequested(TrackEvent):
    """The track is to be heard."""

    cause: AnalysisCause


class TrackAnalyzed(TrackEvent):
    """The track was heard; `analysers` holds the version of each analyser that took part."""

    analysis: Reference
    summary: TrackSummary
    analysers: dict[str, int]


class AnalysisFailed(TrackEvent):
    """The track could not be heard. `retryable`: the cause may pass (a time limit), rather than lie in the file."""

    reason: str
    remedy: str = ""
    retryable: bool


class TrackCorrected(TrackEvent):
    """The owner knows better; what is None stays as it was heard."""

    bpm: Annotated[float, Field(ge=20, le=400)] | None = None
    camelot: Camelot | None = None
    cues: Annotated[tuple[Cue, ...], Field(max_length=64)] | None = None

    @model_validator(mode="after")
    def _corrects_something(self) -> Self:
        if self.bpm is None and self.camelot is None and self.cues is None:
            raise ValueError("a correction names bpm, camelot or cues")
        return self


class StemsRequested(TrackEvent):
    """The track is to be separated into stems by a model."""

    model: str


class StemsSeparated(TrackEvent):
    """The stems lie in the bucket until `expires_at`, by name: vocals, drums, bass, other."""

    model: str
    stems: dict[str, Reference]
    expires_at: datetime


class StemsFailed(TrackEvent):
    """The stems could not be made; mixes go on without."""

    model: str
    reason: str


class TrackDeleted(TrackEvent):
    """The owner took the track out of the library."""


TRACK_EVENTS: tuple[type[TrackEvent], ...] = (
    TrackUploaded,
    TrackRejected,
    AnalysisRequested,
    TrackAnalyzed,
    AnalysisFailed,
    TrackCorrected,
    StemsRequested,
    StemsSeparated,
    StemsFailed,
    TrackDeleted,
)
