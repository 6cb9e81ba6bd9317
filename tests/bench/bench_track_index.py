"""Searching a library of 30,000 tracks: `python tests/bench/bench_track_index.py [tracks]`.

Prints what one request costs inside the function `api` (from the event to the answer, CPU, median of several), what a
cold start reads, and what it costs to make the index from events. The library is synthetic; store and bucket are in
memory, so that what is measured is ours.
"""

import hashlib
import random
import statistics
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parents[1] / "unit" / "http"))

from http_client import Client, MemoryWorld

from fakes.scene import Scene
from notorious.aws.http import application
from notorious.domain import Recorded, Reference, StreamName, TrackSummary
from notorious.domain.event import TrackEvent
from notorious.domain.track_events import AnalysisRequested, TrackAnalyzed, TrackUploaded
from notorious.service.track_index import TrackIndex
from notorious.service.track_indexes import TrackIndexes

REQUESTS = {
    "the latest": "/tracks",
    "by title, page of 50": "/tracks?sort=title",
    "two words": "/tracks?text=night bus",
    "one letter": "/tracks?text=n",
    "keys that follow, tempo, by energy": "/tracks?compatible_with=8A&bpm_min=120&bpm_max=130&sort=energy",
}
RUNS = 15
_WORDS = (
    "night",
    "bus",
    "deep",
    "love",
    "sun",
    "größe",
    "rain",
    "acid",
    "moon",
    "drive",
    "fire",
    "echo",
    "stone",
    "river",
)


@dataclass(frozen=True)
class Measured:
    """CPU seconds, and the size of the index."""

    requests: dict[str, float]
    make: float
    keep: float
    read: float
    index_bytes: int


def feed_of(count: int) -> Iterator[Recorded]:
    """The events of a library: each track uploaded and heard."""
    chance = random.Random(1)
    start = datetime(2026, 1, 1, tzinfo=UTC)
    position = 0
    for number in range(count):
        sha256 = hashlib.sha256(str(number).encode()).hexdigest()
        for version, event in enumerate(_events(number, sha256, chance), start=1):
            position += 1
            yield Recorded(
                tenant="anna",
                stream=StreamName("track", sha256),
                version=version,
                feed_position=position,
                event_id=str(position),
                type=event.type(),
                schema_version=1,
                occurred_at=start + timedelta(seconds=position),
                actor="bench",
                command_id=str(position),
                correlation_id="bench",
                causation_id=None,
                data=event.json_data(),
            )


def _events(number: int, sha256: str, chance: random.Random) -> list[TrackEvent]:
    summary = TrackSummary(
        title=" ".join(chance.choices(_WORDS, k=3)) + f" {number}",
        artist=f"Artist {chance.randrange(2000)}",
        duration_seconds=300,
        bpm=round(chance.uniform(90, 180), 2),
        camelot=f"{chance.randint(1, 12)}{chance.choice('AB')}",
        energy=chance.uniform(1, 10),
        genre=chance.choice(["House", "Techno", "Drum & Bass", None]),
    )
    analysis = Reference(key=f"analyses/anna/{sha256}/a.json.gz", sha256=sha256, size_bytes=80_000)
    versions = {"grid": 3, "key": 2, "energy": 1, "sections": 1, "loudness": 1}
    return [
        TrackUploaded(
            sha256=sha256,
            key=f"tracks/anna/{sha256}/audio.flac",
            file_name=f"{number:05d} - {summary.title}.flac",
            size_bytes=40_000_000,
            format="flac",
        ),
        AnalysisRequested(cause="uploaded"),
        TrackAnalyzed(analysis=analysis, summary=summary, analysers=versions),
    ]


def measure(count: int) -> Measured:
    """Measure a library of so many tracks."""
    scene = Scene()
    scene.store.put_back("anna", feed_of(count))
    world = MemoryWorld(scene)
    started = time.process_time()
    index = TrackIndexes(scene.store, scene.objects).current("anna", most_seconds=3600).index
    make = time.process_time() - started
    started = time.process_time()
    kept = index.to_bytes()
    keep = time.process_time() - started
    started = time.process_time()
    TrackIndex.of_bytes(kept)
    read = time.process_time() - started
    application.BURST = 1e12  # type: ignore[misc]
    client = Client(application.http_api(world))
    client.get("/tracks")
    return Measured({name: _median(client, path) for name, path in REQUESTS.items()}, make, keep, read, len(kept))


def _median(client: Client, path: str) -> float:
    times = []
    for _ in range(RUNS):
        started = time.process_time()
        answer = client.get(path)
        times.append(time.process_time() - started)
        assert answer.status == 200, answer.text
    return statistics.median(times)


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 30_000
    found = measure(count)
    for name, seconds in found.requests.items():
        print(f"{name:40} {seconds * 1000:6.1f} ms")
    print(f"index: {found.index_bytes / 1e6:.1f} MB, made from {3 * count} events in {found.make:.1f} s,", end=" ")
    print(f"kept in {found.keep:.2f} s, read in {found.read:.2f} s")


if __name__ == "__main__":
    main()
