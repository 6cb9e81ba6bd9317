"""The mix: what may be done with a set that was asked for, and what then holds.

    requested ── planned ── (previewed) ── (approved) ── rendering ── mastered ── published ── expired
                    ↑ edited by hand, a new revision each time

It can fail or be cancelled at any point before it is published. Workflows are started again after a crash and repeat
their steps, so recording again what is recorded already leads to no event.
"""

from typing import Annotated, Any, assert_never

from pydantic import Field

from notorious.domain.decider import Command, Decider, Refused
from notorious.domain.event import MixEvent
from notorious.domain.mix_events import (
    Index,
    MixApproved,
    MixCancelled,
    MixExpired,
    MixFailed,
    MixMastered,
    MixPhase,
    MixPlanned,
    MixPublished,
    MixRequested,
    PlanEdited,
    PreviewRendered,
    RenderingStarted,
    Revision,
    Selection,
    TransitionRated,
    VoiceRendered,
)
from notorious.domain.mix_state import MixState, evolve
from notorious.domain.values import Reference

# -- commands --------------------------------------------------------------------------------------------------------


class RequestMix(Command):
    """Ask for a set; `brief` is the engine's brief as JSON, checked by whoever makes the command."""

    brief: dict[str, Any]
    selection: Selection = Selection()
    formats: tuple[str, ...] = ("flac",)
    name: Annotated[str, Field(max_length=200)] = ""
    wants_preview: bool = False
    wants_approval: bool = False
    options: dict[str, Any] = Field(default_factory=dict)


class RecordPlan(Command):
    """Note the plan that the engine made."""

    plan: Reference
    track_count: Annotated[int, Field(ge=1)]
    duration_seconds: Annotated[float, Field(gt=0)]
    score: Annotated[float, Field(ge=0, le=100)] | None = None


class EditPlan(Command):
    """Put a plan changed by hand in the place of revision `based_on`."""

    based_on: Revision
    plan: Reference
    track_count: Annotated[int, Field(ge=1)]
    duration_seconds: Annotated[float, Field(gt=0)]
    score: Annotated[float, Field(ge=0, le=100)] | None = None


class RecordPreview(Command):
    """Note where a preview of a transition lies."""

    audio: Reference
    transition_index: Index
    revision: Revision


class ApproveMix(Command):
    """Have this revision rendered."""

    revision: Revision


class StartRendering(Command):
    """Begin with the voices of a revision."""

    revision: Revision
    voice_count: Annotated[int, Field(ge=1)]


class RecordVoice(Command):
    """Note where a voice lies."""

    index: Index
    audio: Reference
    voice_key: str
    cached: bool = False


class RecordMaster(Command):
    """Note where the mastered recording lies."""

    audio: Reference
    loudness_lufs: float
    true_peak_dbtp: float
    duration_seconds: Annotated[float, Field(gt=0)]


class PublishMix(Command):
    """Make the files available."""

    files: dict[str, Reference]


class FailMix(Command):
    """End it without a result. One that has ended already stays as it is."""

    phase: MixPhase
    reason: str
    remedy: str = ""


class CancelMix(Command):
    """Stop it."""


class RateTransition(Command):
    """Give a transition of the present plan one to five stars."""

    transition_index: Index
    stars: Annotated[int, Field(ge=1, le=5)]
    comment: Annotated[str, Field(max_length=2000)] = ""


class ExpireMix(Command):
    """Note that the files were removed after their time."""


MixCommand = (
    RequestMix
    | RecordPlan
    | EditPlan
    | RecordPreview
    | ApproveMix
    | StartRendering
    | RecordVoice
    | RecordMaster
    | PublishMix
    | FailMix
    | CancelMix
    | RateTransition
    | ExpireMix
)

# -- refusals --------------------------------------------------------------------------------------------------------


class NoSuchMix(Refused):
    """The mix was never requested."""


class MixExists(Refused):
    """A mix of this id was requested before, by another command."""


class MixHasEnded(Refused):
    """It is published, failed, cancelled or expired, and the command is for one under way."""


class MixIsBusy(Refused):
    """The plan cannot change once it was approved, or while its voices are rendered."""


class NotPlannedYet(Refused):
    """There is no plan yet."""


class NotApprovedYet(Refused):
    """A listener wants to approve the plan before it is rendered."""


class PlanHasChanged(Refused):
    """The command is about a revision that is no longer the present one."""


class NotRendering(Refused):
    """A voice or a master of a mix whose voices are not being rendered."""


class NoSuchTransition(Refused):
    """The plan has fewer transitions."""


def decide(state: MixState, command: MixCommand) -> list[MixEvent]:
    """The events that a command leads to. Raises the refusals above, each named by its condition."""
    if isinstance(command, RequestMix):
        if state.status != "unknown":
            raise MixExists("a mix of this id was requested before; ask for a new one under another id")
        return [command.becomes(MixRequested)]
    if state.status == "unknown":
        raise NoSuchMix(f"{type(command).__name__}: no mix of this id was ever requested")
    match command:
        case RecordPlan() | EditPlan() | RecordPreview() | ApproveMix():
            return _decide_on_plan(state, command)
        case StartRendering() | RecordVoice() | RecordMaster() | PublishMix():
            return _decide_on_rendering(state, command)
        case FailMix():
            return [] if state.has_ended else [command.becomes(MixFailed)]
        case CancelMix():
            if state.status in ("published", "expired"):
                raise MixHasEnded(f"the mix is {state.status}, so there is nothing left to cancel")
            return [] if state.has_ended else [MixCancelled(cancelled_by=command.actor)]
        case RateTransition():
            return _rate(state, command)
        case ExpireMix():
            return [MixExpired()] if state.status == "published" else []
        case _:
            assert_never(command)


def _decide_on_plan(state: MixState, command: RecordPlan | EditPlan | RecordPreview | ApproveMix) -> list[MixEvent]:
    match command:
        case RecordPlan():
            if state.plan is not None and (state.plan.plan == command.plan or isinstance(state.plan, PlanEdited)):
                return []
            _check_is_under_way(state)
            _check_is_not_rendering(state)
            return [
                MixPlanned(
                    plan=command.plan,
                    revision=state.revision + 1,
                    track_count=command.track_count,
                    duration_seconds=command.duration_seconds,
                    score=command.score,
                )
            ]
        case EditPlan():
            return _edit(state, command)
        case RecordPreview():
            _check_is_under_way(state)
            _check_transition(state, command.transition_index)
            _check_revision(state, command.revision)
            preview = command.becomes(PreviewRendered)
            return [] if state.previews.get(command.transition_index) == preview else [preview]
        case ApproveMix():
            _check_is_planned(state)
            _check_revision(state, command.revision)
            if state.status in ("approved", "rendering", "mastered", "published"):
                return []
            _check_is_under_way(state)
            return [MixApproved(revision=command.revision)]
        case _:
            assert_never(command)


def _edit(state: MixState, command: EditPlan) -> list[MixEvent]:
    planned = _check_is_planned(state)
    _check_revision(state, command.based_on)
    _check_is_not_rendering(state)
    if state.status == "approved":
        raise MixIsBusy("the plan was approved and is about to be rendered; cancel the mix, or edit it when it is done")
    if planned.plan == command.plan:
        return []
    return [
        PlanEdited(
            plan=command.plan,
            revision=state.revision + 1,
            track_count=command.track_count,
            duration_seconds=command.duration_seconds,
            score=command.score,
            edited_by=command.actor,
            renders_again=state.has_ended,
        )
    ]


def _decide_on_rendering(
    state: MixState, command: StartRendering | RecordVoice | RecordMaster | PublishMix
) -> list[MixEvent]:
    match command:
        case StartRendering():
            _check_is_under_way(state)
            _check_is_planned(state)
            _check_revision(state, command.revision)
            if state.status in ("rendering", "mastered"):
                return []
            if state.request is not None and state.request.wants_approval and state.status != "approved":
                raise NotApprovedYet(f"revision {state.revision} waits for approval before it is rendered")
            return [command.becomes(RenderingStarted)]
        case RecordVoice():
            _check_is_rendering(state)
            if state.voice_count is not None and command.index >= state.voice_count:
                raise NotRendering(f"there is no voice {command.index}: the mix has {state.voice_count}, from 0")
            known = state.voices.get(command.index)
            return [] if known and known.voice_key == command.voice_key else [command.becomes(VoiceRendered)]
        case RecordMaster():
            _check_is_rendering(state)
            mastered = command.becomes(MixMastered)
            return [] if state.master == mastered else [mastered]
        case PublishMix():
            if state.status == "published" and state.files == command.files:
                return []
            _check_is_under_way(state)
            if state.status != "mastered":
                raise NotRendering(f"the mix is {state.status}; it is published once it is mastered")
            return [command.becomes(MixPublished)]
        case _:
            assert_never(command)


def _rate(state: MixState, command: RateTransition) -> list[MixEvent]:
    _check_transition(state, command.transition_index)
    rated = TransitionRated(
        transition_index=command.transition_index,
        revision=state.revision,
        stars=command.stars,
        comment=command.comment,
    )
    return [] if state.ratings.get(command.transition_index) == rated else [rated]


def _check_is_under_way(state: MixState) -> None:
    if state.has_ended:
        raise MixHasEnded(f"the mix is {state.status} already")


def _check_is_planned(state: MixState) -> MixPlanned | PlanEdited:
    if state.plan is None:
        raise NotPlannedYet(f"the mix is {state.status} and has no plan yet; wait until it is planned")
    return state.plan


def _check_is_not_rendering(state: MixState) -> None:
    if state.status in ("rendering", "mastered"):
        raise MixIsBusy(f"the mix is {state.status}; its plan can change before that, or after it is published")


def _check_is_rendering(state: MixState) -> None:
    _check_is_under_way(state)
    if state.status not in ("rendering", "mastered"):
        raise NotRendering(f"the mix is {state.status}; its voices are not being rendered")


def _check_revision(state: MixState, revision: int) -> None:
    if revision != state.revision:
        raise PlanHasChanged(f"the present plan is revision {state.revision}, not {revision}; read it again")


def _check_transition(state: MixState, index: int) -> None:
    count = _check_is_planned(state).track_count - 1
    if index >= count:
        raise NoSuchTransition(f"there is no transition {index}: the plan has {count}, counted from 0")


MIX: Decider[MixState, MixCommand, MixEvent] = Decider(MixEvent, MixState(), decide, evolve)
