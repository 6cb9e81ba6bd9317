"""What routes share: who asks, the ids that make a wish safe to repeat, and words for the documentation."""

import hashlib
from collections.abc import Callable
from typing import Annotated, Any, Final

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver
from aws_lambda_powertools.event_handler.openapi.params import Header, Path
from pydantic import BaseModel

from notorious.aws.http.caller import Caller
from notorious.aws.http.problems import not_found, wrong_field
from notorious.service.wishes import Wisher

CallerOf = Callable[[], Caller]

TrackId = Annotated[str, Path(description="The SHA-256 of the track's file.", pattern="^[0-9a-f]{64}$")]
MixId = Annotated[str, Path(description="The id of the mix.", pattern="^[0-9A-Z]{26}$")]
IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        description="Any text of your own that makes it safe to repeat the request, for ever: the same key is the same "
        "wish.",
        min_length=1,
        max_length=200,
    ),
]

LISTED_SECONDS: Final = 3600
"""How long a signed address works."""

_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def answers(model: type[BaseModel] | None, *statuses: int, status: int = 200) -> dict[int, Any]:
    """The answers of a route, for the documentation: a result, and the problems that can be instead."""
    words = {
        200: "what was asked for",
        201: "made",
        202: "begun; it goes on in the background",
        204: "gone",
        401: "no valid token",
        404: "there is no such thing in this library",
        409: "the present state does not allow it",
        422: "a field cannot be used; `errors` names it",
        429: "too many requests; `Retry-After` says when to try again",
        503: "too much at once; try again",
    }
    problem = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    result: dict[str, Any] = {"description": words[status]}
    if model is not None:
        result["content"] = {"application/json": {"model": model}}
    wrong = {one: {"description": words[one], "content": problem} for one in sorted({401, 422, 429, 503, *statuses})}
    return {status: result, **wrong}


def wisher(app: APIGatewayHttpResolver, caller: Caller, key: str | None) -> Wisher:
    """Who wishes, under the caller's own key or, without one, the request's id.

    A key is a user's own: two users who choose the same one do not meet.
    """
    command = f"http:{caller.user}:{key}" if key else f"request:{caller.request_id}"
    return Wisher(caller.actor, hashlib.sha256(command.encode()).hexdigest(), correlation_id=caller.request_id or None)


def id_of_key(caller: Caller, key: str) -> str:
    """The id that a user's key stands for: 26 characters, always the same ones."""
    digest = hashlib.sha256(f"{caller.tenant}\n{caller.user}\n{key}".encode()).digest()
    number = int.from_bytes(digest[:17], "big") >> 6
    return "".join(_ALPHABET[number >> shift & 31] for shift in range(125, -5, -5))


def no_track(track: str) -> Exception:
    """There is none of this id."""
    return not_found(f"there is no track {track} in this library")


def no_mix(mix: str) -> Exception:
    """There is none of this id."""
    return not_found(f"there is no mix {mix} in this library")


def read_offset(cursor: str | None) -> int:
    """The place that a cursor of a short list stands for. Raises Problem."""
    if cursor is None:
        return 0
    if not cursor.isascii() or not cursor.isdigit() or len(cursor) > 9:
        raise wrong_field("cursor", "it is none that this list gave; begin again without one", place="query")
    return int(cursor)
