"""How near an analysis comes to the truth: the field's measures (mir_eval), and finer ones where those are coarse.

Every measure is a number from 0 to 1 (or milliseconds, where its name says so), or absent where the truth is.
Beat and downbeat F count a beat as found within 70 ms (mir_eval.beat.f_measure); key is MIREX-weighted
(mir_eval.key.weighted_score); section borders count within 0.5 s (mir_eval.onset.f_measure, the same matching).
"""

from typing import Any

import mir_eval
import numpy as np
from numpy.typing import NDArray
from truth import Truth

EXACT_BPM = 0.02
FINE_BPM = 0.1
NEAR_SHARE = 0.04
LEVELS = (0.5, 1 / 3, 2.0, 3.0, 1.0)
BORDER_SECONDS = 0.5
LEAST_VOICE_SECONDS = 2.0
FRAME_SECONDS = 0.1

ROWS = {
    "tempo_exact": "tempo within 0.02 BPM",
    "tempo_exact_level": "tempo within 0.02 BPM, listed other level allowed",
    "tempo_fine": "tempo within 0.1 BPM",
    "tempo_near": "tempo within 4 %",
    "tempo_near_octave": "tempo within 4 %, octave errors allowed",
    "beat_f": "beat F (70 ms)",
    "beat_f_level": "beat F, any metrical level",
    "beat_f_30ms": "beat F (30 ms)",
    "beat_f_15ms": "beat F (15 ms)",
    "steady_right": "steady or not, right",
    "beats_5ms": "truth beats hit within 5 ms",
    "beats_10ms": "truth beats hit within 10 ms",
    "beats_25ms": "truth beats hit within 25 ms",
    "beats_10ms_lag": "truth beats hit within 10 ms of the onset lag",
    "beat_error_ms": "median beat error, ms (median over tracks)",
    "downbeat_f": "downbeat F (70 ms)",
    "key_exact": "key exact",
    "key_weighted": "key, MIREX weighted",
    "vocals_right": "vocals yes or no right",
    "vocals_f": "vocal regions F (0.1 s frames)",
    "sections_f": "section borders F (0.5 s)",
    "borders_on_phrases": "section borders that lie on phrases (0.5 s)",
    "borders_by_chance": "  on any bar line, as many would",
    "changes_found": "changes of arrangement found as section borders",
}
MEDIANS = frozenset({"beat_error_ms"})


def measure(truth: Truth, heard: dict[str, Any] | None) -> dict[str, float]:
    """All measures that this truth allows. A track that was not heard is wrong in all of them.

    heard: one line of `notorious analyze --json`.
    """
    heard = heard or {}
    found: dict[str, float] = {}
    if truth.tempo_bpm:
        found |= _tempo(truth.tempo_bpm, truth.other_bpm, float(heard.get("bpm", 0.0)))
    if truth.steady is not None:
        found["steady_right"] = float("tempo" in heard and bool(heard["tempo"]["steady"]) == truth.steady)
    if truth.beats is not None:
        found |= _beats(truth, _inside(heard.get("beats", []), truth))
    if truth.downbeats is not None:
        found["downbeat_f"] = _f(truth.downbeats, _inside(heard.get("downbeats", []), truth))
    if truth.key:
        name = heard.get("key", {}).get("name", "")
        found["key_exact"] = float(bool(name) and _key(name) == _key(truth.key))
        found["key_weighted"] = float(mir_eval.key.weighted_score(_key(truth.key), _key(name))) if name else 0.0
    if truth.vocals is not None:
        found |= _vocals(truth, heard.get("vocals"))
    if truth.section_borders is not None:
        borders = np.array([section["start"] for section in heard.get("sections", [])][1:])
        found["sections_f"] = _f_onsets(np.array(truth.section_borders), borders)
    if truth.phrase_starts is not None and truth.downbeats is not None:
        found |= _phrases(truth, heard.get("sections", []))
    return found


def summary(rows: list[dict[str, float]]) -> dict[str, tuple[float, int]]:
    """Mean (median, where the measure is an error) over the tracks that have a measure, and their number."""
    found = {}
    for name in ROWS:
        values = [row[name] for row in rows if name in row]
        if values:
            found[name] = (float(np.median(values) if name in MEDIANS else np.mean(values)), len(values))
    return found


def _phrases(truth: Truth, sections: list[dict[str, Any]]) -> dict[str, float]:
    """Borders between sections against the phrases of a score and the changes of its arrangement."""
    borders = np.array([section["start"] for section in sections][1:], dtype=np.float64)
    starts, changes = np.array(truth.phrase_starts), np.array(truth.arrangement_changes or ())
    found: dict[str, float] = {}
    if len(borders) and len(starts):
        found["borders_on_phrases"] = _near(borders, starts)
        found["borders_by_chance"] = _near(np.asarray(truth.downbeats), starts)
    if len(changes):
        found["changes_found"] = _near(changes, borders)
    return found


def _near(times: NDArray[np.float64], others: NDArray[np.float64]) -> float:
    """Share of the times that have one of the others within `BORDER_SECONDS`."""
    if not len(others):
        return 0.0
    return float(np.mean(np.abs(times[:, None] - others).min(axis=1) <= BORDER_SECONDS))


def _tempo(truth: float, others: tuple[float, ...], bpm: float) -> dict[str, float]:
    return {
        "tempo_exact": float(abs(bpm - truth) <= EXACT_BPM),
        # A hundredth at another level is counted as it is at the notated one.
        "tempo_exact_level": float(any(abs(bpm - level) * truth / level <= EXACT_BPM for level in (truth, *others))),
        "tempo_fine": float(abs(bpm - truth) <= FINE_BPM),
        "tempo_near": float(abs(bpm - truth) <= NEAR_SHARE * truth),
        "tempo_near_octave": float(any(abs(bpm - level * truth) <= NEAR_SHARE * level * truth for level in LEVELS)),
    }


def _beats(truth: Truth, found: NDArray[np.float64]) -> dict[str, float]:
    beats = truth.beats
    assert beats is not None
    middle = (beats[1:] + beats[:-1]) / 2
    levels = (beats, beats[::2], beats[1::2], np.sort(np.concatenate([beats, middle])))
    away = _distance(beats, found)
    lagged = _distance(beats + truth.onset_lag_seconds, found)
    result = {
        "beat_f": _f(beats, found),
        "beat_f_30ms": _f(beats + truth.onset_lag_seconds, found, 0.030),
        "beat_f_15ms": _f(beats + truth.onset_lag_seconds, found, 0.015),
        "beat_f_level": max(_f(level, found) for level in levels),
        "beats_5ms": float(np.mean(away <= 0.005)),
        "beats_10ms": float(np.mean(away <= 0.010)),
        "beats_25ms": float(np.mean(away <= 0.025)),
        "beats_10ms_lag": float(np.mean(lagged <= 0.010)),
    }
    near = away[away < 0.07]
    return {**result, "beat_error_ms": float(np.median(near)) * 1000} if len(near) else result


def _vocals(truth: Truth, heard: Any) -> dict[str, float]:
    regions = [(float(start), float(end)) for start, end in (heard or {}).get("regions", [])]
    answer = sum(end - start for start, end in regions) >= LEAST_VOICE_SECONDS
    found = {"vocals_right": float(answer == truth.vocals)}
    if truth.vocal_regions:
        true, ours = (_frames(spans, truth.audible[1]) for spans in (list(truth.vocal_regions), regions))
        found["vocals_f"] = float(2 * np.sum(true & ours) / max(1, int(true.sum() + ours.sum())))
    return found


def _frames(spans: list[tuple[float, float]], seconds: float) -> NDArray[np.bool_]:
    marked = np.zeros(int(seconds / FRAME_SECONDS) + 1, dtype=np.bool_)
    for start, end in spans:
        marked[int(max(start, 0.0) / FRAME_SECONDS) : int(end / FRAME_SECONDS) + 1] = True
    return marked


def _inside(times: list[float], truth: Truth) -> NDArray[np.float64]:
    found = np.sort(np.array(times, dtype=np.float64))
    return found[(found >= truth.audible[0] - 0.05) & (found <= truth.audible[1] + 0.001)]


def _f(true: NDArray[np.float64], found: NDArray[np.float64], within_seconds: float = 0.07) -> float:
    return float(mir_eval.beat.f_measure(true, found, within_seconds)) if len(true) and len(found) else 0.0


def _f_onsets(true: NDArray[np.float64], found: NDArray[np.float64]) -> float:
    return float(mir_eval.onset.f_measure(true, found, window=BORDER_SECONDS)[0]) if len(true) and len(found) else 0.0


def _distance(true: NDArray[np.float64], found: NDArray[np.float64]) -> NDArray[np.float64]:
    if not len(found):
        return np.full(len(true), np.inf)
    return np.asarray(np.abs(found[None, :] - true[:, None]).min(axis=1))


def _key(name: str) -> str:
    """As mir_eval writes it: tonic, blank, mode."""
    tonic, _, mode = name.replace("♯", "#").replace("♭", "b").partition(" ")
    return f"{tonic} {mode.lower() or 'major'}"
