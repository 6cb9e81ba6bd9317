"""The key of a track, with its tuning, from power spectra.

1. **Peaks.** In every frame the local maxima that stand out of their surroundings (the mean of 33 bins, about 180 Hz)
   are taken and their frequencies read by parabolic interpolation of the log spectrum (J. O. Smith, "Spectral Audio
   Signal Processing", 2011, "Quadratic Interpolation of Spectral Peaks"). Noise, hats and claps have no such peaks, so
   frames count by how tonal they are; louder ones count more, by amplitude.
2. **Weights.** A peak that was not there a frame ago counts less (kicks, whose pitch falls). A peak that stands on
   the third, fifth, sixth or seventh partial of another strong one counts less: fifths and major thirds that nobody
   played (compare E. Gómez, "Tonal Description of Music Audio Signals", PhD thesis, UPF 2006, section 3.3).
3. **Tuning.** All weights are gathered in a histogram of pitch, 5 cents a bin. The circular mean of what exceeds a
   semitone is the tuning (compare K. Dressler, S. Streich, "Tuning frequency estimation using circular statistics",
   ISMIR 2007).
4. **Chroma.** With the tuning taken off, the histogram is folded three times: bass, middle, top; square roots keep one
   loud note from deciding alone.
5. **Entries.** Whoever enters after a rest mostly enters on the tonic, and a loop may have the same chords in both
   relative keys, where only its order tells them apart. So a second histogram keeps what is heard in the second after
   bass, or what is above it, came in (fast over slow running mean of the tonal weight); it is folded twice.
6. **Phrases.** Where bar lines are known, what sounds in the first bars of phrases more than elsewhere (a tonic triad,
   mostly); see `notorious.analysis.key_phrases`.
7. **Key.** For each of the 24 keys a weighted sum of the five chromas and what first bars have more, turned to the
   tonic. The weights are our own fit, because the published profiles describe one chroma and do not know where the
   bass is; see `_WEIGHTS` and docs/key.md.

Conventions: spectra are |STFT|^2 of any scale (Hann 4096, hop 2048, at 22,050 Hz: 5.4 Hz a bin, 10.8 frames a second),
frame i centred on sample 2048 i.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from notorious.analysis.key_phrases import BarHarmony
from notorious.analysis.model import KeyEstimate
from notorious.theory.keys import Key

NAME = "key"
VERSION = 1

BINS = 2049
_BIN_HZ = 22050 / 4096
_FRAME_SECONDS = 2048 / 22050
_LOWEST_BIN = 7
"""38 Hz: below the lowest note of most basses (E1, 41 Hz), where kicks end and interpolation fails."""
_HIGHEST_BIN = 700
"""3.8 kHz: above it only partials are left."""
_NEIGHBOURS = 16
_STANDS_OUT = 4.0
"""Power of a peak over the mean of its surroundings. A sine reaches about 22, noise rarely 4."""
_PROMINENCE_SPAN = 3.0
"""A peak's weight grows by 1 while it stands out this many times more, from 0.2 to at most 1."""
_QUIETEST = 1e-5
"""Peaks more than 50 dB below the strongest of their frame are passed over (window side lobes, codec noise)."""
_SILENCE = 1e-9
_PARTIALS = (3, 5, 6, 7)
_PARTIAL_DISCOUNT = 0.5
_LONGEST_CHUNK = 64
"""Frames worked on at a time, so that what is worked on stays in the cache."""

_CENTS_A_STEP = 5
_LOWEST_CENTS = -4800
"""Of the histogram, relative to 440 Hz: 27.5 Hz."""
_STEPS = (3800 - _LOWEST_CENTS) // _CENTS_A_STEP
_TUNING_RANGE_HZ = (120.0, 2500.0)
_CROSSOVERS_HZ = (130.0, 500.0)
_ENTRY_CROSSOVER_HZ = 200.0
_ENTRY_SPLIT_CENTS = -1500.0
"""Below 185 Hz is bass, whose entries are told from those above."""
_FAST_FRAMES = 3.0
_SLOW_FRAMES = 12.0
_ENTERING = 1.4
"""An entry lasts while the fast mean is more than this times the slow one: after silence about 1.4 s."""
_NO_ENTRY_SHARE = 1e-3
"""Of the whole histogram in that of entries, so that a track in which nothing enters is judged by its whole."""
_OFF_PITCH_CENTS = 25.0

_WEIGHTS: NDArray[np.float64] = np.array(
    [
        [  # major; from the tonic upwards: bass, middle, top, entries in the bass, entries above
            [2.43, -0.56, -1.49, -0.30, -0.83, 0.95, -0.28, 0.99, -0.15, -0.35, -0.67, -0.23],
            [2.21, -0.60, -0.81, -1.27, 1.96, 1.05, -1.50, 1.04, -1.19, 0.13, -1.65, 0.12],
            [0.99, -0.93, -0.51, -1.90, 3.60, 0.30, -1.27, 1.30, -0.52, -0.52, -1.63, 0.44],
            [1.40, -0.31, 0.72, -0.14, -0.42, 0.12, -0.66, 0.09, 0.00, -0.34, -0.28, -0.29],
            [1.28, -0.98, 0.41, -1.35, 1.74, 0.15, -0.89, 1.31, -0.49, -0.49, -1.15, 0.18],
        ],
        [  # minor
            [3.12, -0.98, -0.70, -0.58, -0.01, -0.43, -0.30, 0.33, 0.40, -0.44, 0.80, -0.74],
            [1.61, -1.11, 0.63, 1.21, -0.73, 0.55, -1.07, 1.50, -0.03, -1.93, 0.69, -0.79],
            [1.07, -2.08, 0.18, 4.78, -1.28, -0.46, -0.83, 1.27, -0.47, -0.92, 0.00, -0.60],
            [1.78, -0.38, 0.00, -0.50, -0.21, 0.15, -0.59, 0.45, 0.34, -0.59, -0.04, -0.34],
            [1.82, -0.93, 0.39, 2.21, -0.55, -0.20, -0.94, 1.62, -1.04, -1.27, -0.57, -0.26],
        ],
    ]
)
"""Softmax regression on 2000 renderings (seeds 0-1999 of tests/listening/key_renderings.py) and 120 tracks of the demo
(seeds 100-103 at half length, 110-115), counted three times each; docs/key.md has the figures. Fitted to no
recording."""
_BIAS: NDArray[np.float64] = np.array([0.27, -0.27])
_FIRST_BAR_WEIGHTS = (0.87, 0.16, 1.15)
"""Of tonic, third and fifth in the first bars of phrases; fitted together with `_WEIGHTS`."""
_TRUSTED_GRID = 0.5
"""From this confidence of the grid on, its bar lines count in full: what is doubted above it is mostly whether a bar is
two, which leaves phrases where they are."""
_SURENESS = 1.0
"""1.4 would be calibrated on the renderings; recordings are further from what was fitted, so less is claimed."""
_MOST_CONFIDENCE = 0.95


@dataclass(frozen=True)
class Chroma:
    """What was heard, folded to pitch classes; see also `BarHarmony.contrast`.

    `bands` has shape (5, 12), pitch classes from C: bass (below 130 Hz), middle (to 500 Hz), top; then what entered,
    in the bass (below 200 Hz) and above. The squares of a row sum to 1, or all are 0 where nothing tonal was heard in
    it. `first_bars` has shape (12,): what sounds more in the first bars of phrases than in others (180 to 900 Hz),
    between -2 and 2, scaled by the trust in the grid.
    """

    bands: NDArray[np.float64]
    first_bars: NDArray[np.float64]
    tuning_cents: float


class KeyListener:
    """Hears power spectra block by block and names the key at the end.

    downbeats : where bars begin, in seconds, rising; without them the order of the notes is not considered
    grid_confidence : 0 to 1, how far the downbeats are to be believed

    What it remembers grows by 2 kB a bar, without downbeats not at all; where the blocks are cut makes no difference.
    """

    def __init__(self, downbeats: Sequence[float] = (), *, grid_confidence: float = 0.0) -> None:
        self._trust = min(1.0, max(0.0, grid_confidence) / _TRUSTED_GRID)
        believed = np.array(downbeats if self._trust > 0 else (), dtype=np.float64)
        self._bars = BarHarmony(believed, seconds_a_frame=_FRAME_SECONDS)
        self._histogram: NDArray[np.float64] = np.zeros(_STEPS)
        self._entries: NDArray[np.float64] = np.zeros(_STEPS)
        self._frame_before: NDArray[np.float32] | None = None
        self._fast = [0.0, 0.0]
        self._slow = [0.0, 0.0]

    def hear(self, power_block: NDArray[np.float32]) -> None:
        """Take in power spectra, shape (frames, 2049). Raises ValueError for another shape."""
        if power_block.ndim != 2 or power_block.shape[1] != BINS:
            raise ValueError(f"key wants power spectra of shape (frames, {BINS}), not {power_block.shape}")
        for start in range(0, len(power_block), _LONGEST_CHUNK):
            chunk = power_block[start : start + _LONGEST_CHUNK, : _HIGHEST_BIN + _NEIGHBOURS + 1]
            before = chunk[:1] if self._frame_before is None else self._frame_before
            cents, weights, frame = _peaks(chunk, np.concatenate([before, chunk[:-1]]))
            steps = np.floor((cents - _LOWEST_CENTS) / _CENTS_A_STEP).astype(np.intp)
            steps = np.clip(steps, 0, _STEPS - 1)
            above = (cents >= _ENTRY_SPLIT_CENTS).astype(np.intp)
            tonal = np.zeros((len(chunk), 2))
            np.add.at(tonal, (frame, above), weights)
            entering = self._entering(tonal)[frame, above]
            self._histogram += np.bincount(steps, weights, minlength=_STEPS)
            self._entries += np.bincount(steps, weights * entering, minlength=_STEPS)
            self._bars.hear(power_block[start : start + _LONGEST_CHUNK], cents, weights, frame)
            self._frame_before = chunk[-1:].copy()

    def _entering(self, tonal: NDArray[np.float64]) -> NDArray[np.float64]:
        """How much of an entry each frame is, 0 to 1: bass and above, shape (frames, 2), from their tonal weights."""
        entering = np.zeros_like(tonal)
        for number, frame in enumerate(tonal.tolist()):
            for part, weight in enumerate(frame):
                self._fast[part] += (weight - self._fast[part]) / _FAST_FRAMES
                self._slow[part] += (weight - self._slow[part]) / _SLOW_FRAMES
                if self._fast[part] > 0:
                    entering[number, part] = max(0.0, 1.0 - _ENTERING * self._slow[part] / self._fast[part])
        return entering

    def chroma(self) -> Chroma:
        """What was heard so far, folded to pitch classes."""
        bands, tuning = _folded(self._histogram, self._entries)
        first_bars = self._bars.contrast(tuning_cents=tuning, off_pitch_cents=_OFF_PITCH_CENTS)
        return Chroma(bands, self._trust * first_bars, tuning)

    def estimate(self) -> KeyEstimate:
        """The key of what was heard; where nothing tonal was, A minor with a confidence of 0."""
        chroma = self.chroma()
        if not chroma.bands.any():
            return _estimate(Key.parse("A minor"), tuning_cents=0.0, confidence=0.0)
        scores = key_scores(chroma)
        odds = np.exp(_SURENESS * (scores - scores.max()))
        best = int(np.argmax(scores))
        confidence = float(odds[best] / odds.sum())
        return _estimate(
            Key.from_index(best), tuning_cents=chroma.tuning_cents, confidence=min(confidence, _MOST_CONFIDENCE)
        )


def key_scores(chroma: Chroma) -> NDArray[np.float64]:
    """How well each key fits, shape (24,), at the places that `Key.index` names; only differences mean something."""
    turned = np.stack([np.roll(chroma.bands, -tonic, axis=1) for tonic in range(12)])
    scores: NDArray[np.float64] = np.einsum("tbp,mbp->mt", turned, _WEIGHTS) + _BIAS[:, None]
    scores += triads_in_first_bars(chroma) @ np.array(_FIRST_BAR_WEIGHTS)
    return scores.reshape(24)


def triads_in_first_bars(chroma: Chroma) -> NDArray[np.float64]:
    """How much more first bars have of each key's tonic, third and fifth, shape (2, 12, 3)."""
    return np.array(
        [
            np.stack([np.roll(chroma.first_bars, -step) for step in (0, third, 7)], axis=1)
            for third in (4, 3)  # major, minor
        ]
    )


def _estimate(key: Key, *, tuning_cents: float, confidence: float) -> KeyEstimate:
    return KeyEstimate(
        camelot=key.camelot,
        name=key.name,
        tonic=key.tonic_name,
        mode=key.mode,
        tuning_cents=round(tuning_cents, 1),
        confidence=round(confidence, 3),
    )


def _peaks(
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


def _folded(histogram: NDArray[np.float64], entries: NDArray[np.float64]) -> tuple[NDArray[np.float64], float]:
    """Tuning and chromas of a histogram of pitch, and of the part of it that entered."""
    cents = _LOWEST_CENTS + _CENTS_A_STEP * (np.arange(_STEPS) + 0.5)
    hertz = 440.0 * 2.0 ** (cents / 1200.0)
    heard = (hertz > _TUNING_RANGE_HZ[0]) & (hertz < _TUNING_RANGE_HZ[1])
    direction = np.sum(histogram[heard] * np.exp(2j * np.pi * cents[heard] / 100.0))
    tuning = float(100.0 * np.angle(direction) / (2.0 * np.pi)) if abs(direction) > 0 else 0.0

    semitones = np.rint((cents - tuning) / 100.0)
    off_pitch = (cents - tuning) - 100.0 * semitones
    in_tune = np.exp(-0.5 * (off_pitch / _OFF_PITCH_CENTS) ** 2)
    pitch_class = (semitones.astype(np.intp) + 9) % 12  # 440 Hz is an A, nine semitones above C
    rows = []
    for source, crossovers in (
        (histogram, _CROSSOVERS_HZ),
        (entries + _NO_ENTRY_SHARE * histogram, (_ENTRY_CROSSOVER_HZ,)),
    ):
        below = [1.0 / (1.0 + (hertz / crossover) ** 4) for crossover in crossovers]
        for share in np.diff([np.zeros(_STEPS), *below, np.ones(_STEPS)], axis=0):
            row = np.zeros(12)
            np.add.at(row, pitch_class, source * in_tune * share)
            rows.append(_evened(row))
    return np.stack(rows), tuning


def _evened(chroma: NDArray[np.float64]) -> NDArray[np.float64]:
    """Square roots, scaled to a sum of squares of 1."""
    total = float(chroma.sum())
    return np.sqrt(chroma / total) if total > 0 else np.zeros(12)
