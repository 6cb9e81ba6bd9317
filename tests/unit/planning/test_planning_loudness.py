"""Loudness through a transition is foreseen from the two tracks; what cannot be helped is said, up to a bound."""

import pytest
from planning_track_factory import LOUDNESS_OF, make_track

from notorious.planning import Brief, TrackProfile, plan_set
from notorious.planning.candidates import Candidate
from notorious.planning.loudness import MOST_EXCUSED_LU, LoudnessCourse, loudness_course, meant
from notorious.planning.scoring import judge_loudness, unevenness_factor
from notorious.planning.structure import structure_of
from notorious.planning.tempo_match import meet
from notorious.rendering.verify import TransitionLoudness

BAR = 4
STEADY = (("verse", 96),)
TECHNIQUES = ("blend", "bass_swap", "eq_swap", "filter_sweep", "exponential_fade", "quick_cut", "echo_out")


def way(technique, outgoing, incoming, *, out_bar, in_bar=0, bars=16):
    return Candidate(
        technique, outgoing.first_bar_beat + out_bar * BAR, incoming.first_bar_beat + in_bar * BAR, float(bars * BAR),
        meet(outgoing.track.analysis.grid.bpm, incoming.track.analysis.grid.bpm), float(bars), (),
    )  # fmt: skip


@pytest.mark.parametrize("technique", TECHNIQUES)
def test_between_two_tracks_of_one_loudness_nothing_dips_or_rises(technique):
    one, other = structure_of(make_track("a", form=STEADY)), structure_of(make_track("b", form=STEADY))
    course = loudness_course(one, other, way(technique, one, other, out_bar=64, in_bar=16), (0.0, 0.0))
    assert course.step_lu == pytest.approx(0.0, abs=0.01)
    assert course.dip_lu == pytest.approx(0.0, abs=0.05)
    assert course.rise_lu == pytest.approx(0.0, abs=0.05)


def test_a_thin_outro_over_a_thin_intro_dips_by_what_both_lie_below_their_drops():
    one = structure_of(make_track("a", form=(("intro", 16), ("drop", 48), ("outro", 16))))
    other = structure_of(make_track("b", form=(("intro", 16), ("drop", 48), ("outro", 16))))
    course = loudness_course(one, other, way("blend", one, other, out_bar=64), (0.0, 0.0))
    assert course.dip_lu == pytest.approx(LOUDNESS_OF["drop"] - LOUDNESS_OF["outro"], abs=0.2)
    assert course.rise_lu == 0.0


def test_gains_count():
    one, other = structure_of(make_track("a", form=STEADY)), structure_of(make_track("b", form=STEADY))
    course = loudness_course(one, other, way("blend", one, other, out_bar=64, in_bar=16), (-3.0, 1.0))
    assert course.step_lu == pytest.approx(4.0, abs=0.01)
    assert course.before_lufs == pytest.approx(-9.0 + LOUDNESS_OF["verse"] - 3.0, abs=0.01)
    assert course.dip_lu == pytest.approx(0.0, abs=0.05)


def test_an_echo_out_is_held_against_what_comes_after_its_echo():
    one = structure_of(make_track("a", form=STEADY))
    other = structure_of(make_track("b", form=(("breakdown", 4), ("drop", 64))))
    course = loudness_course(one, other, way("echo_out", one, other, out_bar=64, bars=4), (0.0, 0.0))
    assert course.step_lu == pytest.approx(LOUDNESS_OF["drop"] - LOUDNESS_OF["verse"], abs=0.2)
    assert course.dip_lu == pytest.approx(LOUDNESS_OF["verse"] - LOUDNESS_OF["breakdown"], abs=0.2)


def test_what_dips_is_worth_less_than_what_does_not():
    even, dipping = LoudnessCourse(-12, -12.5, -12, -12.5), LoudnessCourse(-12, -16, -12, -12.5)
    assert judge_loudness(even).value == 100.0
    assert judge_loudness(dipping).value < 60.0
    assert unevenness_factor(even) == 1.0 > unevenness_factor(dipping)
    assert "dip of 3.5 LU" in judge_loudness(dipping).reason


def test_a_plan_means_what_it_foresees_but_excuses_no_chasm():
    assert meant(0.5) == 0.0
    assert meant(3.0) == 3.0
    assert meant(20.0) == MOST_EXCUSED_LU


def test_a_dip_that_cannot_be_helped_is_in_the_plan_with_its_reason():
    form = (("breakdown", 24), ("drop", 32), ("breakdown", 40))
    tracks = [make_track(name, form=form, key="8A") for name in ("a", "b")]
    by_content = {track.sha256: track for track in tracks}
    plan = plan_set([TrackProfile.of(one) for one in tracks], Brief(), load=by_content.__getitem__)
    (transition,) = plan.transitions
    one, other = (structure_of(by_content[slot.track.sha256]) for slot in plan.slots)
    candidate = Candidate(
        transition.technique, transition.mix_out.source_beat, transition.mix_in.source_beat, transition.length_beats,
        meet(126.0, 126.0), 16.0, (),
    )  # fmt: skip
    course = loudness_course(one, other, candidate, (plan.slots[0].gain_db, plan.slots[1].gain_db))
    assert transition.expected_loudness_dip_lu == pytest.approx(meant(course.dip_lu))
    assert transition.expected_loudness_rise_lu == pytest.approx(meant(course.rise_lu))
    if transition.expected_loudness_dip_lu or transition.expected_loudness_rise_lu:
        assert any("on the way" in reason for reason in transition.reasons)


def test_a_measured_dip_counts_only_beyond_what_the_plan_says():
    measured = {
        "index": 0, "technique": "blend", "start_seconds": 60.0, "end_seconds": 90.0, "before_lufs": -12.0,
        "lowest_lufs": -15.5, "highest_lufs": -12.0, "after_lufs": -12.0, "expected_step_lu": 0.0,
    }  # fmt: skip
    assert not TransitionLoudness(**measured).is_even
    foreseen = TransitionLoudness(**measured, expected_dip_lu=3.0)
    assert foreseen.excess_lu == pytest.approx(0.5)
    assert foreseen.is_even
    assert not TransitionLoudness(**measured, expected_rise_lu=3.0).is_even
