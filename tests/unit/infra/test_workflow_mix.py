"""The workflow `mix`, run in the emulator with functions that do as they are told."""

import contextlib

import pytest
from botocore.exceptions import ClientError
from played_service import PlayedService

STEPS = ["validate", "find_candidates", "plan", "render_voice", "render_voice", "render_voice"]


@pytest.fixture
def mix(service: PlayedService) -> str:
    return service.job()


def start(service: PlayedService, mix: str, name: str | None = None) -> str:
    return service.start("MixWorkflow", name or mix, {"tenant": "anna", "mix": mix})


def test_a_mix_is_planned_rendered_mastered_exported_and_published(service: PlayedService, mix: str) -> None:
    assert service.ended(start(service, mix)).status == "SUCCEEDED"
    assert service.called(mix) == [*STEPS, "master", "export", "finish"]


def test_every_step_knows_tenant_and_mix_and_what_the_steps_before_it_found(service: PlayedService, mix: str) -> None:
    service.ended(start(service, mix))
    for call in service.calls(mix):
        assert call["event"]["tenant"] == "anna"
        assert call["event"]["mix"] == mix
    (master,) = service.calls(mix, "master")
    (export,) = service.calls(mix, "export")
    (finish,) = service.calls(mix, "finish")
    assert master["event"]["plan"] == {"key": "plans/a"}
    assert export["event"]["audio"] == {"key": "mixes/a"}
    assert finish["event"]["files"] == {"flac": {"key": "mixes/a"}}


def test_each_voice_of_the_plan_is_rendered_once(service: PlayedService, mix: str) -> None:
    service.tell(mix, "plan", {"returns": {"plan": {"key": "plans/b"}, "voices": list(range(7))}})
    assert service.ended(start(service, mix)).status == "SUCCEEDED"
    rendered = [call["event"]["index"] for call in service.calls(mix, "render_voice")]
    assert sorted(rendered) == list(range(7))


def test_a_failed_voice_is_tried_again_alone(service: PlayedService, mix: str) -> None:
    service.tell(mix, "render_voice-1", {"raises": "Interrupted"}, {"raises": "Interrupted"}, {})
    assert service.ended(start(service, mix)).status == "SUCCEEDED"
    rendered = [call["event"]["index"] for call in service.calls(mix, "render_voice")]
    assert sorted(rendered) == [0, 1, 1, 1, 2]


def test_a_voice_that_fails_for_good_fails_the_mix_with_its_phase(service: PlayedService, mix: str) -> None:
    service.tell(mix, "render_voice-2", {"raises": "Interrupted"})
    assert service.ended(start(service, mix)).status == "FAILED"
    (fail,) = service.calls(mix, "fail")
    assert fail["event"]["phase"] == "rendering voices"
    assert "master" not in service.called(mix)


@pytest.mark.parametrize(
    ("step", "phase"),
    [
        ("validate", "validating"),
        ("find_candidates", "finding candidates"),
        ("plan", "planning"),
        ("preview", "previewing"),
        # Not ask_approval: for a function that fails while it is to hand out a token, the embedded interpreter waits
        # as long as for the token.
        ("render_voice", "rendering voices"),
        ("master", "mastering"),
        ("export", "exporting"),
        ("finish", "publishing"),
    ],
)
def test_what_another_attempt_cannot_change_is_not_tried_again(
    service: PlayedService, mix: str, step: str, phase: str
) -> None:
    service.tell(mix, "validate", {"returns": {"wants_preview": True, "wants_approval": False}})
    service.tell(mix, "plan", {"returns": {"plan": {"key": "plans/a"}, "voices": [0]}})
    service.tell(mix, step, {"raises": "Unrecoverable"})
    ended = service.ended(start(service, mix))
    assert (ended.status, ended.error) == ("FAILED", "Unrecoverable")
    assert len(service.calls(mix, step)) == 1
    (fail,) = service.calls(mix, "fail")
    assert fail["event"]["phase"] == phase
    assert fail["event"]["error"]["Error"] == "Unrecoverable"
    assert "as told" in fail["event"]["error"]["Cause"]


@pytest.mark.parametrize("step", ["validate", "plan", "render_voice", "master", "export"])
def test_a_step_that_meets_a_cancellation_ends_the_work_quietly(service: PlayedService, mix: str, step: str) -> None:
    service.tell(mix, step, {"raises": "Cancelled"})
    assert service.ended(start(service, mix)).status == "SUCCEEDED"
    assert "fail" not in service.called(mix)
    assert service.called(mix)[-1] == step


def test_previews_are_rendered_only_where_they_are_wanted(service: PlayedService, mix: str) -> None:
    service.tell(mix, "validate", {"returns": {"wants_preview": True, "wants_approval": False}})
    assert service.ended(start(service, mix)).status == "SUCCEEDED"
    assert service.called(mix)[2:4] == ["plan", "preview"]


def test_a_mix_that_wants_approval_waits_and_renders_the_plan_as_it_is_then(service: PlayedService, mix: str) -> None:
    service.tell(mix, "validate", {"returns": {"wants_preview": False, "wants_approval": True}})
    service.tell(
        mix,
        "plan",
        {"returns": {"plan": {"key": "plans/first"}, "voices": [0, 1, 2]}},
        {"returns": {"plan": {"key": "plans/edited"}, "voices": [0, 1]}},
    )
    execution = start(service, mix)
    asked = service.wait_for_call(mix, "ask_approval")
    assert asked["plan"] == {"key": "plans/first"}
    assert "render_voice" not in service.called(mix)
    service.approve(asked["token"])
    assert service.ended(execution).status == "SUCCEEDED"
    rendered = service.calls(mix, "render_voice")
    assert {call["event"]["plan"]["key"] for call in rendered} == {"plans/edited"}
    assert len(rendered) == 2


@pytest.mark.parametrize("step", ["find_candidates", "render_voice", "ask_approval", "master"])
def test_a_mix_can_be_stopped_at_any_point(service: PlayedService, mix: str, step: str) -> None:
    service.tell(mix, "validate", {"returns": {"wants_preview": False, "wants_approval": step == "ask_approval"}})
    service.tell(mix, step, {"sleeps": 1.0})
    execution = start(service, mix)
    service.wait_for_call(mix, step)
    service.stop(execution)
    assert service.ended(execution).status == "ABORTED"
    assert "finish" not in service.called(mix)


def test_a_name_is_started_once(service: PlayedService, mix: str) -> None:
    first = start(service, mix)
    # AWS may answer a repeated start with the execution that is there; whoever starts has to bear both.
    with contextlib.suppress(ClientError):
        assert start(service, mix) == first
    service.ended(first)
    assert service.called(mix).count("validate") == 1


def test_a_failure_that_cannot_be_recorded_at_once_is_recorded_later(service: PlayedService, mix: str) -> None:
    service.tell(mix, "plan", {"raises": "Unrecoverable"})
    service.tell(mix, "fail", {"raises": "Interrupted"}, {"raises": "Interrupted"}, {})
    assert service.ended(start(service, mix)).status == "FAILED"
    assert service.called(mix).count("fail") == 3
