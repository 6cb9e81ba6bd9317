"""Tempo compatibility from arithmetic."""

import math

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from notorious.theory.genres import GENRES
from notorious.theory.tempo import compare_tempo, tolerance_bpm

tempos = st.floats(60, 200)
genres = st.sampled_from([None, *(genre.name for genre in GENRES)])


@pytest.mark.parametrize(
    ("genre", "bpm"),
    [
        ("minimal techno", 1), ("house", 1.5), ("deep house", 1.5), ("tech house", 1.5), ("techno", 1.5),
        ("progressive house", 2), ("trance", 2), ("progressive trance", 2.5), ("D&B", 3), ("jungle", 3), ("hardcore",
        4), ("downtempo", 5), ("trap", 6), ("pop", 6), ("chillout", 6), ("R&B", 7), ("Hip Hop", 8), ("ambient", 10),
        ("classical", 3), ("unheard of", 3), (None, 3),
    ],
)  # fmt: skip
def test_the_tolerance_of_a_genre(genre: str | None, bpm: float) -> None:
    assert tolerance_bpm(genre) == bpm


@pytest.mark.parametrize(
    ("from_bpm", "to_bpm", "relation", "ratio"),
    [
        (124, 124, "same", 1),
        (174, 87, "half", 0.5),
        (70, 140, "double", 2),
        (120, 80, "three_to_two", 2 / 3),
        (116, 174, "two_to_three", 1.5),
        (124, 138, "none", 1),
    ],
)
def test_a_relation_is_recognised(from_bpm: float, to_bpm: float, relation: str, ratio: float) -> None:
    match = compare_tempo(from_bpm, to_bpm)
    assert (match.relation, match.ratio) == (relation, pytest.approx(ratio))
    assert match.compatible == (relation != "none")


def test_the_tighter_genre_decides() -> None:
    assert compare_tempo(90, 96, from_genre="hip-hop", to_genre="hip-hop").compatible
    assert not compare_tempo(90, 96, from_genre="hip-hop", to_genre="house").compatible
    assert not compare_tempo(90, 96, from_genre="house", to_genre="hip-hop").compatible


@given(tempos, st.floats(-1, 1), genres, genres)
def test_compatible_within_the_tolerance_and_perfect_within_half_of_it(
    bpm: float, share: float, one: str | None, other: str | None
) -> None:
    assume(abs(abs(share) - 0.5) > 1e-6 and abs(share) < 1 - 1e-6)
    tolerance = min(tolerance_bpm(one), tolerance_bpm(other))
    match = compare_tempo(bpm, bpm + share * tolerance, from_genre=one, to_genre=other)
    assert match.relation == "same"
    assert match.compatible
    assert match.perfect == (abs(share) < 0.5)
    assert match.score >= 70


@given(tempos, tempos, genres, genres)
def test_both_directions_are_judged_alike(from_bpm: float, to_bpm: float, one: str | None, other: str | None) -> None:
    there = compare_tempo(from_bpm, to_bpm, from_genre=one, to_genre=other)
    back = compare_tempo(to_bpm, from_bpm, from_genre=other, to_genre=one)
    # On the very edge of a tolerance the last bit of a division decides.
    assume(abs(there.difference_bpm - there.tolerance_bpm) > 1e-9)
    assume(all(abs(_off(from_bpm, to_bpm, ratio) - there.tolerance_bpm) > 1e-9 for ratio in (1, 0.5, 2, 2 / 3, 1.5)))
    assert there.compatible == back.compatible
    assert there.ratio * back.ratio == pytest.approx(1) or there.relation == "none"
    assert there.score == pytest.approx(back.score) or there.relation == "none"


def _off(from_bpm: float, to_bpm: float, ratio: float) -> float:
    return abs(to_bpm - from_bpm * ratio) if ratio >= 1 else abs(to_bpm / ratio - from_bpm)


@given(tempos, tempos)
def test_the_adjustment_makes_the_second_fit_the_first(from_bpm: float, to_bpm: float) -> None:
    match = compare_tempo(from_bpm, to_bpm)
    adjusted = to_bpm * (1 + match.adjustment_percent / 100)
    assert adjusted == pytest.approx(from_bpm * match.ratio)
    assert compare_tempo(from_bpm, adjusted).score >= match.score


@given(tempos, tempos, genres)
def test_scores_stay_within_0_and_100_and_give_a_reason(from_bpm: float, to_bpm: float, genre: str | None) -> None:
    match = compare_tempo(from_bpm, to_bpm, from_genre=genre)
    assert 0 <= match.score <= 100
    assert match.reason
    assert match.difference_bpm >= 0


@given(tempos, st.floats(0, 0.2), st.floats(0, 0.2))
def test_further_away_never_scores_better(bpm: float, near: float, far: float) -> None:
    near, far = sorted((near, far))
    assert compare_tempo(bpm, bpm * (1 + near)).score >= compare_tempo(bpm, bpm * (1 + far)).score


@given(tempos, tempos)
def test_when_nothing_fits_the_smallest_adjustment_of_same_half_and_double_is_named(
    from_bpm: float, to_bpm: float
) -> None:
    match = compare_tempo(from_bpm, to_bpm)
    if match.relation == "none":
        distance = abs(math.log(from_bpm * match.ratio / to_bpm))
        assert distance <= min(abs(math.log(from_bpm * ratio / to_bpm)) for ratio in (1, 0.5, 2)) + 1e-12
        assert "needs" in match.reason


@pytest.mark.parametrize("bpm", [0, -1, math.nan, math.inf])
def test_what_is_no_tempo_is_refused(bpm: float) -> None:
    with pytest.raises(ValueError, match="positive number of beats"):
        compare_tempo(120, bpm)
    with pytest.raises(ValueError, match="positive number of beats"):
        compare_tempo(bpm, 120)
