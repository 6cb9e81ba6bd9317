"""A track is found by what people call it."""

from dataclasses import dataclass

import pytest

from notorious.errors import BriefError
from notorious.library.finding import find_track


@dataclass(frozen=True)
class Record:
    path: str
    sha256: str
    title: str
    artist: str | None = None


TRACKS = [
    Record("/music/01 Dawn.mp3", "aaaaaa11" + "0" * 56, "Dawn", "Mira"),
    Record("/music/02 Dusk.mp3", "aaaaaa22" + "0" * 56, "Dusk", "Mira"),
    Record("/music/03.mp3", "bbbbbb33" + "0" * 56, "Dawn Chorus", "Oto"),
    Record('/music/odd "name"\n🎧.mp3', "cccccc44" + "0" * 56, 'odd "name"\n🎧'),
]


@pytest.mark.parametrize(
    ("wish", "number"),
    [
        ("/music/02 Dusk.mp3", 1),
        ("/music/../music/02 Dusk.mp3", 1),
        ("02 dusk.MP3", 1),
        ("03", 2),
        ("aaaaaa2", 1),
        ("bbbbbb33" + "0" * 56, 2),
        ("dusk", 1),
        ("dawn", 0),  # the title alone goes before a part of a longer one
        ("chorus", 2),
        ("oto - dawn", 2),
        ("🎧", 3),
    ],
)
def test_a_track_is_found_by_path_hash_or_title(wish: str, number: int) -> None:
    assert find_track(wish, TRACKS) == TRACKS[number].sha256


@pytest.mark.parametrize(
    ("wish", "said"), [("mira", "2 tracks"), ("aaaaaa", "2 tracks"), ("noon", "no track"), (" ", "empty")]
)
def test_none_and_several_are_said(wish: str, said: str) -> None:
    with pytest.raises(BriefError, match=said):
        find_track(wish, TRACKS)
