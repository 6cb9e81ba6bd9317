"""True peak: how high the curve goes that runs through the samples.

Conventions: amplitudes are linear, 1 is full scale; levels in dBTP. Arrays are float32 (frames, channels).

Method: ITU-R BS.1770-4, Annex 2 asks for at least fourfold oversampling; here it is eightfold with 97 taps a phase: a
sinc under a Kaiser window, flat to 0.456 and gone at 0.5 of the sample rate like soxr's own steep filter, since what
lies between decides how clipped music rings (a detector with BS.1770's own 12 taps reads it up to 0.6 dB too low).

Only where a crest can reach the height in question is anything interpolated. The points half-way between samples are
estimated from 12 taps wherever a sample within `REACH_DB` of that height is near; beside the local maxima of samples
and half-way points that come within `QUICK_DB` of it the curve is computed. What rises further above both is
missed: the meter then reads too low by what is beyond, never too high.
"""

import numpy as np
from numpy.typing import NDArray

REACH_DB = 6.0
QUICK_DB = 2.0
HALF_TAPS = 48
PHASES = 8
_CUTOFF = 0.478  # of the sample rate: the middle between soxr's pass band (0.456) and stop band (0.5)
_WINDOW_BETA = 6.0
_QUICK_TAPS = 6

_NEIGHBOURHOOD = np.arange(-HALF_TAPS, HALF_TAPS + 1)
_QUICK_NEIGHBOURHOOD = np.arange(1 - _QUICK_TAPS, _QUICK_TAPS + 1)


def _interpolator(offsets: NDArray[np.float64]) -> NDArray[np.float32]:
    """Matrix [shape=(2 * HALF_TAPS + 1, len(offsets))]: points at some fractions of a sample behind the middle."""
    distance = _NEIGHBOURHOOD[:, None] - offsets[None, :]
    inside = np.clip(1 - (distance / (HALF_TAPS + 1)) ** 2, 0, None)
    taps = np.sinc(2 * _CUTOFF * distance) * np.i0(_WINDOW_BETA * np.sqrt(inside))
    return np.asarray(taps / taps.sum(axis=0), np.float32)


def _half_way_taps() -> NDArray[np.float32]:
    distance = _QUICK_NEIGHBOURHOOD - 0.5
    taps = np.sinc(distance) * np.cos(np.pi * distance / (2 * _QUICK_TAPS + 1)) ** 2
    return np.asarray(taps / taps.sum(), np.float32)


_AROUND_SAMPLE = _interpolator(np.arange(-3, 4) / PHASES)
_BETWEEN_SAMPLES = _interpolator(np.arange(1, 8) / PHASES)
_HALF_WAY = _half_way_taps()


def crests(channel: NDArray[np.float32], height: float) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
    """Where the curve through the samples of one channel may reach a height.

    Args:
        channel: [shape=(HALF_TAPS + frames + HALF_TAPS,)]: context on both sides.
        height: magnitude of interest, above 0; crests that surely stay below it are left out.

    Returns:
        Frames (0 is the first behind the context), and for each the largest magnitude of the curve within one sample
        behind or half a sample before it, the sample itself included.
    """
    magnitude = np.abs(channel[HALF_TAPS - 1 : len(channel) - HALF_TAPS + 1])  # with one neighbour on both sides
    near = magnitude >= height * 10 ** (-REACH_DB / 20)
    # Interval k lies between samples k - 1 and k of the result's frames.
    intervals = np.flatnonzero(near[:-1] | near[1:])
    if not len(intervals):
        return np.zeros(0, np.intp), np.zeros(0, np.float32)
    half_way = np.zeros(len(magnitude) - 1, np.float32)
    around = channel[(intervals + HALF_TAPS - 1)[:, None] + _QUICK_NEIGHBOURHOOD]
    half_way[intervals] = np.abs(around @ _HALF_WAY)

    enough = height * 10 ** (-QUICK_DB / 20)
    middle = magnitude[1:-1]
    samples = np.flatnonzero((middle >= enough) & (middle >= half_way[:-1]) & (middle >= half_way[1:]))
    tops = half_way[1:]
    between = np.flatnonzero((tops >= enough) & (tops >= middle) & (tops >= magnitude[2:]))
    curve_at_samples = channel[(samples + HALF_TAPS)[:, None] + _NEIGHBOURHOOD] @ _AROUND_SAMPLE
    curve_between = channel[(between + HALF_TAPS)[:, None] + _NEIGHBOURHOOD] @ _BETWEEN_SAMPLES
    frames = np.concatenate([samples, between])
    heights = np.concatenate(
        [np.abs(curve_at_samples).max(axis=1, initial=0.0), np.abs(curve_between).max(axis=1, initial=0.0)]
    )
    return frames, np.maximum(heights, middle[frames])


class TruePeakMeter:
    """True peak of a stream; the result does not depend on how the stream is cut."""

    _CHUNK_FRAMES = 16384

    def __init__(self, channels: int) -> None:
        self._peak = 0.0
        self._waiting = [np.zeros((HALF_TAPS, channels), np.float32)]
        self._waiting_frames = HALF_TAPS

    def feed(self, block: NDArray[np.float32]) -> None:
        """Take the next frames [shape=(n, channels)], float32."""
        self._waiting.append(block)
        self._waiting_frames += len(block)
        whole = self._CHUNK_FRAMES + 2 * HALF_TAPS
        if self._waiting_frames < whole:
            return
        joined = np.concatenate(self._waiting)
        start = 0
        while len(joined) - start >= whole:
            self._measure(joined[start : start + whole])
            start += self._CHUNK_FRAMES
        self._waiting = [joined[start:].copy()]
        self._waiting_frames = len(joined) - start

    def _measure(self, chunk: NDArray[np.float32]) -> None:
        for channel in np.ascontiguousarray(chunk.T):
            sample_peak = float(max(channel.max(), -channel.min()))
            if sample_peak == 0 or sample_peak < self._peak * 10 ** (-REACH_DB / 20):
                continue
            self._peak = max(self._peak, sample_peak)
            _, heights = crests(channel, self._peak)
            self._peak = max(self._peak, float(heights.max(initial=0.0)))

    def result_dbtp(self, floor_dbtp: float = -120.0) -> float:
        """The highest crest so far [dBTP], the stream being taken to end here; silence gives the floor."""
        rest = np.concatenate([*self._waiting, np.zeros((HALF_TAPS, self._waiting[0].shape[1]), np.float32)])
        if len(rest) > 2 * HALF_TAPS:
            self._measure(rest)
        return max(floor_dbtp, 20 * float(np.log10(self._peak))) if self._peak > 0 else floor_dbtp
