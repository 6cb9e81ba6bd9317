"""From peaks to chroma: a histogram of pitch for every bar, and its folding to pitch classes at the detected tuning.

All that is asked later (the key of the whole, of the intro, of the outro, key over time) is a sum over some of the
bars, so one pass over the audio answers all of it.

1. **Histogram.** The weights of the peaks by pitch, 5 cents a step, and beside it the part of them that entered.
2. **Tuning.** The circular mean of what exceeds a semitone (compare K. Dressler, S. Streich, "Tuning frequency
   estimation using circular statistics", ISMIR 2007), over the whole track.
3. **Chroma.** With the tuning taken off, the histogram is folded three times (bass, middle, top), that of entries
   twice; square roots keep one loud note from deciding alone.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

CENTS_A_STEP = 5
LOWEST_CENTS = -4800
"""Of the histogram, relative to 440 Hz: 27.5 Hz; a whole number of octaves below it."""
STEPS = (3800 - LOWEST_CENTS) // CENTS_A_STEP
OFF_PITCH_CENTS = 25.0
"""How far a pitch may stray from its semitone (one standard deviation)."""
UNBARRED_SECONDS = 2.0
"""What counts as a bar where no bar lines are believed."""

_TUNING_RANGE_HZ = (120.0, 2500.0)
_CROSSOVERS_HZ = (130.0, 500.0)
_ENTRY_CROSSOVER_HZ = 200.0
_NO_ENTRY_SHARE = 1e-3
"""Of the whole histogram in that of entries, so that a track in which nothing enters is judged by its whole."""
_FIRST_ROOM = 64

Floats = NDArray[np.float64]


class PitchBars:
    """Histograms of pitch, one a bar.

    Row 0 is what precedes the first downbeat, row n bar n (from 1); without downbeats the rows are `UNBARRED_SECONDS`
    long. It remembers 28 kB a bar.
    """

    def __init__(self, downbeats: Floats) -> None:
        """downbeats : shape (bars,), rising, in seconds."""
        self._downbeats = downbeats
        room = len(downbeats) + 1 if len(downbeats) else _FIRST_ROOM
        self._rows: Floats = np.zeros((room, 2, STEPS))
        self._count = len(downbeats) + 1 if len(downbeats) else 0

    @property
    def heard(self) -> Floats:
        """All weights by bar and pitch, shape (bars, STEPS)."""
        return self._rows[: self._count, 0]

    @property
    def entered(self) -> Floats:
        """The part of them that entered, shape (bars, STEPS)."""
        return self._rows[: self._count, 1]

    @property
    def starts(self) -> Floats:
        """Where the rows begin, in seconds, shape (bars,)."""
        if len(self._downbeats):
            return np.concatenate([[min(0.0, self._downbeats[0])], self._downbeats])
        return UNBARRED_SECONDS * np.arange(self._count, dtype=np.float64)

    def add(self, seconds: Floats, frame: NDArray[np.intp], cents: Floats, weights: Floats, entering: Floats) -> None:
        """Take in peaks [shape=(peaks,)] of some frames, whose times are `seconds` [shape=(frames,), rising]."""
        rows = self._rows_at(seconds)
        self._make_room(int(rows[-1]) + 1)
        steps = np.clip(np.floor((cents - LOWEST_CENTS) / CENTS_A_STEP).astype(np.intp), 0, STEPS - 1)
        place = rows[frame] * (2 * STEPS) + steps
        flat = self._rows.reshape(-1)
        np.add.at(flat, place, weights)
        np.add.at(flat, place + STEPS, weights * entering)

    def _rows_at(self, seconds: Floats) -> NDArray[np.intp]:
        if len(self._downbeats):
            return np.searchsorted(self._downbeats, seconds, side="right")
        return (seconds / UNBARRED_SECONDS).astype(np.intp)

    def _make_room(self, rows: int) -> None:
        if rows > len(self._rows):
            self._rows = np.concatenate([self._rows, np.zeros((rows, 2, STEPS))])
        self._count = max(self._count, rows)


@dataclass(frozen=True)
class PitchClasses:
    """Which pitch classes sound when: `starts` [shape=(bars,)], seconds, rising; `weights` [shape=(bars, 12)], from C,
    how much each sounds from there to the next."""

    starts: Floats
    weights: Floats

    def at(self, seconds: Floats) -> Floats:
        """The pitch classes around some instants [shape=(n,)], the strongest of each 1 [shape=(n, 12)]; 0 where
        nothing sounds."""
        rows = np.clip(np.searchsorted(self.starts, seconds, side="right") - 1, 0, len(self.starts) - 1)
        weights = self.weights[rows]
        strongest = weights.max(axis=1, keepdims=True)
        shares: Floats = weights / np.where(strongest > 0, strongest, 1.0)
        return shares


@dataclass(frozen=True)
class Folding:
    """How steps of pitch become pitch classes: matrices [shape=(STEPS, 36)] for all weights and [shape=(STEPS, 24)]
    for those that entered, three and two bands of twelve pitch classes from C."""

    tuning_cents: float
    heard: Floats
    entered: Floats

    @classmethod
    def at(cls, tuning_cents: float) -> "Folding":
        """The folding for a tuning, in cents from A4 = 440 Hz."""
        cents = _step_cents()
        hertz = _step_hertz()
        semitones = np.rint((cents - tuning_cents) / 100.0)
        off_pitch = (cents - tuning_cents) - 100.0 * semitones
        member = np.zeros((STEPS, 12))
        in_tune = np.exp(-0.5 * (off_pitch / OFF_PITCH_CENTS) ** 2)
        member[np.arange(STEPS), (semitones.astype(np.intp) + 9) % 12] = in_tune  # 440 Hz is an A, nine above C
        matrices = []
        for crossovers in (_CROSSOVERS_HZ, (_ENTRY_CROSSOVER_HZ,)):
            below = [1.0 / (1.0 + (hertz / crossover) ** 4) for crossover in crossovers]
            shares = np.diff([np.zeros(STEPS), *below, np.ones(STEPS)], axis=0)
            matrices.append(np.hstack([member * share[:, None] for share in shares]))
        return cls(tuning_cents, *matrices)

    def chroma(self, heard: Floats, entered: Floats) -> Floats:
        """Pitch classes of histograms [shape=(n, STEPS)]: shape (n, 5, 12), not yet evened, so that rows may be
        added."""
        folded = np.hstack([heard @ self.heard, (entered + _NO_ENTRY_SHARE * heard) @ self.entered])
        return folded.reshape(len(folded), 5, 12)


def evened(chroma: Floats) -> Floats:
    """Square roots, each row [shape=(..., 12)] scaled to a sum of squares of 1; rows of nothing stay 0."""
    total = chroma.sum(axis=-1, keepdims=True)
    rows: Floats = np.sqrt(chroma / np.where(total > 0, total, 1.0))
    return rows


def tuning_of(histogram: Floats) -> float:
    """Cents from A4 = 440 Hz of a histogram [shape=(STEPS,)], -50 to 50; 0 where nothing is heard."""
    cents, hertz = _step_cents(), _step_hertz()
    heard = (hertz > _TUNING_RANGE_HZ[0]) & (hertz < _TUNING_RANGE_HZ[1])
    direction = np.sum(histogram[heard] * np.exp(2j * np.pi * cents[heard] / 100.0))
    return float(100.0 * np.angle(direction) / (2.0 * np.pi)) if abs(direction) > 0 else 0.0


def _step_cents() -> Floats:
    return LOWEST_CENTS + CENTS_A_STEP * (np.arange(STEPS, dtype=np.float64) + 0.5)


def _step_hertz() -> Floats:
    hertz: Floats = 440.0 * 2.0 ** (_step_cents() / 1200.0)
    return hertz
