"""Hear a whole library: list what is not known by today's analysers, and, when it was heard, say how it went.

    list_library ── manifest ──▶ a Map hears each track ──▶ finish_import

The manifest holds only what is missing, so an import that was stopped goes on where it was when it is begun again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from notorious.domain import LIBRARY, TRACK, StreamName
from notorious.domain.library import FinishImport, StartImport
from notorious.eventstore import EventStore, handle, load
from notorious.service import keys
from notorious.service.ports import Objects, Workflows
from notorious.service.references import JSON, keep, parse_json
from notorious.service.selection import LibraryTrack

ACTOR = "analyze-library"


@dataclass(frozen=True)
class Manifest:
    """Where the list of tracks lies, and how long it is."""

    key: str
    count: int


def begin_import(workflows: Workflows, tenant: str, import_id: str) -> bool:
    """Begin to hear what is missing of a library; False where this import was begun before."""
    return workflows.start("analyze-library", keys.checked_name(import_id), {"tenant": tenant, "import": import_id})


def go_on_with_import(workflows: Workflows, tenant: str, import_id: str, *, today: date) -> bool:
    """Begin again with an import that nobody works on any more; False where somebody does.

    At most once a day under a name of its own, beside the first one, which a crash of the embedded stack sets free.
    """
    first = keys.checked_name(import_id)
    names = (first, *(f"{first}-{day:%Y%m%d}" for day in (today - timedelta(days=1), today)))
    if any(workflows.status("analyze-library", name) == "running" for name in names):
        return False
    document = {"tenant": tenant, "import": import_id}
    return any(workflows.start("analyze-library", name, document) for name in (names[0], names[-1]))


def list_library(
    tenant: str,
    import_id: str,
    *,
    store: EventStore,
    objects: Objects,
    tracks: Sequence[LibraryTrack],
    versions: Mapping[str, int],
) -> Manifest:
    """Write down which tracks have to be heard, and note that an import has started.

    tracks : the whole library; versions : of today's analysers
    """
    missing = [track.sha256 for track in tracks if track.analysis is None or dict(track.analysers) != dict(versions)]
    document = "[" + ",".join(f'{{"tenant":"{tenant}","sha256":"{sha256}"}}' for sha256 in sorted(missing)) + "]"
    key = keys.manifest(tenant, import_id)
    reference = keep(objects, document.encode(), lambda _: key, content_type=JSON)
    command = StartImport(
        command_id=f"import:{import_id}", actor=ACTOR, import_id=import_id, manifest=reference, count=len(missing)
    )
    handle(store, tenant, StreamName.library(), command, LIBRARY)
    return Manifest(key, len(missing))


@dataclass(frozen=True)
class Imported:
    """How an import went."""

    analysed: int
    failed: int
    skipped: int


def finish_import(
    tenant: str,
    import_id: str,
    *,
    store: EventStore,
    objects: Objects,
    tracks: Sequence[LibraryTrack],
    versions: Mapping[str, int],
) -> Imported:
    """Count what became of the tracks of an import, note it, and sum the library up for planning."""
    listed: list[dict[str, Any]] = parse_json(objects.get(keys.manifest(tenant, import_id)))
    by_hash = {track.sha256: track for track in tracks}
    analysed = sum(_is_heard(store, tenant, row["sha256"], by_hash, versions) for row in listed)
    wanted = {row["sha256"] for row in listed}
    skipped = sum(track.sha256 not in wanted for track in tracks)
    done = Imported(analysed, len(listed) - analysed, skipped)
    command = FinishImport(
        command_id=f"imported:{import_id}",
        actor=ACTOR,
        import_id=import_id,
        analysed=done.analysed,
        failed=done.failed,
        skipped=done.skipped,
    )
    handle(store, tenant, StreamName.library(), command, LIBRARY)
    # NumPy comes with them, which who only begins or looks after an import does without.
    from notorious.service.profiles import profiles

    profiles(tenant, tracks, objects=objects)
    return done


def _is_heard(
    store: EventStore,
    tenant: str,
    sha256: str,
    by_hash: Mapping[str, LibraryTrack],
    versions: Mapping[str, int],
) -> bool:
    """What the view knows is true; what it does not know yet, the stream may."""
    seen = by_hash.get(sha256)
    if seen is not None and seen.analysis is not None and dict(seen.analysers) == dict(versions):
        return True
    state, _ = load(store, tenant, StreamName("track", sha256), TRACK)
    return state.analysis is not None and state.analysis.analysers == dict(versions)
