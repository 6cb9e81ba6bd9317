"""What comes in over the API, and what goes out: pydantic models, each with an example for the documentation.

Nothing here says where anything is stored: keys of objects stay inside, and files are handed out as signed addresses.
"""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from notorious.domain.mix_events import Selection
from notorious.domain.mix_view import MixFailure, MixView, RatingView
from notorious.domain.track_view import Correction, Failure, TrackView
from notorious.domain.values import Camelot, Cue, TrackSummary
from notorious.planning.brief import Brief

SHA = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
MIX = "01JCQ0R5V8K3X2N7Z4Y6W9T1AB"


Format = Literal["flac", "wav", "mp3", "ogg", "opus", "m4a"]


def config(**example: Any) -> ConfigDict:
    """Frozen, without unknown fields, with an example."""
    return ConfigDict(extra="forbid", frozen=True, json_schema_extra={"examples": [example]})


class Body(BaseModel):
    """A JSON document without unknown fields."""

    model_config = ConfigDict(extra="forbid", frozen=True)


# -- uploads -----------------------------------------------------------------------------------------------------------


class UploadIn(Body):
    """A file that is to be uploaded."""

    model_config = config(file_name="Night Bus.flac", size_bytes=41873520)
    file_name: Annotated[str, Field(min_length=1, max_length=255)]
    size_bytes: Annotated[int, Field(gt=0)]


class UploadOut(Body):
    """A signed form: send it as multipart/form-data, all `fields` first, then the file as `file`."""

    model_config = config(
        upload_id="3vYx", url="https://bucket.s3.amazonaws.com/", fields={"key": "drop/…"}, expires_seconds=3600
    )
    upload_id: str
    url: str
    fields: dict[str, str]
    expires_seconds: int


# -- tracks ------------------------------------------------------------------------------------------------------------


class StemsOut(Body):
    """The stems of a track by one model."""

    status: Literal["waiting", "separated", "failed"]
    names: list[str]
    expires_at: datetime | None = None
    reason: str = ""


class TrackOut(Body):
    """A track. `bpm`, `camelot` and the like are what counts, corrections included; `heard` is the analysis' word."""

    model_config = config(
        id=SHA, status="analyzed", file_name="Night Bus.flac", size_bytes=41873520, format="flac",
        duration_seconds=372.46, title="Night Bus", artist="Ada Lind", album="Routes", genre="Deep House", year=2021,
        bpm=126.02, camelot="8A", energy=6.4, loudness_lufs=-8.7, added="2026-03-02T12:00:17Z",
        changed="2026-03-02T12:01:08Z",
    )  # fmt: skip
    id: str
    status: Literal["waiting", "analyzed", "failed", "rejected", "deleted"]
    file_name: str
    size_bytes: int
    format: str
    duration_seconds: float | None = None
    title: str
    artist: str
    album: str | None = None
    genre: str | None = None
    year: int | None = None
    bpm: float | None = None
    camelot: str | None = None
    energy: float | None = None
    loudness_lufs: float | None = None
    heard: TrackSummary | None = None
    correction: Correction | None = None
    failure: Failure | None = None
    stems: dict[str, StemsOut] = Field(default_factory=dict)
    added: datetime
    changed: datetime
    analysis_pending_since: datetime | None = None

    @classmethod
    def of(cls, view: TrackView) -> "TrackOut":
        """What is shown of a track."""
        shown = {name: getattr(view, name) for name in cls.model_fields if hasattr(view, name) and name != "stems"}
        stems = {
            model: StemsOut(status=one.status, names=sorted(one.stems), expires_at=one.expires_at, reason=one.reason)
            for model, one in view.stems.items()
        }
        return cls(**shown, stems=stems, analysis_pending_since=view.pending_since)


class TracksOut(Body):
    """A page of tracks. `behind`: events that the list has not seen yet, above 0 only just after large imports."""

    tracks: list[TrackOut]
    total: int
    next_cursor: str | None = None
    behind: int = 0


class CorrectionIn(Body):
    """What is set right; at least one of the three. What is left out stays as it is."""

    model_config = config(bpm=63.01, camelot="9A", cues=[{"start_seconds": 30.48, "name": "drop"}])
    bpm: Annotated[float, Field(ge=20, le=400)] | None = None
    camelot: Camelot | None = None
    cues: Annotated[tuple[Cue, ...], Field(max_length=64)] | None = None


MODEL_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"


class StemsIn(Body):
    """Which model separates."""

    model_config = config(model="htdemucs")
    model: Annotated[str, Field(pattern=MODEL_PATTERN)] = "htdemucs"


class ReasonOut(Body):
    """A part of a score: its value from 0 to 100, its weight, and its reason in words."""

    name: str
    value: float
    weight: float
    reason: str


class FollowerOut(Body):
    """A track that can follow, and the best way into it. Seconds are of the two files."""

    track: TrackOut
    score: float
    technique: str
    mix_out_seconds: float
    mix_in_seconds: float
    length_bars: float
    technique_reason: str
    reasons: list[ReasonOut]


class FollowersOut(Body):
    """What can follow, best first."""

    followers: list[FollowerOut]


class SimilarOut(Body):
    """A track that sounds alike; `likeness` 1 is the same."""

    track: TrackOut
    likeness: float
    reasons: list[str]


class SimilarTracksOut(Body):
    """The nearest tracks; those not compared are yet to be read, or were heard with other networks."""

    similar: list[SimilarOut]
    compared: int
    not_compared: int


class FileOut(Body):
    """A file to download: a signed address that works for a while."""

    model_config = config(
        name="flac", file_name="Friday.flac", url="https://…", size_bytes=400000000, sha256=SHA, expires_seconds=3600
    )
    name: str
    file_name: str
    url: str
    size_bytes: int
    sha256: str
    expires_seconds: int


class FilesOut(Body):
    """Files to download."""

    files: list[FileOut]


# -- mixes -------------------------------------------------------------------------------------------------------------


class MixIn(Body):
    """A set that is wanted. `brief` is that of the Python API and of `notorious plan`."""

    model_config = config(
        name="Friday", brief={"minutes": 60, "curve": "late-peak"},
        selection={"kind": "query", "query": {"genre": "house", "bpm_min": 120}}, formats=["flac", "mp3"],
        wants_preview=True, wants_approval=True,
    )  # fmt: skip
    brief: Brief = Brief()
    selection: Selection = Selection()
    formats: Annotated[tuple[Format, ...], Field(min_length=1, max_length=6)] = ("flac",)
    name: Annotated[str, Field(max_length=200)] = ""
    wants_preview: bool = False
    wants_approval: bool = False
    options: dict[str, Any] = Field(default_factory=dict)


class ProgressOut(Body):
    """How far a mix under way is. `version` rises by one with each document."""

    version: int
    phase: str
    phase_number: int
    phase_count: int
    current: float
    total: float
    percent: float
    detail: str


class MixOut(Body):
    """A mix. `files` are the names that can be downloaded, `previews` the transitions that can be listened to."""

    model_config = config(
        id=MIX, status="rendering", name="Friday", brief={"minutes": 60}, selection={"kind": "all"}, formats=["flac"],
        wants_preview=False, wants_approval=False, requested_at="2026-03-02T12:00:00Z", requested_by="user:1f…",
        updated_at="2026-03-02T12:00:40Z", revision=1, track_count=14, duration_seconds=3604.5, score=81.3,
        voice_count=14, voices_rendered=3,
    )  # fmt: skip
    id: str
    status: str
    name: str
    brief: dict[str, Any]
    selection: Selection
    formats: list[str]
    wants_preview: bool
    wants_approval: bool
    requested_by: str
    requested_at: datetime
    updated_at: datetime
    published_at: datetime | None = None
    revision: int
    plan_is_edited: bool = False
    track_count: int | None = None
    duration_seconds: float | None = None
    score: float | None = None
    previews: list[int] = Field(default_factory=list)
    voice_count: int | None = None
    voices_rendered: int = 0
    loudness_lufs: float | None = None
    true_peak_dbtp: float | None = None
    files: list[str] = Field(default_factory=list)
    failure: MixFailure | None = None
    ratings: dict[int, RatingView] = Field(default_factory=dict)
    progress: ProgressOut | None = None

    @classmethod
    def of(cls, view: MixView, progress: dict[str, Any] | None = None) -> "MixOut":
        """What is shown of a mix; progress only while it is under way."""
        own = ("previews", "voices_rendered", "files", "formats")
        shown = {name: getattr(view, name) for name in cls.model_fields if hasattr(view, name) and name not in own}
        return cls(
            **shown,
            formats=list(view.formats),
            previews=sorted(view.previews),
            voices_rendered=len(view.voices_rendered),
            files=sorted(view.files),
            loudness_lufs=None if view.master is None else view.master.loudness_lufs,
            true_peak_dbtp=None if view.master is None else view.master.true_peak_dbtp,
            progress=progress and ProgressOut(**{name: progress[name] for name in ProgressOut.model_fields}),
        )


class MixesOut(Body):
    """A page of mixes, the latest first."""

    mixes: list[MixOut]
    total: int
    next_cursor: str | None = None


class PlanIn(Body):
    """A plan changed by hand, in the place of revision `based_on`."""

    based_on: Annotated[int, Field(ge=1)]
    plan: dict[str, Any]


class PlanOut(Body):
    """The present plan, as `notorious plan` writes it."""

    revision: int
    edited: bool
    plan: dict[str, Any]


class ApprovalIn(Body):
    """Which revision is approved."""

    model_config = config(revision=1)
    revision: Annotated[int, Field(ge=1)]


class PreviewIn(Body):
    """Which transition is to be listened to, counted from 0."""

    model_config = config(transition=3)
    transition: Annotated[int, Field(ge=0)]


class RatingIn(Body):
    """Stars for a transition."""

    model_config = config(stars=4, comment="a bar too long")
    stars: Annotated[int, Field(ge=1, le=5)]
    comment: Annotated[str, Field(max_length=2000)] = ""


class EventOut(Body):
    """An event of a stream, as `events/` describes it."""

    version: int
    type: str
    occurred_at: datetime
    actor: str
    event_id: str
    data: dict[str, Any]


class HistoryOut(Body):
    """All that happened, in order."""

    events: list[EventOut]
