"""What can happen to a mix."""

from typing import Annotated, Any, Literal

from pydantic import Field

from notorious.domain.event import MixEvent
from notorious.domain.values import Reference, Sha256, Value

Index = Annotated[int, Field(ge=0)]
Revision = Annotated[int, Field(ge=1)]

MixPhase = Literal[
    "validating",
    "finding candidates",
    "planning",
    "previewing",
    "waiting for approval",
    "rendering voices",
    "mastering",
    "exporting",
    "publishing",
]
"""The phases of a mix under way, as listeners see them."""


class Selection(Value):
    """Which tracks of the library a mix may use: all, these, or those that a query finds."""

    kind: Literal["all", "tracks", "query"] = "all"
    tracks: Annotated[tuple[Sha256, ...], Field(max_length=1500)] = ()
    query: dict[str, Any] = Field(default_factory=dict)
    """Parameters of the tracks list: `text`, `camelot`, `bpm_min`, `bpm_max`, `genre`, ..."""


class MixRequested(MixEvent):
    """A set is wanted; `brief` is the engine's brief as JSON."""

    brief: dict[str, Any]
    selection: Selection = Selection()
    formats: tuple[str, ...] = ("flac",)
    name: Annotated[str, Field(max_length=200)] = ""
    wants_preview: bool = False
    wants_approval: bool = False
    options: dict[str, Any] = Field(default_factory=dict)


class MixPlanned(MixEvent):
    """The engine has made a plan. `score` is the mean of its transitions' scores, 0 to 100."""

    plan: Reference
    revision: Revision
    track_count: Annotated[int, Field(ge=1)]
    duration_seconds: Annotated[float, Field(gt=0)]
    score: Annotated[float, Field(ge=0, le=100)] | None = None


class PlanEdited(MixEvent):
    """A listener has changed the plan by hand.

    `renders_again`: the mix had come to an end already, so that a workflow must be started for this revision.
    """

    plan: Reference
    revision: Revision
    track_count: Annotated[int, Field(ge=1)]
    duration_seconds: Annotated[float, Field(gt=0)]
    score: Annotated[float, Field(ge=0, le=100)] | None = None
    edited_by: str
    renders_again: bool = False


class PreviewRendered(MixEvent):
    """A short stretch around one transition can be listened to."""

    audio: Reference
    transition_index: Index
    revision: Revision


class MixApproved(MixEvent):
    """A listener wants this revision rendered."""

    revision: Revision


class RenderingStarted(MixEvent):
    """The voices of a revision are being rendered."""

    revision: Revision
    voice_count: Annotated[int, Field(ge=1)]


class VoiceRendered(MixEvent):
    """One voice lies in the bucket. `voice_key` is the hash of what determines it; `cached`: it lay there already."""

    index: Index
    audio: Reference
    voice_key: str
    cached: bool = False


class MixMastered(MixEvent):
    """The voices were summed and mastered."""

    audio: Reference
    loudness_lufs: float
    true_peak_dbtp: float
    duration_seconds: Annotated[float, Field(gt=0)]


class MixPublished(MixEvent):
    """The mix can be downloaded: its audio by format and its sheet by name (`cue`, `m3u8`, `tracklist`, `picture`)."""

    files: dict[str, Reference]


class MixFailed(MixEvent):
    """The mix came to an end without a result."""

    phase: MixPhase
    reason: str
    remedy: str = ""


class MixCancelled(MixEvent):
    """A listener stopped it."""

    cancelled_by: str


class TransitionRated(MixEvent):
    """A listener's stars (1 to 5) for one transition of a revision."""

    transition_index: Index
    revision: Revision
    stars: Annotated[int, Field(ge=1, le=5)]
    comment: Annotated[str, Field(max_length=2000)] = ""


class MixExpired(MixEvent):
    """The files of the mix were removed after their time; its plan and history stay."""


MIX_EVENTS: tuple[type[MixEvent], ...] = (
    MixRequested,
    MixPlanned,
    PlanEdited,
    PreviewRendered,
    MixApproved,
    RenderingStarted,
    VoiceRendered,
    MixMastered,
    MixPublished,
    MixFailed,
    MixCancelled,
    TransitionRated,
    MixExpired,
)
