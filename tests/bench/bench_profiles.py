"""How long the service takes to know ten thousand tracks well enough to plan with, when its index is up to date."""

import json
import statistics
import sys
import time
from dataclasses import asdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from fakes.objects import MemoryObjects
from notorious.domain import Reference
from notorious.planning.profile import TrackProfile, profile_version
from notorious.service import keys
from notorious.service.profiles import made_from, profiles
from notorious.service.references import json_bytes
from notorious.service.selection import LibraryTrack
from unit.planning.planning_track_factory import make_library

TRACKS = 10_000


def main() -> None:
    rows = [asdict(TrackProfile.of(track)) for track in make_library(50)]
    tracks, index = [], {}
    for number in range(TRACKS):
        sha256 = f"{number:064x}"
        analysis = Reference(key=f"analyses/anna/{sha256}/{sha256}.json.gz", sha256=sha256, size_bytes=1)
        track = LibraryTrack(sha256, f"{number}.mp3", analysis, None)
        tracks.append(track)
        index[sha256] = {"from": made_from(track), "row": {**rows[number % len(rows)], "sha256": sha256}}
    objects = MemoryObjects()
    objects.put(keys.index("anna", f"profiles-{profile_version()}.json.gz"), json_bytes(index, compressed=True))
    times = []
    for _ in range(5):
        objects.reads.clear()
        started = time.process_time()
        found = profiles("anna", tracks, objects=objects)
        times.append(time.process_time() - started)
    assert len(found.rows) == TRACKS
    assert found.made == 0
    print(json.dumps({"cpu_seconds": statistics.median(times), "objects_read": len(objects.reads)}))


if __name__ == "__main__":
    main()
