"""Why a job failed, in words for whoever asked for it."""

import json

import pytest

from notorious.domain import Refused
from notorious.domain.mix import NotApprovedYet
from notorious.errors import BriefError, NothingToMix, OutputFailed, PlanError, UnreadableAudio
from notorious.service.failures import Failure, Unrecoverable, failure_of, told_apart


def cause(kind: str, message: str) -> str:
    return json.dumps({"errorType": kind, "errorMessage": message, "stackTrace": ["File x, line 1"]})


@pytest.mark.parametrize(
    "error",
    [
        BriefError("a plateau must end after it starts"),
        PlanError("there is no voice 7"),
        NothingToMix("no track is left"),
        UnreadableAudio("x.mp3", "it is cut off"),
        NotApprovedYet("revision 1 waits for approval"),
    ],
)
def test_what_another_attempt_would_meet_again_is_unrecoverable_and_keeps_its_words(error: Exception) -> None:
    with pytest.raises(Unrecoverable) as told, told_apart(Refused):
        raise error
    assert str(told.value) == str(error)


@pytest.mark.parametrize("error", [OutputFailed("the upload stopped"), ConnectionError("reset"), MemoryError()])
def test_what_may_pass_stays_what_it_is(error: Exception) -> None:
    with pytest.raises(type(error)), told_apart(Refused):
        raise error


def test_reason_and_remedy_are_the_halves_of_an_unrecoverable_message() -> None:
    told = failure_of("Unrecoverable", cause("Unrecoverable", "no track is in the selection; upload some, or widen it"))
    assert told == Failure("no track is in the selection", "upload some, or widen it")


def test_an_unrecoverable_message_without_a_remedy_gets_one() -> None:
    assert failure_of("Unrecoverable", cause("Unrecoverable", "it is silent")).remedy


def test_what_nobody_foresaw_is_named_with_its_kind() -> None:
    told = failure_of("ConnectionError", cause("ConnectionError", "reset by\npeer"))
    assert told.reason == "ConnectionError: reset by peer"
    assert "logs" in told.remedy


@pytest.mark.parametrize(
    ("error", "words"),
    [("States.Timeout", ""), ("Sandbox.Timedout", cause("Sandbox.Timedout", "Task timed out after 900 seconds"))],
)
def test_a_step_that_took_too_long_is_said_to_have(error: str, words: str) -> None:
    assert failure_of(error, words).reason == "a step took longer than it may and was stopped"


def test_an_approval_that_never_came_is_nobodys_slowness() -> None:
    told = failure_of("States.Timeout", "", phase="waiting for approval")
    assert told.reason == "nobody approved the plan in time"


def test_a_cause_that_is_no_json_is_told_as_it_is() -> None:
    assert (
        failure_of("States.Runtime", "the path $.x is not there").reason == "States.Runtime: the path $.x is not there"
    )
    assert failure_of("States.Runtime", "").reason == "States.Runtime"
