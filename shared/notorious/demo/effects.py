"""What happens to the demo crate's sounds on their way: filters, reverb, echo, pumping, saturation, the master's gain.

Conventions as in `oscillators`; every function returns a new array unless it says "in place". Everything is linear and
keeps time, except `saturate`; nothing delays a signal by as much as one sample.
"""

import numpy as np
from numpy.typing import NDArray

from notorious.demo.oscillators import SAMPLE_RATE_HZ, Signal

SWEEP_HOP = 1024
"""Samples from one setting of a moving filter to the next (23 ms); in between, the two filtered signals are crossfaded."""


def filtered(signal: Signal, kind: str, cutoff_hz: float | tuple[float, float], *, order: int = 2) -> Signal:
    """A Butterworth "lowpass", "highpass" or "bandpass", causal, along the last axis."""
    from scipy.signal import butter, sosfilt

    sections = butter(order, cutoff_hz, kind, fs=SAMPLE_RATE_HZ, output="sos").astype(np.float32)
    out: Signal = sosfilt(sections, signal).astype(np.float32, copy=False)
    return out


def _responses(kind: str, cutoff_hz: NDArray[np.float64], resonance: float, size: int) -> NDArray[np.complex64]:
    """Frequency responses of second-order filters, a row for each cutoff, at the bins of a real FFT of `size`.

    Coefficients after R. Bristow-Johnson, "Cookbook formulae for audio EQ biquad filter coefficients".
    """
    angle = 2 * np.pi * np.minimum(cutoff_hz, 0.45 * SAMPLE_RATE_HZ)[:, None] / SAMPLE_RATE_HZ
    cosine, alpha = np.cos(angle), np.sin(angle) / (2 * resonance)
    delay = np.exp(-2j * np.pi * np.arange(size // 2 + 1) / size)[None, :]
    if kind == "lowpass":
        upper = (1 - cosine) / 2 * (1 + delay) ** 2
    elif kind == "bandpass":
        upper = alpha * (1 - delay**2)
    else:
        raise ValueError(f"no moving filter is called {kind!r}: use lowpass or bandpass")
    lower = (1 + alpha) - 2 * cosine * delay + (1 - alpha) * delay**2
    return (upper / lower).astype(np.complex64)


def sweep(signal: Signal, kind: str, cutoff_hz: NDArray[np.float64], *, resonance: float = 0.8) -> Signal:
    """A resonant "lowpass" or "bandpass" that moves; `cutoff_hz` has a value for every `SWEEP_HOP`, the last one is held.

    Overlap-add: the signal is cut into pieces under raised cosines that sum to one, each passes its own unmoving filter,
    and the outputs are added. So nothing can click, however fast the filter moves.
    """
    from scipy.fft import irfft, rfft

    rows = np.atleast_2d(signal)
    length, window_length, size, batch = rows.shape[1], 2 * SWEEP_HOP, 4 * SWEEP_HOP, 64
    pieces = length // SWEEP_HOP + 2
    window = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(window_length) / window_length)).astype(np.float32)
    out = np.zeros((rows.shape[0], (pieces + 4) * SWEEP_HOP), dtype=np.float32)
    source = np.zeros((rows.shape[0], (pieces + 1) * SWEEP_HOP), dtype=np.float32)
    source[:, SWEEP_HOP : SWEEP_HOP + length] = rows
    # To the nearest 24th of an octave: a step that the crossfade hides, and filters that recur are computed once.
    steps, which = np.unique(np.rint(24 * np.log2(cutoff_hz)), return_inverse=True)
    responses = _responses(kind, 2.0 ** (steps / 24), resonance, size)
    for first in range(0, pieces, batch):
        numbers = np.arange(first, min(first + batch, pieces))
        response = responses[which[np.clip(numbers - 1, 0, len(cutoff_hz) - 1)]]
        for row in range(rows.shape[0]):
            cut = np.lib.stride_tricks.sliding_window_view(source[row], window_length)[numbers * SWEEP_HOP] * window
            passed = irfft(rfft(cut, size, axis=1) * response, size, axis=1).astype(np.float32, copy=False)
            for number, piece in zip(numbers, passed, strict=True):
                out[row, number * SWEEP_HOP : number * SWEEP_HOP + size] += piece
    return out[:, SWEEP_HOP : SWEEP_HOP + length].reshape(signal.shape)


def convolved(signal: Signal, response: Signal) -> Signal:
    """A mono signal through a stereo impulse response, `[shape=(2, n)]`, cut to the signal's length.

    Overlap-add in blocks, so that the memory does not grow with the track.
    """
    from scipy.fft import irfft, next_fast_len, rfft

    length, tail = signal.size, response.shape[1]
    block = max(1 << 17, tail)
    size = next_fast_len(block + tail - 1, real=True)
    out = np.zeros((2, length + tail), dtype=np.float32)
    kernels = [rfft(response[channel], size) for channel in range(2)]
    for start in range(0, length, block):
        part = signal[start : start + block]
        if not part.any():
            continue
        spectrum = rfft(part, size)
        stop = min(start + part.size + tail - 1, out.shape[1])
        for channel in range(2):
            out[channel, start:stop] += irfft(spectrum * kernels[channel], size)[: stop - start]
    return out[:, :length]


def room(seconds: float, *, rng: np.random.Generator, pre_delay_seconds: float = 0.012, damping_hz: float = 5200.0) -> Signal:
    """A room's impulse response, `[shape=(2, n)]`, unit energy: noise that dies by 60 dB in `seconds`.

    The two sides are independent, which is what makes a room wide; the highs die twice as fast as the rest, which is what
    makes it sound of air and not of metal (Moorer 1979, "About this reverberation business").
    """
    length = int((seconds + pre_delay_seconds) * SAMPLE_RATE_HZ)
    start = int(pre_delay_seconds * SAMPLE_RATE_HZ)
    noise = rng.standard_normal((2, length)).astype(np.float32)
    dark = filtered(noise, "lowpass", damping_hz, order=1)
    time = np.arange(length, dtype=np.float32) / SAMPLE_RATE_HZ
    response = dark * np.exp(-6.9 * time / seconds) + 0.5 * (noise - dark) * np.exp(-13.8 * time / seconds)
    response = filtered(response.astype(np.float32), "highpass", 180.0)
    response = np.concatenate([np.zeros((2, start), dtype=np.float32), response[:, : length - start]], axis=1)
    response[:, -256:] *= np.linspace(1, 0, 256, dtype=np.float32)
    return (response / np.sqrt(np.sum(response**2, axis=1, keepdims=True))).astype(np.float32)


def ducking(
    length: int, kicks: NDArray[np.int64], *, depth: float, recovery_seconds: float, hold_seconds: float = 0.02
) -> Signal:
    """The gain of a sidechain compressor that the kicks drive: down to `1 - depth` at each kick, then back.

    The way down takes the 3 ms before the kick, so that it clicks nowhere and the attack stands alone.
    """
    fall = int(0.003 * SAMPLE_RATE_HZ)
    hold, recovery = int(hold_seconds * SAMPLE_RATE_HZ), int(recovery_seconds * SAMPLE_RATE_HZ)
    back = np.linspace(0, 1, recovery)
    shape = 1 - depth * np.concatenate([np.linspace(0, 1, fall), np.ones(hold), 1 - np.sin(back * np.pi / 2) ** 1.5])
    shape = shape.astype(np.float32)
    gain = np.ones(length, dtype=np.float32)
    for kick in kicks:
        start, stop = max(0, int(kick) - fall), min(length, int(kick) - fall + shape.size)
        if stop > start:
            part = gain[start:stop]
            np.minimum(part, shape[start - (int(kick) - fall) : stop - (int(kick) - fall)], out=part)
    return gain


def saturate(signal: Signal, drive: float) -> Signal:
    """Soft clipping; small signals keep their level, peaks bend towards 1/drive... times the hyperbolic tangent."""
    out: Signal = np.tanh(signal * np.float32(drive)) / np.float32(drive)
    return out


def master_gain(mix: Signal, *, ceiling: float) -> Signal:
    """The gain of a look-ahead peak limiter for a stereo mix, `[shape=(n,)]`, between 0 and 1.

    It is a gain and not a signal so that every stem can be multiplied by it: limited stems still sum to the limited
    track. In blocks of 32 samples: the gain that each needs, the least of it over 3 ms around, then smoothed
    over less than that, so that the smoothed gain is nowhere above the needed one.
    """
    from scipy.ndimage import minimum_filter1d, uniform_filter1d

    block, reach = 32, 4
    length = mix.shape[1]
    padded = -(-length // block) * block
    peaks = np.zeros(padded, dtype=np.float32)
    np.maximum(np.abs(mix[0]), np.abs(mix[1]), out=peaks[:length])
    needed = np.minimum(1.0, ceiling / np.maximum(peaks.reshape(-1, block).max(axis=1), 1e-9)).astype(np.float64)
    held = minimum_filter1d(needed, 2 * (reach + 1) + 1, mode="nearest")
    # Release: a slow copy that is never above the held gain keeps the limiter from following single cycles of the bass.
    slow = uniform_filter1d(minimum_filter1d(needed, 121, mode="nearest"), 119, mode="nearest")
    smooth = uniform_filter1d(np.minimum(held, 0.5 * (held + slow)), 2 * reach + 1, mode="nearest")
    # Straight lines from the middle of one block to the middle of the next.
    points = np.concatenate([smooth[:1], smooth, smooth[-1:]]).astype(np.float32)
    fraction = ((np.arange(block, dtype=np.float32) + 0.5) / block)[None, :]
    lines = points[:-1, None] + np.diff(points)[:, None] * fraction
    return lines.reshape(-1)[block // 2 : block // 2 + length]


def panned(mono: Signal, position: float) -> Signal:
    """A mono signal at a place between -1 (left) and 1 (right), with constant power."""
    angle = (position + 1) * np.pi / 4
    return np.stack([mono * np.float32(np.cos(angle) * np.sqrt(2)), mono * np.float32(np.sin(angle) * np.sqrt(2))])


def widened(mono: Signal, *, milliseconds: float = 11.0, amount: float = 0.5) -> Signal:
    """A mono signal made wide: a delayed copy is added left and taken away right, so that the mono sum stays the same."""
    shift = int(milliseconds * SAMPLE_RATE_HZ / 1000)
    side = np.zeros_like(mono)
    side[shift:] = mono[: mono.size - shift] * np.float32(amount)
    return np.stack([mono + side, mono - side])


def loudness_estimate(mix: Signal) -> float:
    """Gated loudness of a stereo mix in LUFS, good to a few tenths: what the master's gain is set by.

    The gates of ITU-R BS.1770-4 over blocks of 0.4 s that do not overlap, with its weighting (a high-pass at 38 Hz, a shelf
    of 4 dB around 1.7 kHz) applied to their spectra.
    """
    from scipy.fft import rfft

    block = int(0.4 * SAMPLE_RATE_HZ)
    count = mix.shape[1] // block
    frequency = np.arange(block // 2 + 1) * SAMPLE_RATE_HZ / block
    square = np.maximum(frequency, 1e-3) ** 2
    low_cut = square**2 / (square + 38.0**2) ** 2
    shelf = (1 + 10**0.4 * square / 1500.0**2) / (1 + square / 1500.0**2)
    weight = (2 * low_cut * shelf / block**2).astype(np.float32)
    power = np.zeros(count)
    for channel in mix:
        for first in range(0, count, 64):
            last = min(first + 64, count)
            spectra = rfft(channel[first * block : last * block].reshape(last - first, block), axis=1)
            power[first:last] += (np.square(spectra.real) + np.square(spectra.imag)) @ weight
    audible = power[power > 10 ** ((-70 + 0.691) / 10)]
    if audible.size == 0:
        return -70.0
    loud = audible[audible > 0.1 * audible.mean()]
    return float(-0.691 + 10 * np.log10(loud.mean()))
