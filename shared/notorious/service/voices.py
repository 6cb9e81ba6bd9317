"""Render one voice of a mix into the bucket, unless it lies there already.

A voice is known by the hash of all that determines it, so that an edited plan, another mix of the same slots, or a
workflow that was begun again renders only what is new. Beside its frames lies a note with their hash and length; it is
written last, so a voice without one is not complete.
"""

import hashlib
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

from notorious.domain import TRACK, Reference, StreamName
from notorious.domain.mix import RecordVoice, StartRendering
from notorious.errors import PlanError
from notorious.eventstore import EventStore, load
from notorious.planning.plan import Plan
from notorious.service import keys
from notorious.service.mix_job import ACTOR, MixJob, StillWanted, open_job, record
from notorious.service.ports import Clock, ObjectMissing, Objects
from notorious.service.progress import Progress

FRESH: Final = timedelta(days=2)
"""Voices are removed after three days: one that is older is rendered again rather than lost before the master."""


@dataclass(frozen=True)
class VoiceInBucket:
    """Where a voice lies, and whether it lay there before."""

    index: int
    voice_key: str
    audio: Reference
    cached: bool


def render_voice(
    tenant: str,
    mix: str,
    index: int,
    *,
    store: EventStore,
    objects: Objects,
    clock: Clock,
    progress: Progress,
    folder: Path | None = None,
) -> VoiceInBucket:
    """Render voice `index` of the present plan.

    `folder` is where its file and its frames may lie meanwhile: 0.35 MB a second of the voice, and the track's file.
    Raises Cancelled; PlanError, UnreadableAudio where another attempt would fail alike; else what the ports raise.
    """
    job = open_job(store, tenant, mix)
    plan = job.plan(objects)
    if not 0 <= index < len(plan.slots):
        raise PlanError(f"the plan has no voice {index}: it has {len(plan.slots)}, counted from 0; plan again")
    if job.state.status not in ("rendering", "mastered"):
        revision = job.planned.revision
        start = StartRendering(
            command_id=f"render:{revision}", actor=ACTOR, revision=revision, voice_count=len(plan.slots)
        )
        record(store, tenant, mix, start)
    voice = _find_or_render(
        job, plan, index, store=store, objects=objects, clock=clock, progress=progress, folder=folder
    )
    command = RecordVoice(
        command_id=f"voice:{job.planned.revision}:{index}:{voice.voice_key[:32]}",
        actor=ACTOR,
        index=index,
        audio=voice.audio,
        voice_key=voice.voice_key,
        cached=voice.cached,
    )
    record(store, tenant, mix, command)
    return voice


def _find_or_render(
    job: MixJob,
    plan: Plan,
    index: int,
    *,
    store: EventStore,
    objects: Objects,
    clock: Clock,
    progress: Progress,
    folder: Path | None,
) -> VoiceInBucket:
    from notorious.rendering.voice import voice_key, voice_span

    key = voice_key(plan, index)
    rate_hz = plan.master.sample_rate_hz
    total = sum(voice_span(plan, slot.index).frames for slot in plan.slots) / rate_hz
    own = voice_span(plan, index).frames / rate_hz
    known = _known(objects, job.tenant, key, clock)
    if known is not None:
        progress.report("rendering voices", own, total)
        return VoiceInBucket(index, key, known, cached=True)
    still_wanted = StillWanted(store, job)
    name = plan.slots[index].track.title

    def report(frames: int) -> None:
        from notorious.rendering.progress import stop_if

        stop_if(still_wanted.is_cancelled)
        progress.report("rendering voices", frames / rate_hz, total, name)

    with tempfile.TemporaryDirectory(prefix="voice-", dir=folder) as work:
        audio = _rendered(job.tenant, plan, index, key, Path(work), report, store=store, objects=objects)
    return VoiceInBucket(index, key, audio, cached=False)


def _rendered(
    tenant: str,
    plan: Plan,
    index: int,
    key: str,
    work: Path,
    report: Callable[[int], None],
    *,
    store: EventStore,
    objects: Objects,
) -> Reference:
    from notorious.rendering.parts import localised
    from notorious.rendering.voice import render_voice as render

    sha256 = plan.slots[index].track.sha256
    source = work / "source"
    objects.download(track_key(store, tenant, sha256), source)
    frames = work / "voice.f32"
    render(localised(plan, {sha256: source}), index, frames, report=report)
    source.unlink()
    with frames.open("rb") as file:
        content = hashlib.file_digest(file, "sha256").hexdigest()
    audio = Reference(key=keys.voice(tenant, key), sha256=content, size_bytes=frames.stat().st_size)
    objects.upload(frames, audio.key)
    objects.put(keys.voice_note(tenant, key), audio.model_dump_json().encode(), content_type="application/json")
    return audio


def _known(objects: Objects, tenant: str, key: str, clock: Clock) -> Reference | None:
    """A voice that was rendered before, whole, and will outlast the mix."""
    note = objects.find(keys.voice_note(tenant, key))
    there = objects.find(keys.voice(tenant, key))
    if note is None or there is None or clock.now() - there.modified > FRESH:
        return None
    try:
        audio = Reference.model_validate_json(objects.get(note.key))
    except (ObjectMissing, ValueError):
        return None
    return audio if audio.size_bytes == there.bytes else None


def track_key(store: EventStore, tenant: str, sha256: str) -> str:
    """Where the file of a track lies. Raises PlanError where it is not in the library."""
    state, _ = load(store, tenant, StreamName("track", sha256), TRACK)
    if state.upload is None:
        raise PlanError(f"the track {sha256[:12]}… is no longer in the library; upload it again, or plan without it")
    return state.upload.key
