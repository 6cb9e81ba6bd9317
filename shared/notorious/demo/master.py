"""The master: one gain curve for all stems, so that mastered stems still sum to the mastered track.

It brings the track to its loudness and holds its peaks below a ceiling. Everything works in chunks: with four stems of
four minutes in memory there is no room for their sum.
"""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from notorious.demo.oscillators import SAMPLE_RATE_HZ, Signal

PEAK_BLOCK = 32
"""Samples that share one point of the limiter's gain: 0.7 ms."""
LOUDNESS_BLOCK = 17_664
"""0.4 s, and a multiple of the peak block, so that both are measured in one pass."""
CHUNK = 32 * LOUDNESS_BLOCK


def _chunks(buses: Sequence[Signal]) -> Iterator[tuple[Signal, Signal]]:
    """Piece by piece: the sum of the buses, stereo, and the highest sample among the sum and each bus, mono."""
    length = buses[0].shape[1]
    for start in range(0, length, CHUNK):
        total = buses[0][:, start : start + CHUNK].copy()
        highest = np.abs(total).max(axis=0)
        for bus in buses[1:]:
            part = bus[:, start : start + CHUNK]
            np.maximum(highest, np.abs(part).max(axis=0), out=highest)
            total += part
        np.maximum(highest, np.abs(total).max(axis=0), out=highest)
        yield total, highest


def measured(buses: Sequence[Signal]) -> tuple[Signal, float]:
    """The peak of every `PEAK_BLOCK` samples, and the gated loudness of the buses' sum in LUFS, good to a few tenths.

    A peak is that of the sum or of the loudest bus, whichever is higher: where a kick and a bass cancel, each of their
    stems must still fit into 16 bits.

    The loudness has the gates of ITU-R BS.1770-4 over blocks of 0.4 s that do not overlap, with its weighting (a
    high-pass at 38 Hz, a shelf of 4 dB around 1.7 kHz) applied to their spectra. Silence is -70.
    """
    from scipy.fft import rfft

    frequency = np.arange(LOUDNESS_BLOCK // 2 + 1) * SAMPLE_RATE_HZ / LOUDNESS_BLOCK
    square = np.maximum(frequency, 1e-3) ** 2
    low_cut = square**2 / (square + 38.0**2) ** 2
    shelf = (1 + 10**0.4 * square**2 / 1681.0**4) / (1 + square**2 / 1681.0**4)
    weight = (2 * low_cut * shelf / LOUDNESS_BLOCK**2).astype(np.float32)
    peaks: list[Signal] = []
    powers: list[NDArray[np.float32]] = []
    for chunk, highest in _chunks(buses):
        padding = -highest.size % PEAK_BLOCK
        peaks.append(np.pad(highest, (0, padding)).reshape(-1, PEAK_BLOCK).max(axis=1))
        whole = chunk.shape[1] // LOUDNESS_BLOCK * LOUDNESS_BLOCK
        spectra = rfft(chunk[:, :whole].reshape(2, -1, LOUDNESS_BLOCK), axis=2)
        powers.append(((np.square(spectra.real) + np.square(spectra.imag)) @ weight).sum(axis=0))
    power = np.concatenate(powers).astype(np.float64)
    audible = power[power > 10 ** ((-70 + 0.691) / 10)]
    if audible.size == 0:
        return np.concatenate(peaks), -70.0
    loud = audible[audible > 0.1 * audible.mean()]
    return np.concatenate(peaks), float(-0.691 + 10 * np.log10(loud.mean()))


def limiter_points(peaks: Signal, *, ceiling: float) -> NDArray[np.float64]:
    """The gain of a look-ahead peak limiter at the middle of every peak block, between 0 and 1.

    The gain that each block needs, the least of it over 3 ms around, then smoothed over less than that: so the smoothed
    gain is nowhere above the needed one, in no block and on no line between two. A second, slow copy (85 ms) that is
    never above it either keeps the limiter from following single cycles of the bass.
    """
    from scipy.ndimage import minimum_filter1d, uniform_filter1d

    reach = 4
    needed = np.minimum(1.0, ceiling / np.maximum(peaks, 1e-9)).astype(np.float64)
    held = minimum_filter1d(needed, 2 * (reach + 1) + 1, mode="nearest")
    slow = uniform_filter1d(minimum_filter1d(needed, 121, mode="nearest"), 119, mode="nearest")
    smooth: NDArray[np.float64] = uniform_filter1d(np.minimum(held, 0.5 * (held + slow)), 2 * reach + 1, mode="nearest")
    return smooth


def gain_between(points: NDArray[np.float64], start: int, stop: int) -> Signal:
    """The gain for the samples from `start` to `stop`: straight lines between the middles of the blocks."""
    first = max(0, start // PEAK_BLOCK - 1)
    last = min(points.size, stop // PEAK_BLOCK + 2)
    centres = (np.arange(first, last) + 0.5) * PEAK_BLOCK
    return np.interp(np.arange(start, stop), centres, points[first:last]).astype(np.float32)


def quantised(bus: Signal, level: float, points: NDArray[np.float64], fade_out: int) -> NDArray[np.int16]:
    """A bus under the master's gain, rounded to 16 bits, `[shape=(n, 2)]`; the last `fade_out` samples fade out."""
    length = bus.shape[1]
    out = np.zeros((length, 2), dtype=np.int16)
    for start in range(0, length, CHUNK):
        stop = min(start + CHUNK, length)
        gain = gain_between(points, start, stop) * np.float32(level * 32767.0)
        if stop > length - fade_out:
            gain *= np.clip((length - np.arange(start, stop)) / fade_out, 0, 1).astype(np.float32)
        out[start:stop] = np.rint(bus[:, start:stop] * gain).T
    return out
