"""Stems: have a track separated, and note where its stems lie, or why there are none.

Separation runs elsewhere (a Batch job). It is begun once for each request in the track's history, and what it leaves
says how it went: `stems.json` beside the stems, or `failure.json` with the reason.
"""

import hashlib
import json
from datetime import timedelta
from typing import Any, Final

from notorious.domain import TRACK, Recorded, Reference, StreamName
from notorious.domain.track import NoSuchTrack, RecordStems, RecordStemsFailure
from notorious.domain.track_events import StemsRequested
from notorious.eventstore import EventStore, event_of, handle, load
from notorious.service import keys
from notorious.service.failures import Unrecoverable, failure_of
from notorious.service.ports import Clock, ObjectMissing, Objects, Separation

ACTOR: Final = "stems"
KEPT: Final = timedelta(days=7)
STEMS_NAME, FAILURE_NAME = "stems.json", "failure.json"
INTERRUPTED: Final = "the separation was interrupted"


def submit_stems(recorded: Recorded, *, store: EventStore, separation: Separation) -> bool:
    """Begin what a StemsRequested asks for; False where it was begun before, or is no longer wanted."""
    event = event_of(recorded)
    if not isinstance(event, StemsRequested):
        return False
    sha256 = recorded.stream.id
    state, _ = load(store, recorded.tenant, recorded.stream, TRACK)
    if state.upload is None or event.model not in state.stems_under_way:
        return False
    return separation.submit(recorded.tenant, sha256, event.model, source=state.upload.key, attempt=recorded.version)


def separation_name(tenant: str, sha256: str, model: str, attempt: int) -> str:
    """Names one separation, so that it is begun once."""
    digest = hashlib.sha256(f"{tenant}/{sha256}/{model}/{attempt}".encode()).hexdigest()
    return f"stems-{digest[:40]}"


def finish_stems(
    tenant: str, sha256: str, model: str, *, store: EventStore, objects: Objects, clock: Clock
) -> tuple[str, ...]:
    """Note the stems that were left under the track's prefix; their names. Raises Unrecoverable without any."""
    prefix = keys.stems_prefix(tenant, sha256, model)
    try:
        left = json.loads(objects.get(f"{prefix}{STEMS_NAME}"))
        stems = {name: _reference(value, prefix) for name, value in left.items()}
    except ObjectMissing as error:
        raise Unrecoverable(f"the separation by {model} left no stems; ask for them again") from error
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise Unrecoverable(f"what the separation by {model} left cannot be read ({error}); ask again") from error
    digest = hashlib.sha256(json.dumps(left, sort_keys=True).encode()).hexdigest()[:32]
    _, version = load(store, tenant, StreamName("track", sha256), TRACK)
    command = RecordStems(
        command_id=f"stems:{model}:{digest}:{version}",
        actor=ACTOR,
        model=model,
        stems=stems,
        expires_at=clock.now() + KEPT,
    )
    try:
        handle(store, tenant, StreamName("track", sha256), command, TRACK)
    except NoSuchTrack:
        return ()
    return tuple(stems)


def _reference(value: Any, prefix: str) -> Reference:
    reference = Reference(
        key=value["key"], sha256=value["sha256"], size_bytes=value.get("size_bytes", value.get("bytes"))
    )
    if not reference.key.startswith(prefix):
        raise ValueError(f"{reference.key} does not lie under {prefix}")
    return reference


def fail_stems(
    tenant: str, sha256: str, model: str, *, error: str, cause: str, store: EventStore, objects: Objects
) -> str:
    """Note why there are no stems; the reason. Mixes go on without."""
    try:
        told = json.loads(objects.get(f"{keys.stems_prefix(tenant, sha256, model)}{FAILURE_NAME}"))
        reason = str(told["reason"])
    except (ObjectMissing, ValueError, TypeError, KeyError):
        reason = _batch_reason(cause) or failure_of(error, cause).reason
    record_failure(tenant, sha256, model, reason, store=store)
    return reason


def record_failure(tenant: str, sha256: str, model: str, reason: str, *, store: EventStore) -> None:
    """Note that a separation came to nothing; nothing happens where none is under way."""
    stream = StreamName("track", sha256)
    _, version = load(store, tenant, stream, TRACK)
    command = RecordStemsFailure(command_id=f"no-stems:{model}:{version}", actor=ACTOR, model=model, reason=reason)
    try:
        handle(store, tenant, stream, command, TRACK)
    except NoSuchTrack:
        return


def _batch_reason(cause: str) -> str | None:
    """What Batch says of a job that failed (its description as JSON)."""
    try:
        job = json.loads(cause)
        container = job.get("Container", {})
        reasons = (container.get("Reason"), job.get("StatusReason"))
    except (ValueError, AttributeError):
        return None
    return "; ".join(str(reason) for reason in reasons if reason) or None
