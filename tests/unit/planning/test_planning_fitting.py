"""Without a length a set takes what fits together; and a transition is as long as its tracks leave room for."""

import pytest
from planning_track_factory import make_track

from notorious.planning import Brief, TrackProfile, plan_set
from notorious.planning.structure import structure_of


def planned(tracks, brief):
    by_content = {track.sha256: track for track in tracks}
    return plan_set([TrackProfile.of(track) for track in tracks], brief, load=by_content.__getitem__)


def at_tempos(*tempos):
    return [make_track(f"{number} at {bpm}", bpm=bpm, key="8A") for number, bpm in enumerate(tempos)]


def test_a_stray_among_tracks_that_go_together_is_left_out_with_the_reason():
    tracks = at_tempos(124.0, 125.0, 126.0, 127.0, 100.0)
    plan = planned(tracks, Brief())
    assert {slot.track.bpm for slot in plan.slots} == {124.0, 125.0, 126.0, 127.0}
    (left_out,) = plan.left_out
    assert left_out.path == tracks[-1].path
    assert "100.00 BPM none of the 4 others can be mixed" in left_out.reason


def test_two_chapters_are_both_played_with_one_break_between_them():
    plan = planned(at_tempos(124.0, 174.0, 125.0, 175.0, 126.0, 173.0, 127.0), Brief())
    assert len(plan.slots) == 7
    assert plan.left_out == ()
    assert sum(one.technique in {"quick_cut", "echo_out"} for one in plan.transitions) == 1


@pytest.mark.parametrize("place", ["start", "end"])
def test_a_stray_that_was_asked_for_plays(place):
    tracks = at_tempos(124.0, 125.0, 126.0, 100.0)
    plan = planned(tracks, Brief(**{place: tracks[-1].sha256}))
    assert len(plan.slots) == 4
    assert plan.slots[0 if place == "start" else -1].track.bpm == 100.0


def test_where_nothing_fits_everything_is_played():
    plan = planned(at_tempos(100.0, 115.0, 132.0, 152.0), Brief())
    assert len(plan.slots) == 4
    assert plan.left_out == ()


def test_with_a_length_nothing_is_left_out_for_not_fitting():
    assert planned(at_tempos(124.0, 125.0, 126.0, 100.0), Brief(minutes=9)).left_out == ()


def test_an_outro_in_pieces_is_one_outro():
    track = make_track("a", form=(("intro", 16), ("drop", 48), ("outro", 4), ("outro", 8), ("outro", 4)))
    structure = structure_of(track)
    bars = {bar: structure.phrase_bars(structure.first_bar_beat + 4 * bar) for bar in (0, 16, 64, 68, 76, 80)}
    assert bars == {0: 32, 16: 32, 64: 32, 68: 16, 76: 16, 80: 32}


def test_no_piece_of_an_outro_makes_a_transition_of_four_bars():
    form = (("intro", 16), ("drop", 48), ("outro", 4), ("outro", 8), ("outro", 4))
    plan = planned([make_track(name, form=form, key="8A") for name in "abc"], Brief())
    for transition in plan.transitions:
        assert transition.length_beats >= 4 * 8
