"""An engine that hears by reading what the file says it is: it crashes, hangs and fails when it is told to.

Child processes import it by name. Each call is noted in the file that STANDIN_LOG names, so that a test can count them.
"""

import os
import signal
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import notorious.audio.tags
from notorious.analysis.model import Analysis
from notorious.audio.tags import Tags
from notorious.errors import UnreadableAudio

ANALYSERS: dict[str, int] = {"tempo": int(os.environ.get("STANDIN_TEMPO_VERSION", "1")), "rest": 1}

_BANDS = {"low": -3.0, "low_mid": -6.0, "mid": -9.0, "high": -12.0, "air": -20.0}


def read_title(path: Path) -> Tags:
    """Tags without a format: the title is the name."""
    return Tags(title=path.stem.upper(), artist="Nobody")


notorious.audio.tags.read_tags = read_title


def analyse_file(path: Path, sha256: str, *, known: Mapping[str, Any]) -> tuple[Analysis, dict[str, Any]]:
    """Do what the first word of the file says, else hear 120 BPM."""
    log = os.environ.get("STANDIN_LOG")
    if log:
        with open(log, "a", encoding="utf-8") as file:
            file.write(f"{path.name} {','.join(sorted(known))}\n")
    words = path.read_text(encoding="utf-8").split()
    match words[0]:
        case "crash":
            os.kill(os.getpid(), signal.SIGSEGV)
        case "hang":
            time.sleep(3600)
        case "exit":
            os._exit(7)
        case "text":
            raise UnreadableAudio(path, "it is text, not audio", "remove it")
        case "bug":
            raise ZeroDivisionError("of course")
        case "shout":
            os.write(1, b"a library that prints to the terminal\n")
        case "slow":
            time.sleep(0.3)
    parts = dict(known)
    for name in ANALYSERS:
        parts.setdefault(name, {"bpm": 120.0, "words": words})
    return assemble(sha256, parts), parts


def assemble(sha256: str, parts: Mapping[str, Any]) -> Analysis:
    """A whole analysis around the tempo that was "heard"."""
    missing = set(ANALYSERS) - set(parts)
    if missing:
        raise KeyError(missing)
    bpm = parts["tempo"]["bpm"]
    section = {
        "kind": "intro", "start": 0.0, "end": 8.0, "bars": 4, "energy": 0.5, "loudness_lufs": -14.0, "spectrum": _BANDS,
    }  # fmt: skip
    return Analysis.model_validate(
        {
            "sha256": sha256,
            "duration_seconds": 8.0,
            "sample_rate_hz": 44100,
            "channels": 2,
            "tempo": {"bpm": bpm, "confidence": 0.9, "steady": True},
            "grid": {"first_beat_seconds": 0.0, "bpm": bpm, "beat_count": 16},
            "key": {
                "camelot": "8A", "name": "A minor", "tonic": "A", "mode": "minor", "tuning_cents": 0, "confidence": 0.5,
            },
            "energy": {"level": 5, "hop_seconds": 1.0, "curve": [0.5] * 8},
            "sections": [section],
            "zones": [],
            "loudness": {
                "integrated_lufs": -14, "range_lu": 3, "true_peak_dbtp": -1, "hop_seconds": 1.0,
                "short_term": [-14.0] * 8,
            },
            "spectrum": _BANDS,
            "audible": {"start": 0.0, "end": 8.0},
            "waveform": {"hop_seconds": 0.1, "data": ""},
            "analysers": ANALYSERS,
        }
    )  # fmt: skip
