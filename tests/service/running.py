"""A running service for tests: started as a process of its own, asked over its ports, ended or killed."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from notorious.embedded.emulator import Access

HERE = Path(__file__).parent
STARTED: "list[subprocess.Popen[str]]" = []
START_SECONDS = 120.0
Value = TypeVar("Value")


@dataclass
class Running:
    """A running service and how to talk to it."""

    process: "subprocess.Popen[str]"
    data: Path
    addresses: dict[str, str]
    address: dict[str, Any] = field(default_factory=dict)
    _clients: dict[str, Any] = field(default_factory=dict)

    @property
    def access(self) -> Access:
        keys = ("port", "region", "key_id", "secret")
        return Access(**{key: self.address[key] for key in keys})

    def client(self, service: str) -> Any:
        if service not in self._clients:
            self._clients[service] = self.access.client(service)
        return self._clients[service]

    def output(self, name: str) -> str:
        return str(self.address["outputs"][name])

    def invoke(self, name: str, event: object) -> dict[str, Any]:
        """Call a function of the service in miniature; returns its answer, with `error` where it raised."""
        answer = self.client("lambda").invoke(
            FunctionName=f"notorious-embedded-{name}", Payload=json.dumps(event).encode()
        )
        result = json.loads(answer["Payload"].read())
        return {"error": result} if "FunctionError" in answer else {"result": result}

    def append(self, stream: str, version: int, *, token: str | None = None) -> int:
        """Append an event over the API; returns the status of the answer."""
        request = urllib.request.Request(
            f"{self.addresses['api']}/events",
            method="POST",
            data=json.dumps({"stream": stream, "version": version}).encode(),
            headers={
                "authorization": f"Bearer {token or self.addresses['token']}",
                "content-type": "application/json",
            },
        )
        return status_of(request)

    def stop(self) -> int:
        """End it as Ctrl-C does; returns its exit code."""
        self.process.send_signal(signal.SIGINT)
        return self._ended()

    def kill(self) -> None:
        """End it as a power cut would, as far as a process can tell."""
        self.process.kill()
        self._ended()

    def _ended(self) -> int:
        with self.process:
            return self.process.wait(timeout=60)


def status_of(request: urllib.request.Request) -> int:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=30) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code


def command(data: Path, template: Path, *options: str) -> list[str]:
    return [sys.executable, str(HERE / "run_small_service.py"), str(data), str(template), *options]


def start(data: Path, template: Path, *options: str, environment: dict[str, str] | None = None) -> Running:
    """Start the service in miniature and wait until it has said where it is."""
    process = subprocess.Popen(
        command(data, template, *options),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **(environment or {})},
        start_new_session=True,
    )
    STARTED.append(process)
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        assert process.stderr is not None
        raise AssertionError(f"the service did not start: {process.stderr.read()}")
    return Running(process, data, json.loads(line), json.loads((data / "serve.json").read_text()))


def eventually(look: Callable[[], Value], *, seconds: float = 60.0) -> Value:
    """What `look` returns as soon as it is true; a machine with other work may need a while for anything."""
    give_up = time.monotonic() + seconds
    while True:
        found = look()
        if found or time.monotonic() > give_up:
            return found
        time.sleep(0.1)
