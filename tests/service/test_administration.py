"""Looking after a running service: finding it, calling its functions, sending dead letters back."""

import json
import os
from pathlib import Path

import pytest
from running import Running, eventually
from test_restart import views_of

from notorious.cli.deployment import deployment
from notorious.embedded.invocation import event_of, invoke
from notorious.embedded.reach import credentials_in_environment, reach
from notorious.embedded.redrive import dead_letters, redrive
from notorious.errors import InputError, NotServing, RequestFailed


def test_a_running_service_is_found_by_its_folder(service: Running) -> None:
    found = reach(service.data)
    assert found.pid == service.process.pid
    assert found.addresses["api"] == service.addresses["api"]
    assert found.access.client("s3").list_buckets()["Buckets"]  # type: ignore[attr-defined]


def test_where_none_runs_it_says_how_to_start_one(tmp_path: Path) -> None:
    with pytest.raises(NotServing, match="notorious serve --data"):
        reach(tmp_path)


def test_a_service_that_was_killed_is_not_running(tmp_path: Path) -> None:
    (tmp_path / "serve.json").write_text(json.dumps({"pid": 2**22 + 1}))
    with pytest.raises(NotServing, match="has ended without saying so"):
        reach(tmp_path)


def test_the_environment_is_as_it_was_afterwards(service: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_REGION", "mars")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with credentials_in_environment(service.access):
        assert os.environ["AWS_ENDPOINT_URL"] == service.access.url
    assert os.environ["AWS_REGION"] == "mars"
    assert "AWS_ENDPOINT_URL" not in os.environ


def test_a_function_is_called_with_the_event_of_a_file(service: Running, tmp_path: Path) -> None:
    (tmp_path / "event.json").write_text('{"wish": "log"}')
    answer = invoke(reach(service.data), "echo", event_of("echo", tmp_path / "event.json"))
    assert json.loads(answer.payload)["calls"] >= 1
    assert "a line of the log" in answer.log


def test_a_functions_own_event_is_found_from_a_folder_below(tmp_path: Path) -> None:
    (tmp_path / "functions" / "echo").mkdir(parents=True)
    (tmp_path / "functions" / "echo" / "event.json").write_text('{"wish": ""}')
    (tmp_path / "docs").mkdir()
    assert event_of("echo", None, start=tmp_path / "docs") == b'{"wish": ""}'
    with pytest.raises(InputError, match="--event FILE"):
        event_of("heavy", None, start=tmp_path / "docs")


def test_an_event_that_is_no_json_is_refused(tmp_path: Path) -> None:
    (tmp_path / "event.json").write_text("wish")
    with pytest.raises(InputError, match="no JSON"):
        event_of("echo", tmp_path / "event.json")


def test_a_function_that_there_is_not_is_refused_with_those_that_there_are(service: Running) -> None:
    with pytest.raises(InputError, match="append, echo, heavy"):
        invoke(reach(service.data), "nothing", b"{}")


def test_a_function_that_raises_is_reported_with_its_log(service: Running) -> None:
    with pytest.raises(RequestFailed, match="StrangeMaterial"):
        invoke(reach(service.data), "echo", b'{"wish": "raise"}')


def test_a_poisoned_record_does_not_stop_its_neighbours_and_can_be_sent_back(service: Running) -> None:
    assert service.append("local/track/poison", 1) == 201
    assert service.append("local/track/healthy", 1) == 201
    assert eventually(lambda: views_of(service, "local/track/healthy"))
    queues, functions = service.client("sqs"), service.client("lambda")

    def dead() -> dict[str, int]:
        return {letters.function: letters.count for letters in dead_letters(queues, "embedded")}

    assert eventually(lambda: dead()["project"] == 1)
    assert views_of(service, "local/track/poison") == set()
    (service.data / "journal.sqlite.antidote").write_text("")
    letters = next(one for one in dead_letters(queues, "embedded") if one.function == "project")
    assert redrive(queues, functions, "embedded", letters) == 1
    assert eventually(lambda: views_of(service, "local/track/poison"))
    assert dead()["project"] == 0


def test_a_dead_letter_of_a_function_without_a_queue_calls_it(service: Running, tmp_path: Path) -> None:
    queues = service.client("sqs")
    url = queues.create_queue(QueueName="notorious-embedded-echo-dead")["QueueUrl"]
    note = tmp_path / "note"
    queues.send_message(QueueUrl=url, MessageBody=json.dumps({"wish": "sleep", "note": str(note), "seconds": 0}))
    letters = next(one for one in dead_letters(queues, "embedded") if one.function == "echo")
    assert redrive(queues, service.client("lambda"), "embedded", letters) == 1
    assert eventually(note.exists)
    queues.delete_queue(QueueUrl=url)


def test_a_deployment_is_named_by_a_folder_or_a_stage(service: Running) -> None:
    assert deployment(service.data, None).outputs["MediaBucket"] == service.output("MediaBucket")
    for data, stage in ((None, None), (service.data, "dev")):
        with pytest.raises(InputError, match="Name either"):
            deployment(data, stage)


def test_adapters_find_the_service_in_the_environment(service: Running) -> None:
    with deployment(service.data, None).as_a_function_sees_it():
        assert os.environ["NOTORIOUS_EVENTS_TABLE"] == service.output("EventsTable")
        assert os.environ["NOTORIOUS_JOURNAL"] == str(service.data / "journal.sqlite")
    assert "NOTORIOUS_EVENTS_TABLE" not in os.environ
