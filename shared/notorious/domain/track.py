"""The track: what may be done with a recording, and what then holds.

A track is known by the SHA-256 of its file. It may be uploaded, heard, corrected, separated into stems, deleted and
uploaded again. An upload that cannot become a track leaves a stream with its rejection.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import MappingProxyType
from typing import Annotated, Literal, assert_never

from pydantic import Field

from notorious.domain.decider import Command, Decider, Refused
from notorious.domain.event import TrackEvent
from notorious.domain.track_events import (
    AnalysisCause,
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
from notorious.domain.values import Camelot, Cue, Reference, Sha256, TrackSummary

# -- commands --------------------------------------------------------------------------------------------------------


class UploadTrack(Command):
    """Take a file into the library and hear it. A track that is there already stays as it is."""

    sha256: Sha256
    key: str
    file_name: str
    size_bytes: Annotated[int, Field(gt=0)]
    format: str
    duration_seconds: Annotated[float, Field(gt=0)] | None = None


class RejectTrack(Command):
    """Note that a file cannot enter the library, and why."""

    file_name: str
    key: str
    size_bytes: Annotated[int, Field(ge=0)]
    reason: str
    remedy: str = ""


class RequestAnalysis(Command):
    """Hear the track (again). While it is being heard, asking again changes nothing."""

    cause: AnalysisCause = "asked"


class RecordAnalysis(Command):
    """Note what was heard."""

    analysis: Reference
    summary: TrackSummary
    analysers: dict[str, int]


class RecordAnalysisFailure(Command):
    """Note that the track could not be heard."""

    reason: str
    remedy: str = ""
    retryable: bool


class CorrectTrack(Command):
    """Set right what was heard; at least one of the three is given."""

    bpm: Annotated[float, Field(ge=20, le=400)] | None = None
    camelot: Camelot | None = None
    cues: Annotated[tuple[Cue, ...], Field(max_length=64)] | None = None


class RequestStems(Command):
    """Separate the track. Stems that are under way, or that last beyond `asked_at`, are not made again."""

    model: str
    asked_at: datetime


class RecordStems(Command):
    """Note where the stems lie."""

    model: str
    stems: dict[str, Reference]
    expires_at: datetime


class RecordStemsFailure(Command):
    """Note that the stems could not be made."""

    model: str
    reason: str


class DeleteTrack(Command):
    """Take the track out of the library."""


TrackCommand = (
    UploadTrack
    | RejectTrack
    | RequestAnalysis
    | RecordAnalysis
    | RecordAnalysisFailure
    | CorrectTrack
    | RequestStems
    | RecordStems
    | RecordStemsFailure
    | DeleteTrack
)

# -- refusals --------------------------------------------------------------------------------------------------------


class NoSuchTrack(Refused):
    """The track was never uploaded, was rejected, or is deleted."""


class NotYetAnalyzed(Refused):
    """A correction of a track that has not been heard."""


class NothingCorrected(Refused):
    """A correction that names nothing."""


# -- state -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class TrackState:
    """What holds of a track. `stems` are those that were separated, by model; `stems_under_way` those asked for."""

    status: Literal["unknown", "rejected", "present", "deleted"] = "unknown"
    upload: TrackUploaded | None = None
    analysis: TrackAnalyzed | None = None
    analysis_is_pending: bool = False
    correction: TrackCorrected | None = None
    stems: Mapping[str, StemsSeparated] = field(default_factory=lambda: MappingProxyType({}))
    stems_under_way: frozenset[str] = frozenset()


def decide(state: TrackState, command: TrackCommand) -> list[TrackEvent]:
    """The events that a command leads to. Raises `NoSuchTrack`, `NotYetAnalyzed` or `NothingCorrected`."""
    match command:
        case UploadTrack():
            return _upload(state, command)
        case RejectTrack():
            if state.status != "unknown":
                return []
            return [command.becomes(TrackRejected)]
    if state.status != "present":
        if isinstance(command, DeleteTrack) and state.status == "deleted":
            return []
        raise NoSuchTrack(f"{type(command).__name__}: there is no such track in the library (it is {state.status})")
    return _decide_on_present(state, command)


def _upload(state: TrackState, command: UploadTrack) -> list[TrackEvent]:
    if state.status == "present":
        return []
    return [command.becomes(TrackUploaded), AnalysisRequested(cause="uploaded")]


def _decide_on_present(
    state: TrackState,
    command: RequestAnalysis
    | RecordAnalysis
    | RecordAnalysisFailure
    | CorrectTrack
    | RequestStems
    | RecordStems
    | RecordStemsFailure
    | DeleteTrack,
) -> list[TrackEvent]:
    match command:
        case RequestAnalysis():
            return [] if state.analysis_is_pending else [AnalysisRequested(cause=command.cause)]
        case RecordAnalysis():
            analyzed = command.becomes(TrackAnalyzed)
            return [] if analyzed == state.analysis and not state.analysis_is_pending else [analyzed]
        case RecordAnalysisFailure():
            return [command.becomes(AnalysisFailed)] if state.analysis_is_pending else []
        case CorrectTrack():
            return _correct(state, command)
        case RequestStems():
            made = state.stems.get(command.model)
            is_there = made is not None and made.expires_at > command.asked_at
            return [] if is_there or command.model in state.stems_under_way else [StemsRequested(model=command.model)]
        case RecordStems():
            separated = command.becomes(StemsSeparated)
            return [] if state.stems.get(command.model) == separated else [separated]
        case RecordStemsFailure():
            return [command.becomes(StemsFailed)] if command.model in state.stems_under_way else []
        case DeleteTrack():
            return [TrackDeleted()]
        case _:
            assert_never(command)


def _correct(state: TrackState, command: CorrectTrack) -> list[TrackEvent]:
    if state.analysis is None:
        raise NotYetAnalyzed("the track has not been heard yet, so there is nothing to correct; wait for its analysis")
    if command.bpm is None and command.camelot is None and command.cues is None:
        raise NothingCorrected("a correction names bpm, camelot or cues")
    corrected = TrackCorrected(bpm=command.bpm, camelot=command.camelot, cues=command.cues)
    return [] if _together(state.correction, corrected) == state.correction else [corrected]


def _together(before: TrackCorrected | None, after: TrackCorrected) -> TrackCorrected:
    """Two corrections as one: the later one wins where both speak."""
    if before is None:
        return after
    return TrackCorrected(
        bpm=before.bpm if after.bpm is None else after.bpm,
        camelot=before.camelot if after.camelot is None else after.camelot,
        cues=before.cues if after.cues is None else after.cues,
    )


def evolve(state: TrackState, event: TrackEvent) -> TrackState:
    """The state after an event."""
    match event:
        case TrackUploaded():
            return TrackState(status="present", upload=event)
        case TrackRejected():
            return replace(state, status="rejected")
        case AnalysisRequested():
            return replace(state, analysis_is_pending=True)
        case TrackAnalyzed():
            return replace(state, analysis=event, analysis_is_pending=False)
        case AnalysisFailed():
            return replace(state, analysis_is_pending=False)
        case TrackCorrected():
            return replace(state, correction=_together(state.correction, event))
        case StemsRequested():
            return replace(state, stems_under_way=state.stems_under_way | {event.model})
        case StemsSeparated():
            stems = MappingProxyType({**state.stems, event.model: event})
            return replace(state, stems=stems, stems_under_way=state.stems_under_way - {event.model})
        case StemsFailed():
            return replace(state, stems_under_way=state.stems_under_way - {event.model})
        case TrackDeleted():
            return TrackState(status="deleted")
        case _:
            raise TypeError(f"{type(event).__name__} is no event of a track")


TRACK: Decider[TrackState, TrackCommand, TrackEvent] = Decider(TrackEvent, TrackState(), decide, evolve)
