"""Accents: what happens at given instants of a track, band by band, and in its harmony.

Evidence for metre is always of the same shape: *how much more happens at these instants than at those*. This module
reads the onset envelopes and a coarse spectrum at any list of times; `grid` and `downbeats` compare.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from notorious.analysis.mono import Mono
from notorious.analysis.onsets import BANDS, FLUX_LEAD_SECONDS, RATE_HZ, Onsets

HARMONY_DECIMATION = 4
HARMONY_WINDOW = 1024
HARMONY_HOP = 256
HARMONY_BINS = slice(8, 220)
"""43 Hz to 1.2 kHz in steps of 5.4 Hz: bass notes and the chords' fundamentals."""
TOLERANCE_FRAMES = 2
"""An accent may lie this many flux frames (11.6 ms) beside its instant: flams, strummed chords, soft attacks."""


@dataclass(frozen=True)
class Accents:
    """The envelopes of a track, made ready to be read at any time.

    peaks: NDArray [shape=(BANDS, n)], float32: flux, each value the largest within the tolerance, mean 1.
    harmony_sums: NDArray [shape=(m + 1, bins)], float64: compressed spectra, `harmony_rate_hz` rows a second, summed up
        to here. In single precision the sameness of machine-made bars would drown in rounding.
    """

    peaks: NDArray[np.float32]
    rate_hz: float
    harmony_sums: NDArray[np.float64]
    harmony_rate_hz: float

    def strength(self, times: NDArray[np.float64]) -> NDArray[np.float32]:
        """Onset strength [shape=(BANDS, len(times))] at the times [seconds]; 1 is the track's mean."""
        index = np.rint((times - FLUX_LEAD_SECONDS) * self.rate_hz).astype(int)
        return self.peaks[:, np.clip(index, 0, self.peaks.shape[1] - 1)]

    def harmonic_change(self, times: NDArray[np.float64], span_seconds: float) -> NDArray[np.float64]:
        """1 - cosine similarity [shape=(len(times),)] of the spectra in the spans before and after each time."""
        frames = len(self.harmony_sums) - 1
        gap = 0.03

        def mean(start: NDArray[np.float64], end: NDArray[np.float64]) -> NDArray[np.float64]:
            first = np.clip(np.rint(start * self.harmony_rate_hz).astype(int), 0, frames - 1)
            last = np.clip(np.rint(end * self.harmony_rate_hz).astype(int), first + 1, frames)
            return np.asarray((self.harmony_sums[last] - self.harmony_sums[first]) / (last - first)[:, None])

        before = mean(times - span_seconds, times - gap)
        after = mean(times + gap, times + span_seconds)
        norms = np.sqrt((before**2).sum(axis=1) * (after**2).sum(axis=1))
        return np.where(norms > 1e-6, 1.0 - (before * after).sum(axis=1) / np.maximum(norms, 1e-6), 0.0)


def find_accents(mono: Mono, onsets: Onsets) -> Accents:
    """Prepare the envelopes; `mono` as given to `find_onsets`."""
    peaks = onsets.flux.copy()
    for shift in range(1, TOLERANCE_FRAMES + 1):
        np.maximum(peaks[:, shift:], onsets.flux[:, :-shift], out=peaks[:, shift:])
        np.maximum(peaks[:, :-shift], onsets.flux[:, shift:], out=peaks[:, :-shift])
    peaks /= np.maximum(peaks.mean(axis=1, keepdims=True), 1e-9)
    assert peaks.shape[0] == BANDS
    return Accents(peaks, onsets.flux_rate_hz, _summed(_spectra(mono)), RATE_HZ / HARMONY_DECIMATION / HARMONY_HOP)


def _summed(spectra: NDArray[np.float32]) -> NDArray[np.float64]:
    """Sums of the rows before each row [shape=(m + 1, bins)]; piece by piece, or NumPy would widen all at once."""
    sums = np.zeros((len(spectra) + 1, spectra.shape[1]))
    for start in range(0, len(spectra), 1024):
        piece = spectra[start : start + 1024].astype(np.float64)
        piece[0] += sums[start]
        np.cumsum(piece, axis=0, out=sums[start + 1 : start + 1 + len(piece)])
    return sums


def _spectra(mono: Mono) -> NDArray[np.float32]:
    """Log-compressed magnitudes [shape=(m, bins)], row i centred at i * 46 ms.

    The mean of four samples serves as anti-alias filter: what it lets through above 4.3 kHz is 13 dB down and weak in
    music, and only *change* is read from the result.
    """
    import scipy.fft

    usable = len(mono) // HARMONY_DECIMATION
    half = HARMONY_WINDOW // 2
    window = np.hanning(HARMONY_WINDOW + 1)[:-1].astype(np.float32)
    frames = usable // HARMONY_HOP + 1
    spectra = np.empty((frames, HARMONY_BINS.stop - HARMONY_BINS.start), np.float32)
    for start in range(0, frames, 64):
        stop = min(start + 64, frames)
        slow = _decimated(mono, start * HARMONY_HOP - half, (stop - 1) * HARMONY_HOP + half, usable)
        framed = np.lib.stride_tricks.sliding_window_view(slow, HARMONY_WINDOW)[::HARMONY_HOP]
        spectrum = scipy.fft.rfft(framed * window, axis=1)[:, HARMONY_BINS]
        np.abs(spectrum, out=spectra[start:stop])
    loud = np.float32(np.percentile(spectra[::4], 95.0) * 0.05 + 1e-9)
    spectra /= loud
    return np.log1p(spectra, out=spectra)


def _decimated(mono: Mono, start: int, stop: int, usable: int) -> NDArray[np.float32]:
    """Means of four samples, number `start` to `stop`; silent where there are none. A whole hour would be 79 MB."""
    first, last = max(start, 0), min(stop, usable)
    slow = np.zeros(stop - start, np.float32)
    four = mono[first * HARMONY_DECIMATION : last * HARMONY_DECIMATION].reshape(-1, HARMONY_DECIMATION)
    inside = slow[first - start : last - start]
    np.einsum("ij->i", four, out=inside)
    inside /= np.float32(HARMONY_DECIMATION)
    return slow
