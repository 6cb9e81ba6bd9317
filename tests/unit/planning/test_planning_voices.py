"""Two voices are kept apart, and a sung phrase is not cut, where there is another way."""

import numpy as np
import pytest
from planning_track_factory import make_track

from notorious.planning import Brief, TrackProfile, plan_set
from notorious.planning.candidates import candidates, out_points
from notorious.planning.loudness import loudness_course
from notorious.planning.pool import pair_scores, pool_of
from notorious.planning.scoring import judge_transition
from notorious.planning.structure import structure_of
from notorious.planning.voices import voice_meeting

# The club form of the factory: intro to bar 16, drop from 24 to 56, drop from 80 to 112, outro to 128.
WHOLE = ((0, 128),)


def judged(outgoing, incoming):
    """Every candidate with its judgement."""
    return [
        judge_transition(outgoing, incoming, one, Brief(), loudness_course(outgoing, incoming, one, (0.0, 0.0)))
        for one in candidates(outgoing, incoming, Brief())
    ]


def part(judgement, name):
    return next(one for one in judgement.parts if one.name == name)


def pair(sung_out, sung_in, **other):
    return structure_of(make_track("a", sung=sung_out)), structure_of(make_track("b", sung=sung_in, **other))


def test_two_voices_at_once_leave_nothing_of_the_part_and_the_reason_counts_the_bars():
    blends = [one for one in judged(*pair(WHOLE, WHOLE)) if one.candidate.length_beats == 64.0]
    assert blends
    for one in blends:
        assert part(one, "voices").value == 0.0
        assert part(one, "voices").reason.startswith("both sing for 16 of 16 bars")


def test_a_voice_over_an_instrumental_costs_nothing():
    for one in judged(*pair(((0, 108),), ())):
        if not one.candidate.is_quick and one.candidate.out_end_beat >= 108 * 4:
            assert part(one, "voices").value == 100.0


def test_where_voices_were_not_listened_for_nothing_is_lost_and_it_is_said():
    for one in judged(*pair(None, WHOLE)):
        assert part(one, "voices").value == 100.0
        assert "not listened for" in part(one, "voices").reason


def test_an_unsure_voice_is_avoided_less_than_a_sure_one():
    outgoing, incoming = pair(WHOLE, WHOLE)
    heard = incoming.track.analysis.vocals.model_copy(update={"per_bar": (0.1,) * 128})
    unsure = structure_of(
        incoming.track.model_copy(update={"analysis": incoming.track.analysis.model_copy(update={"vocals": heard})})
    )
    blend = next(one for one in candidates(outgoing, unsure, Brief()) if one.length_beats == 64.0)
    assert voice_meeting(outgoing, unsure, blend).shared_bars == pytest.approx(1.6)
    assert voice_meeting(outgoing, incoming, blend).shared_bars == pytest.approx(16.0)


def test_a_cut_within_a_sung_phrase_is_worth_less_than_one_at_its_end():
    cuts = [one for one in judged(*pair(((80, 100),), ())) if one.candidate.technique == "quick_cut"]
    inside = [part(one, "voices").value for one in cuts if 80 * 4 < one.candidate.out_beat < 100 * 4]
    outside = [part(one, "voices").value for one in cuts if one.candidate.out_beat >= 100 * 4]
    assert inside
    assert max(inside) < min(outside) == 100.0


def test_no_two_parts_of_a_cut_give_the_same_reason():
    for one in judged(*pair((), ())):
        if one.candidate.technique == "quick_cut":
            reasons = [part.reason for part in one.parts]
            assert len(set(reasons)) == len(reasons)


def test_a_track_may_leave_where_its_voice_ends():
    singer = structure_of(make_track("a", sung=((24, 56), (80, 99))))
    assert 100 * 4.0 in out_points(singer, room_bars=4)  # the first four-bar border behind bar 99


def test_half_tempo_is_counted_in_bars_of_the_outgoing_track():
    outgoing, incoming = (
        structure_of(make_track("a", bpm=174.0, sung=WHOLE)),
        structure_of(make_track("b", bpm=87.0, sung=((0, 4),))),
    )
    blend = next(
        one for one in candidates(outgoing, incoming, Brief()) if one.length_beats == 64.0 and one.in_beat == 0
    )
    assert blend.meeting.level == 2.0
    assert voice_meeting(outgoing, incoming, blend).shared_bars == pytest.approx(8.0)


def test_the_plan_leaves_the_voice_to_one_track_at_a_time():
    """Both sing through their drops, and the outgoing one into its outro; the incoming one begins in its intro."""
    tracks = [make_track("a", sung=((24, 56), (80, 116))), make_track("b", sung=((12, 56), (80, 112)))]
    by_content = {track.sha256: track for track in tracks}
    plan = plan_set(
        [TrackProfile.of(track) for track in tracks],
        Brief(start=tracks[0].sha256, end=tracks[1].sha256),
        load=by_content.__getitem__,
    )
    voices = next(one for one in plan.transitions[0].score.components if one.name == "voices")
    assert voices.value == 100.0


def test_singer_after_singer_is_worth_less_to_the_search_than_singer_after_instrumental():
    tracks = [
        make_track(name, sung=WHOLE if name == "a" else sung) for name, sung in (("a", ()), ("b", WHOLE), ("c", ()))
    ]
    pool = pool_of([TrackProfile.of(track) for track in tracks], Brief())
    first, second, third = (pool.index_of(track.sha256) for track in tracks)
    scores = pair_scores(pool, np.array([first]))[0]
    assert scores[third] > scores[second] + 5.0
