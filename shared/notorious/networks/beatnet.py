"""BeatNet: the probability of a beat and of a downbeat, fifty times a second.

M. Heydari, F. Cwitkowitz, Z. Duan, "BeatNet: CRNN and particle filtering for online joint beat, downbeat and meter
tracking", ISMIR 2021. Three networks of one shape that were trained on different halves of the data; their mean is
used, because each of them alone fails somewhere (it halves a fast track, or loses the bar line).

Conventions: mono float32 in [-1, 1] at 22,050 Hz. Frame i is centred on sample 441 * i, so that value i belongs to
second i / 50; the peaks are good to about 20 ms and have to be refined at the attack.

Features, as the networks were trained on (spectral flux in log-spaced triangles: Böck, Krebs, Widmer, ISMIR 2016):

    frames of 1411 samples every 441 -> Hann -> |DFT|, bins 1..705 -> 136 triangles -> log10(1 + x) -> and their rise
"""

from functools import cache, lru_cache
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from notorious.networks.catalogue import BEATNET, folder
from notorious.networks.session import session

RATE_HZ = 22050
HOP = 441
HOP_SECONDS = HOP / RATE_HZ
_FRAME = 1411
_BINS = _FRAME // 2
_CHUNK_FRAMES = 500  # ten seconds: the recurrent state goes from one to the next
_BANDS_PER_OCTAVE = 24
_REFERENCE_HZ = 440.0
_LOWEST_HZ, _HIGHEST_HZ = 30.0, 17000.0

Array = NDArray[np.float32]


class Samples(Protocol):
    """Mono samples: an array, or what is read slice by slice like one."""

    def __len__(self) -> int: ...

    def __getitem__(self, part: slice, /) -> Array: ...


def activations(mono: Samples) -> Array:
    """Probabilities of beat and downbeat.

    mono : np.ndarray [shape=(n,)], float32 at 22,050 Hz
    returns np.ndarray [shape=(ceil(n / 441), 2)], float32: p(beat that is no downbeat), p(downbeat); mean of three
    networks. Raises NetworkError where one cannot be loaded.
    """
    count = -(-len(mono) // HOP)
    sessions = [session(folder() / name) for name in BEATNET.files]
    states = [(np.zeros((2, 1, 150), np.float32), np.zeros((2, 1, 150), np.float32)) for _ in sessions]
    found = np.zeros((count, 2), np.float32)
    before: Array | None = None
    for first in range(0, count, _CHUNK_FRAMES):
        last = min(first + _CHUNK_FRAMES, count)
        rows = _log_bands(mono, first, last)
        x = np.concatenate([rows, _rise(rows, before)], axis=1)
        before = rows[-1]
        for number, network in enumerate(sessions):
            h, c = states[number]
            p, h, c = network.run(("p", "h1", "c1"), x=x, h=h, c=c)
            states[number] = (h, c)
            found[first:last] += p[:, :2]
    found /= np.float32(len(sessions))
    return found


def features(mono: Array) -> Array:
    """What the networks are given [shape=(frames, 272)], float32: 136 log bands and the rise of each."""
    rows = _log_bands(mono, 0, -(-len(mono) // HOP))
    return np.concatenate([rows, _rise(rows, None)], axis=1)


def _rise(rows: Array, before: Array | None) -> Array:
    first = rows[:1] if before is None else before[None]
    return np.maximum(np.diff(rows, axis=0, prepend=first), 0)


def _log_bands(mono: Samples, first: int, last: int) -> Array:
    """Log bands of frames first..last [shape=(last - first, 136)]."""
    from scipy import fft

    start = first * HOP - _BINS
    stop = (last - 1) * HOP + _BINS + 1
    piece = mono[max(start, 0) : stop]
    if start < 0 or stop > len(mono):
        piece = np.pad(piece, (max(-start, 0), max(stop - len(mono), 0)))
    frames = np.lib.stride_tricks.sliding_window_view(piece, _FRAME)[::HOP]
    magnitudes = np.abs(fft.rfft(frames * _window(), axis=1)[:, :_BINS])
    log_bands: Array = np.log10(1 + magnitudes @ _triangles())
    return log_bands


@cache
def _window() -> Array:
    return np.hanning(_FRAME).astype(np.float32)


@lru_cache(maxsize=1)
def _triangles() -> Array:
    """Matrix from 705 bins to 136 bands [shape=(705, 136)]: triangles of sum 1 on quarter tones.

    The corners are the bins nearest to the quarter tones from 30 Hz to 17 kHz, each bin once: in the bass, where bins
    are further apart than quarter tones, neighbours fall together.
    """
    # The networks were trained with bins taken to lie k * rate / 1410 apart, though the frame has 1411 samples.
    bins_hz = np.arange(_BINS) * RATE_HZ / (2 * _BINS)
    lowest = int(np.ceil(_BANDS_PER_OCTAVE * np.log2(_LOWEST_HZ / _REFERENCE_HZ)))
    highest = int(np.floor(_BANDS_PER_OCTAVE * np.log2(_HIGHEST_HZ / _REFERENCE_HZ)))
    tones = _REFERENCE_HZ * 2.0 ** (np.arange(lowest, highest + 1) / _BANDS_PER_OCTAVE)
    corners = np.unique(np.argmin(np.abs(bins_hz[None] - tones[:, None]), axis=1))
    columns = []
    for low, centre, high in zip(corners, corners[1:], corners[2:], strict=False):
        column = np.zeros(_BINS)
        if high - low < 2:  # a triangle of one bin
            column[low] = 1.0
        else:
            column[low:centre] = np.arange(centre - low) / (centre - low)
            column[centre:high] = 1 - np.arange(high - centre) / (high - centre)
        columns.append(column / column.sum())
    return np.array(columns).T.astype(np.float32)
