"""Previews: half a minute around a transition, rendered at once, so that one can listen before the mix is made."""

import hashlib
import tempfile
from pathlib import Path

from notorious.domain.mix import PlanHasChanged, RecordPreview
from notorious.errors import PlanError
from notorious.eventstore import EventStore
from notorious.planning.plan import Plan
from notorious.service import keys
from notorious.service.mix_job import ACTOR, MixJob, StillWanted, open_job, record
from notorious.service.ports import Objects
from notorious.service.progress import Progress
from notorious.service.references import reference_to
from notorious.service.voices import track_key


def preview(
    tenant: str,
    mix: str,
    *,
    store: EventStore,
    objects: Objects,
    progress: Progress,
    transition: int | None = None,
    folder: Path | None = None,
) -> tuple[int, ...]:
    """Render the preview of one transition of the present plan, or of all where previews are wanted; which were made.

    Those that lie there already are not rendered again. At most two files of tracks lie in `folder` at a time. Raises
    Cancelled; PlanError, UnreadableAudio where another attempt would fail alike.
    """
    job = open_job(store, tenant, mix)
    plan = job.plan(objects)
    if transition is not None and not 0 <= transition < len(plan.transitions):
        raise PlanError(f"there is no transition {transition}; the set has {len(plan.transitions)}, counted from 0")
    if transition is not None:
        wanted = [transition]
    elif job.request.wants_preview:
        wanted = [one.index for one in plan.transitions]
    else:
        return ()
    still_wanted = StillWanted(store, job)
    with tempfile.TemporaryDirectory(prefix="preview-", dir=folder) as work:
        files = _Files(Path(work), store, objects, tenant)
        for done, index in enumerate(wanted):
            progress.report("previewing", done, len(wanted), plan.slots[index].track.title)
            _preview(job, plan, index, files=files, store=store, objects=objects, still_wanted=still_wanted)
    progress.report("previewing", len(wanted), len(wanted))
    return tuple(wanted)


class _Files:
    """The tracks' files on this disk: those of the transition in hand."""

    def __init__(self, folder: Path, store: EventStore, objects: Objects, tenant: str) -> None:
        self._folder, self._store, self._objects, self._tenant = folder, store, objects, tenant
        self._there: dict[str, Path] = {}

    def of(self, hashes: list[str]) -> dict[str, Path]:
        for sha256 in set(self._there) - set(hashes):
            self._there.pop(sha256).unlink()
        for sha256 in hashes:
            if sha256 not in self._there:
                path = self._folder / sha256
                self._objects.download(track_key(self._store, self._tenant, sha256), path)
                self._there[sha256] = path
        return dict(self._there)


def _preview(
    job: MixJob,
    plan: Plan,
    index: int,
    *,
    files: _Files,
    store: EventStore,
    objects: Objects,
    still_wanted: StillWanted,
) -> None:
    from notorious.rendering.parts import localised
    from notorious.rendering.preview import preview_range, render_preview
    from notorious.rendering.voice import voice_key

    heard = preview_range(plan, transition=index)
    slots = heard.slots(plan)
    # A voice's key names all that determines it, so these name the preview.
    determines = f"{[voice_key(plan, slot) for slot in slots]} {heard.start_seconds!r} {heard.end_seconds!r}"
    key = keys.preview(job.tenant, job.mix, index, hashlib.sha256(determines.encode()).hexdigest()[:32])
    if objects.find(key) is None:
        local = localised(plan, files.of([plan.slots[slot].track.sha256 for slot in slots]))
        with objects.sink(key, content_type="audio/flac") as sink:
            render_preview(local, sink, heard, format="flac", cancelled=still_wanted.is_cancelled)
    command = RecordPreview(
        command_id=f"preview:{job.planned.revision}:{index}:{key[-16:]}",
        actor=ACTOR,
        audio=reference_to(objects, key),
        transition_index=index,
        revision=job.planned.revision,
    )
    try:
        record(store, job.tenant, job.mix, command)
    except PlanHasChanged:
        # Edited while it was being rendered: this preview is of a plan that nobody asks for any more.
        return
