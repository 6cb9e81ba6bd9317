"""Master a mix: its voices, read range by range, become one recording, written part by part.

Neither the voices nor the recording are ever held whole, nor do they touch a disk: memory is a range per voice that
sounds, a block in the chain, and the parts of the upload on their way. The recording is FLAC, which loses nothing;
other formats are made from it by `export`. What the picture needs lies beside it.
"""

import io
from dataclasses import dataclass
from typing import BinaryIO, Final, cast

from notorious.domain import Reference
from notorious.domain.mix import RecordMaster
from notorious.eventstore import EventStore
from notorious.service import keys
from notorious.service.failures import Unrecoverable
from notorious.service.mix_job import ACTOR, StillWanted, open_job, record
from notorious.service.ports import Objects
from notorious.service.progress import Progress
from notorious.service.ranged_reader import RANGE_BYTES, RangedReader
from notorious.service.references import reference_to

MASTER_NAME: Final = "mix.flac"
LEVELS_NAME: Final = "levels.npz"


@dataclass(frozen=True)
class Mastered:
    """The recording and how it measures: LUFS, dBTP, seconds."""

    audio: Reference
    loudness_lufs: float
    true_peak_dbtp: float
    duration_seconds: float


def master(tenant: str, mix: str, *, store: EventStore, objects: Objects, progress: Progress) -> Mastered:
    """Sum, limit and encode the rendered voices of the present plan.

    Raises Cancelled; Unrecoverable where voices were not rendered; ObjectMissing where one has expired; OutputFailed
    where one is cut off or the upload fails.
    """
    from notorious.rendering.parts import master_parts, packed_levels
    from notorious.rendering.progress import Progress as Rendered

    job = open_job(store, tenant, mix)
    known = job.state.master
    if known is not None and objects.find(known.audio.key) is not None:
        return Mastered(known.audio, known.loudness_lufs, known.true_peak_dbtp, known.duration_seconds)
    plan = job.plan(objects)
    voices = job.state.voices
    missing = [slot.index for slot in plan.slots if slot.index not in voices]
    if missing:
        raise Unrecoverable(f"voices {missing} of the mix {mix} are not rendered; render them before it is mastered")

    def open_voice(index: int) -> BinaryIO:
        return cast(BinaryIO, io.BufferedReader(RangedReader(objects, voices[index].audio.key), RANGE_BYTES))

    def report(done: Rendered) -> None:
        progress.report("mastering", done.current, done.total)

    key = keys.mix_file(tenant, mix, MASTER_NAME)
    with objects.sink(key, content_type="audio/flac") as sink:
        made = master_parts(
            plan,
            open_voice,
            cast(BinaryIO, sink),
            format="flac",
            name=MASTER_NAME,
            report=report,
            cancelled=StillWanted(store, job).is_cancelled,
        )
    objects.put(keys.mix_file(tenant, mix, LEVELS_NAME), packed_levels(made.levels))
    mastered = Mastered(
        reference_to(objects, key), round(made.integrated_lufs, 3), round(made.true_peak_dbtp, 3), made.duration_seconds
    )
    command = RecordMaster(
        command_id=f"master:{job.planned.revision}:{mastered.audio.sha256[:32]}",
        actor=ACTOR,
        audio=mastered.audio,
        loudness_lufs=mastered.loudness_lufs,
        true_peak_dbtp=mastered.true_peak_dbtp,
        duration_seconds=mastered.duration_seconds,
    )
    record(store, tenant, mix, command)
    return mastered
