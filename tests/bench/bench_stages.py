"""What each part of the analysis costs, on one core, beside bare decoding of the same files.

    python tests/bench/bench_stages.py FILE...

Run with NOTORIOUS_MODELS naming an empty folder for signal processing alone. Prints one JSON object: for each file its
seconds of audio and of CPU for decoding, for tempo, beats and bars alone by signal processing (what a beat tracker
does), for reading (decoding, resampling, loudness), and for each analyser.
"""

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

# As in a worker of `analyze`. Threads that wait for the next product of matrices would be counted, and take a core.
os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"))

from notorious.analysis import pipeline
from notorious.analysis.grid import fit_grid
from notorious.analysis.samples import read_samples
from notorious.analysis.spectrum import RATE_HZ
from notorious.audio.decode import decode_blocks


def cpu_seconds(action: Callable[[], Any]) -> tuple[float, Any]:
    started = time.process_time()
    value = action()
    return time.process_time() - started, value


class Timed:
    """Puts a clock around a function of the pipeline and adds up what it costs, without what it calls of the others."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._inside: list[float] = []

    def around(self, name: Callable[..., str], function: Callable[..., Any]) -> Callable[..., Any]:
        def timed(*arguments: Any, **options: Any) -> Any:
            self._inside.append(0.0)
            spent, value = cpu_seconds(lambda: function(*arguments, **options))
            own = spent - self._inside.pop()
            if self._inside:
                self._inside[-1] += spent
            key = name(*arguments)
            self.seconds[key] = self.seconds.get(key, 0.0) + own
            return value

        return timed


def beats_alone(path: Path) -> None:
    """Read a file and fit its grid; nothing else."""
    mono = read_samples(path, with_loudness=False).mono
    fit_grid(mono, RATE_HZ)


def main() -> None:
    paths = [Path(word) for word in sys.argv[1:]]
    pipeline.analyse_file(paths[0], "0" * 64, known={})  # imports and first-time costs are not what is measured
    timed = Timed()
    listening: Any = pipeline._Listening
    pipeline.read_samples = timed.around(lambda *_: "reading, with loudness", pipeline.read_samples)
    listening.part = timed.around(lambda _, name: name, listening.part)
    # The part of the network is asked for first and fits the grid, so each has a clock of its own.
    pipeline.grid.fit_grid = timed.around(lambda *_: "grid", pipeline.grid.fit_grid)
    pipeline.network_parts.hear_beats = timed.around(lambda *_: "beatnet", pipeline.network_parts.hear_beats)
    rows = []
    for path in paths:
        decoding, _ = cpu_seconds(lambda path=path: sum(len(block) for block in decode_blocks(path)))  # type: ignore[misc]
        beats, _ = cpu_seconds(lambda path=path: beats_alone(path))  # type: ignore[misc]
        timed.seconds = {}
        hearing, (analysis, _) = cpu_seconds(lambda path=path: pipeline.analyse_file(path, "0" * 64, known={}))  # type: ignore[misc]
        rows.append(
            {
                "audio_seconds": analysis.duration_seconds,
                "decoding": decoding,
                "beats": beats,
                "hearing": hearing,
                "networks": sorted(analysis.networks),
                "stages": timed.seconds,
            }
        )
    print(json.dumps(rows))


if __name__ == "__main__":
    main()
