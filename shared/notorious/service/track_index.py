"""The search index of one library: a SQLite database in memory, which is kept in the bucket as one object.

It is a projection like the views, but of the feed as a whole: it knows the feed position up to which it has seen every
event, and goes on from there. So it is never wrong, only behind, by a number of events that it can tell. Whole
`TrackView`s lie in it, deflated, since an event is applied to what was before it.

Thirty thousand tracks are some 25 MB. A list is answered from one scan of narrow rows and one sort.
"""

import json
import sqlite3
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

from notorious.domain import Recorded
from notorious.domain.event import TrackEvent
from notorious.domain.track_view import TrackView, track_view_of_first
from notorious.eventstore import CATALOGUE
from notorious.eventstore.views import PROJECTION
from notorious.service.track_query import Place, SortField, TrackQuery

SCHEMA: Final = f"1.{PROJECTION}"
"""Of the database and of the views in it: an index of another one is made anew."""

_TABLES = """
CREATE TABLE about (schema TEXT NOT NULL, position INTEGER NOT NULL);
CREATE TABLE tracks (
    number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, version INTEGER NOT NULL, status TEXT NOT NULL,
    title TEXT NOT NULL, artist TEXT NOT NULL, genre TEXT NOT NULL, bpm REAL NOT NULL, camelot TEXT NOT NULL,
    energy REAL NOT NULL, duration REAL NOT NULL, added TEXT NOT NULL, analysis TEXT NOT NULL
);
CREATE TABLE contents (number INTEGER PRIMARY KEY, content BLOB NOT NULL);
CREATE VIRTUAL TABLE words USING fts5(
    title, artist, album, genre, file_name, tokenize = "unicode61 remove_diacritics 2", prefix = "2 3"
);
"""

_COLUMN: Final[dict[SortField, str]] = {
    "added": "added",
    "title": "title",
    "artist": "artist",
    "bpm": "bpm",
    "camelot": "camelot",
    "energy": "energy",
    "duration": "duration",
}


@dataclass(frozen=True)
class TrackPage:
    """Some tracks of a list, how many the whole list has, and where the next page begins."""

    tracks: tuple[TrackView, ...]
    total: int
    next_place: Place | None


@dataclass(frozen=True)
class TrackColumns:
    """What is known of all tracks that were heard, as columns of one order; for arithmetic over a whole library."""

    ids: tuple[str, ...]
    bpm: tuple[float, ...]
    camelot: tuple[str, ...]
    energy: tuple[float, ...]
    analyses: tuple[str, ...]
    """The hash of each track's analysis."""


class TrackIndex:
    """The index of one library."""

    def __init__(self) -> None:
        self._connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        self._connection.executescript(_TABLES)
        self._connection.execute("INSERT INTO about VALUES (?, 0)", (SCHEMA,))

    @classmethod
    def of_bytes(cls, data: bytes) -> Self | None:
        """The index that `to_bytes` made; None where it is of another schema, or none at all."""
        index = cls()
        try:
            index._connection.deserialize(zlib.decompress(data))
            (schema,) = index._connection.execute("SELECT schema FROM about").fetchone()
        except (zlib.error, sqlite3.Error, TypeError):
            return None
        return index if schema == SCHEMA else None

    def to_bytes(self) -> bytes:
        """The whole index, deflated."""
        return zlib.compress(self._connection.serialize(), 1)

    @property
    def position(self) -> int:
        """The feed position up to which every event has been seen."""
        return int(self._connection.execute("SELECT position FROM about").fetchone()[0])

    def apply(self, records: Sequence[Recorded]) -> None:
        """Apply the next records of the feed. Raises ValueError where they do not follow on the position."""
        if not records:
            return
        if records[0].feed_position != self.position + 1:
            raise ValueError(f"the index has seen {self.position} events, and {records[0].feed_position} cannot follow")
        views: dict[str, TrackView | None] = {}
        last: dict[str, Recorded] = {}
        for record in records:
            if record.stream.category != "track":
                continue
            name = record.stream.id
            (event,) = CATALOGUE.events_of([record], TrackEvent)
            before = views[name] if name in views else self.track(name)
            views[name] = track_view_of_first(event, record) if before is None else before.after(event, record)
            last[name] = record
        with self._connection:
            self._connection.execute("BEGIN")
            for name, view in views.items():
                if view is not None:
                    self._put(view, last[name].version)
            self._connection.execute("UPDATE about SET position = ?", (records[-1].feed_position,))

    def track(self, track_id: str) -> TrackView | None:
        """One track, also a rejected or deleted one."""
        row = self._connection.execute(
            "SELECT content FROM tracks JOIN contents USING (number) WHERE id = ?", (track_id,)
        ).fetchone()
        return None if row is None else _unpacked(row[0])

    def tracks(self, track_ids: Iterable[str]) -> list[TrackView]:
        """Several tracks, in the order asked for; those that are not there are left out."""
        found = (self.track(track_id) for track_id in track_ids)
        return [view for view in found if view is not None]

    def page(self, query: TrackQuery, *, limit: int, behind: Place | None = None) -> TrackPage:
        """A page of a list. Raises ValueError where a key in the query is none."""
        where, values = _conditions(query)
        total = self._connection.execute(f"SELECT count(*) FROM tracks WHERE {where}", values).fetchone()[0]
        column, order, beyond = _COLUMN[query.sort], *(("DESC", "<") if query.descending else ("ASC", ">"))
        if behind is not None:
            where += f" AND ({column}, id) {beyond} (?, ?)"
            values = [*values, behind.value, behind.track_id]
        rows = self._connection.execute(
            f"SELECT number, id, {column} FROM tracks WHERE {where} ORDER BY {column} {order}, id {order} LIMIT ?",
            (*values, limit + 1),
        ).fetchall()
        shown = rows[:limit]
        contents = dict(
            self._connection.execute(
                f"SELECT number, content FROM contents WHERE number IN ({','.join('?' * len(shown))})",
                [row[0] for row in shown],
            ).fetchall()
        )
        more = Place(shown[-1][2], shown[-1][1]) if len(rows) > limit else None
        return TrackPage(tuple(_unpacked(contents[row[0]]) for row in shown), int(total), more)

    def columns(self) -> TrackColumns:
        """All tracks that were heard."""
        rows = self._connection.execute(
            "SELECT id, bpm, camelot, energy, analysis FROM tracks WHERE status = 'analyzed' ORDER BY id"
        ).fetchall()
        return TrackColumns(*zip(*rows, strict=True)) if rows else TrackColumns((), (), (), (), ())

    def _put(self, view: TrackView, version: int) -> None:
        row = (
            version,
            view.status,
            view.title.casefold(),
            view.artist.casefold(),
            (view.genre or "").strip().casefold(),
            view.bpm or 0.0,
            view.camelot or "",
            view.energy or 0.0,
            view.duration_seconds or 0.0,
            view.added.isoformat(),
            "" if view.analysis is None else view.analysis.sha256,
        )
        (number,) = self._connection.execute(
            "INSERT INTO tracks (id, version, status, title, artist, genre, bpm, camelot, energy, duration, added, "
            "analysis) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
            "ON CONFLICT (id) DO UPDATE SET version = excluded.version, "
            "status = excluded.status, title = excluded.title, artist = excluded.artist, genre = excluded.genre, "
            "bpm = excluded.bpm, camelot = excluded.camelot, energy = excluded.energy, duration = excluded.duration, "
            "added = excluded.added, analysis = excluded.analysis RETURNING number",
            (view.id, *row),
        ).fetchone()
        self._connection.execute("INSERT OR REPLACE INTO contents VALUES (?, ?)", (number, _packed(view)))
        self._connection.execute("DELETE FROM words WHERE rowid = ?", (number,))
        self._connection.execute(
            "INSERT INTO words (rowid, title, artist, album, genre, file_name) VALUES (?, ?, ?, ?, ?, ?)",
            (number, view.title, view.artist, view.album or "", view.genre or "", view.file_name),
        )


def _conditions(query: TrackQuery) -> tuple[str, list[Any]]:
    """What a query asks for as SQL, with the values for its question marks."""
    parts: list[tuple[str, list[Any]]] = []
    if query.status is None:
        parts.append(("status NOT IN ('rejected', 'deleted')", []))
    else:
        parts.append(("status = ?", [query.status]))
    words = _match(query.text)
    if words:
        parts.append(("number IN (SELECT rowid FROM words WHERE words MATCH ?)", [words]))
    keys = query.keys()
    if keys is not None:
        parts.append((f"camelot IN ({','.join('?' * len(keys))})", list(keys)))
    for column, comparison, value in (
        ("bpm", ">=", query.bpm_min),
        ("bpm", "<=", query.bpm_max),
        ("energy", ">=", query.energy_min),
        ("energy", "<=", query.energy_max),
        ("added", ">=", query.added_after),
        ("added", "<", query.added_before),
        ("genre", "=", None if query.genre is None else query.genre.strip().casefold()),
        ("artist", "=", None if query.artist is None else query.artist.strip().casefold()),
    ):
        if value is not None:
            parts.append((f"{column} {comparison} ?", [value]))
    # What was not heard yet has no tempo and no energy, and so lies in no range of them.
    for column, given in (("bpm", query.bpm_max), ("energy", query.energy_max)):
        if given is not None:
            parts.append((f"{column} > 0", []))
    return " AND ".join(part for part, _ in parts), [value for _, values in parts for value in values]


def _match(text: str | None) -> str:
    """All words of a text as beginnings of words, in the language of FTS5; empty where there are none."""
    words = "".join(sign if sign.isalnum() else " " for sign in text or "").split()
    return " ".join(f'"{word}"*' for word in words)


def _packed(view: TrackView) -> bytes:
    return zlib.compress(json.dumps(view.model_dump(mode="json"), separators=(",", ":")).encode(), 1)


def _unpacked(content: bytes) -> TrackView:
    return TrackView.model_validate_json(zlib.decompress(content))
