"""Harmonic moves, against what the notes themselves say."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notorious.theory.harmony import harmonic_move, move_scores
from notorious.theory.keys import ALL_KEYS, Key

keys = st.sampled_from(ALL_KEYS)
_SCORE_OF_KIND = {
    "same": 100,
    "relative": 90,
    "step": 80,
    "boost_semitone": 70,
    "boost_whole_tone": 70,
    "parallel": 60,
    "diagonal": 50,
}


@pytest.mark.parametrize(
    ("from_key", "to_key", "kind", "score", "quality", "direction"),
    [
        ("8A", "8A", "same", 100, "perfect", "level"),
        ("8A", "8B", "relative", 90, "excellent", "brighter"),
        ("8B", "8A", "relative", 90, "excellent", "darker"),
        ("8A", "9A", "step", 80, "good", "up"),
        ("8A", "7A", "step", 80, "good", "down"),
        ("12A", "1A", "step", 80, "good", "up"),
        ("8A", "3A", "boost_semitone", 70, "acceptable", "up"),
        ("8A", "10A", "boost_whole_tone", 70, "acceptable", "up"),
        ("8A", "11B", "parallel", 60, "acceptable", "brighter"),
        ("8A", "9B", "diagonal", 50, "risky", "up"),
        ("8A", "7B", "diagonal", 50, "risky", "down"),
        ("8A", "6A", "clash", 30, "clash", "away"),
        ("8A", "1A", "clash", 0, "clash", "away"),
        ("8A", "2A", "clash", 0, "clash", "away"),
    ],
)
def test_a_move_on_the_wheel(from_key: str, to_key: str, kind: str, score: float, quality: str, direction: str) -> None:
    move = harmonic_move(Key.parse(from_key), Key.parse(to_key))
    assert (move.kind, move.score, move.quality, move.direction) == (kind, score, quality, direction)


@given(keys, keys)
def test_shared_notes_are_the_common_ones_of_both_scales(one: Key, other: Key) -> None:
    move = harmonic_move(one, other)
    assert {Key.parse(name).tonic for name in move.shared_notes} == set(one.pitch_classes) & set(other.pitch_classes)
    assert len(move.shared_notes) == len(harmonic_move(other, one).shared_notes) >= 2


@given(keys, keys, st.integers(0, 11), st.booleans())
def test_a_move_is_the_same_in_every_transposition(one: Key, other: Key, semitones: int, boosts: bool) -> None:
    here = harmonic_move(one, other, boosts_allowed=boosts)
    there = harmonic_move(one.transposed(semitones), other.transposed(semitones), boosts_allowed=boosts)
    assert (here.kind, here.score, here.direction, here.semitones) == (
        there.kind,
        there.score,
        there.direction,
        there.semitones,
    )


@given(keys, keys)
def test_without_boosts_a_move_scores_the_same_in_both_directions(one: Key, other: Key) -> None:
    assert (
        harmonic_move(one, other, boosts_allowed=False).score == harmonic_move(other, one, boosts_allowed=False).score
    )


@given(keys, keys)
def test_boosts_only_go_up_and_only_where_allowed(one: Key, other: Key) -> None:
    move = harmonic_move(one, other)
    if move.kind.startswith("boost"):
        assert one.mode == other.mode
        assert move.direction == "up"
        assert move.semitones in (1, 2)
        assert not harmonic_move(other, one).kind.startswith("boost")
        assert harmonic_move(one, other, boosts_allowed=False).kind == "clash"


def test_each_key_has_two_boosts_two_steps_two_diagonals_and_one_of_the_others() -> None:
    for key in ALL_KEYS:
        kinds = [harmonic_move(key, other).kind for other in ALL_KEYS]
        assert {kind: kinds.count(kind) for kind in set(kinds)} == {
            "same": 1, "relative": 1, "step": 2, "boost_semitone": 1, "boost_whole_tone": 1, "parallel": 1,
            "diagonal": 2, "clash": 15,
        }  # fmt: skip


@given(keys, keys)
def test_a_score_follows_from_the_kind_or_the_shared_notes(one: Key, other: Key) -> None:
    move = harmonic_move(one, other)
    assert move.score == _SCORE_OF_KIND.get(move.kind, 10 * (len(move.shared_notes) - 2))
    assert (move.quality == "clash") == (move.kind == "clash")


@given(keys, keys)
def test_a_tonic_travels_by_its_semitones(one: Key, other: Key) -> None:
    move = harmonic_move(one, other)
    assert (one.tonic + move.semitones) % 12 == other.tonic
    assert -5 <= move.semitones <= 6
    assert move.recommendation
    assert one.name in move.reason


@pytest.mark.parametrize("boosts", [True, False])
def test_the_table_holds_the_scores_of_all_moves(boosts: bool) -> None:
    table = move_scores(boosts)
    for one in ALL_KEYS:
        for other in ALL_KEYS:
            assert table[one.index][other.index] == harmonic_move(one, other, boosts_allowed=boosts).score
