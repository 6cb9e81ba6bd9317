"""What happens to what fails: every asynchronous way ends in dead letters, and no queue gives up on a slow function."""

import re

import pytest
from infra.catalogue import BY_NAME
from synthesised import Synthesised, spelt

STAGES = pytest.mark.parametrize("stage", ["prod", "embedded"])
QUEUED = {"ingest", "analyze", "project"}
INVOKED = {"notify", "start_mix", "resume_mix", "stop_mix", "submit_stems", "sweep", "archive"}


@STAGES
def test_every_queue_has_dead_letters_or_holds_them(stage: str, request: pytest.FixtureRequest) -> None:
    synthesised: Synthesised = request.getfixturevalue(stage)
    queues = {queue["QueueName"]: queue for queue in synthesised.properties("AWS::SQS::Queue")}
    working = {name for name in queues if not name.endswith("-dead")}
    assert {name.split("-", 2)[2] for name in working} == QUEUED
    for name in working:
        assert queues[name]["RedrivePolicy"]["maxReceiveCount"] == 4
        assert f"{name}-dead" in queues


@STAGES
def test_a_message_stays_hidden_for_six_times_its_functions_time(stage: str, request: pytest.FixtureRequest) -> None:
    synthesised: Synthesised = request.getfixturevalue(stage)
    hidden = {
        q["QueueName"].split("-", 2)[2]: q.get("VisibilityTimeout") for q in synthesised.properties("AWS::SQS::Queue")
    }
    for name in QUEUED:
        assert hidden[name] >= 6 * BY_NAME[name].timeout_seconds


@STAGES
def test_one_bad_message_does_not_send_its_neighbours_back(stage: str, request: pytest.FixtureRequest) -> None:
    synthesised: Synthesised = request.getfixturevalue(stage)
    mappings = synthesised.properties("AWS::Lambda::EventSourceMapping")
    assert len(mappings) == len(QUEUED) + 1
    for mapping in mappings:
        assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]


@STAGES
def test_a_record_that_cannot_be_published_does_not_stop_the_stream(stage: str, request: pytest.FixtureRequest) -> None:
    synthesised: Synthesised = request.getfixturevalue(stage)
    (stream,) = (m for m in synthesised.properties("AWS::Lambda::EventSourceMapping") if "StartingPosition" in m)
    assert stream["BisectBatchOnFunctionError"] is True
    assert 0 < stream["MaximumRetryAttempts"] < 100
    assert "PublishDeadLetters" in spelt(stream["DestinationConfig"]["OnFailure"]["Destination"])


@STAGES
def test_publish_is_called_for_events_and_for_nothing_else(stage: str, request: pytest.FixtureRequest) -> None:
    synthesised: Synthesised = request.getfixturevalue(stage)
    (stream,) = (m for m in synthesised.properties("AWS::Lambda::EventSourceMapping") if "StartingPosition" in m)
    assert stream["StartingPosition"] == "TRIM_HORIZON"
    (pattern,) = (entry["Pattern"] for entry in stream["FilterCriteria"]["Filters"])
    assert '"prefix":"e#"' in pattern
    assert '"eventName":["INSERT"]' in pattern


@STAGES
def test_every_function_that_is_invoked_at_once_has_dead_letters(stage: str, request: pytest.FixtureRequest) -> None:
    synthesised: Synthesised = request.getfixturevalue(stage)
    kept = {
        function["FunctionName"].split("-", 2)[2]
        for function in synthesised.properties("AWS::Lambda::Function")
        if "DeadLetterConfig" in function
    }
    assert kept == INVOKED


@STAGES
def test_every_rule_says_where_to_put_what_it_cannot_deliver(stage: str, request: pytest.FixtureRequest) -> None:
    synthesised: Synthesised = request.getfixturevalue(stage)
    rules = synthesised.properties("AWS::Events::Rule")
    for rule in rules:
        for target in rule["Targets"]:
            assert target["DeadLetterConfig"]["Arn"]


def rules_of(synthesised: Synthesised, function: str) -> list[dict[str, object]]:
    """The patterns that invoke a function or fill its queue."""
    logical = "".join(part.capitalize() for part in function.split("_"))
    return [
        rule.get("EventPattern", {})
        for rule in synthesised.properties("AWS::Events::Rule")
        for target in rule["Targets"]
        if re.match(rf"<{logical}(Work)?(Queue|Function)", spelt(target["Arn"]))
    ]


def test_a_mix_is_started_when_it_is_wished_for_and_when_a_finished_one_is_edited(embedded: Synthesised) -> None:
    asked, edited = sorted(rules_of(embedded, "start_mix"), key=len)
    assert asked == {"source": ["notorious"], "detail-type": ["MixRequested"]}
    assert edited["detail-type"] == ["PlanEdited"]
    assert edited["detail"] == {"data": {"renders_again": [True]}}


@pytest.mark.parametrize(
    ("function", "event_type"),
    [
        ("resume_mix", "MixApproved"),
        ("stop_mix", "MixCancelled"),
        ("submit_stems", "StemsRequested"),
        ("analyze", "AnalysisRequested"),
    ],
)
def test_an_event_reaches_whoever_acts_on_it(embedded: Synthesised, function: str, event_type: str) -> None:
    assert rules_of(embedded, function) == [{"source": ["notorious"], "detail-type": [event_type]}]


def test_every_event_reaches_the_views(embedded: Synthesised) -> None:
    assert rules_of(embedded, "project") == [{"source": ["notorious"]}]


def test_a_dropped_file_reaches_ingest_and_no_other_object_does(embedded: Synthesised) -> None:
    (pattern,) = rules_of(embedded, "ingest")
    assert pattern["source"] == ["aws.s3"]
    assert pattern["detail"] == {
        "bucket": {"name": ["notorious-embedded-media"]},
        "object": {"key": [{"prefix": "drop/"}]},
    }


def test_work_that_would_be_done_twice_is_done_by_one(prod: Synthesised) -> None:
    alone = {
        f["FunctionName"].split("-", 2)[2]
        for f in prod.properties("AWS::Lambda::Function")
        if f.get("ReservedConcurrentExecutions") == 1
    }
    assert alone == {"sweep", "archive"}


def test_every_dead_letter_and_every_workflow_has_an_alarm(prod: Synthesised) -> None:
    alarms = {alarm["AlarmName"] for alarm in prod.properties("AWS::CloudWatch::Alarm")}
    for name in {*QUEUED, *INVOKED, "publish"}:
        assert f"notorious-prod-dead-letters-{name}" in alarms
    for workflow in ("mix", "analyze-library", "stems"):
        assert f"notorious-prod-workflow-{workflow}-failed" in alarms


def test_every_alarm_says_what_to_do(prod: Synthesised) -> None:
    for alarm in prod.properties("AWS::CloudWatch::Alarm"):
        assert len(alarm["AlarmDescription"]) > 40
        assert alarm["AlarmActions"]
