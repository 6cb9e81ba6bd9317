"""What is known of a track, read from either of two documented shapes.

- `truth.jsonl` in a folder of music: one object a line with `file`, `duration`, and what is known of `tempo_bpm`,
  `tempo_alternatives` (other levels that can be defended), `first_beat_s`, `beats_known`, `beats_per_bar`,
  `first_downbeat_s`, or else `beats` and `downbeats` one by one and `tempo_steady`; `onset_bias_ms` (how far the sounds
  lag behind the notated beats), `audible` [start, end], `key`, `vocals` (true, false or null), `vocal_regions`,
  `phrase_starts` (all but the first) and `arrangement_changes` (those of them at which other instruments play).
- the JSON that `notorious demo` writes beside each track (`notorious.demo.truth.TrackTruth`).

Times in seconds. What is not known is None and is not scored.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Span = tuple[float, float]
_EDGE_SECONDS = 0.05


@dataclass(frozen=True)
class Truth:
    """One track. beats, downbeats: NDArray [shape=(n,)], seconds."""

    file: str
    tempo_bpm: float | None
    other_bpm: tuple[float, ...]
    beats: NDArray[np.float64] | None
    downbeats: NDArray[np.float64] | None
    onset_lag_seconds: float
    audible: Span
    key: str | None
    vocals: bool | None
    vocal_regions: tuple[Span, ...] | None
    section_borders: tuple[float, ...] | None
    steady: bool | None = None
    phrase_starts: tuple[float, ...] | None = None
    arrangement_changes: tuple[float, ...] | None = None


def read_truth(folder: Path) -> list[Truth]:
    """All that is known of the files in a folder. Raises FileNotFoundError where nothing is."""
    lines = folder / "truth.jsonl"
    if lines.exists():
        return [_of_line(json.loads(line)) for line in lines.read_text(encoding="utf-8").splitlines() if line.strip()]
    beside = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.json"))]
    found = [_of_demo(values) for values in beside if isinstance(values, dict) and {"file", "downbeats"} <= set(values)]
    if not found:
        raise FileNotFoundError(
            f"{folder} holds neither truth.jsonl nor the JSON of a demo crate: name a folder that does "
            "(notorious demo DIR makes one)"
        )
    return found


def _of_line(values: dict[str, Any]) -> Truth:
    duration = float(values["duration"])
    start, end = values.get("audible") or (0.0, duration)
    bpm = values.get("tempo_bpm")
    first, first_bar, per_bar = (values.get(name) for name in ("first_beat_s", "first_downbeat_s", "beats_per_bar"))
    beats = downbeats = None
    if bpm and values.get("beats_known") and first is not None:
        beats = _every(60.0 / bpm, first, duration, (start, end))
        if first_bar is not None and per_bar:
            downbeats = _every(60.0 / bpm * per_bar, first_bar, duration, (start, end))
    if values.get("beats"):
        beats = np.array(values["beats"], dtype=np.float64)
        downbeats = np.array(values["downbeats"], dtype=np.float64) if values.get("downbeats") else None
    regions = values.get("vocal_regions")
    return Truth(
        file=values["file"],
        tempo_bpm=bpm,
        other_bpm=tuple(values.get("tempo_alternatives") or ()),
        beats=beats,
        downbeats=downbeats,
        onset_lag_seconds=(values.get("onset_bias_ms") or 0.0) / 1000,
        audible=(float(start), float(end)),
        key=values.get("key"),
        vocals=values.get("vocals"),
        vocal_regions=tuple((float(a), float(b)) for a, b in regions) if regions else None,
        section_borders=None,
        steady=values.get("tempo_steady", True if bpm else None),
        phrase_starts=_times(values, "phrase_starts"),
        arrangement_changes=_times(values, "arrangement_changes"),
    )


def _times(values: dict[str, Any], name: str) -> tuple[float, ...] | None:
    return None if values.get(name) is None else tuple(float(time) for time in values[name])


def _of_demo(values: dict[str, Any]) -> Truth:
    regions = tuple((region["start"], region["end"]) for region in values["vocals"]["regions"])
    return Truth(
        file=values["file"],
        tempo_bpm=values["bpm"],
        other_bpm=(),
        beats=np.array(values["beats"], dtype=np.float64),
        downbeats=np.array(values["downbeats"], dtype=np.float64),
        onset_lag_seconds=0.0,
        audible=(0.0, float(values["duration_seconds"])),
        key=values["key"]["name"],
        vocals=bool(regions),
        vocal_regions=regions or None,
        section_borders=tuple(section["start"] for section in values["sections"][1:]),
        steady=True,
    )


def _every(period: float, first: float, duration: float, audible: Span) -> NDArray[np.float64]:
    times = np.arange(first, duration, period, dtype=np.float64)
    return times[(times >= audible[0] - _EDGE_SECONDS) & (times <= audible[1])]
