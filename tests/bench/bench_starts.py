"""How long the first call of each function waits for its imports.

    python tests/bench/bench_starts.py

Every handler is imported in a fresh process, as a cold start does it; CPU time, median of several, Python's own start
taken off. On AWS the runtime's start and the reading of the layers come on top; there a function of less than 1769 MB
has a part of a CPU and takes as many times longer.
"""

import os
import statistics
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
RUNS = 3
_IMPORT = """
import importlib.util, sys, time
started = time.process_time()
if sys.argv[1]:
    spec = importlib.util.spec_from_file_location("handler", sys.argv[1])
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
print(time.process_time() - started)
"""


def import_seconds(handler: Path) -> float:
    """CPU seconds of importing one handler, after Python itself has started."""
    environment = {**os.environ, "POWERTOOLS_TRACE_DISABLED": "true", "AWS_DEFAULT_REGION": "eu-central-1"}
    times = [
        float(
            subprocess.run(
                [sys.executable, "-c", _IMPORT, str(handler)],
                check=True,
                capture_output=True,
                text=True,
                env=environment,
            ).stdout
        )
        for _ in range(RUNS)
    ]
    return statistics.median(times)


def every_function() -> dict[str, float]:
    """The functions by name, each with the CPU seconds of its imports."""
    return {path.parent.name: import_seconds(path) for path in sorted(ROOT.glob("functions/*/handler.py"))}


if __name__ == "__main__":
    for name, seconds in every_function().items():
        print(f"{name:<20} {seconds * 1000:6.0f} ms")
