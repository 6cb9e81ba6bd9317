"""What functions do seldom, done under their roles: races, writes that are broken off, what has expired or is gone."""

import contextlib
from datetime import UTC, datetime, timedelta
from pathlib import Path

from in_role import InRole

from fakes.clock import FakeClock
from notorious.domain import LIBRARY, Recorded, Reference, StreamName
from notorious.domain.library import StartImport
from notorious.domain.track_events import AnalysisRequested, TrackDeleted
from notorious.eventstore import MemoryStore, handle
from notorious.service.analyses import keep_parts, read_parts
from notorious.service.approval import resume_approved
from notorious.service.executions import latest_execution
from notorious.service.library_view import library_tracks, mix_rows
from notorious.service.ports import Connection
from notorious.service.progress import Progress
from notorious.service.selection import LibraryTrack
from notorious.service.sweep import sweep_connections, sweep_everything, sweep_jobs

_MORE_THAN_TWO_PARTS = b"\0" * (17 << 20)


def lose_a_race_for_the_feed(role: InRole) -> None:
    """Append where others were faster: look where the head is, what lies there, and what came before."""
    one, two, three = _history(f"race-{role.name}")
    assert role.table.put_back(one.tenant, [one]) == 1
    assert role.table.put_back(one.tenant, [one, two]) == 1
    assert anew(role).table.put_back(one.tenant, [three]) == 1


def anew(role: InRole) -> InRole:
    """The same rights without what was seen before."""
    fresh: InRole = object.__new__(InRole)
    seen = ("table", "events", "live")
    fresh.__dict__.update({key: value for key, value in role.__dict__.items() if key not in seen})
    return fresh


def _history(tenant: str) -> tuple[Recorded, ...]:
    memory, stream = MemoryStore(), StreamName("track", "f" * 64)
    for number in range(3):
        event = TrackDeleted() if number == 2 else AnalysisRequested(cause="asked")
        memory.append(tenant, stream, number, [event], command_id=f"c{number}", actor="race")
    return tuple(memory.feed(tenant))


def report_beside_others(role: InRole) -> None:
    """Report progress while another process does so too: who tells is settled in the item."""
    for _ in range(2):
        with Progress(role.live, role.notifier, role.clock, tenant="race", mix=role.name) as progress:
            progress.report("rendering voices", 1, 2)


def break_off_a_write(role: InRole, folder: str) -> None:
    """Begin an object of many parts and fail in the middle: nothing of it stays."""
    with contextlib.suppress(ConnectionError), role.objects.sink(f"{folder}/race/{role.name}") as sink:
        sink.write(_MORE_THAN_TWO_PARTS)
        raise ConnectionError("broken off")


def tell_one_who_is_gone(sockets: InRole, notify: InRole, mix: str) -> None:
    """A listener who went without a word is forgotten when a message does not reach him."""
    gone = Connection("nobody-there=", "local", "user:gone")
    until = datetime.now(UTC) + timedelta(minutes=5)
    sockets.live.connect(gone, expires=until)
    sockets.live.subscribe(gone, f"mix/{mix}", expires=until)
    assert gone.connection_id in notify.live.listeners("local", f"mix/{mix}")
    assert not notify.sockets.send(gone.connection_id, b"{}")
    notify.live.disconnect(gone.connection_id)
    assert gone.connection_id not in notify.live.listeners("local", f"mix/{mix}")


def hear_with_a_newer_analyser(analyze: InRole) -> None:
    """Parts of an older version make way, and those that are there are read."""
    kept = {"grid": {"bpm": 120.0}}
    for version in (1, 2):
        keep_parts(analyze.objects, "race", "f" * 64, kept, {"grid": version})
    assert read_parts(analyze.objects, "race", "f" * 64, {"grid": 2}) == kept


def approve_before_the_question(asking: InRole) -> None:
    """The approval came before the token: whoever keeps the token hands it back (here, one that nobody waits for)."""
    asking.live.keep_approval_token("local", "race", "no-such-token", expires=datetime.now(UTC) + timedelta(minutes=5))
    assert not resume_approved("local", "race", tokens=asking.live, workflows=asking.workflows)
    assert asking.live.approval_token("local", "race") is None


def begin_again_with_what_was_lost(sweep: InRole, mix: str) -> None:
    """The workflow of a mix is gone without a word: it is begun again under another name."""
    execution = latest_execution(sweep.objects, "local", mix)
    assert execution is not None
    sweep.end_execution(execution.name)
    swept = sweep_jobs(store=sweep.events, objects=sweep.objects, live=sweep.live, workflows=sweep.workflows)
    assert swept.begun_again == [mix]


def sweep_after_a_month(sweep: InRole) -> None:
    """Mixes have expired, an import and an analysis were never finished, a listener is gone."""
    clock = FakeClock(datetime.now(UTC) + timedelta(days=31))
    late = anew(sweep)
    late.clock = clock
    command = StartImport(
        command_id="import:forgotten",
        actor="test",
        import_id="forgotten",
        manifest=Reference(key="manifests/local/forgotten.json", sha256="0" * 64, size_bytes=1),
        count=1,
    )
    handle(sweep.events, "local", StreamName.library(), command, LIBRARY)
    waiting = LibraryTrack("f" * 64, "x.flac", None, None, pending_since=datetime(2026, 1, 1, tzinfo=UTC).isoformat())
    swept = sweep_everything(
        store=sweep.events,
        objects=sweep.objects,
        live=late.live,
        workflows=sweep.workflows,
        queue=sweep.queue,
        clock=clock,
        mixes=lambda tenant: mix_rows(sweep.views, tenant),
        tracks=lambda tenant: [*library_tracks(sweep.views, tenant), *([waiting] if tenant == "local" else [])],
    )
    assert swept.expired
    assert waiting.sha256 in swept.asked_again
    assert "forgotten" in swept.imports_begun_again
    sweep.live.connect(Connection("gone-too=", "local", "user:gone"), expires=datetime.now(UTC) + timedelta(minutes=5))
    assert sweep_connections(sweep.live, sweep.sockets) >= 1


def separate(job: InRole, tenant: str, track: str, source: str) -> str:
    """What the container does, with shares of the track for stems; the model's name."""
    import sys

    sys.path.insert(0, str(Path(__file__).parent.parent / "stems"))
    from stand_in_separators import Shares

    from notorious.service import keys
    from notorious.stems.job import run_job

    prefix = keys.stems_prefix(tenant, track, "shares")
    assert run_job(job.objects, source=source, destination=prefix, load=Shares)
    break_off_a_write(job, prefix.rstrip("/"))
    return "shares"
