"""How a step of a workflow fails, so that the workflow knows what to do.

    Cancelled (notorious.errors)   the job was cancelled: it ends quietly
    Unrecoverable                  another attempt would fail alike: the job fails with the reason
    anything else                  the step is tried again, with backoff; in the end the job fails

A workflow tells errors apart by the name of their class, which is why these names are part of the contract.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from notorious.errors import AudioError, InputError, NothingToMix, NotoriousError

_SPLIT = "; "
DEFAULT_REMEDY = "try again; if it fails again, the logs under this mix's id say more"


class Unrecoverable(NotoriousError):
    """Another attempt cannot change it."""


@contextmanager
def told_apart(*unrecoverable: type[Exception]) -> Iterator[None]:
    """Turn errors that another attempt would meet again into Unrecoverable: those of the input, and the given ones."""
    try:
        yield
    except Unrecoverable:
        raise
    except (InputError, AudioError, NothingToMix) as error:
        raise Unrecoverable(str(error)) from error
    except unrecoverable as error:
        raise Unrecoverable(str(error)) from error


@dataclass(frozen=True)
class Failure:
    """Why a job failed, for whoever asked for it."""

    reason: str
    remedy: str


def failure_of(error: str, cause: str, *, phase: str = "") -> Failure:
    """Read what a workflow hands to its `fail` step: an error's name and cause (JSON, where a function raised it)."""
    kind, message = error, cause
    try:
        told = json.loads(cause)
    except ValueError:
        told = None
    if isinstance(told, dict):
        kind = str(told.get("errorType") or error)
        message = str(told.get("errorMessage") or "")
    message = " ".join(message.split())
    if kind == Unrecoverable.__name__:
        reason, _, remedy = message.partition(_SPLIT)
        return Failure(reason or "it cannot be done", remedy or "change what was asked for, and ask again")
    if error == "States.Timeout" and phase == "waiting for approval":
        return Failure(
            "nobody approved the plan in time", "ask for the mix again, and approve its plan within three days"
        )
    if error in ("States.Timeout", "Sandbox.Timedout") or "Task timed out" in message:
        return Failure("a step took longer than it may and was stopped", DEFAULT_REMEDY)
    return Failure(f"{kind}: {message}" if message else kind, DEFAULT_REMEDY)
