"""`notorious watch`: follow a mix, a track or the library as it changes."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from notorious.cli import exit_codes, options
from notorious.errors import InputError, NotServing, RequestFailed

if TYPE_CHECKING:
    from websockets.sync.client import ClientConnection

    from notorious.cli.screen import Screen

ENDED = ("published", "failed", "cancelled", "expired")
_ALIVE_SECONDS = 240.0
"""API Gateway ends a connection that is silent for ten minutes."""

_PAUSE_SECONDS = 1.0
"""Before a connection that ended is made anew."""


@dataclass(frozen=True)
class Place:
    """Where a service is, and the token that says who asks."""

    api: str
    sockets: str
    token: str


def watch(
    job: Annotated[str, typer.Argument(metavar="JOB", help="A mix by its id, track/ID, or library.")],
    data: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Data folder of a service that runs on this machine.")
    ] = None,
    api: Annotated[str, typer.Option(metavar="URL", envvar="NOTORIOUS_API", help="Address of the API.")] = "",
    sockets: Annotated[
        str, typer.Option(metavar="URL", envvar="NOTORIOUS_SOCKETS", help="Address of the WebSockets.")
    ] = "",
    token: Annotated[str, typer.Option(metavar="TOKEN", envvar="NOTORIOUS_TOKEN", help="The id token.")] = "",
    json: options.Json = False,
) -> int:
    """Follow a mix until it is done, or a track or the library until Ctrl-C."""
    from notorious.cli.screen import Screen

    place = _place(data, api, sockets, token)
    topic = job if "/" in job or job == "library" else f"mix/{job}"
    screen = Screen()
    status = ""
    try:
        for message in messages(place, topic):
            _show(message, screen, as_json=json)
            status = str((message.get("document") or {}).get("status", ""))
            if topic.startswith("mix/") and status in ENDED:
                break
    except KeyboardInterrupt:
        return exit_codes.STOPPED
    return exit_codes.OK if status != "failed" else exit_codes.SERVICE


def messages(place: Place, topic: str) -> Iterator[dict[str, Any]]:
    """The messages of a topic, each newer than the one before; a connection that breaks is made anew.

    Raises `NotServing` where nobody answers, and `RequestFailed` where the service refuses.
    """
    import time

    from websockets.exceptions import ConnectionClosed, InvalidHandshake
    from websockets.sync.client import connect

    seen = -1
    while True:
        address = f"{place.sockets}?ticket={_ticket(place)}"
        try:
            with connect(address, proxy=None, open_timeout=30) as socket:
                for message in _received(socket, topic):
                    # Messages may overtake each other; what is older than what was shown says nothing new.
                    if message["version"] >= seen:
                        seen = message["version"]
                        yield message
        except ConnectionClosed:
            time.sleep(_PAUSE_SECONDS)
        except InvalidHandshake as error:
            raise RequestFailed(f"The service takes no connection at {place.sockets}: {error}") from error
        except OSError as error:
            raise NotServing(f"Nobody answers at {place.sockets}: {error}. Is the service running?") from error


def _received(socket: "ClientConnection", topic: str) -> Iterator[dict[str, Any]]:
    """The states that come over one connection. Raises `RequestFailed`, and ConnectionClosed at its end."""
    import json

    socket.send(json.dumps({"action": "subscribe", "topic": topic}))
    while True:
        try:
            message = json.loads(socket.recv(timeout=_ALIVE_SECONDS))
        except TimeoutError:
            socket.send(json.dumps({"action": "ping"}))
            continue
        if message.get("type") == "problem":
            raise RequestFailed(str(message["detail"]))
        if message.get("type") == "state":
            yield message


def _ticket(place: Place) -> str:
    import json
    import urllib.error
    import urllib.request

    request = urllib.request.Request(
        f"{place.api}/tickets", method="POST", headers={"Authorization": f"Bearer {place.token}"}
    )
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=30) as answer:
            return str(json.load(answer)["ticket"])
    except urllib.error.HTTPError as error:
        with error:
            words = error.read().decode(errors="replace")[:300]
        raise RequestFailed(f"The service gives no ticket (status {error.code}): {words}") from error
    except OSError as error:
        raise NotServing(f"Nobody answers at {place.api}: {error}. Is the service running?") from error


def _place(data: Path | None, api: str, sockets: str, token: str) -> Place:
    if data is not None:
        from notorious.embedded.reach import reach
        from notorious.embedded.users import issue_token, read_users

        service = reach(data)
        if not token:
            user = read_users(service.folder.users)[0]
            token = issue_token(service.access, service.outputs["UserPoolClientId"], user)
        return Place(service.addresses["api"], service.addresses["sockets"], token)
    missing = [name for name, value in (("--api", api), ("--sockets", sockets), ("--token", token)) if not value]
    if missing:
        raise InputError(f"Say where the service is: --data DIR, or {', '.join(missing)} too")
    return Place(api.rstrip("/"), sockets, token)


def _show(message: dict[str, Any], screen: "Screen", *, as_json: bool) -> None:
    import json

    if as_json:
        print(json.dumps(message), flush=True)
        return
    screen.out.print(line_of(message), markup=False, highlight=False)


def line_of(message: dict[str, Any]) -> str:
    """A message in one line."""
    document, progress = message.get("document"), message.get("progress")
    if document is None:
        return f"{message['topic']}: there is no such thing (yet)"
    if message["topic"] == "library":
        counts = document["statistics"]
        return f"{counts.get('tracks', 0)} tracks, {counts.get('tracks/analyzed', 0)} of them analysed"
    words = [str(document.get("name") or document.get("title") or message["topic"]), str(document["status"])]
    if progress:
        phase = f"{progress['phase']} ({progress['phase_number']} of {progress['phase_count']})"
        words[1] = f"{phase}: {progress['percent']:.0f} %"
        words += [progress["detail"]] if progress["detail"] else []
    failure = document.get("failure")
    if failure:
        words += [str(failure["reason"]), str(failure.get("remedy", ""))]
    return ", ".join(word for word in words if word)
