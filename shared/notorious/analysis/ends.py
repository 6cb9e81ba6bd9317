"""The two ends of a recording: where its sound begins and ends, and whether it fades in or out.

**Silence** is what lies outside the first and the last sample above -60 dBFS.

**Fades.** Peaks of a quarter of a second, held for three quarters (so that the gaps between beats do not count), over
the outermost 40 seconds are compared with a level that stays and with two ramps that end in silence: straight in
amplitude (most fades in editors) and straight in decibels (most fades of consoles). For every length of ramp the level
before it is the one that fits best; the ramp with the least absolute error holds if it explains most of what the
constant level leaves. So a fade is a matter of the whole level: an arrangement that thins out in steps is none, a hard
end is none, and the ringing of a last chord counts as one, since it is mixed as one.
"""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from notorious.analysis.model import Audible
from notorious.analysis.mono import Mono
from notorious.errors import UnusableAudio

SILENT_BELOW = 1e-3  # -60 dBFS

_STEP_SECONDS = 0.25
_HELD_STEPS = 3
_LOOKED_AT_SECONDS = 40.0
_LENGTHS_SECONDS = np.concatenate([np.arange(1.0, 6.0, 0.5), np.arange(6.0, 31.0, 1.0)])
_LEAST_EXPLAINED = 0.5
"""A ramp must leave less than this share of the error of a constant level ..."""
_LEAST_ERROR_DB = 1.5
"""... and that error must be this large, in the mean over twice the ramp: level music varies by about that."""
_FLOOR_DB = -60.0
_CHUNK_SAMPLES = 1 << 16
_EDGE_TOLERANCE_DB = 8.0
"""How much louder than on a straight ramp the outermost quarter of a second may be: a ramp ends in silence, a thinner
arrangement does not."""


def hear_ends(mono: Mono, rate_hz: int, *, duration_seconds: float, path: Path) -> Audible:
    """The audible part of a recording, and its fades.

    mono : float32 [shape=(n,)]

    Raises UnusableAudio where nothing is louder than -60 dBFS.
    """
    count = len(mono)
    first = _silent_samples(mono)
    if first == count:
        raise UnusableAudio(path, "it is silent", "nothing in it is louder than -60 dBFS")
    last = _end_of_sound(mono)
    looked_at = int(_LOOKED_AT_SECONDS * rate_hz)
    beginning, ending = mono[first : min(first + looked_at, last)], mono[max(first, last - looked_at) : last]
    return Audible(
        start=round(first / rate_hz, 6),
        end=round(min(last / rate_hz, duration_seconds), 6),
        fade_in_seconds=fade_seconds(np.abs(beginning), rate_hz),
        fade_out_seconds=fade_seconds(np.abs(ending[::-1]), rate_hz),
    )


def _silent_samples(mono: Mono) -> int:
    """How many samples come before the first that can be heard."""
    for start in range(0, len(mono), _CHUNK_SAMPLES):
        loud = np.abs(mono[start : start + _CHUNK_SAMPLES]) > SILENT_BELOW
        if loud.any():
            return start + int(np.argmax(loud))
    return len(mono)


def _end_of_sound(mono: Mono) -> int:
    """Where the last sample that can be heard ends."""
    for stop in range(len(mono), 0, -_CHUNK_SAMPLES):
        loud = np.abs(mono[max(0, stop - _CHUNK_SAMPLES) : stop][::-1]) > SILENT_BELOW
        if loud.any():
            return stop - int(np.argmax(loud))
    return 0


def fade_seconds(amplitude: NDArray[np.float32], rate_hz: int) -> float:
    """How long a sound fades in at its beginning; 0 where it does not.

    amplitude : np.ndarray [shape=(n,)], float32, at least 0; give it reversed to ask for the fade-out
    """
    step = int(_STEP_SECONDS * rate_hz)
    steps = min(len(amplitude), int(_LOOKED_AT_SECONDS * rate_hz)) // step
    if steps < 4 * _HELD_STEPS:
        return 0.0
    peaks = amplitude[: steps * step].reshape(steps, step).max(axis=1)
    held = np.lib.stride_tricks.sliding_window_view(np.pad(peaks, (0, _HELD_STEPS - 1)), _HELD_STEPS).max(axis=1)
    # What is held reaches forward, and on a ramp the highest peak stands at the far end.
    times = (np.arange(steps) + _HELD_STEPS - 0.5) * _STEP_SECONDS
    levels = np.maximum(20.0 * np.log10(held + 1e-9), _FLOOR_DB)
    edge = 20.0 * float(np.log10(peaks[0] + 1e-9))
    best_seconds, best_gain = 0.0, 0.0
    for length in _LENGTHS_SECONDS:
        seen = times < 2.0 * length
        if np.count_nonzero(seen) < 2 * _HELD_STEPS or 1.5 * length > times[-1]:
            continue
        here, place = levels[seen], np.minimum(times[seen] / length, 1.0)
        constant = _error(here)
        if constant < _LEAST_ERROR_DB:
            continue
        reaches_silence_at = 20.0 * np.log10(_STEP_SECONDS / length) + _EDGE_TOLERANCE_DB
        for ramp in (20.0 * np.log10(place), -_FLOOR_DB * (place - 1.0)):
            flat = here - np.maximum(ramp, _FLOOR_DB)
            left = _error(flat)
            gain = constant - left
            if edge - float(np.median(flat)) > reaches_silence_at:
                continue
            if left < _LEAST_EXPLAINED * constant and gain > best_gain:
                best_seconds, best_gain = float(length), gain
    return best_seconds


def _error(levels: NDArray[np.float64]) -> float:
    """Mean absolute distance from the median."""
    return float(np.mean(np.abs(levels - np.median(levels))))
