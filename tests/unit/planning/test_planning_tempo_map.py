"""The clock: beats coincide in overlaps, tracks play at their own tempo elsewhere, and the way back is gentle."""

import itertools
import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from planning_track_factory import CLUB, make_track

from notorious.analysis.model import Track
from notorious.planning.brief import Brief
from notorious.planning.candidates import candidates
from notorious.planning.structure import structure_of
from notorious.planning.tempo_map import TempoMap, lay_out


def laid_out(tracks: list[Track], chance: random.Random, *, long: bool | None = None) -> TempoMap:
    """Any fitting candidates (only long ones, only quick ones) on the clock."""
    structures = [structure_of(track) for track in tracks]
    chosen = []
    earliest = 0.0
    for outgoing, incoming in itertools.pairwise(structures):
        fitting = [
            one
            for one in candidates(outgoing, incoming, Brief())
            if one.out_beat >= earliest + 8 * outgoing.beats_per_bar and (long is None or one.is_quick != long)
        ]
        chosen.append(chance.choice(fitting))
        earliest = chosen[-1].in_end_beat
    return lay_out(structures, chosen)


def beats_in(tempo_map: TempoMap, number: int, begin: float, end: float) -> list[float]:
    """The mix seconds of a track's own whole beats between two mix beats."""
    placement = tempo_map.placements[number]
    first, last = math.ceil(placement.source_beat(begin) - 1e-6), math.floor(placement.source_beat(end) + 1e-6)
    return [tempo_map.seconds(placement.mix_beat(beat)) for beat in range(first, last + 1)]


tempos = st.floats(80.0, 178.0).map(lambda bpm: round(bpm, 2))


@settings(max_examples=40, deadline=None)
@given(bpm=tempos, bend=st.floats(-0.07, 0.07), level=st.sampled_from((0.5, 1.0, 2.0)), seed=st.integers(0, 999))
def test_beats_of_both_tracks_coincide_throughout_every_overlap(bpm, bend, level, seed):
    other = bpm * (1.0 + bend) * level
    third = bpm
    tracks = [
        make_track("a", bpm=bpm, first_beat=0.31, first_downbeat=3),
        make_track("b", bpm=other, first_beat=1.27, first_downbeat=1),
        make_track("c", bpm=third, first_beat=0.02, first_downbeat=2),
    ]
    tempo_map = laid_out(tracks, random.Random(seed), long=True)
    for number, overlap in enumerate(tempo_map.overlaps):
        one = beats_in(tempo_map, number, overlap.start_beat, overlap.end_beat)
        two = beats_in(tempo_map, number + 1, overlap.start_beat, overlap.end_beat)
        assert min(len(one), len(two)) >= 9
        # At half or double level the slower track's beats are every other beat of the faster one.
        slower, faster = sorted((one, two), key=len)
        worst = max(min(abs(beat - near) for near in faster) for beat in slower)
        assert worst < 1e-6


@settings(max_examples=25, deadline=None)
@given(bpm=tempos, bend=st.floats(-0.07, 0.07), seed=st.integers(0, 999))
def test_the_clock_between_transitions_returns_to_the_tracks_own_tempo_by_small_steps(bpm, bend, seed):
    tracks = [
        make_track(name, bpm=round(bpm * factor, 2)) for name, factor in (("a", 1.0), ("b", 1.0 + bend), ("c", 1.0))
    ]
    tempo_map = laid_out(tracks, random.Random(seed), long=True)
    slopes = [
        ((two.seconds - one.seconds) / (two.beat - one.beat), two.beat - one.beat)
        for one, two in zip(tempo_map.clock, tempo_map.clock[1:], strict=False)
    ]
    for (before, _), (after, _) in itertools.pairwise(slopes):
        assert abs(after / before - 1.0) < 0.0052
    for number in (0, 2):
        own = 60.0 / tracks[number].analysis.grid.bpm
        assert any(abs(slope / own - 1.0) < 1e-12 and beats >= 16 for slope, beats in slopes)


def test_alone_a_track_plays_at_exactly_its_own_tempo():
    track = make_track("a", bpm=124.37, first_beat=0.9)
    tempo_map = lay_out([structure_of(track)], [])
    (placement,) = tempo_map.placements
    assert tempo_map.clock[0].seconds == 0.0
    for source_beat in (0.0, 10.0, 100.5):
        expected = track.analysis.grid.seconds(source_beat) - track.analysis.audible.start
        assert tempo_map.seconds(placement.mix_beat(source_beat)) == pytest.approx(expected, abs=1e-9)


def test_a_small_bend_is_carried_by_the_incoming_track_alone_a_large_one_by_both():
    def overlap(other_bpm: float):
        tracks = [make_track("a", bpm=120.0), make_track("b", bpm=other_bpm)]
        return laid_out(tracks, random.Random(1), long=True).overlaps[0]

    small, large = overlap(123.6), overlap(127.2)
    assert small.bpm == 120.0
    assert small.outgoing_stretch == 0.0
    assert small.incoming_stretch == pytest.approx(120.0 / 123.6 - 1.0)
    assert large.bpm == pytest.approx(math.sqrt(120.0 * 127.2))
    assert large.outgoing_stretch == pytest.approx(-1.0 + 1.0 / (1.0 + large.incoming_stretch))


def test_a_half_tempo_track_counts_two_mix_beats_for_each_of_its_own():
    tracks = [make_track("a", bpm=174.0), make_track("b", bpm=87.0)]
    tempo_map = laid_out(tracks, random.Random(0), long=True)
    assert [placement.mix_beats_per_source_beat for placement in tempo_map.placements] == [1.0, 2.0]


def test_the_set_begins_and_ends_with_sound_even_before_the_first_beat():
    track = make_track("a", bpm=125.0, first_beat=3.0, lead_in=1.7)
    tempo_map = lay_out([structure_of(track)], [])
    audible = track.analysis.audible
    assert tempo_map.placements[0].source_start_beat < 0
    assert tempo_map.clock[-1].seconds == pytest.approx(audible.end - audible.start)


def test_bar_lines_of_the_first_track_fall_on_multiples_of_four_mix_beats():
    track = make_track("a", first_downbeat=3, lead_in=0.7)
    (placement,) = lay_out([structure_of(track)], []).placements
    assert placement.mix_beat(3.0) % 4.0 == pytest.approx(0.0, abs=1e-9)


def test_a_cut_steps_the_tempo_on_the_downbeat_and_the_incoming_track_is_never_bent():
    tracks = [make_track("a", bpm=100.0), make_track("b", bpm=141.5)]
    tempo_map = laid_out(tracks, random.Random(3), long=False)
    (overlap,) = tempo_map.overlaps
    incoming = tempo_map.placements[1]
    own = 60.0 / 141.5
    for beats in (0, 1, 7):
        passed = tempo_map.seconds(overlap.start_beat + beats) - tempo_map.seconds(overlap.start_beat)
        assert passed == pytest.approx(beats * own, abs=1e-9)
    # Its voice begins a few milliseconds early, for the ramp of the cut.
    lead = tempo_map.seconds(overlap.start_beat) - tempo_map.seconds(incoming.mix_start_beat)
    assert lead == pytest.approx(0.01, abs=1e-6)
    assert incoming.source_beat(overlap.start_beat) == pytest.approx(round(incoming.source_beat(overlap.start_beat)))


def test_the_clock_of_a_wavering_track_follows_its_own_beats():
    track = make_track("a", steady=False, wobble=0.04)
    tempo_map = lay_out([structure_of(track)], [])
    grid, (placement,) = track.analysis.grid, tempo_map.placements
    for beat in range(0, 400, 7):
        expected = grid.seconds(beat) - track.analysis.audible.start
        assert tempo_map.seconds(placement.mix_beat(beat)) == pytest.approx(expected, abs=1e-6)


def test_a_wavering_track_is_only_mixed_by_short_techniques():
    steady, wavering = make_track("a"), make_track("b", steady=False, wobble=0.03)
    for one in candidates(structure_of(steady), structure_of(wavering), Brief()):
        assert one.is_quick or (one.technique == "exponential_fade" and one.length_beats <= 32)


def test_ramps_are_as_gentle_as_promised_where_there_is_room():
    long_form = tuple((kind, 2 * bars) for kind, bars in CLUB)
    tracks = [make_track("a", bpm=125.0, form=long_form), make_track("b", bpm=128.0, form=long_form)]
    tempo_map = laid_out(tracks, random.Random(5), long=True)
    tempos = [
        60.0 * (two.beat - one.beat) / (two.seconds - one.seconds)
        for one, two in zip(tempo_map.clock, tempo_map.clock[1:], strict=False)
    ]
    steps = [abs(after / before - 1.0) for before, after in itertools.pairwise(tempos)]
    assert max(steps) < 0.002
    assert tempos[-1] == pytest.approx(128.0)


@settings(max_examples=15, deadline=None)
@given(wobble=st.floats(0.0, 0.03), bend=st.floats(-0.03, 0.03), seed=st.integers(0, 99))
def test_a_fade_into_a_wavering_track_keeps_the_beats_together_too(wobble, bend, seed):
    tracks = [make_track("a", bpm=120.0), make_track("b", bpm=120.0 * (1 + bend), steady=False, wobble=wobble)]
    tempo_map = laid_out(tracks, random.Random(seed), long=True)
    (overlap,) = tempo_map.overlaps
    one, two = (beats_in(tempo_map, number, overlap.start_beat, overlap.end_beat) for number in (0, 1))
    assert len(one) == len(two)
    assert max(abs(a - b) for a, b in zip(one, two, strict=True)) < 1e-6


def test_tracks_whose_local_tempos_drift_apart_are_not_faded():
    """The medians meet, but where the mix would be one of them has run away."""
    track = make_track("a", bpm=120.0)
    grid = track.analysis.grid
    times = [grid.seconds(beat) for beat in range(grid.beat_count)]
    half = len(times) // 3
    runaway = times[: half + 1]
    for beat in range(half + 1, len(times)):
        runaway.append(runaway[-1] + 0.5 * (1.15 if beat > 2 * half else 1.0))
    drifted = track.model_copy(
        update={
            "analysis": track.analysis.model_copy(
                update={
                    "grid": grid.model_copy(update={"beat_seconds": tuple(runaway)}),
                    "tempo": track.analysis.tempo.model_copy(update={"steady": False}),
                    "audible": track.analysis.audible.model_copy(update={"end": runaway[-1]}),
                }
            )
        }
    )
    for one in candidates(structure_of(drifted), structure_of(make_track("b", bpm=120.0)), Brief()):
        assert one.is_quick or one.out_end_beat < 2 * half + 32
