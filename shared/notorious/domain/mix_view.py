"""The mix as its listeners see it: a projection of its stream."""

from datetime import datetime
from typing import Any

from pydantic import Field

from notorious.domain.envelope import Recorded
from notorious.domain.event import MixEvent
from notorious.domain.mix_events import (
    MixApproved,
    MixCancelled,
    MixExpired,
    MixFailed,
    MixMastered,
    MixPlanned,
    MixPublished,
    MixRequested,
    PlanEdited,
    PreviewRendered,
    RenderingStarted,
    Selection,
    TransitionRated,
    VoiceRendered,
)
from notorious.domain.mix_state import Status
from notorious.domain.values import Reference, Value


class PreviewView(Value):
    """A preview of one transition, of the revision that was the present one then."""

    audio: Reference
    revision: int


class RatingView(Value):
    """A listener's stars for one transition of a revision."""

    stars: int
    comment: str = ""
    revision: int


class MixFailure(Value):
    """Where and why a mix failed, and what can be done."""

    phase: str
    reason: str
    remedy: str = ""


class MasterView(Value):
    """The mastered recording."""

    audio: Reference
    loudness_lufs: float
    true_peak_dbtp: float
    duration_seconds: float


class MixView(Value):
    """One mix. `plan` to `voices_cached` are of the present revision; `voices_rendered` holds indexes."""

    id: str
    status: Status
    name: str = ""
    brief: dict[str, Any]
    selection: Selection
    formats: tuple[str, ...]
    wants_preview: bool
    wants_approval: bool
    options: dict[str, Any]
    requested_by: str
    requested_at: datetime
    updated_at: datetime
    published_at: datetime | None = None
    revision: int = 0
    plan: Reference | None = None
    plan_is_edited: bool = False
    track_count: int | None = None
    duration_seconds: float | None = None
    score: float | None = None
    previews: dict[int, PreviewView] = Field(default_factory=dict)
    voice_count: int | None = None
    voices_rendered: tuple[int, ...] = ()
    voices_cached: int = 0
    master: MasterView | None = None
    files: dict[str, Reference] = Field(default_factory=dict)
    failure: MixFailure | None = None
    cancelled_by: str | None = None
    ratings: dict[int, RatingView] = Field(default_factory=dict)

    def after(self, event: MixEvent, record: Recorded) -> "MixView":
        """The view after the next event of its stream."""
        return self.model_copy(update={"updated_at": record.occurred_at, **self._changes(event, record)})

    def _changes(self, event: MixEvent, record: Recorded) -> dict[str, object]:
        match event:
            case MixPlanned() | PlanEdited():
                return _of_plan(event)
            case PreviewRendered():
                preview = PreviewView(audio=event.audio, revision=event.revision)
                return {"previews": {**self.previews, event.transition_index: preview}}
            case MixApproved():
                return {"status": "approved"}
            case RenderingStarted():
                return {"status": "rendering", "voice_count": event.voice_count}
            case VoiceRendered():
                rendered = tuple(sorted({*self.voices_rendered, event.index}))
                return {"voices_rendered": rendered, "voices_cached": self.voices_cached + event.cached}
            case MixMastered():
                return {"status": "mastered", "master": MasterView.model_validate(event.model_dump())}
            case MixPublished():
                return {"status": "published", "files": event.files, "published_at": record.occurred_at}
            case MixFailed():
                return {"status": "failed", "failure": MixFailure.model_validate(event.model_dump())}
            case MixCancelled():
                return {"status": "cancelled", "cancelled_by": event.cancelled_by}
            case TransitionRated():
                rating = RatingView(stars=event.stars, comment=event.comment, revision=event.revision)
                return {"ratings": {**self.ratings, event.transition_index: rating}}
            case MixExpired():
                return {"status": "expired", "files": {}}
            case _:
                raise TypeError(f"{type(event).__name__} cannot follow in the history of a mix")


def _of_plan(event: MixPlanned | PlanEdited) -> dict[str, object]:
    """A new revision: what was rendered of the one before no longer counts."""
    return {
        "status": "planned",
        "revision": event.revision,
        "plan": event.plan,
        "plan_is_edited": isinstance(event, PlanEdited),
        "track_count": event.track_count,
        "duration_seconds": event.duration_seconds,
        "score": event.score,
        "previews": {},
        "voice_count": None,
        "voices_rendered": (),
        "voices_cached": 0,
        "master": None,
        "files": {},
        "failure": None,
        "cancelled_by": None,
        "published_at": None,
        "ratings": {},
    }


def mix_view_of_first(event: MixEvent, record: Recorded) -> MixView:
    """The view after a mix was requested. TypeError for any other event."""
    if not isinstance(event, MixRequested):
        raise TypeError(f"a mix's history cannot begin with {type(event).__name__}")
    return MixView(
        id=record.stream.id,
        status="requested",
        requested_by=record.actor,
        requested_at=record.occurred_at,
        updated_at=record.occurred_at,
        name=event.name,
        brief=event.brief,
        selection=event.selection,
        formats=event.formats,
        wants_preview=event.wants_preview,
        wants_approval=event.wants_approval,
        options=event.options,
    )
