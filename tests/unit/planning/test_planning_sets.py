"""Whole sets: what a brief asks for is what the plan holds."""

import statistics

import numpy as np
import pytest
from planning_track_factory import make_library, make_track

from notorious.analysis.model import Track
from notorious.errors import BriefError, NothingToMix
from notorious.planning import Brief, Plan, PlateauWish, TrackProfile, plan_set
from notorious.planning.structure import structure_of

TECHNIQUES_HEARD_TOGETHER = {"blend", "bass_swap", "eq_swap", "filter_sweep", "exponential_fade"}


def planned(tracks: list[Track], brief: Brief) -> Plan:
    by_content = {track.sha256: track for track in tracks}
    return plan_set([TrackProfile.of(track) for track in tracks], brief, load=by_content.__getitem__)


@pytest.fixture(scope="module")
def library() -> list[Track]:
    return make_library(120, seed=3)


@pytest.fixture(scope="module")
def hour(library) -> Plan:
    return planned(library, Brief(minutes=60))


def test_the_set_is_as_long_as_asked_within_half_a_track(library):
    half = statistics.mean(TrackProfile.of(track).body_seconds for track in library) / 2
    for minutes in (20, 45, 90):
        plan = planned(library, Brief(minutes=minutes))
        assert abs(plan.duration_seconds - 60 * minutes) <= half


def test_no_recording_is_played_twice(hour):
    assert len({slot.track.sha256 for slot in hour.slots}) == len(hour.slots)


def test_no_artist_returns_within_three_tracks(hour):
    artists = [slot.track.artist for slot in hour.slots]
    for number, artist in enumerate(artists):
        assert artist not in artists[max(0, number - 3) : number]


def test_mix_points_lie_on_phrase_borders_of_both_tracks(library, hour):
    by_content = {track.sha256: track for track in library}
    for transition in hour.transitions:
        outgoing = structure_of(by_content[hour.slots[transition.index].track.sha256])
        incoming = structure_of(by_content[hour.slots[transition.index + 1].track.sha256])
        assert outgoing.phrase_bars(transition.mix_out.source_beat) >= 8
        assert incoming.phrase_bars(transition.mix_in.source_beat) >= 8
        assert (transition.mix_out.source_beat - outgoing.track.analysis.grid.first_downbeat) % 4 == 0


def test_transitions_begin_where_their_anchors_say(hour):
    for transition in hour.transitions:
        for slot, anchor in (
            (hour.slots[transition.index], transition.mix_out),
            (hour.slots[transition.index + 1], transition.mix_in),
        ):
            passed = (transition.start_beat - slot.mix_start_beat) / slot.mix_beats_per_source_beat
            assert slot.source_start_beat + passed == pytest.approx(anchor.source_beat, abs=1e-6)
            assert slot.grid.seconds(anchor.source_beat) == pytest.approx(anchor.source_seconds)


def test_compatible_tracks_are_mixed_on_the_beat_with_little_stretching(hour):
    assert {transition.technique for transition in hour.transitions} <= TECHNIQUES_HEARD_TOGETHER
    for transition in hour.transitions:
        assert abs(transition.incoming_stretch_percent) <= 4.001
        assert abs(transition.outgoing_stretch_percent) <= 4.001


def test_most_of_each_track_is_played(hour):
    shares = []
    for slot in hour.slots:
        beats = (slot.mix_end_beat - slot.mix_start_beat) / slot.mix_beats_per_source_beat
        played = beats * slot.grid.beat_length_seconds
        assert played >= 90
        shares.append(played / slot.track.duration_seconds)
    assert 0.6 <= statistics.mean(shares) <= 0.98


@pytest.mark.parametrize(
    "curve", ["build", "decline", "wave", "double-peak", "late-peak", "rollercoaster", "plateau-peak"]
)
def test_the_energy_follows_the_curve_better_than_the_same_tracks_in_random_order(library, curve):
    plan = planned(library, Brief(minutes=60, curve=curve))
    targets = np.array([slot.target_energy for slot in plan.slots])
    reached = np.array([slot.reached_energy for slot in plan.slots])
    found = np.abs(targets - reached).mean()
    chance = np.random.default_rng(1)
    shuffled = [np.abs(targets - chance.permutation(reached)).mean() for _ in range(200)]
    assert found < np.quantile(shuffled, 0.02)
    assert found < 0.12


def test_a_plateau_overrides_the_curve(library):
    brief = Brief(
        minutes=60, curve="build", plateaus=(PlateauWish(start=0.0, end=0.5, energy=0.9, purpose="straight in"),)
    )
    plan = planned(library, brief)
    first_half = [slot.reached_energy for slot in plan.slots[: len(plan.slots) // 2]]
    assert statistics.mean(first_half) > 0.75


def test_the_set_starts_and_ends_with_the_tracks_that_were_asked_for(library):
    start, end = library[17].sha256, library[44].sha256
    plan = planned(library, Brief(minutes=40, start=start, end=end))
    assert plan.slots[0].track.sha256 == start
    assert plan.slots[-1].track.sha256 == end
    assert abs(plan.duration_seconds - 2400) < 240


def test_excluded_tracks_and_those_out_of_the_tempo_range_are_left_out_with_the_reason(library):
    excluded = library[5]
    plan = planned(library, Brief(minutes=30, exclude=(excluded.sha256,), bpm_min=124, bpm_max=127))
    assert all(123.99 <= slot.track.bpm <= 127.01 for slot in plan.slots)
    reasons = {one.path: one.reason for one in plan.left_out}
    assert "excluded" in reasons[excluded.path]
    outside = next(track for track in library if track.analysis.tempo.bpm > 128)
    assert "124-127" in reasons[outside.path]


def test_tracks_that_were_simply_not_chosen_are_not_listed(hour):
    assert hour.left_out == ()


def test_the_same_recording_under_two_names_is_played_once():
    copy = make_track("copy of a", sha=make_track("a").sha256)
    same_song = make_track("a, another file", artist="X", title="Song")
    plan = planned([make_track("a"), copy, same_song, make_track("y", artist="x", title="song ")], Brief())
    assert len(plan.slots) == 2
    assert sorted("same recording" in one.reason or "same artist" in one.reason for one in plan.left_out) == [
        True,
        True,
    ]


def test_without_a_length_every_track_is_played():
    tracks = make_library(12, seed=8)
    plan = planned(tracks, Brief())
    assert {slot.track.sha256 for slot in plan.slots} == {track.sha256 for track in tracks}


def test_a_single_track_makes_a_set_of_one_slot_that_plays_it_whole():
    track = make_track("only", lead_in=0.2)
    plan = planned([track], Brief(minutes=60))
    assert len(plan.slots) == 1
    assert plan.transitions == ()
    audible = track.analysis.audible
    assert plan.duration_seconds == pytest.approx(audible.end - audible.start)


def test_tracks_whose_tempos_do_not_meet_are_cut_or_echoed_never_stretched():
    tracks = [make_track("a", bpm=100.0), make_track("b", bpm=123.0), make_track("c", bpm=152.0)]
    plan = planned(tracks, Brief())
    assert len(plan.slots) == 3
    for transition in plan.transitions:
        assert transition.technique in {"quick_cut", "echo_out"}
        assert transition.outgoing_stretch_percent == transition.incoming_stretch_percent == 0.0
        assert any("BPM" in reason for reason in transition.reasons)


def test_a_clash_of_keys_that_cannot_be_avoided_is_said():
    plan = planned([make_track("a", key="8A"), make_track("b", key="2A")], Brief(energy_boosts=False))
    harmony = next(one for one in plan.transitions[0].score.components if one.name == "harmony")
    assert "clash" in harmony.reason
    assert harmony.value < 80


def test_keys_that_go_together_are_preferred_where_all_else_is_equal():
    tracks = [make_track("a", key="8A"), make_track("good", key="9A"), make_track("bad", key="2A")]
    plan = planned(tracks, Brief(minutes=7.5, start=tracks[0].sha256))
    assert [slot.track.title for slot in plan.slots] == ["a", "good"]


def test_very_short_tracks_still_make_a_plan():
    tracks = [make_track(name, form=(("verse", bars),), bpm=120.0) for name, bars in (("a", 2), ("b", 1), ("c", 3))]
    plan = planned(tracks, Brief())
    assert len(plan.slots) == 3


def test_tracks_with_different_bars_do_not_meet_on_the_beat():
    plan = planned([make_track("a"), make_track("waltz", beats_per_bar=3)], Brief())
    assert plan.transitions[0].technique in {"quick_cut", "echo_out"}


def test_the_order_of_the_library_does_not_matter_and_plans_repeat(library):
    brief = Brief(minutes=30, seed=4)
    assert planned(library, brief) == planned(library[::-1], brief)


def test_another_seed_gives_another_set_of_nearly_the_same_worth(library):
    plans = [planned(library, Brief(minutes=30, seed=seed)) for seed in range(4)]
    orders = {tuple(slot.track.sha256 for slot in plan.slots) for plan in plans}
    assert len(orders) > 1
    totals = [plan.score.total for plan in plans]
    assert max(totals) - min(totals) < 6


def test_gains_bring_every_track_to_the_plans_loudness_give_or_take_the_match_at_the_mix_points(hour):
    for slot in hour.slots:
        assert slot.track.integrated_lufs + slot.gain_db == pytest.approx(hour.master.loudness_target_lufs, abs=2.01)


def test_a_soft_recording_with_high_peaks_is_not_crushed():
    soft = make_track("soft", lufs=-26.0)
    plan = planned([soft], Brief())
    assert plan.slots[0].gain_db + soft.analysis.loudness.true_peak_dbtp <= 6.0


def test_every_part_of_every_score_says_why(hour):
    scores = [hour.score, *(slot.score for slot in hour.slots), *(one.score for one in hour.transitions)]
    for score in scores:
        assert all(component.reason for component in score.components)
    assert {"harmony", "tempo", "phrases", "bands", "voices", "length", "loudness", "confidence"} == {
        component.name for component in hour.transitions[0].score.components
    }


def test_an_asked_for_track_that_is_excluded_or_unknown_is_refused(library):
    with pytest.raises(BriefError, match="first track"):
        planned(library, Brief(start="0" * 64))
    with pytest.raises(BriefError, match="last track"):
        planned(library, Brief(end=library[0].sha256, exclude=(library[0].sha256,)))


def test_a_brief_that_leaves_nobody_says_why(library):
    with pytest.raises(NothingToMix, match="300-310 BPM"):
        planned(library, Brief(bpm_min=300, bpm_max=310))
    with pytest.raises(NothingToMix):
        planned([], Brief())


def test_only_the_tracks_that_come_into_question_are_loaded():
    tracks = make_library(400, seed=9)
    by_content = {track.sha256: track for track in tracks}
    asked: list[str] = []

    def load(sha: str) -> Track:
        asked.append(sha)
        return by_content[sha]

    plan_set([TrackProfile.of(track) for track in tracks], Brief(minutes=30), load=load)
    assert len(asked) == len(set(asked))
    assert len(asked) < 100
