"""Linear-phase filters for mixing: a three-band split that sums back to the input, and a sweepable low- and high-pass.

Conventions: arrays are float32 (frames, channels); frequencies in Hz. No filter delays anything: each is symmetric
around its middle tap, and what comes out is aligned with what went in. Being FIR filters they know
`context_frames(rate)` frames to either side of a sample and nothing beyond, so that a segment with that much context is
filtered as it would be inside the whole (differences are the rounding of the transforms, below -120 dB).

Design: the magnitude `1 / (1 + (f / fc)^n)`, sampled, transformed and windowed (frequency sampling with a Kaiser
window: Oppenheim and Schafer, Discrete-Time Signal Processing, 3rd ed., 7.5-7.6). It falls monotonically, so the
impulse response is compact and hardly rings, unlike that of a steep window design. n = 8 (48 dB an octave) for the
split, whose bands must part bass drums from what lies above them; n = 4 (24 dB an octave) for the sweep, as DJ mixers
have it.
Filtering: overlap-save in the frequency domain (same book, 8.7.3).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
import scipy.fft
from numpy.typing import NDArray

Samples = NDArray[np.float32]
Spectrum = NDArray[np.complex64]

LOW_CROSSOVER_HZ = 200.0
HIGH_CROSSOVER_HZ = 2500.0
SPLIT_ORDER = 8
SWEEP_ORDER = 4
LOWPASS_OPEN_HZ, LOWPASS_SHUT_HZ = 18000.0, 70.0
HIGHPASS_OPEN_HZ, HIGHPASS_SHUT_HZ = 35.0, 12000.0

_HALF_LENGTH_PER_SECOND = 43  # half an impulse response is 1/43 s, 23 ms: room for a 24 dB slope at 70 Hz
_WINDOW_BETA = 6.0
_SWEEP_STEPS = 48  # filters from open to shut: a sixth of an octave each, so that a step between two is below 1 dB


def context_frames(rate_hz: int) -> int:
    """How many frames on either side of a sample take part in what the filters make of it."""
    return rate_hz // _HALF_LENGTH_PER_SECOND + 1


CONTEXT_FRAMES = 1200
"""Context that suffices for rates up to 51 kHz."""


@dataclass(frozen=True)
class ThreeBands:
    """Three arrays [shape=(frames, channels)], float32; `low + mid + high` is the input up to rounding."""

    low: Samples
    mid: Samples
    high: Samples


def three_bands(
    x: Samples,
    rate_hz: int,
    *,
    low_hz: float = LOW_CROSSOVER_HZ,
    high_hz: float = HIGH_CROSSOVER_HZ,
    context: int = 0,
) -> ThreeBands:
    """Split a segment into low, mid and high.

    Args:
        x: [shape=(context + frames + context, channels)].
        low_hz, high_hz: crossovers, where both neighbours are at half amplitude.
        context: frames at either end that are there to be heard, not to be returned. Beyond `x`, silence is assumed.

    Raises:
        ValueError: crossovers out of order, or more context than samples.
    """
    if not 0 < low_hz < high_hz < rate_hz / 2:
        raise ValueError(f"crossovers must rise and lie below {rate_hz / 2:g} Hz, not be {low_hz:g} and {high_hz:g} Hz")
    lowpassed = _convolve(
        x, (_lowpass(rate_hz, low_hz, SPLIT_ORDER), _lowpass(rate_hz, high_hz, SPLIT_ORDER)), rate_hz, context
    )
    middle = _without_context(x, context)
    low, below_high = lowpassed
    return ThreeBands(low=low, mid=below_high - low, high=middle - below_high)


def three_band_eq(
    x: Samples,
    rate_hz: int,
    *,
    low_gain: float | Samples = 1.0,
    mid_gain: float | Samples = 1.0,
    high_gain: float | Samples = 1.0,
    low_hz: float = LOW_CROSSOVER_HZ,
    high_hz: float = HIGH_CROSSOVER_HZ,
    context: int = 0,
) -> Samples:
    """Weigh the three bands and sum them: a mixer's EQ. Where all gains are 1 the samples pass to the last bit.

    Args:
        x, context, low_hz, high_hz: as `three_bands`.
        low_gain, mid_gain, high_gain: amplitudes, one number or one for each returned frame [shape=(frames,)].

    Returns:
        [shape=(frames, channels)], float32.
    """
    dry = _without_context(x, context)
    gains = [np.broadcast_to(np.asarray(gain, np.float32), (len(dry),)) for gain in (low_gain, mid_gain, high_gain)]
    low, mid, high = gains
    # Written around the undivided signal, so that a band whose gain equals its neighbour's costs nothing.
    made = dry * high[:, None]
    low_step, high_step = low - mid, mid - high
    if low_step.any() or high_step.any():
        wanted = []
        if high_step.any():
            wanted.append((high_step, _lowpass(rate_hz, high_hz, SPLIT_ORDER)))
        if low_step.any():
            wanted.append((low_step, _lowpass(rate_hz, low_hz, SPLIT_ORDER)))
        bands = _convolve(x, tuple(spectrum for _, spectrum in wanted), rate_hz, context)
        for (step, _), band in zip(wanted, bands, strict=True):
            made += step[:, None] * band
    return np.asarray(made, np.float32)


def filter_sweep(x: Samples, rate_hz: int, position: float | Samples, *, context: int = 0) -> Samples:
    """The filter knob of a DJ mixer, moving sample by sample without zipper noise.

    Args:
        x, context: as `three_bands`.
        position: for each returned frame [shape=(frames,)], or one for all: 0 is open (the samples pass to the last
            bit), -1 a low-pass at 70 Hz, +1 a high-pass at 12 kHz, in between on a logarithmic scale of cutoffs.

    Returns:
        [shape=(frames, channels)], float32.

    A moving cutoff is a crossfade between neighbours in a row of fixed filters. All are linear in phase and aligned in
    time, so that the crossfade has the magnitude in between and nothing cancels.
    """
    dry = _without_context(x, context)
    place = np.clip(np.broadcast_to(np.asarray(position, np.float32), (len(dry),)), -1, 1) * np.float32(_SWEEP_STEPS)
    made = dry.copy()
    if not place.any():
        return made
    for start, stop, spectrum in _spectra_of_blocks(x, rate_hz, context):
        here = place[start:stop]
        lowest, highest = int(np.floor(here.min())), int(np.ceil(here.max()))
        if lowest == highest == 0:
            continue
        block = np.zeros_like(made[start:stop])
        for number in range(lowest, highest + 1):
            weight = np.maximum(np.float32(0), 1 - np.abs(here - np.float32(number)))
            if not weight.any():
                continue
            if number == 0:
                block += weight[:, None] * dry[start:stop]
            else:
                filtered = _back(spectrum, _sweep_filter(rate_hz, number), stop - start, rate_hz)
                block += weight[:, None] * filtered
        made[start:stop] = block
    return made


def sweep_cutoff_hz(position: float) -> tuple[Literal["open", "lowpass", "highpass"], float]:
    """Which filter a knob position stands for, and its cutoff (half amplitude)."""
    amount = min(abs(position), 1.0)
    if amount == 0:
        return "open", 0.0
    if position < 0:
        return "lowpass", LOWPASS_OPEN_HZ * (LOWPASS_SHUT_HZ / LOWPASS_OPEN_HZ) ** amount
    return "highpass", HIGHPASS_OPEN_HZ * (HIGHPASS_SHUT_HZ / HIGHPASS_OPEN_HZ) ** amount


# ---------------------------------------------------------------- design


def _transform_length(rate_hz: int) -> int:
    """A power of two about four impulse responses long: the cheapest for overlap-save."""
    return 1 << int(np.ceil(np.log2(7 * context_frames(rate_hz))))


@lru_cache(maxsize=256)
def _lowpass(rate_hz: int, cutoff_hz: float, order: int) -> NDArray[np.float32]:
    """Spectrum [shape=(transform / 2 + 1,)] of the low-pass, real because it is centred on sample 0."""
    fine = 1 << 17  # long enough that sampling the magnitude folds nothing back into the response
    frequencies = np.arange(fine // 2 + 1) * (rate_hz / fine)
    response = np.fft.irfft(1.0 / (1.0 + (frequencies / cutoff_hz) ** order))
    half = context_frames(rate_hz)
    window = np.kaiser(2 * half + 1, _WINDOW_BETA)[half:]
    tail = response[: half + 1] * window
    taps = np.zeros(_transform_length(rate_hz))
    taps[: half + 1] = tail
    taps[-half:] = tail[:0:-1]
    taps /= taps.sum()  # exactly unity at 0 Hz
    return np.asarray(np.fft.rfft(taps).real, np.float32)


def _sweep_filter(rate_hz: int, number: int) -> NDArray[np.float32]:
    kind, cutoff_hz = sweep_cutoff_hz(number / _SWEEP_STEPS)
    lowpass = _lowpass(rate_hz, min(cutoff_hz, 0.45 * rate_hz), SWEEP_ORDER)
    return lowpass if kind == "lowpass" else np.asarray(1 - lowpass, np.float32)


# ---------------------------------------------------------------- filtering


def _without_context(x: Samples, context: int) -> Samples:
    if x.ndim != 2 or context < 0 or 2 * context > len(x):
        raise ValueError(f"{context} frames of context at both ends do not fit into an array of shape {x.shape}")
    return x[context : len(x) - context]


def _spectra_of_blocks(x: Samples, rate_hz: int, context: int) -> Iterator[tuple[int, int, Spectrum]]:
    """Spectra [shape=(channels, bins)] of successive stretches, with the frames (start, stop) that each serves."""
    half = context_frames(rate_hz)
    length = _transform_length(rate_hz)
    hop = length - 2 * half
    frames = len(x) - 2 * context
    channels = x.shape[1]
    for start in range(0, frames, hop):
        stop = min(start + hop, frames)
        begin = context + start - half
        stretch = np.zeros((channels, length), np.float32)
        first, last = max(0, begin), min(len(x), begin + length)
        stretch[:, first - begin : last - begin] = x[first:last].T
        yield start, stop, scipy.fft.rfft(stretch, axis=1)


def _back(spectrum: Spectrum, response: NDArray[np.float32], frames: int, rate_hz: int) -> Samples:
    half = context_frames(rate_hz)
    filtered = scipy.fft.irfft(spectrum * response, n=_transform_length(rate_hz), axis=1)
    return np.asarray(filtered[:, half : half + frames].T, np.float32)


def _convolve(
    x: Samples, responses: tuple[NDArray[np.float32], ...], rate_hz: int, context: int
) -> tuple[Samples, ...]:
    shape = _without_context(x, context).shape
    made = tuple(np.empty(shape, np.float32) for _ in responses)
    for start, stop, spectrum in _spectra_of_blocks(x, rate_hz, context):
        for target, response in zip(made, responses, strict=True):
            target[start:stop] = _back(spectrum, response, stop - start, rate_hz)
    return made
