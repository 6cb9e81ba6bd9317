"""How long the first call of each function waits for its imports, and what it holds before it works.

    python tests/bench/bench_starts.py

Every handler is imported in a fresh process, as a cold start does it; CPU time, median of several, Python's own start
taken off; memory is the highest of them (RSS), clients of DynamoDB and S3 included. On AWS the runtime's start and the
reading of the layers come on top; there a function of less than 1769 MB has a part of a CPU and takes as many times
longer.
"""

import os
import statistics
import subprocess
import sys
from dataclasses import dataclass
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
took = time.process_time() - started
from notorious.aws import clients
clients.dynamodb(), clients.s3()
held = next(line for line in open("/proc/self/status") if line.startswith("VmHWM:")).split()[1]
print(took, int(held) * 1024 / 1e6)
"""


@dataclass(frozen=True)
class Start:
    """CPU seconds of the imports, and MB (10^6 bytes) that are held then."""

    cpu_seconds: float
    memory_mb: float


def start_of(handler: Path) -> Start:
    """What importing one handler takes, after Python itself has started."""
    environment = {**os.environ, "POWERTOOLS_TRACE_DISABLED": "true", "AWS_DEFAULT_REGION": "eu-central-1"}
    runs = []
    for _ in range(RUNS):
        command = [sys.executable, "-c", _IMPORT, str(handler)]
        done = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
        runs.append([float(word) for word in done.stdout.split()])
    return Start(statistics.median(run[0] for run in runs), max(run[1] for run in runs))


def every_function() -> dict[str, Start]:
    """The functions by name."""
    return {path.parent.name: start_of(path) for path in sorted(ROOT.glob("functions/*/handler.py"))}


if __name__ == "__main__":
    for name, start in every_function().items():
        print(f"{name:<20} {start.cpu_seconds * 1000:6.0f} ms  {start.memory_mb:5.0f} MB")
