"""Which tracks a mix may use."""

from typing import Any

import pytest

from notorious.domain import Reference
from notorious.domain.mix_events import Selection
from notorious.errors import BriefError
from notorious.service.selection import LibraryTrack, selected

ANALYSIS = Reference(key="analyses/x", sha256="0" * 64, size_bytes=1)


def track(number: int, *, heard: bool = True, **facts: Any) -> LibraryTrack:
    defaults = {"bpm": 120.0 + number, "camelot": "8A", "energy": 5.0, "title": f"Title {number}"}
    return LibraryTrack(f"{number:064x}", f"{number}.mp3", ANALYSIS if heard else None, None, **(defaults | facts))


LIBRARY = [
    track(1, artist="Ben Klock", genre="Techno", camelot="8A", energy=8.0),
    track(2, artist="Peggy Gou", genre="House", camelot="9A", energy=6.0),
    track(3, artist="Nina Kraviz", genre="techno", camelot="8B", energy=7.0),
    track(4, artist="Nobody", genre="Ambient", camelot="2B", energy=2.0, added_at="2026-05-01T00:00:00+00:00"),
    track(5, heard=False),
]


def numbers(selection: Selection) -> list[int]:
    return [int(found.sha256, 16) for found in selected(LIBRARY, selection)]


def query(**parameters: Any) -> list[int]:
    return numbers(Selection(kind="query", query=parameters))


def test_all_is_all_that_was_heard() -> None:
    assert numbers(Selection()) == [1, 2, 3, 4]


def test_named_tracks_come_once_in_the_order_in_which_they_are_named() -> None:
    hashes = tuple(f"{number:064x}" for number in (3, 1, 3))
    assert numbers(Selection(kind="tracks", tracks=hashes)) == [3, 1]


def test_a_named_track_that_was_not_heard_is_told_and_what_to_do() -> None:
    with pytest.raises(BriefError, match=r"names 2 tracks .* not heard yet .* wait until they are analysed"):
        numbers(Selection(kind="tracks", tracks=(f"{5:064x}", f"{9:064x}")))


@pytest.mark.parametrize(
    ("parameters", "found"),
    [
        ({"text": "klock BEN"}, [1]),
        ({"text": "4.mp3"}, [4]),
        ({"genre": "techno"}, [1, 3]),
        ({"artist": "peggy gou"}, [2]),
        ({"bpm_min": 122, "bpm_max": 123}, [2, 3]),
        ({"camelot": "8a"}, [1]),
        ({"camelot": "Am"}, [1]),
        ({"compatible_with": "8A"}, [1, 2, 3]),
        ({"energy_min": 6.5}, [1, 3]),
        ({"energy_max": 6, "genre": None}, [2, 4]),
        ({"added_after": "2026-01-01"}, [4]),
        ({"genre": "techno", "camelot": "8B"}, [3]),
        ({"text": "nothing like it"}, []),
        ({}, [1, 2, 3, 4]),
    ],
)
def test_a_query_finds_what_all_its_parameters_hold_of(parameters: dict[str, Any], found: list[int]) -> None:
    assert query(**parameters) == found


@pytest.mark.parametrize("parameters", [{"colour": "red"}, {"bpm_min": "fast"}, {"camelot": "13A"}])
def test_a_query_that_cannot_be_meant_is_refused_by_name(parameters: dict[str, Any]) -> None:
    with pytest.raises(BriefError, match=next(iter(parameters))):
        query(**parameters)
