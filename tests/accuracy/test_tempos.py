"""The tempos that modules are played with, and what their scores say of threes."""

from dataclasses import replace

import numpy as np
import pytest
from modules import Row, counts_in_threes, phrases, truth_as_played
from tempos import KINDS, paces


def scored(pattern_rows: int, hits: set[int], rows: int = 192) -> list[Row]:
    """Rows of one channel with a note wherever the row's place in its pattern is a hit."""
    return [
        Row(
            0.1 * index,
            index // pattern_rows,
            index % pattern_rows,
            pattern_rows,
            (index % pattern_rows in hits, False),
        )
        for index in range(rows)
    ]


@pytest.mark.parametrize("kind", KINDS)
def test_a_seed_makes_the_same_performance_again_and_another_another(kind: str) -> None:
    once, again, other = (paces(kind, 640, 4, 0.12, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert (once == again).all()
    assert kind == "ritardando" or (once != other).any()
    assert once.shape == (640,)
    assert 0.5 < once.min() <= once.max() < 2.0


def test_a_live_hand_scatters_but_keeps_its_time() -> None:
    pace = paces("live", 1600, 4, 0.12, np.random.default_rng(5))
    times = np.cumsum(0.12 / pace)
    assert times[-1] == pytest.approx(1600 * 0.12, rel=0.01)
    assert 0.01 < np.std(np.diff(times)) / 0.12 < 0.2


def test_a_step_lies_on_a_bar_and_a_break_comes_back() -> None:
    step = paces("step", 640, 4, 0.12, np.random.default_rng(3))
    assert np.flatnonzero(np.diff(step)) % 16 == 15
    back = paces("break", 640, 4, 0.12, np.random.default_rng(3))
    assert back[0] == back[-1] == 1.0
    assert len(np.unique(back)) == 2


def test_a_kind_that_is_not_known_is_named() -> None:
    with pytest.raises(ValueError, match="no kind of tempo named 'rubato'"):
        paces("rubato", 640, 4, 0.12, np.random.default_rng(0))


def test_a_score_counts_in_threes_by_its_patterns_and_its_notes() -> None:
    assert counts_in_threes(scored(48, set(range(0, 48, 6))))
    assert not counts_in_threes(scored(48, set(range(0, 48, 4))))  # three beats of four rows
    assert not counts_in_threes(scored(64, set(range(0, 64, 6))))


def test_a_pattern_that_is_left_early_counts_as_long_as_it_is_played() -> None:
    left = [replace(row, pattern_rows=64) for row in scored(48, set(range(0, 48, 6)))]
    assert counts_in_threes(left)


def test_beats_as_played_lie_where_their_rows_began() -> None:
    rows = scored(64, set(), 64)
    known = truth_as_played(rows, {"rows_a_beat": 4, "beats_per_bar": 4})
    assert known["beats"] == pytest.approx(np.arange(0, 6.4, 0.4), abs=0.001)
    assert known["downbeats"] == pytest.approx([0, 1.6, 3.2, 4.8], abs=0.001)
    assert known["tempo_steady"] is False


def test_phrases_begin_with_patterns_and_an_arrangement_changes_with_its_instruments() -> None:
    played = [(1, 1, 2, 2), (1, 1, 2, 2), (1, 1, 3, 3, 3, 3), (1, 1, 3, 3, 3), (1, 1, 4, 4, 4), (1, 1, 3, 3, 3)]
    rows = [
        Row(0.1 * (4 * order + row), order, row, 4, (), by if row == 0 else ())
        for order, by in enumerate(played)
        for row in range(4)
    ]
    assert phrases(rows) == ([4, 8, 12, 16, 20], [8])  # one pattern of another instrument is a fill
