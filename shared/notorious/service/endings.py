"""How a mix ends: published, failed, or, after its time, expired."""

import hashlib
from collections.abc import Mapping

from notorious.domain import MIX, Reference, StreamName
from notorious.domain.mix import ExpireMix, FailMix, PublishMix
from notorious.domain.mix_events import MixPhase
from notorious.eventstore import EventStore, handle, load
from notorious.service import keys
from notorious.service.failures import Failure
from notorious.service.mix_job import ACTOR, open_job, record
from notorious.service.ports import Objects
from notorious.service.progress import Progress


def publish_mix(
    tenant: str, mix: str, files: Mapping[str, Reference], *, store: EventStore, progress: Progress
) -> None:
    """Make the files available to listeners. Raises Cancelled."""
    job = open_job(store, tenant, mix)
    progress.report("publishing", 0, 1)
    names = ",".join(f"{name}={reference.sha256[:8]}" for name, reference in sorted(files.items()))
    command = PublishMix(command_id=f"publish:{job.planned.revision}:{names}"[:256], actor=ACTOR, files=dict(files))
    record(store, tenant, mix, command)
    progress.report("publishing", 1, 1)


def fail_mix(tenant: str, mix: str, *, phase: MixPhase, failure: Failure, store: EventStore) -> bool:
    """Note that a mix has failed, and why; False where it had ended before (it was cancelled, say)."""
    stream = StreamName("mix", mix)
    state, _ = load(store, tenant, stream, MIX)
    # A mix that failed and was then edited may fail again, even for the same reason.
    told = hashlib.sha256(f"{phase}\n{failure.reason}\n{failure.remedy}".encode()).hexdigest()[:16]
    command = FailMix(
        command_id=f"fail:{state.revision}:{told}",
        actor=ACTOR,
        phase=phase,
        reason=failure.reason,
        remedy=failure.remedy,
    )
    handled = handle(store, tenant, stream, command, MIX)
    return bool(handled.records) and not handled.was_repeated


def expire_mix(tenant: str, mix: str, *, store: EventStore, objects: Objects) -> bool:
    """Remove the files of a mix whose time is over; its plan and history stay. False where it is not published."""
    stream = StreamName("mix", mix)
    state, _ = load(store, tenant, stream, MIX)
    command = ExpireMix(command_id=f"expire:{state.revision}", actor=ACTOR)
    handled = handle(store, tenant, stream, command, MIX)
    if handled.state.status != "expired":
        return False
    for found in list(objects.under(keys.mix_file(tenant, mix, "mix").removesuffix("mix"))):
        objects.delete(found.key)
    return bool(handled.records) and not handled.was_repeated
