"""Tracks whose tempo changes are mixed by the tempo that they have where they are mixed."""

import itertools
import random

import numpy as np
import pytest
from planning_track_factory import CLUB, make_track
from test_planning_tempo_map import beats_in

from notorious.analysis.model import Track
from notorious.planning.brief import Brief
from notorious.planning.candidates import Candidate, candidates
from notorious.planning.loudness import loudness_course, loudness_courses
from notorious.planning.planner import plan_set
from notorious.planning.profile import TrackProfile
from notorious.planning.scoring import judge_confidence, judge_tempo
from notorious.planning.structure import structure_of
from notorious.planning.tempo_map import lay_out
from notorious.planning.tempo_match import is_even

BARS = sum(bars for _, bars in CLUB)
RITARDANDO_BARS = 6


def transition_track(name: str = "edit", **more: object) -> Track:
    """100 BPM up to the breakdown in its middle, 128 from there on: what DJs call a transition track."""
    return make_track(name, bpm=128.0, bar_bpm=lambda bar: 100.0 if bar < 56 else 128.0, **more)  # type: ignore[arg-type]


def slowing_track(name: str = "slowing") -> Track:
    """126 BPM, but for the last bars."""
    first = BARS - RITARDANDO_BARS
    return make_track(name, bpm=126.0, bar_bpm=lambda bar: 126.0 * (1.0 - 0.04 * max(0, bar - first + 1)))


def ways(outgoing: Track, incoming: Track) -> list[Candidate]:
    return list(candidates(structure_of(outgoing), structure_of(incoming), Brief()))


def together(outgoing: Track, incoming: Track) -> list[Candidate]:
    """The ways in which both are heard, beat on beat, other than short fades."""
    return [one for one in ways(outgoing, incoming) if not one.is_quick and one.technique != "exponential_fade"]


def test_a_transition_track_is_brought_in_at_its_first_tempo_and_taken_out_at_its_last() -> None:
    slow, edit, fast = make_track("slow", bpm=101.0), transition_track(), make_track("fast", bpm=127.0)
    into, out_of = together(slow, edit), together(edit, fast)
    assert into
    assert out_of
    for one in into:
        assert one.meeting.to_bpm == pytest.approx(100.0)
        assert one.meeting.overlap_bpm == pytest.approx(101.0)
        assert one.in_end_beat <= 56 * 4
    for one in out_of:
        assert one.meeting.from_bpm == one.meeting.overlap_bpm == pytest.approx(128.0)
        assert one.meeting.incoming_stretch == pytest.approx(128.0 / 127.0 - 1.0)


def test_a_tempo_that_a_track_has_elsewhere_does_not_count() -> None:
    """The median of the track is 128 BPM, but it begins at 100."""
    for one in ways(make_track("a", bpm=128.0), transition_track()):
        assert one.is_quick
        if one.in_beat < 40 * 4:
            assert not one.meeting.on_the_beat


def test_a_track_that_slows_down_at_its_end_is_mixed_like_any_other_before_it_does() -> None:
    slowing, steady = slowing_track(), make_track("b", bpm=126.0)
    found = together(slowing, steady)
    assert max(one.length_beats for one in found) >= 32
    for one in found:
        assert one.out_end_beat <= (BARS - RITARDANDO_BARS) * 4
        judged = judge_confidence(structure_of(slowing), structure_of(steady), one)
        assert "wavers" not in judged.reason
    assert {one.out_beat for one in together(steady, slowing)} == {
        one.out_beat for one in together(steady, make_track("c", bpm=126.0))
    }


def test_a_fade_over_a_step_says_that_the_track_wavers() -> None:
    steady = make_track("b", bpm=126.0)
    stepping = make_track("a", bpm=126.0, bar_bpm=lambda bar: 126.0 if bar < BARS - 12 else 127.0)
    fades = [one for one in ways(stepping, steady) if one.technique == "exponential_fade"]
    over = [one for one in fades if one.out_beat < (BARS - 12) * 4 < one.out_end_beat]
    assert over
    for one in over:
        judged = judge_confidence(structure_of(stepping), structure_of(steady), one)
        assert "the outgoing track wavers" in judged.reason
        assert judged.value < 75.0


def test_the_tempo_is_judged_by_where_they_meet() -> None:
    slow, edit = structure_of(make_track("slow", bpm=100.0)), structure_of(transition_track())
    best = max(
        judge_tempo(slow, edit, one, Brief()).value
        for one in candidates(slow, edit, Brief())
        if not one.is_quick and one.technique != "exponential_fade"
    )
    assert best == pytest.approx(100.0)


def test_beats_coincide_in_every_overlap_with_a_track_of_two_tempos() -> None:
    tracks = [make_track("slow", bpm=101.0), transition_track(first_beat=0.7), make_track("fast", bpm=127.0)]
    structures = [structure_of(track) for track in tracks]
    chance = random.Random(4)
    for _ in range(20):
        first = chance.choice([one for one in together(*tracks[:2]) if one.in_end_beat <= 160])
        second = chance.choice([one for one in together(*tracks[1:]) if one.out_beat > first.in_end_beat + 32])
        tempo_map = lay_out(structures, [first, second])
        for number, overlap in enumerate(tempo_map.overlaps):
            one, two = (
                beats_in(tempo_map, place, overlap.start_beat, overlap.end_beat) for place in (number, number + 1)
            )
            assert len(one) == len(two) > 8
            assert max(abs(a - b) for a, b in zip(one, two, strict=True)) < 1e-6
        slopes = [
            (two.seconds - one.seconds) / (two.beat - one.beat) for one, two in itertools.pairwise(tempo_map.clock)
        ]
        assert any(slope == pytest.approx(0.6) for slope in slopes)
        assert any(slope == pytest.approx(60 / 128) for slope in slopes)


def test_loudness_is_read_at_the_tempo_of_each_candidate() -> None:
    """Many at once give what each gives alone, whatever the tempos at which they meet."""
    edit, other = (
        structure_of(transition_track()),
        structure_of(make_track("b", bpm=126.0, bar_bpm=lambda bar: 126.0 + bar / 40)),
    )
    found = candidates(edit, other, Brief())
    assert len({one.meeting.incoming_stretch for one in found}) > 5
    alone = [loudness_course(edit, other, one, (0.0, -1.0)) for one in found]
    assert loudness_courses(edit, other, found, (0.0, -1.0)) == tuple(alone)


def test_a_set_goes_from_slow_to_fast_through_the_transition_track() -> None:
    tracks = [make_track(f"slow {n}", bpm=100.0 + 0.3 * n, level=4.0) for n in range(4)]
    tracks += [make_track(f"fast {n}", bpm=127.0 + 0.3 * n, level=8.0) for n in range(4)]
    tracks += [transition_track(level=6.0)]
    profile = TrackProfile.of(tracks[-1])
    assert (profile.mix_in_bpm, profile.mix_out_bpm) == (pytest.approx(100.0), pytest.approx(128.0))
    assert profile.even_in
    assert profile.even_out
    by_content = {track.sha256: track for track in tracks}
    plan = plan_set([TrackProfile.of(track) for track in tracks], Brief(curve="build"), load=by_content.__getitem__)
    order = [slot.track.title for slot in plan.slots]
    place = order.index("edit")
    assert all(title.startswith("slow") for title in order[:place])
    assert all(title.startswith("fast") for title in order[place + 1 :])
    assert 0 < place < len(order) - 1
    for transition in plan.transitions[place - 1 : place + 1]:
        assert transition.technique not in ("quick_cut", "echo_out")


def test_a_stretch_is_even_where_its_beats_lie_on_a_line() -> None:
    grid = transition_track().analysis.grid
    assert is_even(grid, 0.0, 220.0)
    assert is_even(grid, 230.0, 500.0)
    assert not is_even(grid, 200.0, 240.0)
    assert not is_even(make_track("a", steady=False, wobble=0.03).analysis.grid, 100.0, 132.0)
    assert np.isfinite(TrackProfile.of(slowing_track()).mix_out_bpm)
