"""Planning 60 minutes out of 10,000 analysed tracks: `python tests/bench/bench_planning.py [tracks] [runs]`.

Prints the median CPU and wall time of `plan_set` (profiles already at hand, full tracks fetched from memory) and what
the set is worth. The library is synthetic: club forms, tempos from 84 to 176 BPM, all keys, all energies.
"""

import statistics
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "unit" / "planning"))

from planning_track_factory import make_library

from notorious.planning import Brief, TrackProfile, plan_set


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    runs = int(sys.argv[2]) if len(sys.argv) > 2 else 5
    library = make_library(count, seed=1, low=84.0, high=176.0)
    tracks = {track.sha256: track for track in library}
    profiles = [TrackProfile.of(track) for track in library]
    cpu_times, wall_times = [], []
    for run in range(runs):
        cpu, wall = time.process_time(), time.perf_counter()
        plan = plan_set(profiles, Brief(minutes=60, seed=run), load=tracks.__getitem__)
        cpu_times.append(time.process_time() - cpu)
        wall_times.append(time.perf_counter() - wall)
    print(
        f"planning 60 minutes out of {count} tracks: median {statistics.median(cpu_times):.2f} s CPU, "
        f"{statistics.median(wall_times):.2f} s wall over {runs} runs "
        f"(score {plan.score.total:.0f}, {plan.duration_seconds / 60:.1f} minutes, {len(plan.slots)} tracks)"
    )


if __name__ == "__main__":
    main()
