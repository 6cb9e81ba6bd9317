"""Which tracks sound alike: the nearest come first, each with its reasons."""

import base64
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from notorious.errors import BriefError, InputError
from notorious.library.similar import Portrait, nearest, reasons


def packed(*values: float) -> str:
    return base64.b64encode(np.array(values, "<f2").tobytes()).decode()


def row(title: str, *values: float, **changes: Any) -> dict[str, Any]:
    whole = {
        "path": f"/music/{title}.mp3",
        "sha256": title.lower().encode().hex().ljust(64, "0"),
        "title": title,
        "artist": None,
        "bpm": 124.0,
        "camelot": "8A",
        "energy": 6.0,
        "genre": "house",
        "embedding_name": "signal-1",
        "embedding": packed(*values) if values else "",
    }
    return whole | changes


class CrateOf:
    """A crate as far as likeness looks at it."""

    def __init__(self, *rows: dict[str, Any]) -> None:
        self.rows = list(rows)

    def digests(self, *_: object, cancelled: Callable[[], bool] | None = None) -> list[dict[str, Any]]:
        return self.rows


CRATE = CrateOf(
    row("Dawn", 1, 0, 0),
    row("Dusk", 0.9, 0.4, 0),
    row("Noon", 0, 1, 0),
    row("Midnight", -1, 0, 0),
    row("Other", 1, 0, 0, embedding_name="musicnn-1"),
)


def test_the_nearest_come_first_without_the_track_itself() -> None:
    found = nearest(CRATE, "dawn")
    assert [one.track.title for one in found.neighbours] == ["Dusk", "Noon", "Midnight"]
    assert [one.likeness for one in found.neighbours] == pytest.approx([0.9 / np.hypot(0.9, 0.4), 0, -1], abs=1e-3)


def test_embeddings_of_another_kind_are_counted_and_not_compared() -> None:
    found = nearest(CRATE, "dawn")
    assert (found.compared, found.incomparable) == (3, 1)


def test_as_many_are_listed_as_are_asked_for() -> None:
    assert len(nearest(CRATE, "dawn", count=2).neighbours) == 2


def test_a_track_alone_has_no_neighbours() -> None:
    found = nearest(CrateOf(row("Dawn", 1, 0)), "dawn")
    assert found.neighbours == ()
    assert found.compared == 0


def test_a_name_that_fits_nothing_is_an_error() -> None:
    with pytest.raises(BriefError, match="no track is called"):
        nearest(CRATE, "sunrise")


def test_a_track_from_before_embeddings_says_what_to_do() -> None:
    with pytest.raises(InputError, match="analyse it again"):
        nearest(CrateOf(row("Old", embedding_name=""), row("Dawn", 1, 0)), "old")


def test_reasons_name_sound_tempo_key_energy_and_genre() -> None:
    one, other = Portrait(**row("Dawn", 1, 0)), Portrait(**row("Dusk", 1, 0, bpm=125.0, camelot="9A", energy=8.2))
    said = reasons(one, other, 0.9)
    assert said[0] == "sounds very much alike"
    assert said[1].startswith("tempo: ")
    assert said[2] == "key: 8A to 9A, good"
    assert said[3] == "energy higher by 2"
    assert said[4] == "both house"


def test_what_differs_is_said_too() -> None:
    one, other = Portrait(**row("Dawn", 1, 0)), Portrait(**row("Dusk", 0, 1, genre="rock", energy=3.0))
    said = reasons(one, other, 0.1)
    assert said[0] == "sounds rather different"
    assert "energy lower by 3" in said
    assert not any(reason.startswith("both") for reason in said)
