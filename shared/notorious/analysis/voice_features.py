"""What tells a voice without a network: a row of numbers for every half second.

Three kinds of evidence, each of which something else has too, and which only a voice has all at once:

- **pitch motion**: partials that glide and waver together (`pitch_motion.py`); synths with vibrato and slides have it;
- **the mouth**: the shape of the spectrum changes several times a second, and strongly ("vocal variance": Lehner, Widmer
  & Sonnleitner, ICASSP 2014), as cepstra of the mel bands show it; filter sweeps and busy mixes have it;
- **syllables**: the level between 300 Hz and 3.4 kHz rises and falls two to eight times a second, and sibilants stand
  alone above; drums and stabs have it.

Every row is also told relative to its own track, since what is usual there says more than any fixed level.
"""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from notorious.analysis.pitch_motion import PitchMotion
from notorious.analysis.spectrum import MEL_BANDS, Spectra

HOP_SECONDS = 0.5
WINDOW_SECONDS = 1.5
CEPSTRA = 13
_LIKE = 0.6  # correlation from which two moments show the same partials
_MOVES = 0.5  # steps of a third of a semitone: what moves less is still
_SYLLABLE_BANDS = slice(8, 28)  # mel bands from 300 Hz to 3.4 kHz
_SIBILANT_BANDS = slice(34, 40)  # from 6 kHz on
_QUIET = 1e-7

Array = NDArray[np.float64]


def frames_of(spectra: Spectra, motion: PitchMotion) -> tuple[Array, Array]:
    """The numbers of every frame of the spectra: those whose mean is taken, and those whose spread is taken, too."""
    level = np.log10(spectra.mel.astype(np.float64) + _QUIET)
    cepstra = level @ _cosines()
    change = np.zeros_like(cepstra)
    change[2:-2] = (cepstra[4:] - cepstra[:-4]) / 2 if len(cepstra) > 4 else 0
    like = motion.moved > _LIKE
    gain = np.maximum(motion.moved - motion.steady, 0) * like
    moving = like & (np.abs(motion.shift) > _MOVES)
    still = like & ~moving
    together = np.where(like[:, :-1] & like[:, 1:], np.clip(motion.shift[:, :-1] * motion.shift[:, 1:], -4, 4), 0)
    syllables = level[:, _SYLLABLE_BANDS].mean(axis=1)
    sibilants = level[:, _SIBILANT_BANDS].mean(axis=1) - syllables
    total = np.log10(spectra.bands.sum(axis=1) + _QUIET)
    means = np.column_stack(
        [gain, moving, still, motion.moved, together, spectra.flux, syllables - total, np.abs(change)]
    )
    spreads = np.column_stack([cepstra, syllables, sibilants])
    return means.astype(np.float64), spreads


def windows_of(means: Array, spreads: Array, hop_seconds: float) -> tuple[Array, Array]:
    """Rows every half second over windows of a second and a half: times [shape=(n,)], rows [shape=(n, columns)]."""
    count = max(1, int(len(means) * hop_seconds / HOP_SECONDS))
    times = np.arange(count) * HOP_SECONDS
    first = np.clip(np.rint((times - WINDOW_SECONDS / 2) / hop_seconds).astype(int), 0, len(means) - 1)
    last = np.clip(np.rint((times + WINDOW_SECONDS / 2) / hop_seconds).astype(int), first + 1, len(means))
    size = (last - first)[:, None]

    def mean(rows: Array) -> Array:
        total = np.vstack([np.zeros((1, rows.shape[1])), np.cumsum(rows, axis=0)])
        value: Array = (total[last] - total[first]) / size
        return value

    centre = mean(spreads)
    spread = np.sqrt(np.maximum(mean(spreads**2) - centre**2, 0))
    return times, np.hstack([mean(means), centre, np.log10(spread + 1e-3)])


@cache
def _cosines() -> Array:
    """Matrix of the cosine transform from mel bands to cepstra 1 to 12 [shape=(40, 12)] (0, the level, left out)."""
    band = (np.arange(MEL_BANDS) + 0.5)[:, None]
    transform: Array = np.cos(np.pi * np.arange(1, CEPSTRA) * band / MEL_BANDS) * np.sqrt(2 / MEL_BANDS)
    return transform
