"""`notorious watch` follows a topic over a WebSocket."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import islice
from typing import Any

import pytest
from websockets.sync.server import ServerConnection, serve

from notorious.cli import exit_codes
from notorious.cli.main import run
from notorious.cli.watch import Place, line_of, messages
from notorious.errors import InputError, NotServing, RequestFailed


def state(version: int, status: str, **more: Any) -> dict[str, Any]:
    """A message about a mix."""
    document = {"name": "Friday", "status": status}
    return {"type": "state", "topic": "mix/M", "version": version, "document": document, **more}


class Script:
    """What a service sends on each connection, and what it was asked."""

    def __init__(self, *connections: list[dict[str, Any]]) -> None:
        self._connections = list(connections)
        self.asked: list[dict[str, Any]] = []
        self.tickets: list[str] = []

    def talk(self, socket: ServerConnection) -> None:
        assert socket.request is not None
        self.tickets.append(socket.request.path.partition("ticket=")[2])
        self.asked.append(json.loads(socket.recv()))
        for message in self._connections.pop(0):
            socket.send(json.dumps(message))


@contextmanager
def service(script: Script) -> Iterator[Place]:
    """A service that hands out tickets and follows a script."""
    given: list[str] = []

    class Tickets(BaseHTTPRequestHandler):
        def do_POST(self) -> None:  # of the standard library
            good = self.headers["Authorization"] == "Bearer good" and self.path == "/tickets"
            given.append(f"t{len(given)}")
            body = json.dumps({"ticket": given[-1]} if good else {"detail": "no"}).encode()
            self.send_response(201 if good else 401)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Nothing."""

    with serve(script.talk, "127.0.0.1", 0) as sockets, ThreadingHTTPServer(("127.0.0.1", 0), Tickets) as api:
        threads = [threading.Thread(target=one.serve_forever) for one in (sockets, api)]
        for thread in threads:
            thread.start()
        port = sockets.socket.getsockname()[1]
        yield Place(f"http://127.0.0.1:{api.server_port}", f"ws://127.0.0.1:{port}/live", "good")
        sockets.shutdown()
        api.shutdown()
        for thread in threads:
            thread.join()


def test_messages_come_in_the_order_of_their_versions() -> None:
    script = Script([state(3, "planned"), state(5, "rendering"), state(4, "planned"), state(6, "published")])
    with service(script) as place:
        found = [message["version"] for message in islice(messages(place, "mix/M"), 3)]
    assert found == [3, 5, 6]
    assert script.asked == [{"action": "subscribe", "topic": "mix/M"}]


def test_a_connection_that_ends_is_made_anew_with_another_ticket() -> None:
    script = Script([state(3, "planned")], [state(3, "planned"), state(4, "published")])
    with service(script) as place:
        found = [message["version"] for message in islice(messages(place, "mix/M"), 3)]
    assert found == [3, 3, 4]
    assert script.tickets == ["t0", "t1"]


def test_a_refusal_is_told() -> None:
    with (
        service(Script([{"type": "problem", "detail": "there is no such topic"}])) as place,
        pytest.raises(RequestFailed, match="no such topic"),
    ):
        next(messages(place, "mood"))


def test_a_token_that_is_not_good_is_told() -> None:
    with service(Script()) as place, pytest.raises(RequestFailed, match="status 401"):
        next(messages(Place(place.api, place.sockets, "bad"), "mix/M"))


def test_a_service_that_is_not_there_is_told() -> None:
    with pytest.raises(NotServing, match="Nobody answers"):
        next(messages(Place("http://127.0.0.1:9", "ws://127.0.0.1:9", "good"), "mix/M"))


@pytest.mark.parametrize(("status", "code"), [("published", exit_codes.OK), ("failed", exit_codes.SERVICE)])
def test_the_program_ends_with_the_mix(status: str, code: int, capsys: pytest.CaptureFixture[str]) -> None:
    with service(Script([state(1, "requested"), state(2, status)])) as place:
        arguments = ["--api", place.api, "--sockets", place.sockets, "--token", place.token]
        assert run(["watch", "M", *arguments]) == code
    assert capsys.readouterr().out.splitlines() == ["Friday, requested", f"Friday, {status}"]


def test_it_has_to_know_where_the_service_is(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("API", "SOCKETS", "TOKEN"):
        monkeypatch.delenv(f"NOTORIOUS_{name}", raising=False)
    assert run(["watch", "M"]) == exit_codes.INPUT
    assert InputError.exit_code == exit_codes.INPUT


def test_a_line_says_how_far_a_mix_is() -> None:
    progress = {
        "phase": "rendering voices",
        "phase_number": 6,
        "phase_count": 9,
        "percent": 21.4,
        "detail": "Night Bus",
    }
    line = line_of(state(1, "rendering", progress=progress))
    assert line == "Friday, rendering voices (6 of 9): 21 %, Night Bus"
    failed = state(2, "failed")
    failed["document"]["failure"] = {"reason": "the disk is full", "remedy": "make room"}
    assert line_of(failed) == "Friday, failed, the disk is full, make room"
    counts = {"tracks": 3, "tracks/analyzed": 2}
    library = {"topic": "library", "version": 1, "document": {"statistics": counts}}
    assert line_of(library) == "3 tracks, 2 of them analysed"
