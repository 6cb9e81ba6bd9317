"""The emulator's defects, each seen mended in a running service; without its mend each test fails.

NOTORIOUS_TEST_WITHOUT=errors_keep_their_names pytest tests/service/test_mends.py
"""

import json
import os
import subprocess
import sys
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from running import Running, eventually, status_of

from notorious.embedded import mending, mends
from notorious.errors import UnexpectedEmulator


def echo(service: Running, wish: str, **more: object) -> dict[str, object]:
    return service.invoke("echo", {"wish": wish, **more})


@pytest.mark.parametrize("wish", ["child prints a reply", "child prints much"])
def test_what_a_child_prints_is_not_taken_for_the_reply(service: Running, wish: str) -> None:
    assert echo(service, wish) == {"result": "from the function"}
    assert "calls" in echo(service, "")["result"]  # type: ignore[operator]


def test_a_child_that_reads_its_input_finds_none(service: Running) -> None:
    assert echo(service, "child reads input") == {"result": "''"}


def test_an_exception_keeps_its_name_and_the_function_stays_warm(service: Running) -> None:
    before = echo(service, "")["result"]
    failed = echo(service, "raise")["error"]
    after = echo(service, "")["result"]
    assert failed["errorType"] == "StrangeMaterial"  # type: ignore[index]
    assert after["pid"] == before["pid"]  # type: ignore[index]


def test_a_workflow_retries_by_the_name_of_the_error(service: Running, tmp_path: Path) -> None:
    assert outcome(service, "Patient", {"wish": "fail once", "note": str(tmp_path / "note")})["calls"] > 1


def test_a_workflow_catches_by_the_name_of_the_error(service: Running) -> None:
    assert outcome(service, "Patient", {"wish": "raise"}) == "caught by name"


def outcome(service: Running, workflow: str, event: object) -> object:
    workflows = service.client("stepfunctions")
    started = workflows.start_execution(stateMachineArn=service.output(workflow), input=json.dumps(event))

    def ended() -> dict[str, object] | None:
        found = workflows.describe_execution(executionArn=started["executionArn"])
        return found if found["status"] != "RUNNING" else None

    found = eventually(ended)
    assert found is not None
    assert found["status"] == "SUCCEEDED", found
    return json.loads(found["output"])


def test_a_line_of_the_log_belongs_to_its_call(service: Running) -> None:
    log = service.data / "logs" / "functions" / "notorious-embedded-echo.log"
    echo(service, "log")
    echo(service, "")
    lines = eventually(lambda: [line for line in log.read_text().splitlines() if "a line of the log" in line])
    assert len(lines) == 1
    assert "\x1e" not in log.read_text()


def test_what_a_function_started_ends_with_it_when_it_takes_too_long(service: Running, tmp_path: Path) -> None:
    note = tmp_path / "note"
    failed = echo(service, "sleep", note=str(note), seconds=60)["error"]
    assert "timed out" in failed["errorMessage"]  # type: ignore[index]
    function, child = map(int, note.read_text().split())
    assert eventually(lambda: not is_alive(function) and not is_alive(child))


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_no_secret_of_the_host_reaches_a_function(service: Running) -> None:
    seen = echo(service, "environment")["result"]
    assert "A_SECRET_OF_THE_HOST" not in seen  # type: ignore[operator]
    assert "AWS_PROFILE" not in seen  # type: ignore[operator]
    assert seen["AWS_ENDPOINT_URL"] == service.access.url  # type: ignore[index]
    assert seen["NOTORIOUS_JOURNAL"].endswith("journal.sqlite")  # type: ignore[index]


def test_heavy_calls_run_at_most_one_a_core_in_warm_processes_with_lower_priority(
    service: Running, tmp_path: Path
) -> None:
    note, cores = tmp_path / "note", len(os.sched_getaffinity(0))
    with ThreadPoolExecutor(cores + 3) as pool:
        calls = [pool.submit(service.invoke, "heavy", {"note": str(note), "seconds": 0.5}) for _ in range(cores + 3)]
        results = [call.result()["result"] for call in calls]
    at_once = most = 0
    for sign in note.read_text():
        at_once += 1 if sign == "+" else -1
        most = max(most, at_once)
    assert most <= cores
    assert len({result["pid"] for result in results}) <= cores
    assert min(result["niceness"] for result in results) >= os.nice(0) + 5


def test_many_calls_at_once_do_not_start_a_process_each(service: Running, tmp_path: Path) -> None:
    wish = {"wish": "sleep", "note": str(tmp_path / "note"), "seconds": 0.3}
    refused, last = service.client("lambda").exceptions.TooManyRequestsException, time.monotonic() + 60

    def answer(_: int) -> dict[str, Any]:
        # More callers than the function's reservation: who is refused asks again, for as long as a slow machine needs.
        while True:
            try:
                return dict(service.invoke("echo", wish)["result"])
            except refused:
                if time.monotonic() > last:
                    raise

    with ThreadPoolExecutor(20) as pool:
        results = list(pool.map(answer, range(20)))
    assert len({result["pid"] for result in results}) <= mends.calls_at_once()


def test_cors_of_the_template_is_obeyed(service: Running) -> None:
    def preflight(origin: str) -> int:
        headers = {"origin": origin, "access-control-request-method": "POST"}
        return status_of(
            urllib.request.Request(f"{service.addresses['api']}/events", method="OPTIONS", headers=headers)
        )

    assert preflight("https://app.example") == 204
    assert preflight("https://evil.example") == 403


def test_an_answer_may_have_no_body(service: Running) -> None:
    with urllib.request.urlopen(
        urllib.request.Request(f"{service.addresses['api']}/events", method="DELETE")
    ) as answer:
        assert (answer.status, answer.read()) == (204, b"")


@pytest.mark.parametrize("key", ["test", "000000000000", "NOTORIOUS"])
def test_only_the_services_own_key_opens_everything(service: Running, key: str) -> None:
    stranger = botocore.session.Session().create_client(
        "s3",
        endpoint_url=service.access.url,
        region_name=service.access.region,
        aws_access_key_id=key,
        aws_secret_access_key="test",
    )
    with pytest.raises(stranger.exceptions.ClientError):
        stranger.list_objects_v2(Bucket=service.output("MediaBucket"))


def test_without_a_key_nothing_is_readable(service: Running) -> None:
    service.client("s3").put_object(Bucket=service.output("MediaBucket"), Key="mixes/local/one", Body=b"music")
    address = f"{service.access.url}/{service.output('MediaBucket')}"
    assert status_of(urllib.request.Request(f"{address}/mixes/local/one")) == 403
    assert status_of(urllib.request.Request(f"{address}?list-type=2")) == 403


@pytest.mark.parametrize(
    ("source", "complaint"),
    [("nothing to see", "0 times"), ("the old way, and the old way again", "2 times")],
)
def test_a_mend_refuses_text_that_it_does_not_know(source: str, complaint: str) -> None:
    with pytest.raises(UnexpectedEmulator, match=complaint):
        mending.replaced(source, "the old way", "the new way", where="module")


def test_a_mend_refuses_a_name_that_is_gone() -> None:
    with pytest.raises(UnexpectedEmulator, match="pip install ministack=="):
        mending.expect(json, "dumps", "no_such_name")


def in_the_mended_emulator(code: str) -> None:
    """Run code in a process of its own in which the emulator is loaded and mended, and serves nothing."""
    prepare = """
import os
os.environ.update(S3_PERSIST="0", PERSIST_STATE="0", DOCKER_HOST="unix:///nonexistent")
import ministack.app
from notorious.embedded import mends
without = os.environ.get("NOTORIOUS_TEST_WITHOUT")
mends._MENDS[:] = [mend for mend in mends._MENDS if mend.__name__ != without]
mends.apply_all()
"""
    done = subprocess.run([sys.executable, "-c", prepare + code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_a_function_that_was_idle_for_long_gives_its_memory_back() -> None:
    in_the_mended_emulator("""
import time, types
from ministack.core import lambda_runtime
def worker(idle_seconds, in_use=False):
    return types.SimpleNamespace(in_use=in_use, last_used=time.time() - idle_seconds, config={}, _proc=None,
                                 _discard_tmpdir=lambda: None)
lambda_runtime._workers.update({"idle": [worker(3600)], "fresh": [worker(1)], "busy": [worker(3600, in_use=True)]})
assert lambda_runtime.reap_idle_workers() == 1
assert sorted(lambda_runtime._workers) == ["busy", "fresh"]
""")


def test_the_bus_keeps_no_more_than_its_latest_events_in_memory() -> None:
    in_the_mended_emulator("""
from ministack.services import eventbridge
for number in range(1000):
    eventbridge._events_log_list().append({"number": number})
kept = list(eventbridge._events_log_list())
assert len(kept) <= 100 and kept[-1] == {"number": 999}, len(kept)
""")


def test_no_log_of_a_function_stays_in_memory() -> None:
    in_the_mended_emulator("""
from ministack.services import cloudwatch_logs, lambda_svc
lambda_svc._emit_lambda_logs({"config": {"FunctionName": "f"}}, "request", "a line", False, 1)
assert not cloudwatch_logs._log_groups._data
""")


def test_mends_are_applied_once_and_say_what_they_are() -> None:
    in_the_mended_emulator("""
import inspect
for mend in mends._MENDS:
    assert inspect.getdoc(mend), mend
try:
    mends.apply_all()
except Exception as error:
    assert type(error).__name__ == "UnexpectedEmulator", error
else:
    raise AssertionError("a second application has to be refused")
""")


def test_the_log_of_a_call_ends_at_its_mark() -> None:
    in_the_mended_emulator("""
import queue, types
from ministack.core import lambda_runtime
waiting = queue.Queue()
for line in ("first", "second", mends.END_OF_LOG, "of the next call"):
    waiting.put(line)
worker = types.SimpleNamespace(_stderr_queue=waiting, _proc=object())
assert lambda_runtime.Worker._drain_stderr_bounded(worker) == "first\\nsecond"
assert waiting.get_nowait() == "of the next call"
""")
