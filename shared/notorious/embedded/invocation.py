"""Calling one function of a running service, with an event from a file."""

import base64
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from notorious.embedded.reach import FUNCTION_PREFIX, Service
from notorious.errors import InputError, RequestFailed


@dataclass(frozen=True)
class Answer:
    """What a function returned, as JSON text, and the last lines of its log."""

    payload: str
    log: str


def event_of(name: str, file: Path | None, *, start: Path | None = None) -> bytes:
    """The event in a file; without one, that of functions/NAME/event.json in this folder or one above it.

    Raises `InputError` where there is none, or it is no JSON.
    """
    path = file or _own_event(name, start or Path.cwd())
    try:
        content = path.read_bytes()
        json.loads(content)
    except OSError as error:
        raise InputError(f"The event {path} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise InputError(f"The event {path} is no JSON: {error}") from error
    return content


def _own_event(name: str, start: Path) -> Path:
    for folder in (start, *start.parents):
        path = folder / "functions" / name / "event.json"
        if path.is_file():
            return path
    raise InputError(f"There is no functions/{name}/event.json here. Name an event with --event FILE.")


def invoke(service: Service, name: str, event: bytes) -> Answer:
    """Call a function. Raises `InputError` for a name that there is not, `RequestFailed` where it raised."""
    known = sorted(function.removeprefix(FUNCTION_PREFIX) for function in service.functions)
    if name not in known:
        raise InputError(f"There is no function {name!r}. There are: {', '.join(known)}")
    functions: Any = service.access.client("lambda")
    answer = functions.invoke(FunctionName=FUNCTION_PREFIX + name, Payload=event, LogType="Tail")
    payload = answer["Payload"].read().decode()
    log = base64.b64decode(answer.get("LogResult", "")).decode(errors="replace")
    if "FunctionError" in answer:
        raise RequestFailed(f"The function {name} failed: {payload}\n{log}".rstrip())
    return Answer(payload, log)
