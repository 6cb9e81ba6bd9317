"""How two tempos meet in an overlap: at which level, at which tempo, and who bends how far.

The rules (docs/mixing.md, "Tempo"): the incoming track bends to the outgoing one while that takes at most
`MAX_STRETCH_ALONE`; beyond it they share the bend equally, up to `MAX_STRETCH_SHARED` between them; beyond that
they are not mixed on the beat at all. Half and double tempo are the same beat counted otherwise.
"""

from dataclasses import dataclass
from math import ceil, floor, log2, sqrt

import numpy as np

from notorious.analysis.model import Grid

MAX_STRETCH_ALONE = 0.04
"""The incoming track alone bends this far: about four of five plays in real mixes are bent less (Kim et al., 2020)."""

MAX_STRETCH_SHARED = 0.08
"""Two tracks that share the bend may be this far apart: then each bends 4 %."""

TRUSTED_TEMPO_CONFIDENCE = 0.35
"""Below it a grid is a guess, and nothing is laid beat on beat by a guess. A judgement, not a fit."""

EVEN_SECONDS = 0.004
"""A stretch is even where each of its beats lies this near to one tempo: those between two steps, or before a final
ritardando, do to a fraction of it; beats that follow hands scatter by more. A judgement."""


@dataclass(frozen=True)
class Meeting:
    """Two tracks in an overlap. Tempos are counted as the outgoing track counts, but for `to_bpm`.

    `from_bpm` and `to_bpm` are the tempos that the two have there by themselves. `level` is how many beats of the
    outgoing track one beat of the incoming lasts (0.5, 1, 2). `overlap_bpm` is the tempo of the overlap. `on_the_beat`
    says that both can be heard together, beat on beat.
    """

    from_bpm: float
    to_bpm: float
    level: float
    overlap_bpm: float
    outgoing_stretch: float
    incoming_stretch: float
    on_the_beat: bool

    @property
    def bend(self) -> float:
        """How far the two bend between them, as a share."""
        return abs(self.outgoing_stretch) + abs(self.incoming_stretch)


def meet(from_bpm: float, to_bpm: float) -> Meeting:
    """How a track of `to_bpm` meets one of `from_bpm`, by the rules above. Stretches are shares (0.02: 2 % faster)."""
    octaves = log2(to_bpm / from_bpm)
    fold = min(1, max(-1, round(octaves)))
    level = 2.0**-fold if fold else 1.0
    # A track at half the tempo has beats twice as long: level 2 counts two beats of the faster one for each of its own.
    counted = to_bpm * level
    apart = max(counted, from_bpm) / min(counted, from_bpm) - 1.0
    if apart > MAX_STRETCH_SHARED:
        return apart_from(from_bpm, to_bpm)
    if apart <= MAX_STRETCH_ALONE:
        overlap_bpm = from_bpm
    else:
        overlap_bpm = sqrt(from_bpm * counted)
    return Meeting(
        from_bpm=from_bpm,
        to_bpm=to_bpm,
        level=level,
        overlap_bpm=overlap_bpm,
        outgoing_stretch=overlap_bpm / from_bpm - 1.0,
        incoming_stretch=overlap_bpm / counted - 1.0,
        on_the_beat=True,
    )


def apart_from(from_bpm: float, to_bpm: float) -> Meeting:
    """Nothing is bent: the outgoing track ends at its tempo, the incoming one begins at its own."""
    return Meeting(from_bpm, to_bpm, 1.0, from_bpm, 0.0, 0.0, on_the_beat=False)


def mean_bpm(grid: Grid, start_beat: float, end_beat: float) -> float:
    """The mean tempo of a grid between two of its beats [BPM]; a steady grid's own."""
    if grid.beat_seconds is None:
        return grid.bpm
    return 60.0 * (end_beat - start_beat) / (grid.seconds(end_beat) - grid.seconds(start_beat))


def is_even(grid: Grid, start_beat: float, end_beat: float) -> bool:
    """Whether a grid keeps one tempo between two of its beats: a steady one does; of another each beat there lies
    within `EVEN_SECONDS` of a straight line."""
    if grid.beat_seconds is None:
        return True
    beats = np.arange(floor(start_beat), ceil(end_beat) + 1)
    if len(beats) < 3:
        return True
    seconds = np.array([grid.seconds(float(beat)) for beat in beats])
    line = np.polynomial.Polynomial.fit(beats, seconds, 1)
    return bool(np.abs(seconds - line(beats)).max() <= EVEN_SECONDS)
