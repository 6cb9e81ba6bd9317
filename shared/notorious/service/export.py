"""Export a mastered mix: the formats that were asked for, and the sheet beside them.

Formats are encoded from the master as a stream, range in, part out; an attempt that was cut short leaves notes of those
that it has finished, and the next goes on with the others. The sheet is the plan, a CUE sheet, a playlist, the
track list to read, and the picture.
"""

import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Final, cast

from notorious.audio.write import OutputFormat
from notorious.domain import Reference
from notorious.eventstore import EventStore
from notorious.planning.plan import Plan
from notorious.service import keys
from notorious.service.failures import Unrecoverable
from notorious.service.master import LEVELS_NAME
from notorious.service.mix_job import MixJob, StillWanted, open_job
from notorious.service.ports import ObjectMissing, Objects
from notorious.service.progress import Progress
from notorious.service.ranged_reader import RangedReader
from notorious.service.references import reference_to

CONTENT_TYPES: Final = {
    "flac": "audio/flac",
    "wav": "audio/wav",
    "mp3": "audio/mpeg",
    "ogg": "audio/ogg",
    "opus": "audio/ogg",
    "m4a": "audio/mp4",
}
_BLOCK_FRAMES: Final = 65536
SHEET: Final = ("plan", "cue", "m3u8", "tracklist", "picture")
"""The files beside the recording, by the names under which they are published."""


def export(tenant: str, mix: str, *, store: EventStore, objects: Objects, progress: Progress) -> dict[str, Reference]:
    """Make all files of a mastered mix; by format or sheet name. Raises Cancelled, Unrecoverable, OutputFailed."""
    job = open_job(store, tenant, mix)
    if job.state.master is None:
        raise Unrecoverable(f"the mix {mix} is {job.state.status}; it is exported once it is mastered")
    plan = job.plan(objects)
    # Each file counts one, the formats by how much of them is written.
    total = float(len(job.request.formats) + len(SHEET))
    files: dict[str, Reference] = {}
    still_wanted = StillWanted(store, job)
    for name in job.request.formats:
        done = len(files)

        def report(share: float, name: str = name, done: int = done) -> None:
            progress.report("exporting", done + share, total, name)

        report(0.0)
        if name == "flac":
            files[name] = _master(job)
        else:
            files[name] = _encoded_before(job, name, objects) or _encode(
                job, plan, name, objects, report, still_wanted.is_cancelled
            )
    for name, (file_name, content_type, data) in _sheet(job, plan, objects).items():
        progress.report("exporting", len(files), total, name)
        key = keys.mix_file(tenant, mix, file_name)
        objects.put(key, data, content_type=content_type)
        files[name] = reference_to(objects, key)
    progress.report("exporting", total, total)
    return files


def _encoded_before(job: MixJob, name: str, objects: Objects) -> Reference | None:
    """What an attempt that was cut short has encoded of this very master."""
    try:
        note = json.loads(objects.get(_note(job, name)))
        file = Reference.model_validate(note["file"])
    except (ObjectMissing, ValueError, KeyError, TypeError):
        return None
    there = objects.find(file.key)
    same = there is not None and there.bytes == file.size_bytes and note["master"] == _master(job).sha256
    return file if same else None


def _note(job: MixJob, name: str) -> str:
    return keys.mix_file(job.tenant, job.mix, f"mix.{name}.json")


def _master(job: MixJob) -> Reference:
    assert job.state.master is not None, "a mix that is exported was mastered"
    return job.state.master.audio


def _encode(
    job: MixJob,
    plan: Plan,
    name: str,
    objects: Objects,
    report: Callable[[float], None],
    is_cancelled: Callable[[], bool],
) -> Reference:
    import soundfile

    from notorious.audio.write import AudioWriter
    from notorious.rendering.progress import stop_if
    from notorious.rendering.sheet import mix_chapters, mix_tags

    key = keys.mix_file(job.tenant, job.mix, f"mix.{name}")
    source = RangedReader(objects, _master(job).key)
    with soundfile.SoundFile(source) as master, objects.sink(key, content_type=CONTENT_TYPES[name]) as sink:
        writer = AudioWriter(
            Path(f"mix.{name}"),
            rate_hz=master.samplerate,
            channels=master.channels,
            format=cast(OutputFormat, name),
            tags=mix_tags(plan),
            chapters=mix_chapters(plan),
            expected_frames=master.frames,
            stream=sink,
            is_quantised=True,
        )
        with writer:
            while len(block := master.read(_BLOCK_FRAMES, dtype="float32", always_2d=True)):
                stop_if(is_cancelled)
                writer.write(block)
                report(writer.frames / master.frames)
    file = reference_to(objects, key)
    note = {"master": _master(job).sha256, "file": file.model_dump(mode="json")}
    objects.put(_note(job, name), json.dumps(note).encode(), content_type="application/json")
    return file


def _sheet(job: MixJob, plan: Plan, objects: Objects) -> dict[str, tuple[str, str, bytes]]:
    """Name of each file of the sheet → its file name, its type, its content."""
    from notorious.rendering.sheet import cue_sheet, playlist, track_list

    first = next(iter(job.request.formats))
    text = "text/plain; charset=utf-8"
    return {
        "plan": ("mix.plan.json", "application/json", (plan.model_dump_json(indent=2) + "\n").encode()),
        "cue": ("mix.cue", text, _utf8(cue_sheet(plan, f"mix.{first}"))),
        "m3u8": ("mix.m3u8", "application/vnd.apple.mpegurl", _utf8(playlist(plan, place=str))),
        "tracklist": ("mix.tracklist.txt", text, _utf8(track_list(plan))),
        "picture": ("mix.png", "image/png", _picture(job, plan, objects)),
    }


def _utf8(text: str) -> bytes:
    return text.encode("utf-8", "replace")


def _picture(job: MixJob, plan: Plan, objects: Objects) -> bytes:
    from notorious.rendering.parts import unpacked_levels
    from notorious.rendering.picture import draw_picture

    levels = unpacked_levels(objects.get(keys.mix_file(job.tenant, job.mix, LEVELS_NAME)))
    with tempfile.TemporaryDirectory(prefix="picture-") as work:
        path = Path(work) / "mix.png"
        draw_picture(plan, levels, path)
        return path.read_bytes()
