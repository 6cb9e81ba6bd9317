"""What a list of tracks is asked for, and where its next page begins.

All filters that are given have to hold. Pages follow a sort value and, where it is equal, the id; a cursor names
the last of both. So a page begins behind what was shown, wherever tracks were added or removed meanwhile: none comes
twice, and none that was there all along is left out.
"""

import base64
import binascii
import hashlib
import json
from dataclasses import asdict, dataclass
from typing import Any, Final, Literal, get_args

from notorious.errors import InputError
from notorious.service.selection import COMPATIBLE_SCORE
from notorious.theory.harmony import harmonic_move
from notorious.theory.keys import ALL_KEYS, Key

SortField = Literal["added", "title", "artist", "bpm", "camelot", "energy", "duration"]
SORT_FIELDS: Final[tuple[SortField, ...]] = get_args(SortField)
MOST_ROWS: Final = 200


class CursorRefused(InputError):
    """A cursor that was not made by this list, or by one with other filters."""


@dataclass(frozen=True)
class TrackQuery:
    """Filters and order of a list of tracks. `energy` is from 1 to 10, `added` times are ISO 8601 in UTC."""

    text: str | None = None
    camelot: str | None = None
    compatible_with: str | None = None
    bpm_min: float | None = None
    bpm_max: float | None = None
    energy_min: float | None = None
    energy_max: float | None = None
    genre: str | None = None
    artist: str | None = None
    added_after: str | None = None
    added_before: str | None = None
    status: str | None = None
    """None: all that are in the library; rejected uploads only where they are asked for."""
    sort: SortField = "added"
    descending: bool = True

    @property
    def fingerprint(self) -> str:
        """Names filters and order together, so that a cursor of another list is known as such."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()[:12]

    def keys(self) -> tuple[str, ...] | None:
        """The places on the wheel that are wanted, None for all. Raises ValueError for what is no key."""
        if self.compatible_with is not None:
            near = compatible_camelots(self.compatible_with)
            return near if self.camelot is None else tuple({Key.parse(self.camelot).camelot} & set(near))
        return None if self.camelot is None else (Key.parse(self.camelot).camelot,)


@dataclass(frozen=True)
class Place:
    """Where a page ended: the sort value and the id of its last track."""

    value: Any
    track_id: str


def compatible_camelots(key: str) -> tuple[str, ...]:
    """The keys that follow well on one: itself, its relative, one step on the wheel. ValueError for what is no key."""
    start = Key.parse(key)
    return tuple(one.camelot for one in ALL_KEYS if harmonic_move(start, one).score >= COMPATIBLE_SCORE)


def cursor_of(query: TrackQuery, place: Place) -> str:
    """A cursor for the page behind a place."""
    text = json.dumps([query.fingerprint, place.value, place.track_id], separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def place_of(query: TrackQuery, cursor: str) -> Place:
    """The place that a cursor names. Raises CursorRefused."""
    try:
        fingerprint, value, track_id = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, TypeError, binascii.Error) as error:
        raise CursorRefused("the cursor is none that this list gave; begin again without one") from error
    if fingerprint != query.fingerprint:
        raise CursorRefused("the cursor belongs to a list with other filters or another order; begin again without one")
    if not isinstance(value, str | int | float) or not isinstance(track_id, str):
        raise CursorRefused("the cursor is none that this list gave; begin again without one")
    return Place(value, track_id)
