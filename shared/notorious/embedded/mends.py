"""The defects of the embedded emulator (ministack 1.5.33), each with its reason, mended in one place.

A mend is a function marked with `@mend`; its docstring is the reason. `apply_all` runs them in order, once, before the
emulator serves anything. Each asserts the text or the names that it changes (`mending`), and each has a test in
tests/service/test_mends.py that fails without it. S3 on disk has mends of its own in `objects_on_disk`, and Batch is
in `batch_jobs`.
"""

import os
import threading
from collections import deque
from collections.abc import Callable, Mapping
from types import FunctionType
from typing import Any

from notorious.embedded import batch_jobs, function_logs, lifeline, objects_on_disk
from notorious.embedded.heavy import is_heavy
from notorious.embedded.host_environment import passed_on
from notorious.embedded.mending import expect, replace, replaced, rewrite
from notorious.embedded.resource_types import accept_type

END_OF_LOG = "\x1einvocation-end"
IDLE_WORKER_SECONDS = 600.0
KEPT_BUS_EVENTS = 100

_MENDS: list[Callable[[], None]] = []


def mend(function: Callable[[], None]) -> Callable[[], None]:
    """Mark a function as a mend, to be applied in the order of the file."""
    _MENDS.append(function)
    return function


def apply_all() -> tuple[str, ...]:
    """Apply every mend; returns their names. Raises `UnexpectedEmulator` where the emulator reads otherwise."""
    for function in (*_MENDS, objects_on_disk.mend_objects, batch_jobs.mend_batch):
        function()
    return (*(function.__name__ for function in _MENDS), "mend_objects", "mend_batch")


def _change_worker_script(*changes: tuple[str, str]) -> None:
    from ministack.core import lambda_runtime

    expect(lambda_runtime, "_PYTHON_WORKER_SCRIPT")
    script = lambda_runtime._PYTHON_WORKER_SCRIPT
    for old, new in changes:
        script = replaced(script, old, new, where="worker script")
    lambda_runtime._PYTHON_WORKER_SCRIPT = script


@mend
def functions_speak_on_their_own_descriptors() -> None:
    """A child process of a function inherits the pipe on which function and emulator talk: what it prints is taken for
    the reply, and every later reply is off by one; a child that reads standard input eats the next event. The worker
    moves the talk to descriptors that nobody inherits.
    """
    _change_worker_script(
        (
            "    _real_stdout = sys.stdout\n    sys.stdout = sys.stderr\n",
            "    _real_stdin = os.fdopen(os.dup(0), 'r', encoding='utf-8')\n"
            "    _real_stdout = os.fdopen(os.dup(1), 'w', encoding='utf-8')\n"
            "    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)\n"
            "    os.dup2(2, 1)\n"
            "    sys.stdout = sys.stderr\n",
        ),
        ("    init = json.loads(sys.stdin.readline())\n", "    init = json.loads(_real_stdin.readline())\n"),
        ("        line = sys.stdin.readline()\n", "        line = _real_stdin.readline()\n"),
    )


@mend
def errors_keep_their_names() -> None:
    """Every exception is reported as Runtime.HandlerError, so that Retry and Catch of a workflow never match by name.
    And a function that raised is ended, so that the next call pays a cold start; on AWS it stays.
    """
    from ministack.core import lambda_runtime
    from ministack.services import lambda_svc

    _change_worker_script(
        ('"error": str(e), "trace":', '"error": str(e), "errorType": type(e).__name__, "trace":'),
    )
    rewrite(
        lambda_svc,
        "_execute_function_warm",
        (
            'error_type = "Runtime.HandlerError"\n',
            'error_type = result.get("errorType") or "Runtime.HandlerError"\n',
        ),
    )
    rewrite(
        lambda_runtime.Worker,
        "invoke",
        (
            'if response.get("status") == "error":\n',
            'if response.get("status") == "error" and "trace" not in response:\n',
        ),
    )


@mend
def logs_end_with_a_mark() -> None:
    """After each call the emulator waits up to 50 ms for log lines that may never come. The worker marks the end of a
    call's log instead, and the emulator reads up to the mark: a warm call takes milliseconds, and no line is lost or
    taken for the next call's.
    """
    from ministack.core import lambda_runtime

    expect(lambda_runtime.Worker, "_drain_stderr_bounded")
    mark = f"            sys.stderr.write({END_OF_LOG + chr(10)!r})\n            sys.stderr.flush()\n"
    for reply in ('{"status": "ok", "result"', '{"status": "error", "error": str(e), "errorType"'):
        line = f"            _real_stdout.write(json.dumps({reply}"
        _change_worker_script((line, mark + line))
    lambda_runtime.Worker._drain_stderr_bounded = _log_up_to_the_mark


def _log_up_to_the_mark(worker: Any) -> str:
    import queue
    import time

    lines: list[str] = []
    give_up = time.monotonic() + 1.0
    while (left := give_up - time.monotonic()) > 0:
        try:
            # A worker that died has no mark to wait for.
            line = worker._stderr_queue.get(timeout=left if worker._proc is not None else min(left, 0.05))
        except queue.Empty:
            break
        if line == END_OF_LOG:
            break
        lines.append(line)
    return "\n".join(lines)


@mend
def functions_die_with_the_service() -> None:
    """Only the worker itself is ended when a call takes too long, not what it started; and after a kill -9 of the
    service a worker that is at work goes on alone. Each worker leads a process group of its own, which is ended as a
    whole, and watches a pipe whose other end only the service holds.
    """
    from ministack.core import lambda_runtime

    _change_worker_script(("    _real_stdin = os.fdopen(", f"{lifeline.WATCH}    _real_stdin = os.fdopen("))
    rewrite(
        lambda_runtime.Worker,
        "_spawn",
        (
            "        env=spawn_env,\n    )\n",
            "        env={**spawn_env, _lifeline.VARIABLE: str(_lifeline.watched())},\n"
            "        start_new_session=True,\n"
            "        pass_fds=(_lifeline.watched(),),\n    )\n",
        ),
    )
    rewrite(lambda_runtime, "_signal", ("proc.terminate()", "_lifeline.end_group(proc)"))
    rewrite(lambda_runtime, "_collect", ("proc.kill()", "_lifeline.kill_group(proc)"), _lifeline=lifeline)


@mend
def functions_see_no_secrets_of_the_host() -> None:
    """The whole environment of the service reaches every function, with whatever tokens lie in it, and a setting for
    the real cloud would be obeyed. What passes is listed in `host_environment`; the rest of a function's environment
    is the template's.
    """
    from ministack.core import lambda_runtime

    rewrite(
        lambda_runtime.Worker,
        "_spawn",
        ("spawn_env = {**os.environ, **env_vars}", "spawn_env = {**_passed_on(os.environ), **env_vars}"),
        _passed_on=passed_on,
    )


@mend
def calls_wait_for_their_turn() -> None:
    """Every call that finds no idle process gets a new one, at once: two hundred listeners that connect together would
    start two hundred processes, and forty voices forty of gigabytes on two cores. Calls wait, and then find a process
    that is warm: of a heavy function until a core is free of such work, of any other until fewer than
    `calls_at_once()` of its own calls run. Heavy ones run with lower priority, so that the API answers meanwhile.
    """
    from ministack.core import lambda_runtime
    from ministack.services import lambda_svc

    cores = threading.BoundedSemaphore(len(os.sched_getaffinity(0)))
    turns: dict[str, threading.BoundedSemaphore] = {}
    guard = threading.Lock()

    def turn(config: Mapping[str, Any]) -> threading.BoundedSemaphore:
        if is_heavy(config):
            return cores
        with guard:
            return turns.setdefault(str(config.get("FunctionName")), threading.BoundedSemaphore(calls_at_once()))

    def make(original: Callable[..., Any]) -> FunctionType:
        def wait_and_execute(function: dict[str, Any], event: object, request_id: str) -> Any:
            with turn(function.get("config") or function):
                return original(function, event, request_id)

        assert isinstance(wait_and_execute, FunctionType)
        return wait_and_execute

    replace(lambda_svc, "_execute_function_warm", make)
    rewrite(
        lambda_runtime.Worker,
        "_spawn",
        ('    "code_dir": code_dir,\n', '    "code_dir": code_dir,\n        "is_heavy": _is_heavy(self.config),\n'),
        _is_heavy=is_heavy,
    )
    _change_worker_script(
        ("    handler_name = init[", "    if init['is_heavy']:\n        os.nice(5)\n    handler_name = init[")
    )


def calls_at_once() -> int:
    """How many calls of one light function run at once. None of ours calls itself and waits for the answer."""
    return max(4, 2 * len(os.sched_getaffinity(0)))


@mend
def idle_functions_give_their_memory_back() -> None:
    """One worker of every function is kept for ever; thirty of them are a gigabyte that an idle laptop does without."""
    from ministack.core import lambda_runtime

    expect(lambda_runtime, "_LOCAL_WORKER_TTL")
    lambda_runtime._LOCAL_WORKER_TTL = IDLE_WORKER_SECONDS
    rewrite(
        lambda_runtime,
        "reap_idle_workers",
        ("if worker.in_use or idle < ttl or (i == 0 and not snapstart_version):", "if worker.in_use or idle < ttl:"),
    )


@mend
def logs_go_to_files() -> None:
    """The log of every call is kept in memory for ever, in a stream of its own."""
    from ministack.services import lambda_svc

    expect(lambda_svc, "_emit_lambda_logs")
    lambda_svc._emit_lambda_logs = function_logs.emit


@mend
def the_bus_forgets() -> None:
    """The bus keeps every event that was ever put on it in memory, for an inspection page that is not used here."""
    from ministack.services import eventbridge

    expect(eventbridge, "_events_log", "_events_log_list")

    def kept() -> "deque[Any]":
        entries = eventbridge._events_log.get("entries")
        if not isinstance(entries, deque):
            entries = eventbridge._events_log["entries"] = deque(maxlen=KEPT_BUS_EVENTS)
        kept_entries: deque[Any] = entries
        return kept_entries

    eventbridge._events_log_list = kept


@mend
def cors_of_the_template_is_obeyed() -> None:
    """CloudFormation stores the CORS settings of an HTTP API under names that the API does not look up, so that every
    preflight is refused.
    """
    from ministack.services.cloudformation import provisioners

    expect(provisioners, "_pascal_to_camel")
    rewrite(
        provisioners,
        "_apigw_v2_api_create",
        (
            'api["corsConfiguration"] = props["CorsConfiguration"]',
            'api["corsConfiguration"] = _pascal_to_camel(props["CorsConfiguration"])',
        ),
    )
    _handler("AWS::ApiGatewayV2::Api")["create"] = provisioners._apigw_v2_api_create


@mend
def an_answer_may_have_no_body() -> None:
    """An answer whose body is null (as 204 No Content has it) ends in a 500, where AWS sends no body."""
    from ministack.services import apigateway

    rewrite(
        apigateway,
        "_invoke_lambda_proxy",
        ('resp_body = lambda_response.get("body", "")\n', 'resp_body = lambda_response.get("body") or ""\n'),
    )


@mend
def an_archive_of_the_bus_is_accepted() -> None:
    """AWS::Events::Archive is unknown, and one unknown type refuses the whole template. It is accepted and keeps
    nothing: here the journal keeps all events.
    """
    from ministack.services.cloudformation import provisioners

    def create(logical_id: str, properties: Mapping[str, Any], stack_name: str) -> tuple[str, dict[str, str]]:
        name = str(properties.get("ArchiveName") or f"{stack_name}-{logical_id}")
        owner = f"{provisioners.get_region()}:{provisioners.get_account_id()}"
        return name, {"Arn": f"arn:aws:events:{owner}:archive/{name}", "ArchiveName": name}

    accept_type("AWS::Events::Archive", create)


@mend
def only_the_services_own_key_is_root() -> None:
    """The key `test` and any twelve digits are root, whatever they are signed with: any web page that a browser has
    open could read and delete the library. Root is one key that is drawn at every start. (Requests without a key are
    anonymous, and the emulator refuses those by itself.)
    """
    from ministack.core import iam_evaluator

    rewrite(
        iam_evaluator,
        "is_root_access_key",
        ('        or access_key_id == "test"\n', ""),
        ("        or bool(_ACCOUNT_ID_RE.fullmatch(access_key_id))\n", ""),
    )


def _handler(resource_type: str) -> dict[str, Any]:
    from ministack.services.cloudformation import provisioners

    expect(provisioners, "_RESOURCE_HANDLERS")
    handler: dict[str, Any] = provisioners._RESOURCE_HANDLERS[resource_type]
    return handler
