"""The adapters that send things on their way, held against answers of AWS (botocore's stubs and moto)."""

import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

import boto3
import pytest
from botocore.exceptions import IncompleteReadError
from botocore.stub import ANY, Stubber
from moto import mock_aws

from notorious.aws import bootstrap, clients
from notorious.aws.messages import AnalysisQueueInSqs, ApiSockets, EventBridge, FunctionNotifier
from notorious.aws.objects import S3Objects
from notorious.aws.sockets_endpoint import NotDelivered, SocketsEndpoint
from notorious.aws.system import SortableIdentifiers, SystemClock
from notorious.aws.workflows import StepFunctions
from notorious.service.ports import BusEvent

REGION = {"region_name": "eu-central-1", "aws_access_key_id": "testing", "aws_secret_access_key": "testing"}
MACHINE = "arn:aws:states:eu-central-1:123456789012:stateMachine:notorious-dev-mix"
EXECUTION = "arn:aws:states:eu-central-1:123456789012:execution:notorious-dev-mix:m1"


def client(name: str) -> Any:
    return boto3.client(name, **REGION)


def bus_with(answers: list[dict[str, Any]]) -> tuple[EventBridge, Stubber]:
    events = client("events")
    stub = Stubber(events)
    for answer in answers:
        stub.add_response("put_events", answer, {"Entries": ANY})
    stub.activate()
    return EventBridge(events, "notorious"), stub


def taken(count: int) -> dict[str, Any]:
    return {"FailedEntryCount": 0, "Entries": [{"EventId": str(n)} for n in range(count)]}


def test_events_go_to_the_bus_ten_at_a_time() -> None:
    bus, stub = bus_with([taken(10), taken(10), taken(3)])
    assert bus.publish([BusEvent("X", {"number": number}) for number in range(23)]) == ()
    stub.assert_no_pending_responses()


def test_large_events_go_in_requests_of_their_own() -> None:
    bus, stub = bus_with([taken(1), taken(3)])
    texts = ["x" * 200_000, "x" * 200_000, "x", "x"]
    assert bus.publish([BusEvent("X", {"text": text}) for text in texts]) == ()
    stub.assert_no_pending_responses()


def test_what_the_bus_refuses_is_named_by_its_place() -> None:
    refusing = {"FailedEntryCount": 1, "Entries": [{"EventId": "1"}, {"ErrorCode": "ThrottlingException"}]}
    bus, _ = bus_with([taken(10), refusing])
    assert bus.publish([BusEvent("X", {}) for _ in range(12)]) == (11,)


def machines() -> tuple[StepFunctions, Stubber]:
    sfn = client("stepfunctions")
    stub = Stubber(sfn)
    stub.activate()
    return StepFunctions(sfn, {"mix": MACHINE}), stub


def test_an_execution_is_started_once_by_its_name() -> None:
    workflows, stub = machines()
    expected = {"stateMachineArn": MACHINE, "name": "m1", "input": '{"mix": "m1"}'}
    stub.add_response("start_execution", {"executionArn": EXECUTION, "startDate": 1}, expected)
    stub.add_client_error("start_execution", "ExecutionAlreadyExists")
    assert workflows.start("mix", "m1", {"mix": "m1"})
    assert not workflows.start("mix", "m1", {"mix": "m1"})


@pytest.mark.parametrize(
    ("told", "meant"),
    [("RUNNING", "running"), ("TIMED_OUT", "failed"), ("ABORTED", "stopped"), ("SUCCEEDED", "succeeded")],
)
def test_an_executions_status_is_told_in_our_words(told: str, meant: str) -> None:
    workflows, stub = machines()
    answer = {"executionArn": EXECUTION, "stateMachineArn": MACHINE, "status": told, "startDate": 1}
    stub.add_response("describe_execution", answer, {"executionArn": EXECUTION})
    assert workflows.status("mix", "m1") == meant


def test_an_execution_that_is_not_there_has_no_status_and_need_not_be_stopped() -> None:
    workflows, stub = machines()
    stub.add_client_error("describe_execution", "ExecutionDoesNotExist")
    stub.add_client_error("stop_execution", "ExecutionDoesNotExist")
    assert workflows.status("mix", "m1") is None
    workflows.stop("mix", "m1", reason="x")


@pytest.mark.parametrize("error", ["TaskTimedOut", "TaskDoesNotExist", "InvalidToken"])
def test_a_token_that_nobody_waits_with_resumes_nothing(error: str) -> None:
    workflows, stub = machines()
    stub.add_client_error("send_task_success", error)
    stub.add_response("send_task_success", {}, {"taskToken": "t", "output": "{}"})
    assert not workflows.resume("t", {})
    assert workflows.resume("t", {})


def test_listeners_are_told_without_being_waited_for() -> None:
    functions = client("lambda")
    with Stubber(functions) as stub:
        expected = {
            "FunctionName": "notify",
            "InvocationType": "Event",
            "Payload": b'{"tenant": "anna", "topic": "mix/m1"}',
        }
        stub.add_response("invoke", {"StatusCode": 202}, expected)
        FunctionNotifier(functions, "notify").notify("anna", "mix/m1")
        stub.assert_no_pending_responses()


class _Management(BaseHTTPRequestHandler):
    """Stands in for the management endpoint: c1 is there, c/2= is not, c3 is refused."""

    seen: ClassVar[list[tuple[str, str, bytes, str]]] = []

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        self.seen.append((self.command, self.path, body, self.headers["authorization"]))
        status = {"c1": 200, "c%2F2%3D": 410}.get(self.path.rsplit("/", 1)[1], 403)
        self.send_response(status)
        self.send_header("content-length", "0")
        self.end_headers()

    do_GET = do_POST = _answer  # noqa: N815  the names that the server looks for

    def log_message(self, *_: object) -> None:
        pass


def test_a_socket_that_is_gone_is_not_open_and_takes_no_message(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    with ThreadingHTTPServer(("127.0.0.1", 0), _Management) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        endpoint = SocketsEndpoint(f"http://127.0.0.1:{server.server_address[1]}/live", "eu-central-1")
        sockets = ApiSockets(endpoint)
        assert sockets.send("c1", b"{}")
        assert sockets.is_open("c1")
        assert not sockets.send("c/2=", b"{}")
        assert not sockets.is_open("c/2=")
        with pytest.raises(NotDelivered, match="403"):
            sockets.send("c3", b"{}")
        endpoint.close()
        server.shutdown()
    assert _Management.seen[0][:3] == ("POST", "/live/@connections/c1", b"{}")
    assert "/eu-central-1/execute-api/aws4_request" in _Management.seen[0][3]


@mock_aws
def test_a_range_whose_answer_breaks_off_is_asked_for_again() -> None:
    class BrokenOff:
        def __init__(self, times: int) -> None:
            self.times = times

        def get_object(self, **wanted: Any) -> Any:
            answer = s3.get_object(**wanted)
            if self.times > 0:
                self.times -= 1
                answer["Body"].read = lambda: (_ for _ in ()).throw(
                    IncompleteReadError(actual_bytes=1, expected_bytes=4)
                )
            return answer

    s3 = client("s3")
    s3.create_bucket(Bucket="media", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    S3Objects(s3, "media").put("voice", b"0123456789")
    assert S3Objects(BrokenOff(2), "media").get_range("voice", 2, 4) == b"2345"
    with pytest.raises(IncompleteReadError):
        S3Objects(BrokenOff(3), "media").get_range("voice", 2, 4)


@mock_aws
def test_a_track_that_is_asked_for_waits_in_the_queue() -> None:
    sqs = client("sqs")
    url = sqs.create_queue(QueueName="analyze")["QueueUrl"]
    AnalysisQueueInSqs(sqs, url).ask("anna", "a" * 64)
    (message,) = sqs.receive_message(QueueUrl=url)["Messages"]
    assert json.loads(message["Body"]) == {"tenant": "anna", "sha256": "a" * 64}


def test_identifiers_of_mixes_sort_as_they_were_made() -> None:
    identifiers = SortableIdentifiers()
    made = [identifiers.mix() for _ in range(2000)]
    assert made == sorted(set(made))
    assert all(re.fullmatch(r"[0-9A-HJKMNP-TV-Z]{26}", one) for one in made)
    assert len({identifiers.secret() for _ in range(100)}) == 100


def test_the_clock_knows_its_zone() -> None:
    assert SystemClock().now().utcoffset() is not None


def test_a_variable_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOTORIOUS_BUCKET", "")
    bootstrap.objects.cache_clear()
    with pytest.raises(bootstrap.NotConfigured, match="NOTORIOUS_BUCKET"):
        bootstrap.objects()


def test_the_endpoint_of_the_sockets_follows_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x", "AWS_REGION": "eu-central-1"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    clients.sockets.cache_clear()
    found = clients.sockets("abc", "live").endpoint
    assert found == "https://abc.execute-api.eu-central-1.amazonaws.com/live"
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:4566")
    clients.sockets.cache_clear()
    assert clients.sockets("abc", "live").endpoint == "http://127.0.0.1:4566/_aws/execute-api/abc/live"
    clients.sockets.cache_clear()
