"""What may be done with a mix, and what then holds."""

import pytest

from notorious.domain import MIX, MixState, Reference, Refused
from notorious.domain.mix import (
    ApproveMix,
    CancelMix,
    EditPlan,
    ExpireMix,
    FailMix,
    MixCommand,
    MixExists,
    MixHasEnded,
    MixIsBusy,
    NoSuchMix,
    NoSuchTransition,
    NotApprovedYet,
    NotPlannedYet,
    NotRendering,
    PlanHasChanged,
    PublishMix,
    RateTransition,
    RecordMaster,
    RecordPlan,
    RecordPreview,
    RecordVoice,
    RequestMix,
    StartRendering,
)
from notorious.domain.mix_events import PlanEdited

WHO = {"command_id": "c", "actor": "anna"}


def reference(name: str) -> Reference:
    return Reference(key=name, sha256="cd" * 32, size_bytes=1)


def planned(name: str = "plan") -> RecordPlan:
    return RecordPlan(**WHO, plan=reference(name), track_count=3, duration_seconds=900)


def edited(based_on: int, name: str = "edited") -> EditPlan:
    return EditPlan(**WHO, based_on=based_on, plan=reference(name), track_count=3, duration_seconds=900)


def voice(index: int, key: str = "k") -> RecordVoice:
    return RecordVoice(**WHO, index=index, audio=reference(f"v{index}"), voice_key=key)


REQUEST = RequestMix(**WHO, brief={"minutes": 15})
START = StartRendering(**WHO, revision=1, voice_count=3)
MASTER = RecordMaster(**WHO, audio=reference("m"), loudness_lufs=-9, true_peak_dbtp=-1, duration_seconds=900)
PUBLISH = PublishMix(**WHO, files={"flac": reference("m")})
FAIL = FailMix(**WHO, phase="mastering", reason="the disk is full")
CANCEL = CancelMix(**WHO)
TO_RENDERING = (REQUEST, planned(), START)
TO_PUBLISHED = (*TO_RENDERING, voice(0), voice(1), voice(2), MASTER, PUBLISH)


def after(*commands: MixCommand) -> MixState:
    """The state after carrying out commands one after the other."""
    state = MIX.initial
    for command in commands:
        state = MIX.state_after(MIX.decide(state, command), state)
    return state


def decided(command: MixCommand, *before: MixCommand) -> list[str]:
    """The names of the events that a command leads to after others."""
    return [event.type() for event in MIX.decide(after(*before), command)]


def refused(command: MixCommand, *before: MixCommand) -> type[Refused]:
    """By which refusal a command is met."""
    with pytest.raises(Refused) as caught:
        MIX.decide(after(*before), command)
    return caught.type


def test_a_mix_goes_from_request_to_publication() -> None:
    assert after(REQUEST).status == "requested"
    assert after(REQUEST, planned()).status == "planned"
    assert after(*TO_RENDERING).status == "rendering"
    state = after(*TO_PUBLISHED)
    assert (state.status, set(state.files), sorted(state.voices)) == ("published", {"flac"}, [0, 1, 2])


def test_a_mix_is_requested_once() -> None:
    assert refused(REQUEST, REQUEST) is MixExists


def test_nothing_is_done_with_a_mix_that_nobody_requested() -> None:
    assert refused(planned()) is NoSuchMix
    assert refused(CANCEL) is NoSuchMix


@pytest.mark.parametrize(
    ("again", "before"),
    [
        (planned(), (REQUEST, planned())),
        (planned(), TO_RENDERING),
        (planned(), TO_PUBLISHED),
        (START, TO_RENDERING),
        (voice(0), (*TO_RENDERING, voice(0))),
        (MASTER, (*TO_RENDERING, MASTER)),
        (PUBLISH, TO_PUBLISHED),
        (FAIL, (REQUEST, FAIL)),
        (FAIL, TO_PUBLISHED),
        (CANCEL, (REQUEST, CANCEL)),
        (ExpireMix(**WHO), (*TO_PUBLISHED, ExpireMix(**WHO))),
    ],
    ids=lambda value: type(value).__name__ if not isinstance(value, tuple) else "",
)
def test_a_workflow_that_repeats_a_step_changes_nothing(again: MixCommand, before: tuple[MixCommand, ...]) -> None:
    assert decided(again, *before) == []


def test_another_plan_is_another_revision() -> None:
    assert after(REQUEST, planned("a"), planned("b")).revision == 2


def test_a_plan_edited_by_hand_is_not_replaced_by_the_engine() -> None:
    state = after(REQUEST, planned("a"), edited(1), planned("a"))
    assert (state.revision, state.plan and state.plan.plan.key) == (2, "edited")


def test_an_edit_is_based_on_the_present_revision() -> None:
    assert refused(edited(1), REQUEST) is NotPlannedYet
    assert refused(edited(1, "c"), REQUEST, planned(), edited(1, "b")) is PlanHasChanged
    assert decided(edited(2, "c"), REQUEST, planned(), edited(1, "b")) == ["PlanEdited"]


def test_a_plan_cannot_change_under_the_renderer() -> None:
    assert refused(edited(1), *TO_RENDERING) is MixIsBusy
    assert refused(planned("b"), *TO_RENDERING) is MixIsBusy


@pytest.mark.parametrize("end", [TO_PUBLISHED, (REQUEST, planned(), FAIL), (REQUEST, planned(), CANCEL)])
def test_an_edit_of_a_mix_that_has_ended_renders_it_again(end: tuple[MixCommand, ...]) -> None:
    (event,) = MIX.decide(after(*end), edited(1))
    assert isinstance(event, PlanEdited)
    assert event.renders_again
    state = MIX.evolve(after(*end), event)
    assert (state.status, dict(state.voices), dict(state.files)) == ("planned", {}, {})


def test_an_edit_before_the_end_does_not_start_another_workflow() -> None:
    (event,) = MIX.decide(after(REQUEST, planned()), edited(1))
    assert isinstance(event, PlanEdited)
    assert not event.renders_again


def test_a_mix_that_is_to_be_approved_waits() -> None:
    request = REQUEST.model_copy(update={"wants_approval": True})
    assert refused(START, request, planned()) is NotApprovedYet
    approve = ApproveMix(**WHO, revision=1)
    assert decided(approve, request, planned()) == ["MixApproved"]
    assert decided(approve, request, planned(), approve) == []
    assert decided(START, request, planned(), approve) == ["RenderingStarted"]


def test_a_plan_that_was_approved_is_what_is_rendered() -> None:
    request = REQUEST.model_copy(update={"wants_approval": True})
    approve = ApproveMix(**WHO, revision=2)
    assert refused(edited(2, "c"), request, planned(), edited(1, "b"), approve) is MixIsBusy


def test_an_edit_has_to_be_approved_as_it_is() -> None:
    request = REQUEST.model_copy(update={"wants_approval": True})
    assert refused(ApproveMix(**WHO, revision=1), request, planned(), edited(1, "b")) is PlanHasChanged


def test_previews_are_of_transitions_that_are_there() -> None:
    preview = RecordPreview(**WHO, audio=reference("p"), transition_index=1, revision=1)
    assert decided(preview, REQUEST, planned()) == ["PreviewRendered"]
    assert decided(preview, REQUEST, planned(), preview) == []
    # Three tracks have two transitions.
    assert refused(preview.model_copy(update={"transition_index": 2}), REQUEST, planned()) is NoSuchTransition


def test_voices_are_those_of_the_plan_and_only_while_it_is_rendered() -> None:
    assert refused(voice(0), REQUEST, planned()) is NotRendering
    assert refused(voice(3), *TO_RENDERING) is NotRendering
    assert decided(voice(0, "other"), *TO_RENDERING, voice(0)) == ["VoiceRendered"]


def test_a_mix_is_published_after_it_was_mastered() -> None:
    assert refused(PUBLISH, *TO_RENDERING) is NotRendering
    assert refused(MASTER, REQUEST, planned()) is NotRendering


@pytest.mark.parametrize("before", [(REQUEST,), (REQUEST, planned()), TO_RENDERING, (*TO_RENDERING, MASTER)])
def test_a_mix_can_be_cancelled_at_any_point(before: tuple[MixCommand, ...]) -> None:
    assert decided(CANCEL, *before) == ["MixCancelled"]
    for step in (planned("late"), voice(0), MASTER):
        assert refused(step, *before, CANCEL) is MixHasEnded


def test_what_is_published_cannot_be_cancelled() -> None:
    assert refused(CANCEL, *TO_PUBLISHED) is MixHasEnded


def test_a_failure_says_where_and_why() -> None:
    state = after(*TO_RENDERING, FAIL)
    assert state.failure is not None
    assert (state.status, state.failure.phase, state.failure.reason) == ("failed", "mastering", "the disk is full")


def test_transitions_are_rated_by_the_revision_that_was_heard() -> None:
    rate = RateTransition(**WHO, transition_index=1, stars=4)
    assert decided(rate, *TO_PUBLISHED) == ["TransitionRated"]
    assert decided(rate, *TO_PUBLISHED, rate) == []
    assert decided(rate.model_copy(update={"stars": 2}), *TO_PUBLISHED, rate) == ["TransitionRated"]
    assert refused(rate.model_copy(update={"transition_index": 2}), *TO_PUBLISHED) is NoSuchTransition
    assert refused(rate, REQUEST) is NotPlannedYet


def test_the_files_of_an_expired_mix_are_gone() -> None:
    state = after(*TO_PUBLISHED, ExpireMix(**WHO))
    assert (state.status, dict(state.files)) == ("expired", {})
    assert decided(ExpireMix(**WHO), *TO_RENDERING) == []
