"""Onsets: where sounds begin, as envelopes over a whole track.

Two envelopes, for two questions:

- `flux` answers *how much* begins: the rectified rise of log energy in six frequency bands (spectral flux on a
  mel-like scale with logarithmic compression; Klapuri, Eronen & Astola 2006; Böck, Krebs & Schedl 2012), a value every
  5.8 ms. Its windows are 23 ms long, so it says when only to a few milliseconds.
- `attacks` answers *when* it begins: the logarithm of the energy just after an instant over the energy just before it,
  computed in the time domain every 0.73 ms. At a step the two windows part exactly at the attack, so that the maximum
  has no latency by construction (cf. the energy-ratio detectors in Bello et al. 2005, section III).

Conventions: mono float32 at `RATE_HZ`; row i of an envelope belongs to second `i / rate`; all latencies are taken out.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from notorious.analysis.mono import Mono

RATE_HZ = 22050
"""The rate that this room works at."""

FLUX_WINDOW = 512
FLUX_HOP = 128
BAND_EDGES_HZ = (30.0, 150.0, 400.0, 1000.0, 2500.0, 6000.0, 11025.0)
"""Kick and bass; low mids; the body of snares and voices; presence; snare noise; hats."""
BANDS = len(BAND_EDGES_HZ) - 1
FILTERS_PER_BAND = (3, 4, 4, 4, 4, 3)
FLUX_LAG_FRAMES = 2
FLUX_LEAD_SECONDS = 0.0080
"""How far the log-compressed rise runs ahead of the attack itself (synthetic kicks, hats and tones: 6.8 to 8.8 ms)."""
CHUNK_FRAMES = 128
"""Frames transformed at once: small enough for the cache (facts on FFT speed), large enough to be vectorised."""

FAINTEST = 1e-8
"""Power of the faintest part of the spectrum that counts, relative to the loudest (80 dB)."""

ATTACK_HOP = 16
ATTACK_RATE_HZ = RATE_HZ / ATTACK_HOP
CHUNK_BLOCKS = 1 << 14

DYNAMIC_RANGE = 1e-3
"""Energy, relative to a track's loud moments, below which a rise counts ever less: hiss and tails do not begin."""


@dataclass(frozen=True)
class Onsets:
    """Both envelopes of a track.

    flux: NDArray [shape=(BANDS, n)], float32, >= 0, at `flux_rate_hz`: mean rise of log power in each band.
    energy: NDArray [shape=(BANDS, n)], float32: mean power of the bands in the same frames, linear.
    attacks: NDArray [shape=(2, m)], float32, >= 0, at `attack_rate_hz`: below about 200 Hz, and of the whole
        signal with its highs raised by 6 dB an octave.
    """

    flux: NDArray[np.float32]
    energy: NDArray[np.float32]
    attacks: NDArray[np.float32]
    flux_rate_hz: float = RATE_HZ / FLUX_HOP
    attack_rate_hz: float = ATTACK_RATE_HZ


def find_onsets(mono: Mono) -> Onsets:
    """Compute both envelopes.

    mono: NDArray [shape=(n,)], float32 at 22,050 Hz; any length, silence included (the envelopes are then zero).
    """
    flux, energy = _flux(mono)
    return Onsets(flux, energy, _attacks(mono))


def _filter_edges() -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """Edges [bins, rising] that part each band evenly in log frequency; the number of each band's first part."""
    hz_per_bin = RATE_HZ / FLUX_WINDOW
    edges: list[float] = []
    for band, parts in enumerate(FILTERS_PER_BAND):
        cuts = np.geomspace(BAND_EDGES_HZ[band], BAND_EDGES_HZ[band + 1], parts + 1)
        edges.extend(cuts[:-1])
    edges.append(BAND_EDGES_HZ[-1])
    return np.array(edges) / hz_per_bin + 0.5, np.cumsum((0, *FILTERS_PER_BAND[:-1]))


def _filtered(power: NDArray[np.float32], edges: NDArray[np.float64]) -> NDArray[np.float32]:
    """Power between neighbouring edges [shape=(len(edges) - 1, frames)]; a bin that an edge cuts is shared.

    power: NDArray [shape=(bins, frames)]: sums of whole rows run over neighbouring values, and no frame waits for its
    own running sum. A product with a filter matrix would call threads of BLAS that cost more than they do.
    """
    whole = edges.astype(int)
    below = power[whole] * (edges - whole).astype(np.float32)[:, None]
    # Where both edges lie in one bin, `reduceat` gives that bin, which is one too many.
    inside = np.add.reduceat(power, whole, axis=0)[:-1] * (np.diff(whole) > 0).astype(np.float32)[:, None]
    return np.asarray(np.maximum(inside - below[:-1] + below[1:], 0.0))


def _flux(mono: Mono) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    import scipy.fft

    edges, first_of_band = _filter_edges()
    window = np.hanning(FLUX_WINDOW + 1)[:-1].astype(np.float32)
    frames = max(1, len(mono) // FLUX_HOP + 1)
    half = FLUX_WINDOW // 2
    power = np.empty((len(edges) - 1, frames), dtype=np.float32)
    for start in range(0, frames, CHUNK_FRAMES):
        chunk = slice(start, min(start + CHUNK_FRAMES, frames))
        # Piece by piece: a padded copy of an hour would be 300 MB.
        piece = _with_silence(mono, start * FLUX_HOP - half, (chunk.stop - 1) * FLUX_HOP + half)
        framed = np.lib.stride_tricks.sliding_window_view(piece, FLUX_WINDOW)[::FLUX_HOP]
        spectrum = scipy.fft.rfft((framed * window).T, axis=0)
        power[:, chunk] = _filtered(spectrum.real**2 + spectrum.imag**2, edges)
    energy = np.add.reduceat(power, first_of_band, axis=0)

    loud = np.percentile(power[:, ::4], 95.0, axis=1, keepdims=True)
    # Below the loudest part by more than this lies rounding, not music.
    loud = np.maximum(loud, max(float(loud.max()) * FAINTEST, 1e-12)).astype(np.float32)
    # In its own place and band by band: each array of all filters has 55 MB an hour.
    logs = power
    logs /= loud * np.float32(DYNAMIC_RANGE)
    np.log1p(logs, out=logs)
    flux = np.zeros((BANDS, frames), dtype=np.float32)
    for band, (first, parts) in enumerate(zip(first_of_band, FILTERS_PER_BAND, strict=True)):
        # Centred: the rise between i - 1 and i + 1 belongs to frame i.
        rows = logs[first : first + parts]
        rise = rows[:, FLUX_LAG_FRAMES:] - rows[:, :-FLUX_LAG_FRAMES]
        np.maximum(rise, 0.0, out=rise)
        flux[band, 1:-1] = np.add.reduce(rise, axis=0)
    flux /= np.array(FILTERS_PER_BAND, dtype=np.float32)[:, None]
    if float(loud.max()) <= 1e-9:
        flux[:] = 0.0
    return flux, energy


def _with_silence(mono: Mono, start: int, stop: int) -> NDArray[np.float32]:
    """Samples from `start` to `stop`, silent where there are none."""
    piece = mono[max(start, 0) : stop]
    if start < 0 or stop > len(mono):
        piece = np.pad(piece, (max(-start, 0), stop - max(start, 0) - len(piece)))
    return piece


def _attacks(mono: Mono) -> NDArray[np.float32]:
    blocks = len(mono) // ATTACK_HOP
    if blocks < 64:
        return np.zeros((2, blocks), dtype=np.float32)
    attacks = np.empty((2, blocks), dtype=np.float32)
    attacks[0] = _energy_ratio(_low_energy(mono, blocks), 14, 24)
    attacks[1] = _energy_ratio(_bright_energy(mono, blocks), 8, 24)
    return attacks


def _low_energy(mono: Mono, blocks: int) -> NDArray[np.float64]:
    low = np.empty(blocks, dtype=np.float32)
    for start in range(0, blocks, CHUNK_BLOCKS):
        stop = min(start + CHUNK_BLOCKS, blocks)
        np.einsum("ij->i", mono[start * ATTACK_HOP : stop * ATTACK_HOP].reshape(-1, ATTACK_HOP), out=low[start:stop])
    low /= np.float32(ATTACK_HOP)
    taps = np.hanning(9)[1:-1]
    return np.asarray(np.convolve(low, taps / taps.sum(), mode="same").astype(np.float64) ** 2)


def _bright_energy(mono: Mono, blocks: int) -> NDArray[np.float64]:
    energy = np.empty(blocks, dtype=np.float64)
    for start in range(0, blocks, CHUNK_BLOCKS):
        stop = min(start + CHUNK_BLOCKS, blocks)
        piece = mono[start * ATTACK_HOP : stop * ATTACK_HOP]
        before = mono[max(start * ATTACK_HOP - 1, 0) : max(start * ATTACK_HOP, 1)]
        bright = np.diff(piece, prepend=before).reshape(-1, ATTACK_HOP)
        energy[start:stop] = np.einsum("ij,ij->i", bright, bright)
    return energy


def _energy_ratio(energy: NDArray[np.float64], after: int, before: int) -> NDArray[np.float32]:
    """log(mean energy of the `after` blocks from i on / mean energy of the `before` blocks up to i), not below 0."""
    count = len(energy)
    total = np.zeros(count + 1)
    np.cumsum(energy, out=total[1:])
    del energy
    # Short at either end: the mean is then that of what is there. In place: each array of an hour is 40 MB.
    ahead = np.full(count, total[-1])
    ahead[: 1 - after] = total[after:]
    ahead -= total[:-1]
    ahead /= after
    behind = total[:-1].copy()
    behind[before:] -= total[: -before - 1]
    del total
    behind /= before
    ahead[1 - after :] *= after / np.arange(after - 1, 0, -1)
    behind[:before] *= before / np.maximum(np.arange(before), 1)
    floor = max(float(np.percentile(ahead, 95.0)) * DYNAMIC_RANGE * 10, 1e-14)
    ahead += floor
    behind += floor
    ahead /= behind
    np.log(ahead, out=ahead)
    np.maximum(ahead, 0.0, out=ahead)
    return ahead.astype(np.float32)
