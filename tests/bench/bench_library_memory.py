"""What the functions that look at a whole library need at most: 30,000 tracks that were heard.

    sum up   every analysis is read once, as the end of an import does, or the first mix after it
    find     the candidates of a mix, when the library was summed up before
    plan     an hour out of all of them

Each runs in a process of its own, as in bench_service_memory.py, over a bucket that is a folder.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

import peak_memory  # noqa: E402
from bench_service_memory import HANDLER, MIX_ID, TENANT, Measured, Scene  # noqa: E402

from notorious.domain import Reference  # noqa: E402
from notorious.service.analyses import keep_track  # noqa: E402
from notorious.service.references import reference_to  # noqa: E402
from notorious.service.selection import LibraryTrack  # noqa: E402
from notorious.service.wishes import MixWish, Wisher, request_mix  # noqa: E402
from unit.planning.planning_track_factory import make_library  # noqa: E402

TRACKS = 30_000
_CANDIDATES = "candidates.json"


def library(work: Path) -> list[LibraryTrack]:
    """Thirty thousand tracks whose analyses lie in the bucket; made once."""
    listed = work / "library.json"
    if not listed.exists():
        rows = []
        for track in make_library(TRACKS):
            reference = keep_track(Scene(work).objects, TENANT, track)
            rows.append([track.sha256, track.path, reference.model_dump(mode="json")])
        listed.write_text(json.dumps(rows))
    return [
        LibraryTrack(sha256, path, Reference.model_validate(reference), None)
        for sha256, path, reference in json.loads(listed.read_text())
    ]


def sum_up(work: Path) -> None:
    from notorious.service.profiles import profiles

    scene = Scene(work)
    for index in scene.objects.under("indexes/"):
        scene.objects.delete(index.key)
    made = profiles(TENANT, library(work), objects=scene.objects).made
    if made != TRACKS:
        raise RuntimeError(f"{made} profiles were made instead of {TRACKS}")


def asked(work: Path) -> Scene:
    scene = Scene(work)
    request_mix(scene.store, TENANT, MIX_ID, MixWish(brief={"minutes": 60}), Wisher("anna", "wish"))
    return scene


def find(work: Path) -> None:
    from notorious.service.plan_mix import find_candidates

    scene = asked(work)
    with scene.progress() as progress:
        found = find_candidates(
            TENANT, MIX_ID, store=scene.store, objects=scene.objects, tracks=library(work), progress=progress
        )
    assert found is not None
    (work / _CANDIDATES).write_text(found.key)


def plan_an_hour(work: Path) -> None:
    from notorious.service.plan_mix import plan

    scene = asked(work)
    candidates = reference_to(scene.objects, (work / _CANDIDATES).read_text())
    with scene.progress() as progress:
        plan(TENANT, MIX_ID, candidates, store=scene.store, objects=scene.objects, progress=progress)


RUNS: dict[str, tuple[Callable[[Path], None], float]] = {
    "summing up 30,000 tracks": (sum_up, 1769),
    "finding candidates among 30,000": (find, 1769),
    "planning an hour out of 30,000": (plan_an_hour, 1769),
}
"""In this order: each rests on what the one before it left. Limits are the functions' memory."""


def measured(work: Path) -> Iterator[Measured]:
    """All runs, in order."""
    library(work)
    for name, (_, limit_mb) in RUNS.items():
        run = peak_memory.measured([sys.executable, __file__, "--run", name, "--work", str(work)])
        cpu = json.loads(run.output.splitlines()[-1])["cpu_seconds"]
        yield Measured(name, run.peak_pss_mb, cpu, 0.0, limit_mb)


def main() -> None:
    arguments = argparse.ArgumentParser(description="What the functions that look at a whole library need at most.")
    arguments.add_argument("--run", choices=sorted(RUNS), help="do this and nothing else, in this process")
    arguments.add_argument("--work", type=Path, help="a folder to work in, kept afterwards")
    given = arguments.parse_args()
    if given.run is not None:
        import time

        assert HANDLER
        RUNS[given.run][0](given.work)
        print(json.dumps({"cpu_seconds": time.process_time()}))
        return
    with tempfile.TemporaryDirectory(prefix="notorious-library-") as folder:
        work = given.work or Path(folder)
        work.mkdir(parents=True, exist_ok=True)
        for one in measured(work):
            print(
                f"{one.name:<40} {one.peak_mb:6.0f} MB of {one.limit_mb:.0f}  {one.cpu_seconds:6.1f} s CPU", flush=True
            )


if __name__ == "__main__":
    main()
