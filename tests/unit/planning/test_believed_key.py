"""The key that planning goes by: heard where tracks meet, with the tag as a prior of the brief's choosing."""

import pytest
from planning_track_factory import make_track

from notorious.analysis.model import KeyCandidate, PartKey, Track
from notorious.audio.tags import Tags
from notorious.planning import Brief, TrackProfile, plan_set
from notorious.planning.believed_key import KeyEvidence, believed_between, believed_whole, evidence_between
from notorious.planning.candidates import Candidate
from notorious.planning.pool import pool_of
from notorious.planning.scoring import judge_harmony
from notorious.planning.structure import Structure, structure_of
from notorious.planning.tempo_match import meet
from notorious.theory.keys import Key


def tagged(name: str, *, key: str, tag: str | None, confidence: float = 0.45, runner_up: str = "9A") -> Track:
    """A track heard in `key`, with a runner-up at 0.3, whose file says `tag`."""
    track = make_track(name, key=key, key_confidence=confidence)
    other = Key.parse(runner_up)
    heard = track.analysis.key.model_copy(
        update={"runner_up": KeyCandidate(camelot=other.camelot, name=other.name, confidence=0.3)}
    )
    analysis = track.analysis.model_copy(update={"key": heard})
    return track.model_copy(update={"analysis": analysis, "tags": Tags(title=name, key=tag)})


def with_outro_in(track: Track, key: str) -> Track:
    found, heard = Key.parse(key), track.analysis.key
    part = PartKey(
        camelot=found.camelot, name=found.name, tonic=found.tonic_name, mode=found.mode, tuning_cents=0.0,
        confidence=0.9, start=track.analysis.sections[-1].start, end=track.analysis.duration_seconds,
    )  # fmt: skip
    analysis = track.analysis.model_copy(update={"key": heard.model_copy(update={"outro": part})})
    return track.model_copy(update={"analysis": analysis})


def blend(outgoing: Structure) -> Candidate:
    """From the outro of a track into the beginning of another."""
    return Candidate("blend", outgoing.passages[-1].start_beat, 0.0, 64.0, meet(126.0, 126.0), 16.0, ())


def test_without_trust_the_tag_has_no_part() -> None:
    believed = believed_whole(structure_of(tagged("a", key="8A", tag="9A")), 0.0)
    assert (believed.camelot, believed.confidence, believed.note) == ("8A", 0.45, "")


def test_a_trusted_tag_turns_a_close_decision_and_says_so() -> None:
    believed = believed_whole(structure_of(tagged("a", key="8A", tag="Em")), 0.5)
    assert believed.camelot == "9A"
    assert "9A is its tag's word" in believed.note
    assert "heard as 8A (45 %)" in believed.note


def test_a_tag_that_agrees_makes_surer_and_needs_no_words() -> None:
    believed = believed_whole(structure_of(tagged("a", key="8A", tag="8A - Energy 7")), 0.5)
    assert believed.camelot == "8A"
    assert believed.confidence > 0.9
    assert believed.note == ""


def test_a_tag_does_not_outweigh_a_sure_ear_unless_it_alone_is_trusted() -> None:
    structure = structure_of(tagged("a", key="8A", tag="2B", confidence=0.69))
    assert believed_whole(structure, 0.2).camelot == "8A"
    assert believed_whole(structure, 1.0).camelot == "2B"


@pytest.mark.parametrize("trust", [0.1, 0.3, 0.7, 1.0])
def test_heard_and_said_are_put_together_by_bayes_rule(trust: float) -> None:
    index, confidence = KeyEvidence(3, 0.5, 4, 0.28, tag_index=4).believed(trust)
    prior = (1 - trust) / 24
    odds = {3: 0.5 * prior, 4: 0.28 * (prior + trust)}
    rest = 22 * 0.01 * prior
    best = max(odds, key=odds.__getitem__)
    assert index == best
    assert confidence == pytest.approx(min(odds[best] / (sum(odds.values()) + rest), 0.99))


def test_a_tag_that_is_no_key_changes_nothing() -> None:
    assert believed_whole(structure_of(tagged("a", key="8A", tag="none")), 1.0).camelot == "8A"


def test_harmony_is_judged_by_the_key_of_the_outro_that_is_mixed() -> None:
    plain, incoming = tagged("a", key="8A", tag=None, confidence=0.9), structure_of(make_track("b", key="2A"))
    lifted = structure_of(with_outro_in(plain, "2A"))
    clash, _ = judge_harmony(structure_of(plain), incoming, blend(structure_of(plain)), 1.0, Brief())
    same, _ = judge_harmony(lifted, incoming, blend(lifted), 1.0, Brief())
    assert "2A to 2A" in same.reason
    assert same.value > clash.value + 30


def test_a_tag_speaks_of_the_whole_and_leaves_a_part_in_another_key_alone() -> None:
    structure = structure_of(with_outro_in(tagged("a", key="8A", tag="9A"), "3A"))
    start, end = structure.passages[-1].start_beat, structure.last_bar_beat
    assert believed_between(structure, start, end, 1.0).camelot == "3A"
    assert evidence_between(structure, start, end).tag_index == -1


def test_the_search_knows_the_keys_of_the_mix_points_and_the_trust_in_tags() -> None:
    profile = TrackProfile.of(with_outro_in(tagged("a", key="8A", tag="9A"), "3A"))
    ear, tag = pool_of([profile], Brief()), pool_of([profile], Brief(trust_key_tags=1.0))
    assert [ear.key_in[0], ear.key_out[0]] == [Key.parse("8A").index, Key.parse("3A").index]
    assert [tag.key_in[0], tag.key_out[0]] == [Key.parse("9A").index, Key.parse("3A").index]


def test_the_plan_says_where_a_tag_moved_a_key() -> None:
    tracks = {track.sha256: track for track in (tagged(f"t{n}", key="8A", tag="Em") for n in range(3))}
    profiles = [TrackProfile.of(track) for track in tracks.values()]
    plan = plan_set(profiles, Brief(trust_key_tags=0.5), load=tracks.__getitem__)
    assert {slot.track.camelot for slot in plan.slots} == {"9A"}
    assert all(any("its tag's word" in reason for reason in slot.reasons) for slot in plan.slots)
    deaf = plan_set(profiles, Brief(), load=tracks.__getitem__)
    assert {slot.track.camelot for slot in deaf.slots} == {"8A"}
