"""Phrase arithmetic and transition lengths."""

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notorious.theory.phrases import (
    PHRASE_BARS,
    bars_to_seconds,
    is_on_border,
    longest_phrase,
    nearest_border,
    next_border,
    phrase_borders,
    previous_border,
    seconds_to_bars,
    snap_bars,
)
from notorious.theory.transition_length import transition_length

phrases = st.sampled_from(PHRASE_BARS)


@given(st.floats(0, 200), phrases)
def test_snapped_bars_are_the_nearest_phrases_within_the_limits(bars: float, phrase: int) -> None:
    snapped = snap_bars(bars, phrase_bars=phrase)
    assert snapped % phrase == 0
    assert 4 <= snapped <= 64
    allowed = [number for number in range(phrase, 65, phrase) if number >= 4]
    assert abs(snapped - bars) == min(abs(number - bars) for number in allowed)


def test_halfway_goes_to_the_shorter() -> None:
    assert snap_bars(6) == 4
    assert snap_bars(36, phrase_bars=8) == 32
    assert nearest_border(10, section_border=2, phrase_bars=16) == 2


@given(st.integers(0, 300), st.integers(0, 300), phrases)
def test_borders_run_from_start_to_end_a_phrase_apart(start: int, length: int, phrase: int) -> None:
    borders = phrase_borders(start, start + length, phrase_bars=phrase)
    assert borders[0] == start
    assert borders[-1] == start + length
    steps = [after - before for before, after in pairwise(borders)]
    assert all(step == phrase for step in steps[:-1])
    assert all(0 < step <= phrase for step in steps)


@given(st.floats(-500, 500), st.integers(-100, 100), phrases)
def test_the_nearest_border_is_a_border_and_no_other_is_nearer(bar: float, border: int, phrase: int) -> None:
    nearest = nearest_border(bar, section_border=border, phrase_bars=phrase)
    assert is_on_border(nearest, section_border=border, phrase_bars=phrase)
    assert abs(nearest - bar) <= phrase / 2 + 1e-9
    before = previous_border(bar, section_border=border, phrase_bars=phrase)
    after = next_border(bar, section_border=border, phrase_bars=phrase)
    assert before - 1e-9 <= bar <= after + 1e-9
    assert nearest in (before, after)
    assert after - before in (0, phrase)


@given(st.floats(1, 200), st.floats(60, 200))
def test_bars_and_seconds_are_each_others_inverse(bars: float, bpm: float) -> None:
    assert seconds_to_bars(bars_to_seconds(bars, bpm), bpm) == pytest.approx(bars)
    assert bars_to_seconds(30, 120) == 60


@pytest.mark.parametrize(("bars", "phrase"), [(64, 32), (48, 16), (24, 8), (12, 4), (6, None), (0, None)])
def test_the_longest_phrase_that_divides_a_section(bars: int, phrase: int | None) -> None:
    assert longest_phrase(bars) == phrase


def test_what_is_no_phrase_is_refused() -> None:
    with pytest.raises(ValueError, match="a phrase has 4, 8, 16, 32 bars"):
        phrase_borders(0, 12, phrase_bars=5)
    with pytest.raises(ValueError, match="ends after it starts"):
        phrase_borders(8, 4, phrase_bars=4)
    with pytest.raises(ValueError, match="no multiple of 32"):
        snap_bars(3, phrase_bars=32, most=16)
    with pytest.raises(ValueError, match="finite"):
        snap_bars(math.inf)


@pytest.mark.parametrize(
    ("genre", "bpm", "seconds"),
    [
        ("minimal techno", 60, 180), ("techno", 120, 120), ("house", 120, 60), ("trance", 136, 45), ("drum and bass",
        174, 20), ("hip-hop", 90, 15), ("polka", 120, 30), (None, 120, 30),
    ],
)  # fmt: skip
def test_the_genre_rule_is_its_target_in_seconds_snapped_to_four_bars(
    genre: str | None, bpm: float, seconds: float
) -> None:
    length = transition_length(bpm=bpm, genre=genre, energy_difference=0.2, rule="genre")
    exact_bars = seconds * bpm / 240
    assert length.bars % 4 == 0
    assert abs(length.bars - min(exact_bars, 64)) <= 2
    assert length.beats == 4 * length.bars
    assert length.seconds == pytest.approx(length.bars * 240 / bpm)


@pytest.mark.parametrize(
    ("situation", "bars"),
    [
        ({}, 32),
        ({"from_section": "outro", "to_section": "intro"}, 48),
        ({"from_section": "drop", "to_section": "drop"}, 16),
        ({"energy_difference": 0.31}, 16),
        ({"energy_difference": -0.31}, 16),
        ({"energy_difference": 0.3}, 32),
        ({"energy_difference": 0.1}, 32),
        ({"energy_difference": 0.05}, 48),
        ({"from_section": "outro", "to_section": "intro", "energy_difference": 0}, 64),
        ({"from_section": "drop", "to_section": "drop", "energy_difference": 0.5}, 8),
        ({"from_section": "intro", "to_section": "outro"}, 32),
    ],
)
def test_sections_and_energy_scale_the_length(situation, bars: int) -> None:  # type: ignore[no-untyped-def]
    # 128 BPM is 32 bars a minute, the target of house.
    length = transition_length(bpm=128, genre="house", **{"energy_difference": 0.2, "rule": "genre", **situation})
    assert length.bars == bars


@pytest.mark.parametrize(
    ("situation", "bars"),
    [
        ({}, 16),
        ({"energy_difference": 0}, 24),
        ({"from_section": "outro", "to_section": "intro"}, 24),
        ({"from_section": "outro", "to_section": "intro", "energy_difference": 0}, 32),
        ({"energy_difference": 0.5}, 8),
        ({"from_section": "drop", "to_section": "drop", "energy_difference": 0.5}, 4),
    ],
)
def test_practice_takes_16_bars_and_the_same_factors(situation, bars: int) -> None:  # type: ignore[no-untyped-def]
    for genre, bpm in (("techno", 130), ("hip-hop", 90), (None, 174)):
        length = transition_length(bpm=bpm, genre=genre, **{"energy_difference": 0.2, "rule": "practice", **situation})
        assert length.bars == bars


@given(
    st.floats(40, 250),
    st.sampled_from([None, "minimal techno", "house", "hip-hop"]),
    st.floats(-1, 1),
    st.sampled_from(["genre", "practice"]),
    st.sampled_from([("outro", "intro"), ("drop", "drop"), ("verse", "intro")]),
)
def test_every_length_is_whole_phrases_within_4_and_64_bars(bpm, genre, difference, rule, sections) -> None:  # type: ignore[no-untyped-def]
    length = transition_length(
        bpm=bpm, genre=genre, energy_difference=difference, rule=rule, from_section=sections[0], to_section=sections[1]
    )
    assert 4 <= length.bars <= 64
    assert length.bars % 4 == 0
    assert rule == "genre" or length.bars == 4 or length.bars % 8 == 0
    assert length.reasons


def test_what_cannot_be_meant_is_refused() -> None:
    with pytest.raises(ValueError, match="positive number of beats"):
        transition_length(bpm=0, energy_difference=0)
    with pytest.raises(ValueError, match="genre and practice"):
        transition_length(bpm=120, rule="taste")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="energy difference"):
        transition_length(bpm=120, energy_difference=math.nan)
