"""AWS Batch on one machine: a job is a local process.

The emulator says that every job succeeded without running any, does not know Batch in CloudFormation, and does not let
a workflow submit a job. Here a job definition's command runs as a process under `lifeline`, one job after another (a
separation takes all cores there are), with the definition's environment, the submission's overrides and the `Ref::NAME`
parameters filled in; `python` and `python3` are this environment's Python. Its output goes to logs/JOB.log; exit code 0
is SUCCEEDED, anything else FAILED after the attempts that the definition or the submission allows. A workflow waits for
the job (`.sync`). Jobs end with the service; whoever started them starts them again.
"""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from notorious.embedded import lifeline
from notorious.embedded.host_environment import passed_on
from notorious.embedded.mending import expect
from notorious.embedded.resource_types import accept_type

DONE = ("SUCCEEDED", "FAILED")
_LONGEST_JOB_SECONDS = 6 * 3600

_running: dict[str, "_Job"] = {}
_turn = ThreadPoolExecutor(max_workers=1, thread_name_prefix="batch")
_log_folder: Path | None = None


@dataclass
class _Job:
    record: dict[str, Any]
    command: list[str]
    environment: dict[str, str]
    attempts: int
    seconds: float
    ended: threading.Event = field(default_factory=threading.Event)
    process: "subprocess.Popen[str] | None" = None
    stop_reason: str = ""


def write_logs_to(folder: Path) -> None:
    """Where the output of jobs goes."""
    global _log_folder
    _log_folder = folder
    folder.mkdir(parents=True, exist_ok=True)


def mend_batch() -> None:
    """Teach the emulator to run jobs, to deploy what they need, and to let workflows submit them."""
    from ministack.services import batch, stepfunctions

    expect(batch, "_DISPATCH", "_submit_job", "_jobs", "_job_definitions", "_register_job_definition")
    expect(stepfunctions, "_SERVICE_DISPATCH", "_ExecutionError")
    batch._DISPATCH["/v1/submitjob"] = _submit
    batch._DISPATCH["/v1/terminatejob"] = batch._DISPATCH["/v1/canceljob"] = _terminate
    stepfunctions._SERVICE_DISPATCH["arn:aws:states:::batch:submitJob"] = _submitted_by_a_workflow
    _accept_types()


def _accept_types() -> None:
    from ministack.services import batch

    def environment(logical_id: str, properties: Mapping[str, Any], stack: str) -> tuple[str, dict[str, str]]:
        name = str(properties.get("ComputeEnvironmentName") or f"{stack}-{logical_id}")
        # It is only described: jobs run here, whatever machines it asks for.
        batch._compute_envs.pop(name, None)
        answer = _body(batch._create_compute_environment({"computeEnvironmentName": name}))
        return answer["computeEnvironmentArn"], {"ComputeEnvironmentArn": answer["computeEnvironmentArn"]}

    def queue(logical_id: str, properties: Mapping[str, Any], stack: str) -> tuple[str, dict[str, str]]:
        name = str(properties.get("JobQueueName") or f"{stack}-{logical_id}")
        batch._job_queues.pop(name, None)
        answer = _body(batch._create_job_queue({"jobQueueName": name, "priority": properties.get("Priority", 1)}))
        return answer["jobQueueArn"], {"JobQueueArn": answer["jobQueueArn"]}

    def definition(logical_id: str, properties: Mapping[str, Any], stack: str) -> tuple[str, dict[str, str]]:
        name = str(properties.get("JobDefinitionName") or f"{stack}-{logical_id}")
        made = _body(batch._register_job_definition({"jobDefinitionName": name, "type": properties.get("Type")}))
        batch._job_definitions[name][-1]["template"] = dict(properties)
        return made["jobDefinitionArn"], {"JobDefinitionArn": made["jobDefinitionArn"]}

    accept_type("AWS::Batch::ComputeEnvironment", environment)
    accept_type("AWS::Batch::JobQueue", queue)
    accept_type("AWS::Batch::JobDefinition", definition)


def _body(answer: tuple[int, Any, Any]) -> dict[str, Any]:
    status, _, body = answer
    made: dict[str, Any] = json.loads(body)
    if status >= 400:
        raise ValueError(made.get("message", body))
    return made


def _submit(request: Mapping[str, Any]) -> tuple[int, Any, Any]:
    from ministack.services import batch

    found = _definition(str(request.get("jobDefinition", "")))
    if found is None:
        return _refused(batch, f"Job definition not found: {request.get('jobDefinition')}")
    answer: tuple[int, Any, Any] = batch._submit_job(request)
    if answer[0] >= 400:
        return answer
    record = batch._jobs[_body(answer)["jobId"]]
    record.update(status="RUNNABLE", statusReason="", container={}, startedAt=None, stoppedAt=None)
    job = _job(record, found, request)
    _running[record["jobId"]] = job
    _turn.submit(_run, job)
    return answer


def _definition(reference: str) -> dict[str, Any] | None:
    from ministack.services import batch

    name, _, revision = reference.rsplit("/", 1)[-1].partition(":")
    revisions = batch._job_definitions.get(name) or []
    if not revisions:
        return None
    found: dict[str, Any] = revisions[int(revision) - 1] if revision else revisions[-1]
    return found


def _refused(batch: Any, message: str) -> tuple[int, Any, Any]:
    answer: tuple[int, Any, Any] = batch.error_response_json("ClientException", message, 400)
    return answer


def _job(record: dict[str, Any], definition: Mapping[str, Any], request: Mapping[str, Any]) -> _Job:
    properties = definition.get("template") or {}
    container = _lower(properties.get("ContainerProperties") or definition.get("containerProperties") or {})
    override = request.get("containerOverrides") or {}
    parameters = {**(properties.get("Parameters") or {}), **(request.get("parameters") or {})}
    command = [_filled(str(word), parameters) for word in override.get("command") or container.get("command") or []]
    if command and command[0] in ("python", "python3"):
        command[0] = sys.executable
    given = [*(container.get("environment") or []), *(override.get("environment") or [])]
    environment = {str(_lower(entry)["name"]): str(_lower(entry)["value"]) for entry in given}
    retry = _lower(request.get("retryStrategy") or properties.get("RetryStrategy") or {})
    timeout = _lower(request.get("timeout") or properties.get("Timeout") or {})
    return _Job(
        record=record,
        command=command,
        environment={**_credentials(str(container.get("jobRoleArn") or "")), **environment},
        attempts=int(retry.get("attempts", 1)),
        seconds=float(timeout.get("attemptDurationSeconds", _LONGEST_JOB_SECONDS)),
    )


def _lower(mapping: Mapping[str, Any]) -> dict[str, Any]:
    """The mapping with keys as the API has them: CloudFormation writes them with a capital."""
    return {key[:1].lower() + key[1:]: value for key, value in mapping.items()}


def _filled(word: str, parameters: Mapping[str, Any]) -> str:
    return str(parameters[word[5:]]) if word.startswith("Ref::") and word[5:] in parameters else word


def _credentials(role: str) -> dict[str, str]:
    """What a job needs to call the emulator in the name of its role."""
    from ministack.core import lambda_runtime
    from ministack.core.responses import get_account_id, get_region

    region = get_region()
    # The emulator makes sessions for functions; a job is one for this purpose.
    name = f"arn:aws:lambda:{region}:{get_account_id()}:function:batch-job"
    session = lambda_runtime.execution_credentials({"FunctionArn": name, "FunctionName": "batch-job", "Role": role})
    return {
        **passed_on(os.environ),
        **session,
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{os.environ['GATEWAY_PORT']}",
    }


def _run(job: _Job) -> None:
    record = job.record
    try:
        for attempt in range(1, job.attempts + 1):
            if job.stop_reason:
                break
            record.update(status="RUNNING", startedAt=_now_ms())
            code, reason = _attempt(job, attempt)
            record["container"] = {"exitCode": code, "reason": reason}
            record.setdefault("attempts", []).append({"container": dict(record["container"])})
            if code == 0:
                record.update(status="SUCCEEDED", statusReason="Essential container in task exited")
                return
        record.update(status="FAILED", statusReason=job.stop_reason or record["container"]["reason"])
    except Exception as error:
        record.update(status="FAILED", statusReason=f"The job could not be started: {error}")
        raise
    finally:
        record["stoppedAt"] = _now_ms()
        _running.pop(record["jobId"], None)
        job.ended.set()


def _attempt(job: _Job, attempt: int) -> tuple[int, str]:
    environment = {
        **job.environment,
        "AWS_BATCH_JOB_ID": job.record["jobId"],
        "AWS_BATCH_JOB_ATTEMPT": str(attempt),
    }
    if not job.command:
        return 127, "The job definition has no command"
    with _log(job.record["jobId"]) as output:
        job.process = lifeline.start(job.command, environment=environment, stdout=output, stderr=subprocess.STDOUT)
        try:
            code = job.process.wait(timeout=job.seconds)
        except subprocess.TimeoutExpired:
            lifeline.kill_group(job.process)
            job.process.wait()
            return 137, f"Job attempt duration exceeded timeout ({job.seconds:.0f} s)"
    return code, "" if code == 0 else _last_line(job.record["jobId"]) or f"exit code {code}"


def _log(job_id: str) -> Any:
    return open(os.devnull if _log_folder is None else _log_folder / f"{job_id}.log", "ab")


def _last_line(job_id: str) -> str:
    if _log_folder is None:
        return ""
    lines = (_log_folder / f"{job_id}.log").read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return lines[-1][:500] if lines else ""


def _terminate(request: Mapping[str, Any]) -> tuple[int, Any, Any]:
    job = _running.get(str(request.get("jobId", "")))
    if job is not None:
        job.stop_reason = str(request.get("reason") or "terminated")
        if job.process is not None:
            lifeline.kill_group(job.process)
    return 200, {"Content-Type": "application/json"}, b"{}"


def _submitted_by_a_workflow(resource: str, parameters: Mapping[str, Any]) -> Any:
    """The integration `batch:submitJob`, with and without `.sync`."""
    from ministack.services import batch, stepfunctions

    request = _camel(parameters)
    status, _, body = _submit(request)
    answer = json.loads(body)
    if status >= 400:
        raise stepfunctions._ExecutionError("Batch.ClientException", answer.get("message", ""))
    if resource.endswith(".sync"):
        job = _running.get(answer["jobId"])
        if job is not None:
            job.ended.wait()
        record = batch._jobs[answer["jobId"]]
        if record["status"] != "SUCCEEDED":
            raise stepfunctions._ExecutionError("States.TaskFailed", json.dumps(_capital(record)))
        return _capital(record)
    return _capital(answer)


def _camel(value: Any) -> Any:
    # Names of parameters and of environment variables are the user's and stay.
    if isinstance(value, Mapping):
        return {
            key[:1].lower() + key[1:]: dict(part) if key == "Parameters" else _camel(part)
            for key, part in value.items()
        }
    return [_camel(part) for part in value] if isinstance(value, list) else value


def _capital(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key[:1].upper() + key[1:]: _capital(part) for key, part in value.items()}
    return [_capital(part) for part in value] if isinstance(value, list) else value


def _now_ms() -> int:
    return int(time.time() * 1000)
