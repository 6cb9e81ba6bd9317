"""What tells a voice without a network: a row of numbers for every half second.

Three kinds of evidence, each of which something else has too, and which only a voice has all at once:

- **pitch motion**: partials that glide and waver together (`pitch_motion.py`); synths with vibrato and slides have it;
- **the mouth**: the shape of the spectrum changes several times a second, and strongly ("vocal variance": Lehner,
  Widmer & Sonnleitner, ICASSP 2014), as cepstra of the mel bands show it; filter sweeps and busy mixes have it;
- **syllables**: the level between 300 Hz and 3.4 kHz rises and falls two to eight times a second, and sibilants stand
  alone above; drums and stabs have it.

Every number is also told relative to the median of its track, since what is usual there says more than a fixed level.
Those that only tell how a recording was equalised or how loud it is are told relatively alone.
"""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from notorious.analysis.spectrum import MEL_BANDS, Spectra

HOP_SECONDS = 0.5
WINDOW_SECONDS = 1.5
CEPSTRA = 12
_LIKE = 0.6  # correlation from which two moments show the same partials
_MOVES = 0.5  # steps of a third of a semitone: what moves less is still
_SYLLABLE_BANDS = slice(8, 28)  # mel bands from 300 Hz to 3.4 kHz
_SIBILANT_BANDS = slice(34, 40)  # from 6 kHz on
_QUIET = 1e-6  # below the loud frames of the track: what is softer has no shape

Array = NDArray[np.float64]


def voice_features(spectra: Spectra) -> Array:
    """Evidence every half second [shape=(windows, 127)]; window k is centred on k * `HOP_SECONDS`."""
    means, spreads = _frames(spectra)
    count = max(1, int(len(means) * spectra.hop_seconds / HOP_SECONDS))
    times = np.arange(count) * HOP_SECONDS
    half = WINDOW_SECONDS / 2
    first = np.clip(np.rint((times - half) / spectra.hop_seconds).astype(int), 0, len(means) - 1)
    last = np.clip(np.rint((times + half) / spectra.hop_seconds).astype(int), first + 1, len(means))
    size = (last - first)[:, None]

    def mean(rows: Array) -> Array:
        total = np.vstack([np.zeros((1, rows.shape[1])), np.cumsum(rows, axis=0)])
        value: Array = (total[last] - total[first]) / size
        return value

    centre = mean(spreads)
    spread = np.sqrt(np.maximum(mean(spreads**2) - centre**2, 0))
    rows = np.hstack([mean(means), centre[:, CEPSTRA + 1 :], np.log10(spread + 1e-3), centre[:, : CEPSTRA + 1]])
    absolute = rows[:, : -(CEPSTRA + 1)]
    return np.hstack([absolute, rows - np.median(rows, axis=0)])


def _frames(spectra: Spectra) -> tuple[Array, Array]:
    """Numbers of every frame: those whose mean over a window counts, and those whose spread does, too."""
    total = spectra.bands.sum(axis=1, dtype=np.float64)
    usual = max(float(np.quantile(total, 0.95)), 1e-12)
    level = np.log10(spectra.mel / usual + _QUIET)
    cepstra = level @ _cosines()
    change = np.zeros_like(cepstra)
    if len(cepstra) > 4:
        change[2:-2] = (cepstra[4:] - cepstra[:-4]) / 2
    motion = spectra.motion
    like = motion.moved > _LIKE
    gain = np.maximum(motion.moved - motion.steady, 0) * like
    moving = like & (np.abs(motion.shift) > _MOVES)
    together = np.where(like[:, :-1] & like[:, 1:], np.clip(motion.shift[:, :-1] * motion.shift[:, 1:], -4, 4), 0)
    syllables = level[:, _SYLLABLE_BANDS].mean(axis=1)
    sibilants = level[:, _SIBILANT_BANDS].mean(axis=1) - syllables
    share = syllables - np.log10(total / usual + _QUIET)
    means = np.column_stack([gain, moving, like & ~moving, motion.moved, together, spectra.flux, share, np.abs(change)])
    return means.astype(np.float64), np.column_stack([cepstra, syllables, sibilants])


@cache
def _cosines() -> Array:
    """Matrix of the cosine transform from mel bands to cepstra 1 to 12 [shape=(40, 12)] (0, the level, left out)."""
    band = (np.arange(MEL_BANDS) + 0.5)[:, None]
    transform: Array = np.cos(np.pi * np.arange(1, CEPSTRA + 1) * band / MEL_BANDS) * np.sqrt(2 / MEL_BANDS)
    return transform
