"""Tempo: which periods run through a whole track, and each of them exactly.

1. The autocorrelation of the onset flux over the whole track, summed along combs of multiples of each period, proposes
   periods (Scheirer 1998 and Klapuri 2006 in spirit; no window, since the grid sought is global).
2. Each is made exact where the Fourier transform of the whole envelope, at the period's frequency and its multiples,
   is largest: over three minutes one such line is 0.3 BPM wide and its summit is found to a hundredth of that.

`alignment` then fits (period, phase) to the attack times themselves. Periods in seconds. Which of them is the beat is
not decided here: see `levels`.
"""

import numpy as np
from numpy.typing import NDArray

from notorious.analysis.onsets import Onsets

SLOWEST_BPM = 55.0
FASTEST_BPM = 210.0
COMB_TEETH = 8
HARMONICS = (1, 2, 4)
RATIOS = (1.0, 2.0, 0.5, 1.5, 2 / 3, 0.75, 4 / 3, 3.0, 1 / 3)
"""Levels among which a listener, or an autocorrelation, can go wrong."""


def pulse(onsets: Onsets) -> NDArray[np.float32]:
    """One onset envelope of all bands [shape=(n,)]: each band weighs the same, slow swells are taken out."""
    flux = onsets.flux
    spread = flux.std(axis=1, keepdims=True)
    scaled = flux / np.maximum(spread, 1e-9)
    envelope = scaled.sum(axis=0)
    width = int(0.4 * onsets.flux_rate_hz)
    if len(envelope) > 2 * width:
        envelope = envelope - np.convolve(envelope, np.full(width, 1.0 / width, dtype=np.float32), mode="same")
    return np.asarray(np.maximum(envelope, 0.0), dtype=np.float32)


def candidate_periods(envelope: NDArray[np.float32], rate_hz: float, *, count: int = 6) -> list[float]:
    """The most pronounced periods between `SLOWEST_BPM` and `FASTEST_BPM` [seconds], best first."""
    import scipy.fft

    longest = 60.0 / SLOWEST_BPM
    if len(envelope) < 3 * longest * rate_hz or not envelope.any():
        return []
    centred = envelope - envelope.mean()
    size = scipy.fft.next_fast_len(2 * len(centred))
    spectrum = scipy.fft.rfft(centred, size)
    correlation = scipy.fft.irfft(spectrum.real**2 + spectrum.imag**2, size)[: len(centred)]
    correlation /= max(float(correlation[0]), 1e-12)
    periods = np.geomspace(60.0 / FASTEST_BPM, longest, 700)
    reach = len(correlation) / rate_hz * 0.5
    score = np.zeros(len(periods))
    weight = np.zeros(len(periods))
    lags = np.arange(len(correlation)) / rate_hz
    for tooth in range(1, COMB_TEETH + 1):
        inside = periods * tooth < reach
        score += np.where(inside, np.interp(periods * tooth, lags, correlation), 0.0)
        weight += inside
    score /= np.maximum(weight, 1.0)
    peaks = np.flatnonzero((score[1:-1] > score[:-2]) & (score[1:-1] >= score[2:])) + 1
    best = peaks[np.argsort(-score[peaks], kind="stable")][:count]
    return [float(periods[index]) for index in best]


def related_periods(periods: list[float]) -> list[float]:
    """The periods and those at simple ratios to them that a listener could count, without repetitions."""
    found: list[float] = []
    for period in periods:
        for ratio in RATIOS:
            other = period * ratio
            if 60.0 / FASTEST_BPM <= other <= 60.0 / SLOWEST_BPM and all(
                abs(other / near - 1) > 0.02 for near in found
            ):
                found.append(other)
    return found


class Lines:
    """The Fourier transform of a whole envelope, to be read at any frequency."""

    def __init__(self, envelope: NDArray[np.float32], rate_hz: float) -> None:
        import scipy.fft

        centred = envelope - envelope.mean()
        self.size = scipy.fft.next_fast_len(8 * len(centred))
        self.rate_hz = rate_hz
        self.spectrum = scipy.fft.rfft(centred, self.size)
        self.duration = len(envelope) / rate_hz
        self.scale = float(np.sqrt(np.sum(centred.astype(np.float64) ** 2) * len(centred))) + 1e-12

    def power(self, frequency_hz: NDArray[np.float64]) -> NDArray[np.float64]:
        """|F|^2 at the nearest bins, relative to what one undisturbed line would hold."""
        index = np.rint(frequency_hz * self.size / self.rate_hz).astype(int)
        index = np.clip(index, 0, len(self.spectrum) - 1)
        return np.asarray(np.abs(self.spectrum[index] / self.scale) ** 2)

    def refine(self, period_seconds: float, *, within: float = 0.012) -> tuple[float, float]:
        """The period near the given one whose harmonics stand out most, and how much they do."""
        base = 1.0 / period_seconds
        step = 1.0 / (self.duration * 8 * HARMONICS[-1])
        steps = max(8, int(within * base / step))
        frequencies = base + step * np.arange(-steps, steps + 1, dtype=np.float64)
        power = sum((self.power(frequencies * harmonic) for harmonic in HARMONICS), np.zeros(len(frequencies)))
        top = int(np.argmax(power))
        return float(1.0 / frequencies[top]), float(power[top])
