"""Jobs of AWS Batch run as processes of this machine."""

import json
from pathlib import Path
from typing import Any

from running import Running, eventually
from test_mends import outcome

SUBMISSION = {"jobName": "a-job", "jobQueue": "notorious-embedded-jobs", "jobDefinition": "notorious-embedded-job"}


def run(service: Running, code: str, **more: Any) -> dict[str, Any]:
    batch = service.client("batch")
    job = batch.submit_job(**SUBMISSION, parameters={"code": code}, **more)["jobId"]

    def ended() -> dict[str, Any] | None:
        found: dict[str, Any] = batch.describe_jobs(jobs=[job])["jobs"][0]
        return found if found["status"] in ("SUCCEEDED", "FAILED") else None

    found = eventually(ended)
    assert found is not None
    return found


def test_a_job_runs_with_its_parameters_and_environment(service: Running, tmp_path: Path) -> None:
    code = f"import os; open({str(tmp_path / 'note')!r}, 'w').write(os.environ['COLOUR'] + os.environ['SHAPE'])"
    found = run(service, code, containerOverrides={"environment": [{"name": "SHAPE", "value": " circle"}]})
    assert found["status"] == "SUCCEEDED"
    assert (tmp_path / "note").read_text() == "blue circle"


def test_a_job_that_fails_says_why(service: Running) -> None:
    found = run(service, "raise SystemExit('no weights in this folder')")
    assert found["status"] == "FAILED"
    assert found["statusReason"] == "no weights in this folder"
    assert found["container"]["exitCode"] == 1


def test_a_job_is_tried_as_often_as_allowed(service: Running, tmp_path: Path) -> None:
    note = str(tmp_path / "note")
    code = f"import os; seen = os.path.exists({note!r}); open({note!r}, 'w'); exit(0 if seen else 3)"
    assert run(service, code, retryStrategy={"attempts": 2})["status"] == "SUCCEEDED"


def test_a_job_can_be_terminated(service: Running, tmp_path: Path) -> None:
    batch = service.client("batch")
    note = tmp_path / "note"
    code = f"import time; open({str(note)!r}, 'w').close(); time.sleep(600)"
    job = batch.submit_job(**SUBMISSION, parameters={"code": code})["jobId"]
    assert eventually(note.exists)
    batch.terminate_job(jobId=job, reason="not wanted any more")
    found = eventually(
        lambda: next((one for one in batch.describe_jobs(jobs=[job])["jobs"] if one["status"] == "FAILED"), None)
    )
    assert found is not None
    assert found["statusReason"] == "not wanted any more"


def test_a_workflow_waits_for_its_job(service: Running, tmp_path: Path) -> None:
    note = tmp_path / "note"
    code = f"import time; time.sleep(0.5); open({str(note)!r}, 'w').close()"
    assert outcome(service, "Separate", {"code": code}) == {"code": code}
    assert note.exists()


def test_a_workflow_catches_the_failure_of_its_job(service: Running) -> None:
    found = outcome(service, "Separate", {"code": "exit('no weights')"})
    assert json.loads(found["error"]["Cause"])["StatusReason"] == "no weights"  # type: ignore[index]
