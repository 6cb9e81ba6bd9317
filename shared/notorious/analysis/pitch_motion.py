"""Pitch motion: what a singing or speaking voice does to a spectrum and a keyboard does not.

The partials of a voice are never still: they glide between notes, waver, rise and fall with every word, and all of them
move by the same interval at once. On a logarithmic frequency axis such a motion is a shift, and the shift between two
moments is where their cross-correlation peaks (the "fluctogram" of Sonnleitner, Niedermayer, Widmer & Schlueter, DAFx
2012; Lehner, Widmer & Sonnleitner, ICASSP 2014).

Conventions: `STEPS_PER_OCTAVE` steps to the octave from `LOWEST_HZ` on; bands overlap by half an octave. The motion at
frame i is that from frame i - 1 to frame i + 1, in steps (positive upwards).
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

STEPS_PER_OCTAVE = 36  # a third of a semitone: near the resolution of the transform at 500 Hz
LOWEST_HZ = 440.0
OCTAVES = 3.25
MOST_STEPS = 4  # 133 cents in 46 ms: faster than any vibrato, about as fast as a singer glides
BANDS = 5
_BAND_STEPS = STEPS_PER_OCTAVE
_BAND_HOP_STEPS = STEPS_PER_OCTAVE // 2
_FLOOR = 1e-5  # magnitude: -100 dB, so that silence has no shape

Array = NDArray[np.float32]


@dataclass(frozen=True)
class PitchMotion:
    """How partials move, a row a frame.

    `shift` [shape=(frames, BANDS)], in steps; `steady` [shape=(frames, BANDS)], how alike the two moments are as they
    stand, and `moved`, how alike they are when one is shifted by `shift`: correlations from -1 to 1. All float32.
    """

    shift: Array
    steady: Array
    moved: Array


class MotionListener:
    """Hears power spectra block by block, in order; `result` holds a row for every frame heard.

    rate_hz, frame : of the transform that the blocks come from
    """

    def __init__(self, *, rate_hz: int, frame: int) -> None:
        self._first_bin, self._to_steps = _steps_matrix(rate_hz, frame)
        self._last: Array | None = None
        self._rows: list[Array] = []

    def hear(self, power: Array) -> None:
        """The next power spectra [shape=(frames, frame // 2 + 1)], float32."""
        used = power[:, self._first_bin : self._first_bin + len(self._to_steps)]
        level = np.log(np.sqrt(used @ self._to_steps) + np.float32(_FLOOR))
        shape = level - _local_mean(level)  # partials stand out of it; a drum, which is everywhere, does not
        np.maximum(shape, 0, out=shape)
        kept = shape if self._last is None else np.vstack([self._last, shape])
        if len(kept) > 2:
            self._rows.append(_compare(kept[:-2], kept[2:]))
        self._last = kept[-2:]

    def result(self) -> PitchMotion:
        """The motion at every frame heard; at the two ends, where there is nothing to compare with, none."""
        none = np.zeros((1, 3 * BANDS), np.float32)
        heard = 0 if self._last is None else len(self._last)
        ends = [none] * min(heard, 2)
        rows = np.concatenate([*ends[:1], *self._rows, *ends[1:]]) if ends else np.zeros((0, 3 * BANDS), np.float32)
        return PitchMotion(shift=rows[:, :BANDS], steady=rows[:, BANDS : 2 * BANDS], moved=rows[:, 2 * BANDS :])


def _compare(before: Array, after: Array) -> Array:
    """Shift, likeness unshifted and likeness shifted of pairs of spectra [shape=(pairs, 3 * BANDS)], float32."""
    inner = slice(MOST_STEPS, before.shape[1] - MOST_STEPS)
    count = before.shape[1] - 2 * MOST_STEPS
    window = _band_windows(count)
    likeness = np.empty((2 * MOST_STEPS + 1, len(before), BANDS), np.float32)
    power = np.square(before[:, inner]) @ window
    for shift in range(-MOST_STEPS, MOST_STEPS + 1):
        moved = after[:, MOST_STEPS + shift : MOST_STEPS + shift + count]
        likeness[shift + MOST_STEPS] = (
            (before[:, inner] * moved) @ window / np.sqrt(power * (np.square(moved) @ window) + np.float32(1e-6))
        )
    best = likeness.argmax(axis=0)
    peak = np.take_along_axis(likeness, best[None], axis=0)[0]
    # A parabola through the best three tells the shift to a fraction of a step; at the rim there are no three.
    inside = np.clip(best, 1, 2 * MOST_STEPS - 1)
    left = np.take_along_axis(likeness, inside[None] - 1, axis=0)[0]
    right = np.take_along_axis(likeness, inside[None] + 1, axis=0)[0]
    bend = np.maximum(2 * peak - left - right, np.float32(1e-6))
    fraction = np.where(inside == best, np.clip((right - left) / (2 * bend), -0.5, 0.5), 0)
    shifts = best - MOST_STEPS + fraction
    return np.hstack([shifts, likeness[MOST_STEPS], peak]).astype(np.float32)


def _local_mean(level: Array) -> Array:
    """The mean over a third of an octave to either side [shape=level.shape]."""
    reach = STEPS_PER_OCTAVE // 3
    total = np.cumsum(np.pad(level, ((0, 0), (reach + 1, reach)), mode="edge"), axis=1)
    mean: Array = (total[:, 2 * reach + 1 :] - total[:, : -2 * reach - 1]) / np.float32(2 * reach + 1)
    return mean


@cache
def _band_windows(count: int) -> Array:
    """Membership of the steps in the bands [shape=(count, BANDS)]."""
    window = np.zeros((count, BANDS), np.float32)
    for band in range(BANDS):
        start = band * _BAND_HOP_STEPS
        window[start : start + _BAND_STEPS, band] = 1
    return window


@cache
def _steps_matrix(rate_hz: int, frame: int) -> tuple[int, Array]:
    """First bin used, and the matrix from power bins to logarithmic steps: a triangle around every step, as wide as the
    step or as a bin, whichever is more."""
    count = round(OCTAVES * STEPS_PER_OCTAVE)
    centres = LOWEST_HZ * 2 ** (np.arange(count) / STEPS_PER_OCTAVE) * frame / rate_hz  # in bins
    half = np.maximum(centres * (2 ** (1 / STEPS_PER_OCTAVE) - 1), 1.0)
    first, last = int(centres[0] - half[0]), int(np.ceil(centres[-1] + half[-1])) + 1
    bins = np.arange(first, last)[:, None]
    triangles = np.clip(1 - np.abs(bins - centres) / half, 0, None)
    return first, (triangles / triangles.sum(axis=0)).astype(np.float32)
