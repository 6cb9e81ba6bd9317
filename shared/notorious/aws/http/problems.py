"""Errors as RFC 9457 has them: `application/problem+json`, with the fields that are wrong where there are such.

    {"type": "/problems/invalid-input", "title": "...", "status": 422, "detail": "...", "instance": REQUEST,
     "errors": [{"field": "brief.minutes", "in": "body", "message": "..."}]}

Types are named by the condition: a refusal of the domain by its class (`PlanHasChanged`: `/problems/plan-has-changed`).
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from aws_lambda_powertools.event_handler import Response

from notorious.domain import Refused
from notorious.domain.mix import NoSuchMix, NoSuchTransition
from notorious.domain.track import NoSuchTrack, NothingCorrected
from notorious.errors import InputError, NotoriousError
from notorious.eventstore import StoreIsBusy
from notorious.service.ports import ObjectMissing

CONTENT_TYPE: Final = "application/problem+json"
_WORD = re.compile(r"(?<!^)(?=[A-Z])")


@dataclass(eq=False)
class Problem(Exception):
    """What is answered instead of a result."""

    status: int
    type: str
    title: str
    detail: str
    errors: Sequence[Mapping[str, str]] = ()
    headers: Mapping[str, str] = field(default_factory=dict)

    def response(self, request_id: str) -> Response[Any]:
        """The answer; `instance` names the request, as the log does."""
        body: dict[str, Any] = {
            "type": f"/problems/{self.type}",
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            "instance": f"/requests/{request_id}",
        }
        if self.errors:
            body["errors"] = list(self.errors)
        return Response(
            status_code=self.status, content_type=CONTENT_TYPE, body=json.dumps(body), headers=dict(self.headers)
        )


def not_found(what: str) -> Problem:
    """Something that is not there, or is somebody else's: the two are not told apart."""
    return Problem(404, "not-found", "There is no such thing", what)


def wrong_method(method: str, methods: Sequence[str]) -> Problem:
    """A path that takes other methods."""
    takes = ", ".join(methods)
    return Problem(
        405,
        "wrong-method",
        "The path does not take this method",
        f"not {method}, but {takes}",
        headers={"Allow": takes},
    )


def wrong_field(name: str, message: str, *, place: str) -> Problem:
    """One field that cannot be meant; `place` is body, query, path or header."""
    return Problem(422, "invalid-input", "A field cannot be used", f"{name}: {message}", [_error(name, message, place)])


def too_many_requests(seconds: float) -> Problem:
    """Try again after so many seconds."""
    wait = max(1, int(seconds) + (seconds > int(seconds)))
    return Problem(
        429,
        "too-many-requests",
        "Too many requests",
        f"this user asks more often than is allowed; try again in {wait} s",
        headers={"Retry-After": str(wait)},
    )


def of_validation(errors: Sequence[Mapping[str, Any]]) -> Problem:
    """What pydantic says of a request: each field with its place."""
    found = []
    for error in errors:
        place, *names = [str(part) for part in error.get("loc", ())] or ["body"]
        message = str(error.get("msg", "cannot be used")).removeprefix("Value error, ")
        if error.get("type") == "json_invalid":
            names, message = [], "it is not JSON"
        found.append(_error(".".join(names) or place, message, place))
    detail = "; ".join(f"{one['field']}: {one['message']}" for one in found[:5])
    return Problem(422, "invalid-input", "The request cannot be used", detail, found)


def of_error(error: NotoriousError) -> Problem:
    """A failure of ours as an answer."""
    words = str(error)
    match error:
        case NoSuchTrack() | NoSuchMix() | NoSuchTransition():
            return not_found(words)
        case NothingCorrected():
            return wrong_field("bpm, camelot or cues", words, place="body")
        case Refused():
            return Problem(409, _name(error), "The present state does not allow it", words)
        case InputError():
            return Problem(422, "invalid-input", "The request cannot be used", words)
        case ObjectMissing():
            return Problem(410, "gone", "It was there and is no longer", words)
        case StoreIsBusy():
            return Problem(503, "busy", "Too much at once", words, headers={"Retry-After": "1"})
        case _:
            return Problem(500, "failed", "It could not be done", words)


def _error(name: str, message: str, place: str) -> dict[str, str]:
    return {"field": name, "in": place, "message": message}


def _name(error: NotoriousError) -> str:
    return _WORD.sub("-", type(error).__name__).lower()
