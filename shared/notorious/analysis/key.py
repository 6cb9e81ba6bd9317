"""The key of a track, with its tuning, from power spectra.

1. **Peaks.** What has a pitch in a frame, and how much it counts; see `notorious.analysis.key_peaks`.
2. **Chroma.** A histogram of pitch for every bar; the tuning; folding to pitch classes in bass, middle and top; see
   `notorious.analysis.key_chroma`.
3. **Entries.** Whoever enters after a rest mostly enters on the tonic, and a loop may have the same chords in both
   relative keys, where only its order tells them apart. So a second histogram keeps what is heard in the second after
   bass, or what is above it, came in (fast over slow running mean of the tonal weight).
4. **Phrases.** Where bar lines are known, what sounds in the first bars of phrases more than elsewhere (a tonic triad,
   mostly); see `notorious.analysis.key_phrases`.
5. **Key.** Our own profiles (`notorious.analysis.key_profiles`) score the 24 keys; the softmax of the scores is the
   probability of each.
6. **Parts.** The same profiles over stretches of eight bars, tied together by a hidden Markov model that knows the key
   of the whole, tell the key of the intro, of the outro, and where the key changes; see `notorious.analysis.key_parts`.

Conventions: spectra are |STFT|^2 of any scale (Hann 4096, hop 2048, at 22,050 Hz: 5.4 Hz a bin, 10.8 frames a second),
frame i centred on sample 2048 i.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from notorious.analysis.key_chroma import Folding, PitchBars, PitchClasses, evened, tuning_of
from notorious.analysis.key_parts import KeyParts, hear_parts, named
from notorious.analysis.key_peaks import BINS, BINS_LOOKED_AT, FRAME_SECONDS, tonal_peaks
from notorious.analysis.key_phrases import PhraseBorders
from notorious.analysis.key_profiles import Chroma, key_probabilities
from notorious.analysis.model import KeyEstimate
from notorious.theory.keys import Key

NAME = "key"
VERSION = 2

_LONGEST_CHUNK = 64
"""Frames worked on at a time, so that what is worked on stays in the cache."""

_ENTRY_SPLIT_CENTS = -1500.0
"""Below 185 Hz is bass, whose entries are told from those above."""
_FAST_FRAMES = 3.0
_SLOW_FRAMES = 12.0
_ENTERING = 1.4
"""An entry lasts while the fast mean is more than this times the slow one: after silence about 1.4 s."""
_TRUSTED_GRID = 0.5
"""From this confidence of the grid on, its bar lines count in full: what is doubted above it is mostly whether a bar is
two, which leaves phrases where they are."""
_NOTHING_TONAL = Key.parse("A minor")


class KeyListener:
    """Hears power spectra block by block and names the key at the end.

    downbeats : where bars begin, in seconds, rising; without them the order of the notes is not considered
    grid_confidence : 0 to 1, how far the downbeats are to be believed

    What it remembers grows by 28 kB a bar (two seconds, where there are no bars); where the blocks are cut makes no
    difference.
    """

    def __init__(self, downbeats: Sequence[float] = (), *, grid_confidence: float = 0.0) -> None:
        self._trust = min(1.0, max(0.0, grid_confidence) / _TRUSTED_GRID)
        believed = np.array(downbeats if self._trust > 0 else (), dtype=np.float64)
        self._has_bars = len(believed) > 0
        self._bars = PitchBars(believed)
        self._phrases = PhraseBorders(believed)
        self._frames = 0
        self._frame_before: NDArray[np.float32] | None = None
        self._fast = [0.0, 0.0]
        self._slow = [0.0, 0.0]

    def hear(self, power_block: NDArray[np.float32]) -> None:
        """Take in power spectra, shape (frames, 2049). Raises ValueError for another shape."""
        if power_block.ndim != 2 or power_block.shape[1] != BINS:
            raise ValueError(f"key wants power spectra of shape (frames, {BINS}), not {power_block.shape}")
        for start in range(0, len(power_block), _LONGEST_CHUNK):
            whole = power_block[start : start + _LONGEST_CHUNK]
            chunk = whole[:, :BINS_LOOKED_AT]
            before = chunk[:1] if self._frame_before is None else self._frame_before
            cents, weights, frame = tonal_peaks(chunk, np.concatenate([before, chunk[:-1]]))
            above = (cents >= _ENTRY_SPLIT_CENTS).astype(np.intp)
            tonal = np.zeros((len(chunk), 2))
            np.add.at(tonal, (frame, above), weights)
            entering = self._entering(tonal)[frame, above]
            seconds = np.arange(self._frames, self._frames + len(chunk), dtype=np.float64) * FRAME_SECONDS
            self._bars.add(seconds, frame, cents, weights, entering)
            self._phrases.hear(whole, seconds)
            self._frames += len(chunk)
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
        return self._whole(self._folding())

    def pitch_classes(self) -> PitchClasses:
        """What was heard so far bar by bar; what precedes the first bar is the first row."""
        chroma = self._folding().chroma(self._bars.heard, self._bars.entered)
        return PitchClasses(self._bars.starts, chroma[:, :3].sum(axis=1))

    def estimate(self) -> KeyEstimate:
        """The key of what was heard; where nothing tonal was, A minor with a confidence of 0."""
        folding = self._folding()
        chroma = self._whole(folding)
        if not chroma.bands.any():
            return KeyEstimate(
                camelot=_NOTHING_TONAL.camelot,
                name=_NOTHING_TONAL.name,
                tonic=_NOTHING_TONAL.tonic_name,
                mode=_NOTHING_TONAL.mode,
                tuning_cents=0.0,
                confidence=0.0,
            )
        probabilities = key_probabilities(chroma)
        parts = self._parts(folding, probabilities)
        return KeyEstimate(
            **named(probabilities, tuning_cents=folding.tuning_cents),
            intro=parts.intro,
            outro=parts.outro,
            modulations=parts.modulations,
        )

    def _folding(self) -> Folding:
        return Folding.at(tuning_of(self._bars.heard.sum(axis=0)))

    def _whole(self, folding: Folding) -> Chroma:
        heard, entered = self._bars.heard.sum(axis=0), self._bars.entered.sum(axis=0)
        bands = evened(folding.chroma(heard[None], entered[None])[0])
        first_bars = self._phrases.contrast(self._bars.heard[1:], tuning_cents=folding.tuning_cents)
        return Chroma(bands, self._trust * first_bars, folding.tuning_cents)

    def _parts(self, folding: Folding, whole: NDArray[np.float64]) -> KeyParts:
        """Intro, outro and changes of key; nothing where the piece is too short to have parts."""
        starts = self._bars.starts
        edges = np.append(starts, max(self._frames * FRAME_SECONDS, float(starts[-1])))
        chroma = folding.chroma(self._bars.heard, self._bars.entered)
        return hear_parts(chroma, edges, whole, tuning_cents=folding.tuning_cents)
