"""Peak memory of a program and its children, sampled from /proc (Linux).

PSS, the proportional set size, counts a page that several processes share once in sum; RSS counts it in each of them.
"""

import contextlib
import os
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

SAMPLE_SECONDS = 0.1


@dataclass(frozen=True)
class Run:
    """What a run cost: wall time, and the highest sums of PSS and RSS that were seen, in MB (10^6 bytes)."""

    seconds: float
    peak_pss_mb: float
    peak_rss_mb: float
    output: str


def family(pid: int) -> list[int]:
    """A process and all that it started."""
    found = [pid]
    with contextlib.suppress(OSError):
        for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
            found.extend(family(int(child)))
    return found


def memory_mb(pid: int) -> tuple[float, float]:
    """(PSS, RSS) of one process; zeros where it has just ended."""
    values = {"Pss": 0.0, "Rss": 0.0}
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            name, _, rest = line.partition(":")
            if name in values:
                values[name] = int(rest.split()[0]) * 1024 / 1e6
    return values["Pss"], values["Rss"]


def measured(command: Sequence[str], *, environment: Mapping[str, str] | None = None) -> Run:
    """Run a program to its end; RuntimeError where it fails."""
    # Into a file: a pipe that nobody reads while memory is sampled would fill up and stop the program.
    with tempfile.TemporaryFile("w+") as printed:
        started = time.perf_counter()
        process = subprocess.Popen(
            command, stdout=printed, stderr=subprocess.STDOUT, env={**os.environ, **(environment or {})}
        )
        pss = rss = 0.0
        while process.poll() is None:
            sums = [memory_mb(pid) for pid in family(process.pid)]
            pss = max(pss, sum(one[0] for one in sums))
            rss = max(rss, sum(one[1] for one in sums))
            time.sleep(SAMPLE_SECONDS)
        seconds = time.perf_counter() - started
        printed.seek(0)
        output = printed.read()
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}:\n{output}")
    return Run(seconds, pss, rss, output)
