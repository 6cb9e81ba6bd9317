"""What happens to the demo crate's sounds on their way: filters, reverb, echo, pumping, saturation, the master's gain.

Conventions as in `oscillators`; every function returns a new array unless it says "in place". Everything is linear and
keeps time, except `saturate`; nothing delays a signal by as much as one sample.
"""

import numpy as np
from numpy.typing import NDArray

from notorious.demo.oscillators import SAMPLE_RATE_HZ, Signal

SWEEP_BLOCK = 256
"""Samples for which a moving filter stands still (6 ms): short enough that a sweep has no audible steps."""


def filtered(signal: Signal, kind: str, cutoff_hz: float | tuple[float, float], *, order: int = 2) -> Signal:
    """A Butterworth "lowpass", "highpass" or "bandpass", causal, along the last axis."""
    from scipy.signal import butter, sosfilt

    sections = butter(order, cutoff_hz, kind, fs=SAMPLE_RATE_HZ, output="sos").astype(np.float32)
    out: Signal = sosfilt(sections, signal).astype(np.float32, copy=False)
    return out


def _biquads(kind: str, cutoff_hz: NDArray[np.float64], resonance: float) -> NDArray[np.float64]:
    """Second-order sections, a row for each cutoff (R. Bristow-Johnson, Audio EQ Cookbook)."""
    angle = 2 * np.pi * np.minimum(cutoff_hz, 0.45 * SAMPLE_RATE_HZ) / SAMPLE_RATE_HZ
    cosine, alpha = np.cos(angle), np.sin(angle) / (2 * resonance)
    norm = 1 + alpha
    if kind == "lowpass":
        outer, middle = (1 - cosine) / 2, 1 - cosine
        upper = (outer, middle, outer)
    elif kind == "highpass":
        outer, middle = (1 + cosine) / 2, -(1 + cosine)
        upper = (outer, middle, outer)
    elif kind == "bandpass":
        upper = (alpha, np.zeros_like(alpha), -alpha)
    else:
        raise ValueError(f"no moving filter is called {kind!r}: use lowpass, highpass or bandpass")
    lower = (norm, -2 * cosine, 1 - alpha)
    return np.stack([*(part / norm for part in upper), *(part / norm for part in lower)], axis=1)


def sweep(signal: Signal, kind: str, cutoff_hz: NDArray[np.float64], *, resonance: float = 0.8) -> Signal:
    """A resonant filter that moves; `cutoff_hz` has one value for every `SWEEP_BLOCK` samples, the last one is held."""
    from scipy.signal import sosfilt

    rows = np.atleast_2d(signal)
    out = np.empty_like(rows)
    coefficients = _biquads(kind, cutoff_hz, resonance)
    state = np.zeros((1, rows.shape[0], 2))
    for block, start in enumerate(range(0, rows.shape[1], SWEEP_BLOCK)):
        part = slice(start, start + SWEEP_BLOCK)
        row = coefficients[min(block, len(coefficients) - 1)][None, :]
        out[:, part], state = sosfilt(row, rows[:, part], zi=state)
    return out.reshape(signal.shape)


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


def echoes(signal: Signal, delay_samples: int, *, feedback: float, repeats: int = 5) -> Signal:
    """The echoes alone, `[shape=(2, n)]`, from side to side, each darker and thinner than the one before."""
    out = np.zeros_like(signal)
    repeat = signal
    for number in range(1, repeats + 1):
        shift = number * delay_samples
        if shift >= signal.shape[1]:
            break
        repeat = filtered(repeat, "bandpass", (220.0, 5500.0), order=1)[::-1]
        out[:, shift:] += np.float32(feedback ** (number - 1)) * repeat[:, : signal.shape[1] - shift]
    return out


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
    centres = (np.arange(smooth.size) + 0.5) * block
    return np.interp(np.arange(length), centres, smooth).astype(np.float32)


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

    The blocks and gates of ITU-R BS.1770-4, with its weighting rebuilt from a high-pass and a shelf.
    """
    hop = SAMPLE_RATE_HZ // 10
    count = mix.shape[1] // hop
    power = np.zeros(count)
    for channel in mix:
        weighted = filtered(channel, "highpass", 38.0)
        weighted += np.float32(0.585) * filtered(weighted, "highpass", 1500.0)
        power += np.mean(np.square(weighted[: count * hop].reshape(count, hop), dtype=np.float32), axis=1)
    blocks = np.convolve(power, np.full(4, 0.25), mode="valid")
    blocks = blocks[blocks > 10 ** ((-70 + 0.691) / 10)]
    if blocks.size == 0:
        return -70.0
    blocks = blocks[blocks > 0.1 * blocks.mean()]
    return float(-0.691 + 10 * np.log10(blocks.mean()))
