"""Look after what was left in the middle: mixes and imports whose workflow is gone, analyses that nobody works on.

A mix is begun again under a new name as long as it was not tried too often; its steps find what was done. In the end it
fails, and says so. A usual sweep looks at the mixes that are known to be under way and costs nothing where there are
none; a thorough one (after a crash, and once a day) looks at everything.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from notorious.domain import LIBRARY, MIX, StreamName
from notorious.domain.mix_events import MixPhase
from notorious.eventstore import EventStore, load
from notorious.service.endings import expire_mix, fail_mix
from notorious.service.executions import MOST_ATTEMPTS, begin_again, latest_execution
from notorious.service.failures import DEFAULT_REMEDY, Failure
from notorious.service.import_library import go_on_with_import
from notorious.service.ports import AnalysisQueue, Clock, Connections, Live, Objects, Sockets, Workflows
from notorious.service.selection import LibraryTrack
from notorious.service.separate_stems import INTERRUPTED, record_failure

KEPT: Final = timedelta(days=30)
"""Mixes are removed from the bucket after this time."""
LATE: Final = timedelta(minutes=30)
"""An analysis that was asked for so long ago is asked for again: the queue's longest way takes less."""
QUIET: Final = (3, 0)
"""Hour (UTC) and quarter of an hour in which the scheduled sweep looks at everything."""
_PHASE_OF: Final[dict[str, MixPhase]] = {
    "requested": "validating",
    "planned": "previewing",
    "approved": "rendering voices",
    "rendering": "rendering voices",
    "mastered": "exporting",
}


@dataclass(frozen=True)
class MixRow:
    """A mix as its view holds it; times are UTC."""

    mix: str
    status: str
    published_at: datetime | None = None


@dataclass
class Swept:
    """What a sweep has done, by mix or track."""

    begun_again: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    expired: list[str] = field(default_factory=list)
    asked_again: list[str] = field(default_factory=list)
    stems_failed: list[str] = field(default_factory=list)
    imports_begun_again: list[str] = field(default_factory=list)
    dead_connections: int = 0


def is_thorough(reason: str, now: datetime) -> bool:
    """Whether to look at everything: at a start, when asked to, and by the schedule once a day."""
    return reason in ("start", "everything") or (reason == "schedule" and (now.hour, now.minute // 15) == QUIET)


def sweep_jobs(
    *, store: EventStore, objects: Objects, live: Live, workflows: Workflows, swept: Swept | None = None
) -> Swept:
    """Look at the mixes that are known to be under way."""
    done = swept or Swept()
    for tenant, mix in list(live.jobs()):
        if not _look_after(tenant, mix, store=store, objects=objects, workflows=workflows, swept=done):
            live.forget_job(tenant, mix)
    return done


def sweep_everything(
    *,
    store: EventStore,
    objects: Objects,
    live: Live,
    workflows: Workflows,
    queue: AnalysisQueue,
    clock: Clock,
    mixes: Callable[[str], Iterable[MixRow]],
    tracks: Callable[[str], Sequence[LibraryTrack]],
    after_crash: bool = False,
) -> Swept:
    """Look at every tenant's mixes and tracks.

    after_crash : nothing that was under way can still be, so nothing is given time
    """
    swept = Swept()
    now = clock.now()
    for tenant in store.tenants():
        for row in mixes(tenant):
            if row.status not in ("published", "failed", "cancelled", "expired"):
                live.note_job(tenant, row.mix)
            elif _is_over(row, now) and expire_mix(tenant, row.mix, store=store, objects=objects):
                swept.expired.append(row.mix)
        library, _ = load(store, tenant, StreamName.library(), LIBRARY)
        for import_id in library.imports:
            if go_on_with_import(workflows, tenant, import_id, today=now.date()):
                swept.imports_begun_again.append(import_id)
        for track in tracks(tenant):
            _look_after_track(tenant, track, now, store=store, queue=queue, after_crash=after_crash, swept=swept)
    return sweep_jobs(store=store, objects=objects, live=live, workflows=workflows, swept=swept)


def _is_over(row: MixRow, now: datetime) -> bool:
    return row.status == "published" and row.published_at is not None and now - row.published_at > KEPT


def _look_after(
    tenant: str, mix: str, *, store: EventStore, objects: Objects, workflows: Workflows, swept: Swept
) -> bool:
    """See to one mix; whether it goes on."""
    state, _ = load(store, tenant, StreamName("mix", mix), MIX)
    if state.status == "unknown" or state.has_ended:
        return False
    execution = latest_execution(objects, tenant, mix)
    if execution is not None and workflows.status("mix", execution.name) == "running":
        return True
    if begin_again(workflows, objects, tenant, mix) is not None:
        swept.begun_again.append(mix)
        return True
    failure = Failure(f"its work was interrupted {MOST_ATTEMPTS} times", DEFAULT_REMEDY)
    if fail_mix(tenant, mix, phase=_PHASE_OF.get(state.status, "validating"), failure=failure, store=store):
        swept.failed.append(mix)
    return False


def _look_after_track(
    tenant: str,
    track: LibraryTrack,
    now: datetime,
    *,
    store: EventStore,
    queue: AnalysisQueue,
    after_crash: bool,
    swept: Swept,
) -> None:
    pending = track.pending_since
    if pending is not None and (after_crash or now - datetime.fromisoformat(pending) > LATE):
        queue.ask(tenant, track.sha256)
        swept.asked_again.append(track.sha256)
    if after_crash:
        for model in track.stems_under_way:
            record_failure(tenant, track.sha256, model, f"{INTERRUPTED}; ask for the stems again", store=store)
            swept.stems_failed.append(track.sha256)


def sweep_connections(connections: Connections, sockets: Sockets) -> int:
    """Forget the listeners that are gone without saying so; how many those were."""
    dead = [one.connection_id for one in connections.connections() if not sockets.is_open(one.connection_id)]
    for connection_id in dead:
        connections.disconnect(connection_id)
    return len(dead)
