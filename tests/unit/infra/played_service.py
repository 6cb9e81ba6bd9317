"""The embedded stage in the emulator, with functions that do as a test tells them (`player.py`)."""

import contextlib
import json
import os
import shutil
import subprocess
import sys
import time
import uuid
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from notorious.embedded.emulator import Access

HERE = Path(__file__).parent
_PATIENCE_SECONDS = 120.0


@dataclass(frozen=True)
class Execution:
    """How an execution of a workflow has ended."""

    status: str
    error: str
    cause: str


class PlayedService:
    """Workflows to start, and what they called."""

    def __init__(self, access: Access, outputs: dict[str, str], play: Path) -> None:
        self.access = access
        self.outputs = outputs
        self._play = play

    @classmethod
    @contextlib.contextmanager
    def started(cls, template: Path, folder: Path) -> "Iterator[PlayedService]":
        """Deploy the template with played functions; ended with the context."""
        copied = folder / "template"
        shutil.copytree(template, copied)
        for asset in (copied / "assets").iterdir():
            with zipfile.ZipFile(asset, "w") as archive:
                archive.write(HERE / "player.py", "handler.py")
        stems = copied / "stems.template.json"
        as_shipped = stems.read_text()
        as_played = as_shipped.replace('"-m"', json.dumps(str(HERE / "played_job.py"))).replace(
            '"notorious.stems",', ""
        )
        assert as_played != as_shipped
        stems.write_text(as_played)
        play = folder / "play"
        with subprocess.Popen(
            [sys.executable, str(HERE / "serve_template.py"), str(copied), str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            # Waits of the workflows pass fifty times as fast; what is waited for is not shorter.
            env={**os.environ, "NOTORIOUS_TEST_PLAY": str(play), "SFN_WAIT_SCALE": "0.02"},
        ) as process:
            assert process.stdout is not None
            assert process.stdin is not None
            told = json.loads(process.stdout.readline())
            try:
                yield cls(Access(**told["access"]), told["outputs"], play)
            finally:
                process.stdin.close()

    @cached_property
    def _workflows(self) -> Any:
        return self.access.client("stepfunctions")

    def job(self) -> str:
        """The name of a job that no other test has."""
        return uuid.uuid4().hex

    def tell(self, job: str, function: str, *answers: dict[str, Any]) -> None:
        """What a function does when it is called for a job: one answer a call."""
        folder = self._play / job
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{function}.json").write_text(json.dumps(answers))

    def start(self, workflow: str, name: str, content: dict[str, Any]) -> str:
        """Start an execution; returns its address."""
        return str(
            self._workflows.start_execution(
                stateMachineArn=self.outputs[workflow], name=name, input=json.dumps(content)
            )["executionArn"]
        )

    def stop(self, execution: str) -> None:
        """End an execution where it is."""
        self._workflows.stop_execution(executionArn=execution)

    def approve(self, token: str) -> None:
        """Hand a token back."""
        self._workflows.send_task_success(taskToken=token, output="{}")

    def ended(self, execution: str) -> Execution:
        """Wait for the end of an execution."""
        for _ in _moments():
            found = self._workflows.describe_execution(executionArn=execution)
            if found["status"] != "RUNNING":
                return Execution(found["status"], found.get("error", ""), found.get("cause", ""))
        raise AssertionError(f"{execution} has not ended within {_PATIENCE_SECONDS} s")

    def calls(self, job: str, function: str | None = None) -> list[dict[str, Any]]:
        """What functions were called with for a job, in order."""
        written = self._play / job / "calls.jsonl"
        lines = written.read_text().splitlines() if written.exists() else []
        calls = [json.loads(line) for line in lines]
        return [call for call in calls if function in (None, call["function"])]

    def called(self, job: str) -> list[str]:
        """The functions that were called for a job, in order."""
        return [call["function"] for call in self.calls(job)]

    def wait_for_call(self, job: str, function: str) -> dict[str, Any]:
        """The first call of a function for a job, as soon as it is there."""
        for _ in _moments():
            calls = self.calls(job, function)
            if calls:
                return dict(calls[0]["event"])
        raise AssertionError(f"{function} was not called for {job} within {_PATIENCE_SECONDS} s")


def _moments() -> Iterator[None]:
    give_up = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < give_up:
        yield None
        time.sleep(0.05)
