"""What happens to the demo crate's sounds on their way: filters, reverb, pumping, saturation.

Conventions as in `oscillators`; every function returns a new array unless it says "in place". Everything is linear and
keeps time, except `saturate`; nothing delays a signal by as much as one sample.
"""

import numpy as np
from numpy.typing import NDArray

from notorious.demo.oscillators import SAMPLE_RATE_HZ, Signal

SWEEP_HOP = 1024
"""Samples from one setting of a moving filter to the next (23 ms); between them the two outputs are crossfaded."""


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
    responses: NDArray[np.complex64] = (upper / lower).astype(np.complex64)
    return responses


def sweep(signal: Signal, kind: str, cutoff_hz: NDArray[np.float64], *, resonance: float = 0.8) -> Signal:
    """A resonant "lowpass" or "bandpass" that moves; `cutoff_hz` has a value for every `SWEEP_HOP` samples.

    Overlap-add: the signal is cut into pieces under raised cosines that sum to one, each passes its own unmoving
    filter, and the outputs are added. So nothing can click, however fast the filter moves.
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


def add_convolved(out: Signal, signal: Signal, response: Signal) -> None:
    """Adds a mono signal, as a stereo response `[shape=(2, n)]` answers it, to a stereo `out`, in place.

    Overlap-add in blocks, so that the memory does not grow with the track; silent blocks cost nothing.
    """
    from scipy.fft import irfft, next_fast_len, rfft

    length, tail = out.shape[1], response.shape[1]
    block = max(1 << 17, tail)
    size = next_fast_len(block + tail - 1, real=True)
    kernels = [rfft(response[channel], size) for channel in range(2)]
    for start in range(0, signal.size, block):
        part = signal[start : start + block]
        if not part.any():
            continue
        spectrum = rfft(part, size)
        stop = min(start + part.size + tail - 1, length)
        for channel in range(2):
            out[channel, start:stop] += irfft(spectrum * kernels[channel], size)[: stop - start]


def room(
    seconds: float, *, rng: np.random.Generator, pre_delay_seconds: float = 0.012, damping_hz: float = 5200.0
) -> Signal:
    """A room's impulse response, `[shape=(2, n)]`, unit energy: noise that dies by 60 dB in `seconds`.

    The two sides are independent, which is what makes a room wide; the highs die twice as fast as the rest, which is
    what makes it sound of air and not of metal (Moorer 1979, "About this reverberation business").
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
    whole: Signal = (response / np.sqrt(np.sum(response**2, axis=1, keepdims=True))).astype(np.float32)
    return whole


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
    """Soft clipping by the hyperbolic tangent: small signals keep their level, nothing rises above 1 / `drive`."""
    out: Signal = np.tanh(signal * np.float32(drive)) / np.float32(drive)
    return out


def widened(mono: Signal, *, milliseconds: float = 11.0, amount: float = 0.5) -> Signal:
    """A mono signal made wide: a delayed copy is added left and taken away right, so the mono sum stays the same."""
    shift = int(milliseconds * SAMPLE_RATE_HZ / 1000)
    side = np.zeros_like(mono)
    side[shift:] = mono[: mono.size - shift] * np.float32(amount)
    return np.stack([mono + side, mono - side])
