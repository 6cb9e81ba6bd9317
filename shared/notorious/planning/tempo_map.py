"""The tempo map: the clock of a set, and where on it every track lies.

The set's beats are laid out from the chosen transitions alone; then the clock says at which second each of them falls:

    solo       the clock goes at the track's own tempo: nothing is stretched there
    overlap    one constant tempo
    return     after an overlap the clock goes back to the incoming track's tempo in a staircase of small steps
    approach   before an overlap at a shared tempo, the same staircase with the outgoing track

A cut steps the tempo: the clock is the incoming track's from just before the downbeat on. The clock of a track whose
tempo wavers follows its own beats.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, exp, floor, log

from notorious.analysis.model import Grid
from notorious.planning.candidates import Candidate
from notorious.planning.plan import ClockKnot
from notorious.planning.structure import Structure
from notorious.planning.tempo_match import mean_bpm

STEP_PER_BAR = 0.0015
"""The tempo of a ramp changes by this share per bar where there is room: 0.19 BPM at 125. The smallest change of
tempo that is noticed at all is ten times as large (about 1.5 to 2 %: Drake & Botte, "Tempo sensitivity in auditory
sequences", Perception & Psychophysics 54, 1993). Where there is little room the steps grow: over eight bars at most to
0.5 %."""

CUT_LEAD_SECONDS = 0.01
"""How long before the downbeat of a cut the incoming track's voice and tempo begin: room for the ramp of the cut."""

_EQUAL_TEMPO = 1e-9


@dataclass(frozen=True)
class Placement:
    """Where one track lies: mix beats, and the source beat that falls on the first of them."""

    mix_start_beat: float
    mix_end_beat: float
    source_start_beat: float
    mix_beats_per_source_beat: float

    def source_beat(self, mix_beat: float) -> float:
        return self.source_start_beat + (mix_beat - self.mix_start_beat) / self.mix_beats_per_source_beat

    def mix_beat(self, source_beat: float) -> float:
        return self.mix_start_beat + (source_beat - self.source_start_beat) * self.mix_beats_per_source_beat


@dataclass(frozen=True)
class Overlap:
    """A transition on the clock: `bpm` counts mix beats; stretches are shares (0.02 is 2 % faster than own)."""

    start_beat: float
    length_beats: float
    bpm: float
    outgoing_stretch: float
    incoming_stretch: float

    @property
    def end_beat(self) -> float:
        return self.start_beat + self.length_beats


@dataclass(frozen=True)
class TempoMap:
    """The whole set on the clock: a placement per track, an overlap per transition."""

    placements: tuple[Placement, ...]
    overlaps: tuple[Overlap, ...]
    clock: tuple[ClockKnot, ...]

    def seconds(self, beat: float) -> float:
        """When a mix beat falls [s of the mix]."""
        beats = [knot.beat for knot in self.clock]
        left = min(max(bisect_right(beats, beat) - 1, 0), len(beats) - 2)
        one, other = self.clock[left], self.clock[left + 1]
        return one.seconds + (beat - one.beat) * (other.seconds - one.seconds) / (other.beat - one.beat)


def lay_out(structures: Sequence[Structure], chosen: Sequence[Candidate]) -> TempoMap:
    """Place the tracks and build the clock. `chosen[k]` leads from track k to track k + 1.

    The mix begins with the first track's first sound at second 0 and ends with the last track's last sound.
    """
    placements, overlaps = _place(structures, chosen)
    return TempoMap(placements, overlaps, _clock(structures, chosen, placements, overlaps))


def _place(
    structures: Sequence[Structure], chosen: Sequence[Candidate]
) -> tuple[tuple[Placement, ...], tuple[Overlap, ...]]:
    placements: list[Placement] = []
    overlaps: list[Overlap] = []
    first = structures[0]
    # The first bar line of the set is a multiple of its bar, so that bars of the set can be counted; a beat 0 lies
    # within or before the first sound.
    start_source = first.audible_start_beat
    grid = first.track.analysis.grid
    lead = (start_source - grid.first_downbeat) % first.beats_per_bar
    start, level = lead, 1.0
    for number, structure in enumerate(structures):
        if number == len(structures) - 1:
            end = start + (structure.audible_end_beat - start_source) * level
            placements.append(Placement(start, end, start_source, level))
            break
        candidate = chosen[number]
        meeting = candidate.meeting
        begin = start + (candidate.out_beat - start_source) * level
        length = candidate.length_beats * level
        incoming_grid = structures[number + 1].track.analysis.grid
        if candidate.is_quick:
            next_level = level * meeting.level if meeting.on_the_beat else 1.0
            bpm = _local_bpm(incoming_grid, candidate.in_beat) * next_level
            lead = CUT_LEAD_SECONDS * bpm / 60.0
            overlaps.append(Overlap(begin, length, bpm, 0.0, 0.0))
            next_start, next_source = begin - lead, candidate.in_beat - lead / next_level
        else:
            next_level = level * meeting.level
            stretches = (meeting.outgoing_stretch, meeting.incoming_stretch)
            overlaps.append(Overlap(begin, length, meeting.overlap_bpm * level, *stretches))
            next_start, next_source = begin, candidate.in_beat
        placements.append(Placement(start, begin + length, start_source, level))
        start, start_source, level = next_start, next_source, next_level
    return tuple(placements), tuple(overlaps)


def _local_bpm(grid: Grid, beat: float) -> float:
    """The tempo of the beat that follows."""
    return mean_bpm(grid, floor(beat), floor(beat) + 1)


class _ClockBuilder:
    """Adds stretches of beats one after the other and keeps the seconds."""

    def __init__(self, beat: float) -> None:
        self.knots = [ClockKnot(beat=beat, seconds=0.0)]

    @property
    def beat(self) -> float:
        return self.knots[-1].beat

    def at_tempo(self, end_beat: float, bpm: float) -> None:
        """Go on to a beat at a constant tempo."""
        last = self.knots[-1]
        if end_beat - last.beat <= _EQUAL_TEMPO:
            return
        self.knots.append(ClockKnot(beat=end_beat, seconds=last.seconds + (end_beat - last.beat) * 60.0 / bpm))

    def with_track(self, end_beat: float, structure: Structure, placement: Placement, factor: float = 1.0) -> None:
        """Go on to a beat with a track's own beats, `factor` times as fast."""
        grid = structure.track.analysis.grid
        level = placement.mix_beats_per_source_beat
        if grid.beat_seconds is None:
            self.at_tempo(end_beat, grid.bpm * level * factor)
            return
        start = placement.source_beat(self.beat)
        end = placement.source_beat(end_beat)
        inner = [float(beat) for beat in range(floor(start) + 1, ceil(end)) if start + 1e-6 < beat < end - 1e-6]
        for beat in (*inner, end):
            seconds = grid.seconds(beat) - grid.seconds(start)
            mix_beat = end_beat if beat == end else placement.mix_beat(beat)
            if mix_beat - self.beat > _EQUAL_TEMPO:
                self.at_tempo(mix_beat, 60.0 * (mix_beat - self.beat) / seconds * factor)
            start = beat


def _clock(
    structures: Sequence[Structure],
    chosen: Sequence[Candidate],
    placements: Sequence[Placement],
    overlaps: Sequence[Overlap],
) -> tuple[ClockKnot, ...]:
    clock = _ClockBuilder(placements[0].mix_start_beat)
    last = len(structures) - 1
    for number, (structure, placement) in enumerate(zip(structures, placements, strict=True)):
        before = None if number == 0 or chosen[number - 1].is_quick else overlaps[number - 1]
        after = None if number == last or chosen[number].is_quick else overlaps[number]
        if number == last:
            solo_end = placement.mix_end_beat
        elif chosen[number].is_quick:
            solo_end = placements[number + 1].mix_start_beat
        else:
            solo_end = overlaps[number].start_beat
        _solo(clock, solo_end, structure, placement, before, after)
        if after is not None:
            clock.at_tempo(after.end_beat, after.bpm)
    return tuple(clock.knots)


def _solo(
    clock: _ClockBuilder,
    end_beat: float,
    structure: Structure,
    placement: Placement,
    before: Overlap | None,
    after: Overlap | None,
) -> None:
    """From where the last overlap has ended to where the next begins: return, own tempo, approach."""
    bar = structure.beats_per_bar * max(1.0, placement.mix_beats_per_source_beat)
    bars = max(0, floor((end_beat - clock.beat) / bar + 1e-9))
    away = 0.0 if before is None else log(1.0 + before.incoming_stretch)
    towards = 0.0 if after is None else log(1.0 + after.outgoing_stretch)
    wanted = [ceil(abs(distance) / STEP_PER_BAR - 1e-9) for distance in (away, towards)]
    if sum(wanted) > bars:
        # Too little room: both ramps give way in proportion, and their steps grow.
        share = bars / sum(wanted)
        wanted = [floor(count * share) for count in wanted]
    returning, approaching = wanted
    for step in range(1, returning + 1):
        factor = exp(away * (1.0 - step / (returning + 1)))
        clock.with_track(clock.beat + bar, structure, placement, factor)
    clock.with_track(end_beat - approaching * bar, structure, placement)
    for step in range(1, approaching + 1):
        factor = exp(towards * step / (approaching + 1))
        target = end_beat if step == approaching else end_beat - (approaching - step) * bar
        clock.with_track(target, structure, placement, factor)
