"""The tonal peaks of power spectra: what in a frame has a pitch, how much it counts, and at how many cents it lies.

Noise, hats and claps have no such peaks, so frames count by how tonal they are; that is how percussion is suppressed.
Sources: J. O. Smith, "Spectral Audio Signal Processing", 2011, "Quadratic Interpolation of Spectral Peaks"; for the
discount of partials compare E. Gómez, "Tonal Description of Music Audio Signals", PhD thesis, UPF 2006, section 3.3.

Conventions: spectra are |STFT|^2 of any scale (Hann 4096, hop 2048, at 22,050 Hz: 5.4 Hz a bin, 10.8 frames a second).
"""

import numpy as np
from numpy.typing import NDArray

BINS = 2049
_BIN_HZ = 22050 / 4096
FRAME_SECONDS = 2048 / 22050
_LOWEST_BIN = 7
"""38 Hz: below the lowest note of most basses (E1, 41 Hz), where kicks end and interpolation fails."""
_HIGHEST_BIN = 700
"""3.8 kHz: above it only partials are left."""
_NEIGHBOURS = 16
BINS_LOOKED_AT = _HIGHEST_BIN + _NEIGHBOURS + 1
"""How much of a spectrum `tonal_peaks` needs."""
_STANDS_OUT = 4.0
"""Power of a peak over the mean of its surroundings. A sine reaches about 22, noise rarely 4."""
_PROMINENCE_SPAN = 3.0
"""A peak's weight grows by 1 while it stands out this many times more, from 0.2 to at most 1."""
_QUIETEST = 1e-5
"""Peaks more than 50 dB below the strongest of their frame are passed over (window side lobes, codec noise)."""
_SILENCE = 1e-9
_PARTIALS = (3, 5, 6, 7)
_PARTIAL_DISCOUNT = 0.5


def tonal_peaks(
    power: NDArray[np.float32], power_before: NDArray[np.float32]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.intp]]:
    """The tonal peaks of some frames: cents relative to 440 Hz, weights, number of the frame, all of shape (peaks,).

    Both arguments have shape (frames, at least 717); row i of `power_before` is the frame before row i of `power`.
    """
    low, high = _LOWEST_BIN, _HIGHEST_BIN
    here = power[:, low:high]
    summed = np.cumsum(power, axis=1, dtype=np.float64)
    first = np.maximum(np.arange(low, high) - _NEIGHBOURS, 2)
    last = np.arange(low, high) + _NEIGHBOURS
    surroundings = (summed[:, last] - summed[:, first - 1]) / (last - first + 1)
    found = (here > power[:, low - 1 : high - 1]) & (here >= power[:, low + 1 : high + 1])
    found &= here > _STANDS_OUT * surroundings
    found &= here > np.maximum(_QUIETEST * here.max(axis=1, keepdims=True), _SILENCE)
    frame, place = np.nonzero(found)
    centre = place + low

    peak = power[frame, centre].astype(np.float64)
    left, middle, right = (np.log(power[frame, centre + step] + 1e-30) for step in (-1, 0, 1))
    offset = 0.5 * (left - right) / np.minimum(left - 2 * middle + right, -1e-9)
    hertz = (centre + np.clip(offset, -0.5, 0.5)) * _BIN_HZ

    prominence = np.log(peak / (_STANDS_OUT * surroundings[frame, place])) / np.log(_PROMINENCE_SPAN)
    weight = np.sqrt(peak) * np.minimum(0.2 + prominence, 1.0)
    lasting = _strongest_nearby(power_before, frame, centre) / peak
    weight *= np.minimum(lasting, 1.0) ** 0.25
    explained = np.zeros_like(peak)
    for partial in _PARTIALS:
        fundamental = np.rint(centre / partial).astype(np.intp)
        stronger = _strongest_nearby(power, frame, np.maximum(fundamental, 1)) / peak
        stronger[fundamental < low] = 0.0
        explained = np.maximum(explained, stronger)
    weight /= 1.0 + _PARTIAL_DISCOUNT * np.minimum(explained, 10.0) ** 0.25
    return 1200.0 * np.log2(hertz / 440.0), weight, frame


def _strongest_nearby(
    power: NDArray[np.float32], frame: NDArray[np.intp], place: NDArray[np.intp]
) -> NDArray[np.float64]:
    """The strongest of a bin and its two neighbours, for pairs of frame and bin."""
    strongest = np.maximum(power[frame, place - 1], power[frame, place + 1])
    return np.maximum(strongest, power[frame, place]).astype(np.float64)
