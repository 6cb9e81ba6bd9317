"""The track as lists, searches and the planner see it: a projection of its stream."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from notorious.domain.envelope import Recorded
from notorious.domain.event import TrackEvent
from notorious.domain.track_events import (
    AnalysisFailed,
    AnalysisRequested,
    StemsFailed,
    StemsRequested,
    StemsSeparated,
    TrackAnalyzed,
    TrackCorrected,
    TrackDeleted,
    TrackRejected,
    TrackUploaded,
)
from notorious.domain.values import Cue, Reference, TrackSummary, Value

TrackStatus = Literal["waiting", "analyzed", "failed", "rejected", "deleted"]


class Correction(Value):
    """What the owner has set right, all corrections together; None: as it was heard."""

    bpm: float | None = None
    camelot: str | None = None
    cues: tuple[Cue, ...] | None = None


class Failure(Value):
    """Why a file was rejected, or why it could not be heard."""

    reason: str
    remedy: str = ""
    retryable: bool = False


class StemsView(Value):
    """The stems of a track by one model."""

    status: Literal["waiting", "separated", "failed"]
    stems: dict[str, Reference] = Field(default_factory=dict)
    expires_at: datetime | None = None
    reason: str = ""


class TrackView(Value):
    """One track. The fields from `title` to `loudness_lufs` hold what counts, corrections included; `heard` is the
    analysis' own word.

    `status`: `waiting` for its first analysis, `analyzed` (also while it is heard again), `failed` where no analysis
    ever succeeded, `rejected` where the file could not enter, `deleted`. `pending_since`: an analysis is under way.
    """

    id: str
    status: TrackStatus
    sha256: str | None = None
    key: str = ""
    file_name: str = ""
    size_bytes: int = 0
    format: str = ""
    duration_seconds: float | None = None
    title: str = ""
    artist: str = ""
    album: str | None = None
    genre: str | None = None
    year: int | None = None
    bpm: float | None = None
    camelot: str | None = None
    energy: float | None = None
    loudness_lufs: float | None = None
    heard: TrackSummary | None = None
    analysis: Reference | None = None
    analysers: dict[str, int] = Field(default_factory=dict)
    correction: Correction | None = None
    failure: Failure | None = None
    stems: dict[str, StemsView] = Field(default_factory=dict)
    added: datetime
    added_by: str
    changed: datetime
    pending_since: datetime | None = None

    def after(self, event: TrackEvent, record: Recorded) -> "TrackView":
        """The view after the next event of its stream."""
        view = self.model_copy(update={"changed": record.occurred_at})
        match event:
            case TrackUploaded() | TrackRejected() | TrackDeleted():
                return track_view_of_first(event, record)
            case AnalysisRequested():
                return view.model_copy(update={"pending_since": record.occurred_at})
            case TrackAnalyzed():
                return view._heard(event)
            case AnalysisFailed():
                failure = Failure(reason=event.reason, remedy=event.remedy, retryable=event.retryable)
                status = "analyzed" if self.analysis else "failed"
                return view.model_copy(update={"failure": failure, "status": status, "pending_since": None})
            case TrackCorrected():
                return view._corrected(event)
            case StemsRequested():
                return view._with_stems(event.model, StemsView(status="waiting"))
            case StemsSeparated():
                separated = StemsView(status="separated", stems=event.stems, expires_at=event.expires_at)
                return view._with_stems(event.model, separated)
            case StemsFailed():
                return view._with_stems(event.model, StemsView(status="failed", reason=event.reason))
            case _:
                raise TypeError(f"{type(event).__name__} is no event of a track")

    def _heard(self, event: TrackAnalyzed) -> "TrackView":
        summary = event.summary
        return self.model_copy(
            update={
                **{name: getattr(summary, name) for name in TrackSummary.model_fields},
                "status": "analyzed",
                "heard": summary,
                "analysis": event.analysis,
                "analysers": event.analysers,
                "failure": None,
                "pending_since": None,
            }
        )._with_correction()

    def _corrected(self, event: TrackCorrected) -> "TrackView":
        before = self.correction or Correction()
        given = {name: value for name in Correction.model_fields if (value := getattr(event, name)) is not None}
        return self.model_copy(update={"correction": before.model_copy(update=given)})._with_correction()

    def _with_correction(self) -> "TrackView":
        if self.correction is None:
            return self
        given = {"bpm": self.correction.bpm, "camelot": self.correction.camelot}
        return self.model_copy(update={name: value for name, value in given.items() if value is not None})

    def _with_stems(self, model: str, stems: StemsView) -> "TrackView":
        return self.model_copy(update={"stems": {**self.stems, model: stems}})


def track_view_of_first(event: TrackEvent, record: Recorded) -> TrackView:
    """The view after an event that begins a track's life, or ends it. TypeError for one that does neither."""
    whole: dict[str, object] = {
        "id": record.stream.id,
        "added": record.occurred_at,
        "added_by": record.actor,
        "changed": record.occurred_at,
    }
    match event:
        case TrackUploaded():
            return TrackView.model_validate({**whole, **_fields(event), "status": "waiting", "title": event.file_name})
        case TrackRejected():
            failure = Failure(reason=event.reason, remedy=event.remedy)
            facts = {"file_name": event.file_name, "key": event.key, "size_bytes": event.size_bytes}
            return TrackView.model_validate({**whole, **facts, "status": "rejected", "failure": failure})
        case TrackDeleted():
            return TrackView.model_validate({**whole, "status": "deleted"})
        case _:
            raise TypeError(f"a track's history cannot begin with {type(event).__name__}")


def _fields(event: TrackUploaded) -> dict[str, object]:
    return {name: getattr(event, name) for name in TrackUploaded.model_fields}
