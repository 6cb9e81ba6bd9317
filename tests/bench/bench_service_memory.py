"""What the heavy functions of the service need at most: memory, measured on the use cases they call.

    hear     a track of 15 minutes (FLAC), the child process that hears it included
    voice    the same track as a voice, a tenth of it stretched, from its file to its frames in the bucket
    master   mixes of one and of two hours, their voices read from a folder range by range: the same for both
    preview  half a minute around where two such tracks meet
    export   a mix of a quarter of an hour, mastered and written as MP3 and WAV, with its picture

Each runs in a process of its own with everything that the function's handler imports; memory is PSS, peaks of samples
every tenth of a second, in MB of 10^6 bytes. The bucket is a folder, so that what it holds is not counted.
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

import numpy as np  # noqa: E402
import peak_memory  # noqa: E402
import soundfile  # noqa: E402
from folder_objects import FolderObjects  # noqa: E402

from fakes.live import MemoryLive  # noqa: E402
from fakes.senders import MemoryNotifier  # noqa: E402
from notorious.aws import bootstrap, handling  # noqa: E402
from notorious.aws.system import SystemClock  # noqa: E402
from notorious.domain import MIX, TRACK, Reference, StreamName  # noqa: E402
from notorious.domain.mix import RecordPlan, RecordVoice, StartRendering  # noqa: E402
from notorious.domain.track import UploadTrack  # noqa: E402
from notorious.eventstore import MemoryStore, handle  # noqa: E402
from notorious.planning.plan import Plan  # noqa: E402
from notorious.service import keys  # noqa: E402
from notorious.service.progress import Progress  # noqa: E402
from notorious.service.references import JSON, keep, reference_to  # noqa: E402
from notorious.service.wishes import MixWish, Wisher, request_mix  # noqa: E402
from unit.rendering.small_sets import MadeTrack, kick, make_plan  # noqa: E402

TENANT, MIX_ID = "anna", "m1"
RATE_HZ = 44100
TRACK_MINUTES = 15
HANDLER = (bootstrap, handling)
"""What every handler has imported."""


@dataclass(frozen=True)
class Measured:
    """One run: its peak [MB], its CPU time [s], and how much audio it was [s]."""

    name: str
    peak_mb: float
    cpu_seconds: float
    audio_seconds: float
    limit_mb: float


class Scene:
    """A store and a folder as a bucket, with one long track in it."""

    def __init__(self, work: Path) -> None:
        self.objects = FolderObjects(work / "bucket")
        self.store = MemoryStore()
        self.live, self.notifier, self.clock = MemoryLive(), MemoryNotifier(), SystemClock()

    def upload(self, track: MadeTrack) -> str:
        reference = reference_to(FolderObjects(track.path.parent), track.path.name)
        key = keys.track_audio(TENANT, reference.sha256, "flac")
        if self.objects.find(key) is None:
            self.objects.upload(track.path, key)
        command = UploadTrack(
            command_id="u",
            actor="ingest",
            sha256=reference.sha256,
            key=key,
            file_name="long.flac",
            size_bytes=reference.size_bytes,
            format="flac",
        )
        handle(self.store, TENANT, StreamName("track", reference.sha256), command, TRACK)
        return reference.sha256

    def planned(self, plan: Plan, formats: tuple[str, ...] = ("flac",)) -> None:
        request_mix(self.store, TENANT, MIX_ID, MixWish(brief={}, formats=formats), Wisher("anna", "wish"))
        reference = keep(
            self.objects,
            plan.model_dump_json().encode(),
            lambda sha256: keys.plan(TENANT, MIX_ID, sha256),
            content_type=JSON,
        )
        command = RecordPlan(
            command_id="plan",
            actor="mix",
            plan=reference,
            track_count=len(plan.slots),
            duration_seconds=plan.duration_seconds,
        )
        handle(self.store, TENANT, StreamName("mix", MIX_ID), command, MIX)

    def voices_there(self, plan: Plan) -> None:
        """Frames of the right length for every voice: the same noise over and over, one file for all of a length."""
        from notorious.rendering.voice import voice_key, voice_span

        start = StartRendering(command_id="r", actor="mix", revision=1, voice_count=len(plan.slots))
        handle(self.store, TENANT, StreamName("mix", MIX_ID), start, MIX)
        noise = np.random.default_rng(1).uniform(-0.2, 0.2, (RATE_HZ, 2)).astype(np.float32).tobytes()
        for slot in plan.slots:
            key, span = voice_key(plan, slot.index), voice_span(plan, slot.index)
            path = self.objects.path(keys.voice(TENANT, key))
            if not path.exists():
                path.parent.mkdir(parents=True, exist_ok=True)
                with path.open("wb") as file:
                    for first in range(0, span.frames, RATE_HZ):
                        file.write(noise[: 8 * min(RATE_HZ, span.frames - first)])
            audio = Reference(key=keys.voice(TENANT, key), sha256="0" * 64, size_bytes=8 * span.frames)
            voice = RecordVoice(
                command_id=f"v{slot.index}", actor="mix", index=slot.index, audio=audio, voice_key=key, cached=True
            )
            handle(self.store, TENANT, StreamName("mix", MIX_ID), voice, MIX)

    def progress(self) -> Progress:
        return Progress(self.live, self.notifier, self.clock, tenant=TENANT, mix=MIX_ID)


def long_track(work: Path) -> MadeTrack:
    """A track of 15 minutes at 125 BPM: eight bars of drums and a chord, over and over, ever so slightly different."""
    bpm, minutes = 125.0, TRACK_MINUTES
    beats = int(bpm * minutes)
    path = work / "long.flac"
    if not path.exists():
        time_axis = np.arange(round(32 * 60 / bpm * RATE_HZ)) / RATE_HZ
        loop = 0.05 * np.sin(2 * np.pi * 220 * time_axis) + 0.03 * np.sin(2 * np.pi * 330 * time_axis)
        for beat in range(32):
            loop += 0.4 * kick(time_axis - beat * 60 / bpm)
        chance = np.random.default_rng(2)
        with soundfile.SoundFile(path, "w", RATE_HZ, 2, subtype="PCM_16") as file:
            for _ in range(beats // 32 + 1):
                file.write(np.stack([loop, loop], axis=1) + chance.normal(0, 0.002, (len(loop), 2)))
    return MadeTrack(path, bpm, 0.0, beats, "long")


def hear_a_track(work: Path) -> float:
    from notorious.service.ear import ChildEar
    from notorious.service.hear import hear

    scene = Scene(work)
    sha256 = scene.upload(long_track(work))
    ear = ChildEar()
    heard = hear(TENANT, sha256, store=scene.store, objects=scene.objects, ear=ear, seconds=3600)
    ear.close()
    if heard.outcome != "analyzed":
        raise RuntimeError(f"the track was not heard: {heard}")
    return TRACK_MINUTES * 60.0


def render_a_voice(work: Path) -> float:
    from notorious.service.voices import render_voice

    scene, track = Scene(work), long_track(work)
    scene.upload(track)
    shorter = MadeTrack(track.path, 128.0, 0.0, 256, "short")
    # The long track is stretched under the short one, by 2.4 percent, and plays at its own tempo after it.
    plan = make_plan([shorter, track], overlap_beats=128)
    scene.planned(plan)
    with scene.progress() as progress:
        render_voice(
            TENANT,
            MIX_ID,
            1,
            store=scene.store,
            objects=scene.objects,
            clock=scene.clock,
            progress=progress,
            folder=work,
        )
    return TRACK_MINUTES * 60.0


def preview_a_transition(work: Path) -> float:
    from notorious.service.preview import preview

    scene, track = Scene(work), long_track(work)
    scene.upload(track)
    scene.planned(make_plan([track, track], overlap_beats=64))
    with scene.progress() as progress:
        preview(TENANT, MIX_ID, store=scene.store, objects=scene.objects, progress=progress, transition=0, folder=work)
    return 30.0


def long_plan(work: Path, hours: float) -> Plan:
    """A set of quarter hours, each under the next for a minute."""
    track = long_track(work)
    count = max(1, round(hours * 60 / (TRACK_MINUTES - 1)))
    return make_plan([track] * count, overlap_beats=128)


def master_a_mix(work: Path, hours: float) -> float:
    from notorious.service.master import master

    scene, plan = Scene(work), long_plan(work, hours)
    scene.planned(plan)
    scene.voices_there(plan)
    with scene.progress() as progress:
        made = master(TENANT, MIX_ID, store=scene.store, objects=scene.objects, progress=progress)
    return made.duration_seconds


def export_a_mix(work: Path) -> float:
    from notorious.service.export import export
    from notorious.service.master import master

    scene, plan = Scene(work), long_plan(work, 0.25)
    scene.planned(plan, formats=("mp3", "wav"))
    scene.voices_there(plan)
    with scene.progress() as progress:
        made = master(TENANT, MIX_ID, store=scene.store, objects=scene.objects, progress=progress)
        export(TENANT, MIX_ID, store=scene.store, objects=scene.objects, progress=progress)
    return made.duration_seconds


RUNS: dict[str, tuple[Callable[[Path], float], float]] = {
    "analysing a track of 15 minutes": (hear_a_track, 1500),
    "rendering a voice of 15 minutes": (render_a_voice, 2000),
    "previewing a transition of 15-minute tracks": (preview_a_transition, 2000),
    "mastering 1 hour": (lambda work: master_a_mix(work, 1.0), 1000),
    "mastering 2 hours": (lambda work: master_a_mix(work, 2.0), 1000),
    "exporting 15 minutes: MP3, WAV, the picture": (export_a_mix, 1000),
}


def measured(work: Path) -> Iterator[Measured]:
    """All runs, each in a process of its own, in a folder that may be used again."""
    long_track(work)
    for name, (_, limit_mb) in RUNS.items():
        run = peak_memory.measured([sys.executable, __file__, "--run", name, "--work", str(work)])
        told = json.loads(run.output.splitlines()[-1])
        yield Measured(name, run.peak_pss_mb, told["cpu_seconds"], told["audio_seconds"], limit_mb)


def main() -> None:
    arguments = argparse.ArgumentParser(description="What the heavy functions of the service need at most.")
    arguments.add_argument("--run", choices=sorted(RUNS), help="do this and nothing else, in this process")
    arguments.add_argument("--work", type=Path, help="a folder to work in, kept afterwards")
    given = arguments.parse_args()
    if given.run is not None:
        import resource

        seconds = RUNS[given.run][0](given.work)
        used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
        cpu = sum(one.ru_utime + one.ru_stime for one in used)
        print(json.dumps({"audio_seconds": seconds, "cpu_seconds": cpu}))
        return
    with tempfile.TemporaryDirectory(prefix="notorious-memory-") as folder:
        work = given.work or Path(folder)
        work.mkdir(parents=True, exist_ok=True)
        started = time.monotonic()
        for one in measured(work):
            speed = one.audio_seconds / one.cpu_seconds
            print(
                f"{one.name:<50} {one.peak_mb:6.0f} MB of {one.limit_mb:.0f}  "
                f"{one.cpu_seconds:6.1f} s CPU  {speed:5.0f} x real time",
                flush=True,
            )
        print(f"in {time.monotonic() - started:.0f} s")


if __name__ == "__main__":
    main()
