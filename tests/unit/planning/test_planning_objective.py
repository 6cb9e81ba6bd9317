"""The array form of the objective says what the rules of theory say, and plan files say what is wrong with them."""

import json

import numpy as np
import pytest
from planning_track_factory import make_library, make_track

from notorious.errors import OutputFailed, PlanError
from notorious.planning import Brief, TrackProfile, parse_plan, plan_set, plan_text, read_plan, write_plan
from notorious.planning.candidates import candidates, genre_for
from notorious.planning.gains import matched_gains
from notorious.planning.loudness import loudness_course
from notorious.planning.pool import _tempo_values, pair_scores, pool_of
from notorious.planning.scoring import energy_value, judge_transition, tuning_distance
from notorious.planning.structure import structure_of
from notorious.planning.tempo_match import meet
from notorious.theory.tempo import compare_tempo


def judged_candidate(outgoing, incoming, candidate):
    course = loudness_course(outgoing, incoming, candidate, (0.0, 0.0))
    return judge_transition(outgoing, incoming, candidate, Brief(), course)


def test_tempo_in_arrays_is_the_rule_of_theory():
    profiles = [TrackProfile.of(track) for track in make_library(40, seed=2, low=80.0, high=176.0)]
    pool = pool_of(profiles, Brief())
    every = np.arange(len(pool))
    apart = pool.log2_bpm_in[None, :] - pool.log2_bpm_out[:, None]
    values = _tempo_values(pool, every, slice(None), np.clip(np.rint(apart), -1, 1).astype(np.float32))
    for i, one in enumerate(pool.profiles):
        for j, other in enumerate(pool.profiles):
            genres = {"from_genre": genre_for(Brief(), one.genre), "to_genre": genre_for(Brief(), other.genre)}
            match = compare_tempo(one.bpm, other.bpm, **genres)
            if match.relation not in ("three_to_two", "two_to_three"):
                assert values[i, j] == pytest.approx(match.score, abs=0.02)


def test_the_estimate_of_a_pair_ranks_pairs_as_the_judge_does():
    tracks = make_library(30, seed=5, low=110.0, high=140.0)
    pool = pool_of([TrackProfile.of(track) for track in tracks], Brief())
    by_content = {track.sha256: structure_of(track) for track in tracks}
    structures = [by_content[profile.sha256] for profile in pool.profiles]
    estimates = pair_scores(pool, np.array([0, 1, 2]))
    judged = np.array(
        [
            [
                max(
                    judged_candidate(structures[i], structures[j], one).total
                    for one in candidates(structures[i], structures[j], Brief())
                )
                if i != j
                else np.nan
                for j in range(len(pool))
            ]
            for i in range(3)
        ]
    )
    real = np.isfinite(judged)
    assert np.corrcoef(estimates[real], judged[real])[0, 1] > 0.8


def test_two_small_misses_of_the_curve_are_better_than_one_large():
    assert 2 * energy_value(0.1) > energy_value(0.0) + energy_value(0.2)
    assert energy_value(0.0) == 100.0
    assert energy_value(0.7) == 0.0


def test_tunings_are_compared_on_the_circle_of_a_semitone():
    assert tuning_distance(49.0, -49.0) == pytest.approx(2.0)
    assert tuning_distance(10.0, -15.0) == pytest.approx(25.0)


@pytest.mark.parametrize(("one", "other", "level"), [(174.0, 87.0, 2.0), (87.0, 174.0, 0.5), (120.0, 121.0, 1.0)])
def test_half_and_double_tempo_are_met_at_their_level(one, other, level):
    meeting = meet(one, other)
    assert meeting.on_the_beat
    assert meeting.level == level


def test_tempos_too_far_apart_do_not_meet():
    assert not meet(120.0, 130.0).on_the_beat
    assert meet(120.0, 129.0).on_the_beat


def test_bass_over_bass_is_swapped_and_never_left_to_fight():
    full = structure_of(make_track("a")), structure_of(make_track("b"))
    long = [one for one in candidates(*full, Brief()) if not one.is_quick]
    for one in long:
        if one.technique == "blend":
            bands = next(part for part in judged_candidate(*full, one).parts if part.name == "bands")
            assert "two basses" not in bands.reason
    assert {"bass_swap", "eq_swap"} & {one.technique for one in long}


def test_gains_close_a_loudness_step_from_both_sides():
    soft_end = make_track("a", form=(("intro", 16), ("drop", 32), ("outro", 32)))
    loud_start = make_track("b", form=(("drop", 32), ("verse", 32), ("outro", 16)))
    structures = [structure_of(soft_end), structure_of(loud_start)]
    cut = next(one for one in candidates(*structures, Brief()) if one.technique == "quick_cut" and one.out_beat > 250)
    gains, steps = matched_gains(structures, [cut], -14.0)
    before = 2.5  # the outro lies 2 LU under the track's loudness, the drop half above
    assert gains[0] > -5.0 > gains[1]
    assert steps[0] == pytest.approx(before / 3.0, abs=0.2)


@pytest.fixture(scope="module")
def plan():
    tracks = [
        make_track('quote " and\nnewline', artist="ärtist 🎧"),
        make_track("b", key="9A"),
        make_track("c", bpm=99.0),
    ]
    by_content = {track.sha256: track for track in tracks}
    return plan_set([TrackProfile.of(track) for track in tracks], Brief(), load=by_content.__getitem__)


def test_a_plan_survives_the_way_to_a_file_and_back(plan, tmp_path):
    write_plan(plan, tmp_path / "set.plan.json")
    assert read_plan(tmp_path / "set.plan.json") == plan
    assert [path.name for path in tmp_path.iterdir()] == ["set.plan.json"]


def test_a_plan_can_be_edited_by_hand(plan):
    value = json.loads(plan_text(plan))
    value["slots"][1]["gain_db"] = -3.25
    assert parse_plan(json.dumps(value)).slots[1].gain_db == -3.25


@pytest.mark.parametrize(
    ("edit", "told"),
    [
        (lambda value: value["slots"][1].update(gain_db="loud"), r"slots\[1\]\.gain_db"),
        (lambda value: value["slots"][0].update(gian_db=1.0), r"slots\[0\]\.gian_db"),
        (lambda value: value["transitions"].pop(), "3 slots need 2 transitions"),
        (lambda value: value["transitions"][0].update(technique="scratch"), r"transitions\[0\]\.technique"),
        (lambda value: value["clock"].reverse(), "clock must rise"),
        (lambda value: value.update(format=7), "format 7"),
    ],
)
def test_a_broken_plan_is_refused_with_the_place_of_the_fault(plan, edit, told):
    value = json.loads(plan_text(plan))
    edit(value)
    with pytest.raises(PlanError, match=told):
        parse_plan(json.dumps(value))


@pytest.mark.parametrize("text", ["", "{", "[1, 2]", '"plan"', "[" * 100_000])
def test_what_is_not_a_plan_is_refused(text):
    with pytest.raises(PlanError):
        parse_plan(text)


def test_a_plan_file_that_is_missing_or_not_text_is_refused(tmp_path):
    (tmp_path / "binary.json").write_bytes(b"\xff\xfe\x00")
    for name in ("nothing.json", "binary.json"):
        with pytest.raises(PlanError, match="cannot be read"):
            read_plan(tmp_path / name)


def test_a_plan_that_cannot_be_written_leaves_nothing_behind(plan, tmp_path):
    with pytest.raises(OutputFailed):
        write_plan(plan, tmp_path / "no such folder" / "plan.json")
    assert list(tmp_path.iterdir()) == []
