"""`make bench`: what the program costs, as ratios, medians of several runs.

    python tests/bench/run.py [--only NAME]... [--music DIR] [--work DIR]

Music: a folder of files; without one, two demo crates are synthesised (72 minutes) and turned into MP3, which is what
most libraries hold. Numbers from a busy machine say little; the ratios beside them say more.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

import peak_memory

PROGRAM = [sys.executable, "-c", "from notorious.cli.main import main; main()"]
ANALYSED_TRACKS = 6


@dataclass(frozen=True)
class Row:
    """One line of the result."""

    what: str
    value: str
    goal: str = ""
    reached: bool | None = None

    def __str__(self) -> str:
        sign = {True: "yes", False: "NO", None: ""}[self.reached]
        return f"{self.what:<52} {self.value:>26}  {self.goal:<22} {sign}"


class Bench:
    """The folder that the benchmarks work in, and the music in it."""

    def __init__(self, work: Path, music: Path | None) -> None:
        self.work = work
        self._music = music

    @property
    def music(self) -> Path:
        """A folder of music, made at the first need."""
        if self._music is None:
            self._music = self.work / "music"
            for seed in (0, 1):
                crate = self.work / f"crate-{seed}"
                self.program("demo", str(crate), "--seed", str(seed))
                for flac in sorted(crate.glob("*.flac")):
                    _as_mp3(flac, self._music / f"{seed}-{flac.stem}.mp3")
        return self._music

    def program(self, *arguments: str, cache: str = "cache") -> peak_memory.Run:
        return peak_memory.measured([*PROGRAM, *arguments], environment={"NOTORIOUS_CACHE": str(self.work / cache)})


def _as_mp3(source: Path, target: Path) -> None:
    import soundfile

    target.parent.mkdir(exist_ok=True)
    samples, rate = soundfile.read(source, dtype="float32")
    soundfile.write(target, samples, rate, format="MP3", subtype="MPEG_LAYER_III")


def help_screen(_: Bench) -> Iterator[Row]:
    """How long one waits for the help."""

    def run(command: list[str]) -> float:
        started = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        return time.perf_counter() - started

    run([*PROGRAM, "--help"])
    bare = statistics.median(run([sys.executable, "-c", "pass"]) for _ in range(9))
    seconds = statistics.median(run([*PROGRAM, "--help"]) for _ in range(9))
    yield Row("notorious --help", f"{seconds:.3f} s", "under 0.3 s", seconds < 0.3)
    yield Row("  of it, Python itself", f"{bare:.3f} s")


def analysis(bench: Bench) -> Iterator[Row]:
    """Hearing by signal processing alone, on one core, beside bare decoding of the same files; each stage's share."""
    with tempfile.TemporaryDirectory() as nowhere:
        rows = _stages(bench, nowhere)
    yield from _hearing_rows(rows, "analysis from MP3, per core", 150)


def analysis_with_networks(bench: Bench) -> Iterator[Row]:
    """The same with the networks that are installed."""
    rows = _stages(bench, os.environ.get("NOTORIOUS_MODELS"))
    if not rows[0]["networks"]:
        yield Row("analysis with networks, per core", "none installed", "make setup-models")
        return
    yield from _hearing_rows(rows, "analysis with networks, per core", 50)


def _stages(bench: Bench, models: str | None) -> list[dict[str, Any]]:
    paths = [str(path) for path in sorted(bench.music.rglob("*.mp3"))[:ANALYSED_TRACKS]]
    environment = dict(os.environ)
    if models is not None:
        environment["NOTORIOUS_MODELS"] = models
    script = str(Path(__file__).with_name("bench_stages.py"))
    done = subprocess.run([sys.executable, script, *paths], check=True, capture_output=True, text=True, env=environment)
    rows: list[dict[str, Any]] = json.loads(done.stdout.splitlines()[-1])
    return rows


def _hearing_rows(rows: list[dict[str, Any]], what: str, goal: int) -> Iterator[Row]:
    hear = statistics.median(row["audio_seconds"] / row["hearing"] for row in rows)
    decode = statistics.median(row["audio_seconds"] / row["decoding"] for row in rows)
    ratio = statistics.median(row["hearing"] / row["decoding"] for row in rows)
    yield Row(what, f"{hear:.0f} x real time", f"at least {goal} x", hear >= goal)
    yield Row("  bare decoding of the same files (the floor)", f"{decode:.0f} x real time")
    yield Row("  analysis costs as much as decoding", f"{ratio:.1f} times")
    beats = statistics.median(row["audio_seconds"] / row["beats"] for row in rows)
    yield Row("  tempo, beats and bars alone, without networks", f"{beats:.0f} x real time")
    for stage in rows[0]["stages"]:
        cost = statistics.median(1000 * row["stages"][stage] / row["audio_seconds"] for row in rows)
        share = statistics.median(100 * row["stages"][stage] / row["hearing"] for row in rows)
        if share >= 1:
            yield Row(f"    {stage}", f"{cost:.2f} ms a second, {share:.0f} %")


def second_run(bench: Bench) -> Iterator[Row]:
    """A folder that is known is not heard again."""
    shutil.rmtree(bench.work / "fresh", ignore_errors=True)
    first = bench.program("analyze", "--json", str(bench.music), cache="fresh")
    again = [bench.program("analyze", "--json", str(bench.music), cache="fresh") for _ in range(3)]
    seconds = statistics.median(run.seconds for run in again)
    same = all(run.output == first.output for run in again)
    seconds_of_audio = sum(json.loads(line)["duration_seconds"] for line in first.output.splitlines())
    yield Row("first run over the folder", f"{first.seconds:.1f} s, {first.peak_pss_mb:.0f} MB")
    tracks_an_hour = 3600 * first.output.count("\n") / first.seconds
    yield Row(
        "  30,000 tracks of four minutes at that speed",
        f"{30_000 * 240 / seconds_of_audio * first.seconds / 3600:.1f} hours ({tracks_an_hour:.0f} an hour)",
        "a night",
    )
    yield Row("second run", f"{seconds:.1f} s ({first.seconds / seconds:.0f} times as fast)", "the same output", same)


def mixing(bench: Bench) -> Iterator[Row]:
    """An hour of mix to FLAC from tracks that are known: speed and memory."""
    bench.program("analyze", str(bench.music))
    plan = bench.work / "plan.json"
    planned = bench.program("plan", str(bench.music), "-o", str(plan), "--minutes", "60", "--force")
    yield Row("planning from the folder, whole program", f"{planned.seconds:.1f} s")
    runs = []
    for number in range(3):
        output = bench.work / f"mix-{number}.flac"
        runs.append(bench.program("mix", str(plan), "-o", str(output), "--force", "--json"))
        length = json.loads(runs[-1].output.splitlines()[-1])["duration_seconds"]
    seconds = statistics.median(run.seconds for run in runs)
    memory = max(run.peak_pss_mb for run in runs)
    rss = max(run.peak_rss_mb for run in runs)
    yield Row(
        f"mix of {length / 60:.0f} minutes to FLAC",
        f"{length / seconds:.0f} x real time",
        "at least 60 x",
        length / seconds >= 60,
    )
    yield Row("  peak memory, parent and children", f"{memory:.0f} MB ({rss:.0f} as RSS)", "under 700 MB", memory < 700)


def planning(_: Bench) -> Iterator[Row]:
    """An hour out of ten thousand tracks; see bench_planning.py."""
    script = Path(__file__).with_name("bench_planning.py")
    done = subprocess.run([sys.executable, str(script)], check=True, capture_output=True, text=True)
    line = done.stdout.strip().splitlines()[-1]
    seconds = float(line.split("median ")[1].split()[0])
    yield Row("planning 60 minutes out of 10,000 tracks", f"{seconds:.2f} s", "under 2 s", seconds < 2)


def cache(bench: Bench) -> Iterator[Row]:
    """Ten thousand profiles out of the cache."""
    from notorious.library.store import Store

    row = {f"field_{number}": number / 7 for number in range(18)}
    with Store.open(bench.work / "ten-thousand") as store:
        store.keep_digests("profile", "1", {(f"{n:064x}", f"/music/{n}.mp3"): row for n in range(10_000)})
        times = []
        for _ in range(5):
            started = time.perf_counter()
            found = store.digests("profile", "1")
            times.append(time.perf_counter() - started)
    assert len(found) == 10_000
    seconds = statistics.median(times)
    yield Row("reading 10,000 profiles from the cache", f"{seconds:.2f} s", "under 1 s", seconds < 1)


def service_memory(bench: Bench) -> Iterator[Row]:
    """What the heavy functions of the service need at most; see bench_service_memory.py."""
    from bench_service_memory import measured

    work = bench.work / "service"
    work.mkdir(exist_ok=True)
    for one in measured(work):
        goal = f"under {one.limit_mb:.0f} MB"
        yield Row(one.name, f"{one.peak_mb:.0f} MB", goal, one.peak_mb < one.limit_mb)
        yield Row("  per core", f"{one.audio_seconds / one.cpu_seconds:.0f} x real time")


def library_memory(bench: Bench) -> Iterator[Row]:
    """What the functions that look at a whole library need at most; see bench_library_memory.py."""
    from bench_library_memory import measured

    work = bench.work / "library"
    work.mkdir(exist_ok=True)
    for one in measured(work):
        goal = f"under {one.limit_mb:.0f} MB"
        yield Row(one.name, f"{one.peak_mb:.0f} MB, {one.cpu_seconds:.0f} s CPU", goal, one.peak_mb < one.limit_mb)


def service_profiles(_: Bench) -> Iterator[Row]:
    """What planning in the service needs to know of ten thousand tracks, out of one object; see bench_profiles.py."""
    script = Path(__file__).with_name("bench_profiles.py")
    done = subprocess.run([sys.executable, str(script)], check=True, capture_output=True, text=True)
    told = json.loads(done.stdout.splitlines()[-1])
    yield Row(
        "profiles of 10,000 tracks in the service",
        f"{told['cpu_seconds']:.2f} s, {told['objects_read']} object",
        "under 1 s, 1 object",
        told["cpu_seconds"] < 1 and told["objects_read"] == 1,
    )


def starts(_: Bench) -> Iterator[Row]:
    """What the first call of a function waits for; see bench_starts.py."""
    import bench_starts

    sys.path.insert(0, str(bench_starts.ROOT))
    from infra.catalogue import BY_NAME

    found = bench_starts.every_function()
    slowest = max(found, key=lambda name: found[name].cpu_seconds)
    yield Row(
        f"imports of a function's cold start, slowest of {len(found)}",
        f"{found[slowest].cpu_seconds:.2f} s CPU ({slowest})",
        "under 1 s",
        found[slowest].cpu_seconds < 1,
    )
    for name, one in found.items():
        memory = BY_NAME[name].memory_mb
        value = f"{one.cpu_seconds:.2f} s CPU, {one.memory_mb:.0f} MB"
        yield Row(f"  {name}", value, f"under {memory} MB", one.memory_mb < memory)


def search(_: Bench) -> Iterator[Row]:
    """A library of 30,000 tracks, searched over the API; see bench_track_index.py."""
    import bench_track_index

    found = bench_track_index.measure(30_000)
    for name, seconds in found.requests.items():
        yield Row(f"30,000 tracks: {name}", f"{seconds * 1000:.1f} ms CPU", "under 50 ms", seconds < 0.05)
    yield Row("  the index, read by a cold start", f"{found.read:.2f} s, {found.index_bytes / 1e6:.0f} MB")


def service(_: Bench) -> Iterator[Row]:
    """What the service on one machine costs; see bench_service.py."""
    import bench_service

    for measured in bench_service.measure():
        yield Row(measured.what, measured.value, measured.goal, measured.reached)


BENCHMARKS: dict[str, Callable[[Bench], Iterator[Row]]] = {
    "help": help_screen,
    "cache": cache,
    "planning": planning,
    "analysis": analysis,
    "networks": analysis_with_networks,
    "second-run": second_run,
    "mix": mixing,
    "service-profiles": service_profiles,
    "service-memory": service_memory,
    "library-memory": library_memory,
    "starts": starts,
    "search": search,
    "service": service,
}


@contextmanager
def _place(given: Path | None) -> Iterator[Path]:
    if given is not None:
        given.mkdir(parents=True, exist_ok=True)
        yield given
    else:
        with tempfile.TemporaryDirectory(prefix="notorious-bench-") as folder:
            yield Path(folder)


def main() -> None:
    arguments = argparse.ArgumentParser(description="What the program costs, as ratios.")
    arguments.add_argument("--only", action="append", choices=sorted(BENCHMARKS), help="run this one; may be repeated")
    arguments.add_argument("--music", type=Path, help="a folder of MP3 files instead of the demo crates")
    arguments.add_argument("--work", type=Path, help="a folder to work in, kept afterwards")
    given = arguments.parse_args()
    load = os.getloadavg()[0]
    print(
        f"{os.cpu_count()} cores, load {load:.1f} at the start" + (": busy, numbers are too low" if load > 0.5 else "")
    )
    with _place(given.work) as work:
        bench = Bench(work, given.music)
        for name, benchmark in BENCHMARKS.items():
            if given.only is None or name in given.only:
                for row in benchmark(bench):
                    print(row, flush=True)


if __name__ == "__main__":
    main()
