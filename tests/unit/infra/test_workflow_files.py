"""The States Language files themselves: linted, and held to what every state of ours has to have."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from infra.catalogue import BY_NAME, Workflow
from infra.stage import Stage
from infra.state_machine import adapted, definition_of
from statelint.config import Config
from statelint.linter import Linter
from synthesised import Synthesised, spelt

# The linter knows an older list of fields.
NOT_KNOWN_TO_THE_LINTER = 'Field "InputType" not allowed in State Machine.States.AnalyzeTracks.ItemReader.ReaderConfig'

STAGE = Stage(
    name="stage",
    platform="aws",
    keeps_data=False,
    log_retention_days=7,
    allowed_origins=(),
    voices_at_once=7,
    tracks_at_once=9,
    gpu_vcpus=4,
    sweep_every_minutes=15,
    archive_every_hours=24,
)
EMBEDDED = STAGE.model_copy(update={"platform": "embedded"})


def states(definition: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """All states, also those inside a Map."""
    for name, state in definition["States"].items():
        yield name, state
        if state["Type"] == "Map":
            yield from states(state["ItemProcessor"])


def tasks() -> list[Any]:
    return [
        pytest.param(workflow, name, state, id=f"{workflow.value}-{name}")
        for workflow in Workflow
        for name, state in states(definition_of(workflow))
        if state["Type"] == "Task"
    ]


@pytest.mark.parametrize("stage", [STAGE, EMBEDDED], ids=["aws", "embedded"])
@pytest.mark.parametrize("workflow", list(Workflow), ids=lambda workflow: workflow.value)
def test_the_linter_finds_nothing(workflow: Workflow, stage: Stage) -> None:
    text = re.sub(r"\$\{(\w+)\}", r"arn:\1", json.dumps(adapted(definition_of(workflow), stage=stage)))
    config = Config(None, False, evaluate_jsonata=True)
    problems = [str(problem) for problem in Linter.validate(text, config)]
    assert [problem for problem in problems if problem != NOT_KNOWN_TO_THE_LINTER] == []


def test_the_linter_would_find_a_state_that_is_not_there() -> None:
    definition = definition_of(Workflow.STEMS)
    definition["States"]["FinishStems"]["Next"] = "Nowhere"
    assert Linter.validate(json.dumps(definition), Config(None, False, evaluate_jsonata=False))


@pytest.mark.parametrize(("workflow", "name", "state"), tasks())
def test_every_task_has_a_time_limit(workflow: Workflow, name: str, state: dict[str, Any]) -> None:
    assert state["TimeoutSeconds"] > 0


@pytest.mark.parametrize(("workflow", "name", "state"), tasks())
def test_a_task_is_tried_again_with_backoff_and_jitter(workflow: Workflow, name: str, state: dict[str, Any]) -> None:
    again = [retrier for retrier in state["Retry"] if retrier["MaxAttempts"] > 0]
    assert again
    for retrier in again:
        assert retrier["BackoffRate"] > 1
        assert retrier["JitterStrategy"] == "FULL"
        assert retrier["MaxDelaySeconds"] <= 120


@pytest.mark.parametrize(("workflow", "name", "state"), tasks())
def test_a_task_waits_longer_than_its_function_may_take(workflow: Workflow, name: str, state: dict[str, Any]) -> None:
    function = state["Resource"].removeprefix("${").removesuffix("}")
    if function in BY_NAME:
        assert state["TimeoutSeconds"] >= BY_NAME[function].timeout_seconds + 30


@pytest.mark.parametrize(
    ("name", "state"),
    [
        (name, state)
        for name, state in definition_of(Workflow.MIX)["States"].items()
        if state["Type"] in ("Task", "Map") and name != "Fail"
    ],
)
def test_every_step_of_a_mix_can_be_cancelled_and_can_fail_in_a_named_phase(name: str, state: dict[str, Any]) -> None:
    cancelled, failed = state["Catch"]
    assert (cancelled["ErrorEquals"], cancelled["Next"]) == (["Cancelled"], "Cancelled")
    assert (failed["ErrorEquals"], failed["Next"]) == (["States.ALL"], "Fail")
    assert failed["Assign"]["failure"]["phase"]


def test_a_mix_has_nine_phases_in_the_words_that_listeners_see() -> None:
    phases = [
        state["Catch"][1]["Assign"]["failure"]["phase"]
        for state in definition_of(Workflow.MIX)["States"].values()
        if "Catch" in state
    ]
    assert list(dict.fromkeys(phases)) == [
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


def test_voices_and_tracks_go_side_by_side_as_the_stage_says() -> None:
    mix = adapted(definition_of(Workflow.MIX), stage=STAGE)
    library = adapted(definition_of(Workflow.LIBRARY), stage=STAGE)
    assert mix["States"]["RenderVoices"]["MaxConcurrency"] == STAGE.voices_at_once
    assert library["States"]["AnalyzeTracks"]["MaxConcurrency"] == STAGE.tracks_at_once


def test_results_of_an_import_are_written_to_the_bucket_on_aws_only() -> None:
    library = definition_of(Workflow.LIBRARY)
    assert "ResultWriter" in adapted(library, stage=STAGE)["States"]["AnalyzeTracks"]
    assert "ResultWriter" not in adapted(library, stage=EMBEDDED)["States"]["AnalyzeTracks"]


def test_the_platforms_differ_in_nothing_else() -> None:
    for workflow in Workflow:
        on_aws = adapted(definition_of(workflow), stage=STAGE)
        for state in on_aws["States"].values():
            state.pop("ResultWriter", None)
        assert on_aws == adapted(definition_of(workflow), stage=EMBEDDED)


@pytest.mark.parametrize("stage", ["prod", "embedded"])
def test_every_name_in_a_workflow_stands_for_something(stage: str, request: pytest.FixtureRequest) -> None:
    synthesised: Synthesised = request.getfixturevalue(stage)
    machines = synthesised.properties("AWS::StepFunctions::StateMachine")
    assert len(machines) == len(Workflow)
    for machine in machines:
        text = spelt(machine["DefinitionString"])
        named = {part.split("}")[0] for part in text.split("${")[1:]}
        assert named == set(machine["DefinitionSubstitutions"]) & named
        assert named
