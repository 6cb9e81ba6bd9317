"""The whole service, as `notorious serve` runs it from the packaged template, for tests: started, asked, ended."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from running import STARTED

from notorious.errors import NotoriousError

PROGRAM = [sys.executable, "-c", "from notorious.cli.main import main; main()"]
WATCHED = [sys.executable, str(Path(__file__).with_name("rights_watched.py"))]
_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass(frozen=True)
class Answer:
    """What the API answered."""

    status: int
    body: Any


@dataclass
class Listener:
    """One who uses the API with a token."""

    api: str
    token: str

    def ask(self, method: str, path: str, body: object = None, **headers: str) -> Answer:
        request = urllib.request.Request(
            self.api + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"authorization": f"Bearer {self.token}", "content-type": "application/json", **headers},
        )
        try:
            with _opener.open(request, timeout=120) as answer:
                return Answer(answer.status, _parsed(answer.read()))
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error.code, _parsed(error.read()))

    def get(self, path: str) -> Any:
        answer = self.ask("GET", path)
        assert answer.status == 200, answer
        return answer.body

    def tracks(self, query: str = "") -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.get(f"/tracks{query}")["tracks"]
        return found

    def request_mix(self, **wish: Any) -> str:
        answer = self.ask("POST", "/mixes", wish, **{"idempotency-key": uuid.uuid4().hex})
        assert answer.status in (201, 202), answer
        return str(answer.body["id"])

    def status_of(self, mix: str) -> str:
        return str(self.get(f"/mixes/{mix}")["status"])


def _parsed(content: bytes) -> Any:
    try:
        return json.loads(content)
    except ValueError:
        return content.decode(errors="replace")


def fetch(address: str) -> bytes:
    """What lies at a signed address."""
    with _opener.open(address, timeout=120) as answer:
        return bytes(answer.read())


def submit(address: str, fields: dict[str, str], path: Path) -> int:
    """Send a file as a form does; the status."""
    border = uuid.uuid4().hex
    part = '--{}\r\ncontent-disposition: form-data; name="{}"\r\n\r\n{}\r\n'
    parts = [part.format(border, name, value) for name, value in fields.items()]
    head = f'--{border}\r\ncontent-disposition: form-data; name="file"; filename="{path.name}"\r\n\r\n'
    body = ("".join(parts) + head).encode() + path.read_bytes() + f"\r\n--{border}--\r\n".encode()
    request = urllib.request.Request(
        address, data=body, headers={"content-type": f"multipart/form-data; boundary={border}"}
    )
    with _opener.open(request, timeout=120) as answer:
        return int(answer.status)


@dataclass
class Deployed:
    """The running service."""

    process: "subprocess.Popen[str]"
    data: Path
    addresses: dict[str, str]

    @property
    def listener(self) -> Listener:
        return Listener(self.addresses["api"], self.addresses["token"])

    def run(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Run the program on this service's data folder."""
        return subprocess.run(
            [*PROGRAM, *arguments, "--data", str(self.data)], capture_output=True, text=True, timeout=300, check=False
        )

    def log_of(self, function: str) -> str:
        path = self.data / "logs" / "functions" / f"notorious-embedded-{function}.log"
        return path.read_text() if path.exists() else ""

    def stop(self) -> int:
        self.process.send_signal(signal.SIGINT)
        with self.process:
            return self.process.wait(timeout=60)

    def kill(self) -> None:
        with self.process:
            self.process.kill()


def serve(data: Path, *options: str, rights: Path | None = None) -> Deployed:
    """Run `notorious serve` on a data folder and wait until it has said where it is.

    rights : where to write down what roles ask for (`rights_watched.py`)
    """
    process = subprocess.Popen(
        [
            *(PROGRAM if rights is None else [*WATCHED, str(rights)]),
            "serve",
            "--data",
            str(data),
            "--port",
            "0",
            "--json",
            *options,
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "NOTORIOUS_CACHE": str(data.parent / "cache")},
        start_new_session=True,
    )
    STARTED.append(process)
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        assert process.stderr is not None
        raise AssertionError(f"the service did not start: {process.stderr.read()}")
    return Deployed(process, data, json.loads(line))


@contextmanager
def following(deployed: Deployed, topic: str) -> Iterator[list[dict[str, Any]]]:
    """What a listener is told about a topic while this lasts."""
    import threading

    from notorious.cli.watch import Place, messages

    place = Place(deployed.addresses["api"], deployed.addresses["sockets"], deployed.addresses["token"])
    heard: list[dict[str, Any]] = []

    over = threading.Event()

    def listen() -> None:
        # Nothing more comes when the service has ended.
        with contextlib.suppress(NotoriousError, OSError):
            for message in messages(place, topic):
                heard.append(message)
                if over.is_set():
                    return

    threading.Thread(target=listen, daemon=True).start()
    yield heard
    over.set()
