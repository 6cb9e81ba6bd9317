"""Genre spellings as tags have them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notorious.theory.genres import GENRES, find_genre, genre_named, rule_for, usual_bpm


@pytest.mark.parametrize(
    ("tag", "genre"),
    [
        ("D&B", "drum and bass"),
        ("DnB", "drum and bass"),
        ("Drum & Bass", "drum and bass"),
        ("drum'n'bass", "drum and bass"),
        ("Drum 'n' Bass", "drum and bass"),
        ("Drum n Bass", "drum and bass"),
        ("Hip Hop", "hip-hop"),
        ("HIP-HOP", "hip-hop"),
        ("Hip-Hop/Rap", "hip-hop"),
        ("RnB", "r&b"),
        ("R&B", "r&b"),
        ("R&B/Soul", "r&b"),
        ("prog house", "progressive house"),
        ("Prog. House", "progressive house"),
        ("Melodic House & Techno", "melodic techno"),
        ("Minimal / Deep Tech", "tech house"),
        ("Psy-Trance", "psytrance"),
        ("Techno (Peak Time / Driving)", "techno"),
        ("Electronic, Deep House", "electronic"),
        ("Berlin Tech House 2021", "tech house"),
        ("Deep Tech House", "tech house"),
        ("Trip-Hop", "downtempo"),
    ],
)
def test_a_tag_finds_its_genre(tag: str, genre: str) -> None:
    assert find_genre(tag) == genre


@pytest.mark.parametrize("tag", [None, "", "   ", "Unknown", "???", "Bavarian yodel"])
def test_an_unknown_tag_finds_none(tag: str | None) -> None:
    assert find_genre(tag) is None
    assert usual_bpm(tag) is None


def test_every_genre_finds_itself_and_has_a_range_and_a_known_parent() -> None:
    for genre in GENRES:
        assert find_genre(genre.name) == genre.name
        assert find_genre(genre.name.upper()) == genre.name
        assert 40 <= genre.bpm_low < genre.bpm_high <= 200
        assert usual_bpm(genre.name) == (genre.bpm_low, genre.bpm_high)
        if genre.parent is not None:
            assert genre_named(genre.parent).family == genre.family


def test_no_spelling_belongs_to_two_genres() -> None:
    spellings = [spelling for genre in GENRES for spelling in (genre.name, *genre.aliases)]
    assert len(spellings) == len(set(spellings))


@given(st.text())
def test_finding_a_genre_never_fails(text: str) -> None:
    found = find_genre(text)
    assert found is None or genre_named(found).name == found


def test_a_rule_of_the_parent_holds_where_the_genre_has_none() -> None:
    assert rule_for("Liquid D&B", {"drum and bass": 1}) == 1
    assert rule_for("Liquid D&B", {"drum and bass": 1, "liquid drum and bass": 2}) == 2
    assert rule_for("jazz", {"drum and bass": 1}) is None


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(ValueError, match="not a genre known here"):
        genre_named("D&B")
