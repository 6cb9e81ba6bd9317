"""The emulator's tables and what survives of them: events come from the journal, views from a snapshot.

The emulator keeps tables in memory. Who reads events reads the journal; the events table is there for its stream, which
carries every new event to whoever listens. So at start it gets what it needs to go on, and the events that had not
certainly been delivered, which then go over the stream again; whoever listens is made for that. The views table is
filled from its last snapshot.

A snapshot is a SQLite file that is brought up to date every few seconds with the items that have changed, in one
transaction, together with the last row of the journal that had certainly been delivered. Losing it costs a rebuild and
nothing else.
"""

import json
import logging
import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any, Protocol

from notorious.embedded.events_window import EventsWindow
from notorious.embedded.mending import expect

SNAPSHOT_SECONDS = 3.0
_SNAPSHOT_LAYOUT = 1

_logger = logging.getLogger("notorious.embedded.tables")
Item = Mapping[str, Any]


class Journal(Protocol):
    """What is needed of the journal of events; items are as DynamoDB's API has them."""

    def items(self, after: int) -> Iterator[tuple[int, Item]]:
        """What the events table has to hold so that events can be appended after a row: items with their rows.

        Items of rows after it in the order of commitment, and others, with that row itself, that appending needs.
        """

    def last_row(self) -> int:
        """The last row; 0 for an empty journal."""


def fill_events(table_name: str, rows: Iterable[tuple[int, Item]], *, delivered: int) -> int:
    """Put items of the journal into the events table; returns how many were put.

    Those of rows after `delivered` go on the table's stream too. Nobody else may use the table meanwhile.
    """
    from ministack.services import dynamodb

    expect(dynamodb, "_tables", "_set_item", "_extract_key_val", "_emit_stream_event")
    table = dynamodb._tables[table_name]
    hash_name, range_name = table["pk_name"], table["sk_name"]
    count = 0
    for row, item in rows:
        stored = dict(item)
        dynamodb._set_item(
            table, dynamodb._extract_key_val(stored[hash_name]), dynamodb._extract_key_val(stored[range_name]), stored
        )
        if row > delivered:
            dynamodb._emit_stream_event(table_name, "INSERT", None, stored)
        count += 1
    return count


class Snapshots:
    """Keeps a copy of one table on disk. `restore` first, then `start`; `stop` writes the last one."""

    def __init__(
        self,
        path: Path,
        table_name: str,
        *,
        journal: Journal,
        events: EventsWindow,
        is_quiet: Callable[[], bool],
        on_loop: Callable[[Callable[[], Any]], Any],
    ) -> None:
        """`is_quiet` tells whether everything that is in the events table has been delivered and dealt with, so that
        the window of `events` can move on; `on_loop` runs a function where nothing else touches the tables."""
        self._path = path
        self._table_name = table_name
        self._journal = journal
        self._events = events
        self._is_quiet = is_quiet
        self._on_loop = on_loop
        self._changed: set[tuple[str, str]] = set()
        self._delivered_row = 0
        self._quiet_at_row: int | None = None
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="snapshots", daemon=True)

    def restore(self) -> int:
        """Fill the table from the last snapshot; returns the row of the journal up to which events were delivered.

        A snapshot that cannot be read, or is ahead of the journal, is put aside: then every event is delivered again.
        """
        from ministack.services import dynamodb

        expect(dynamodb, "_tables", "_set_item", "_remove_item")
        table = dynamodb._tables[self._table_name]
        try:
            with closing(self._open()) as database:
                row = self._delivered(database)
                if row > self._journal.last_row():
                    raise sqlite3.DatabaseError(f"it knows row {row} of a journal with {self._journal.last_row()} rows")
                for pk, sk, text in database.execute("SELECT pk, sk, item FROM items"):
                    dynamodb._set_item(table, pk, sk, json.loads(text))
        except (sqlite3.DatabaseError, ValueError) as error:
            _logger.warning("the snapshot of the views cannot be used (%s); all events are delivered again", error)
            for leftover in self._path.parent.glob(self._path.name + "*"):
                leftover.unlink()
            table["items"].clear()
            dynamodb._items_replaced(table)
            row = 0
        self._delivered_row = row
        self._watch()
        return row

    def start(self) -> None:
        """Begin to write snapshots."""
        self._thread.start()

    def stop(self) -> None:
        """Write the last snapshot and end."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()
        self._save()

    def _open(self) -> sqlite3.Connection:
        database = sqlite3.connect(self._path, isolation_level=None)
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("PRAGMA synchronous=NORMAL")
        (layout,) = database.execute("PRAGMA user_version").fetchone()
        if layout not in (0, _SNAPSHOT_LAYOUT):
            database.close()
            raise sqlite3.DatabaseError(f"it has layout {layout}")
        database.execute("CREATE TABLE IF NOT EXISTS items (pk, sk, item, PRIMARY KEY (pk, sk)) WITHOUT ROWID")
        database.execute("CREATE TABLE IF NOT EXISTS delivered (only INTEGER PRIMARY KEY, row INTEGER NOT NULL)")
        database.execute(f"PRAGMA user_version={_SNAPSHOT_LAYOUT}")
        return database

    @staticmethod
    def _delivered(database: sqlite3.Connection) -> int:
        found = database.execute("SELECT row FROM delivered").fetchone()
        return int(found[0]) if found else 0

    def _watch(self) -> None:
        from ministack.services import dynamodb

        set_item, remove_item = dynamodb._set_item, dynamodb._remove_item

        def set_and_note(table: dict[str, Any], pk: str, sk: str, item: dict[str, Any]) -> Any:
            if table.get("TableName") == self._table_name:
                self._changed.add((pk, sk))
            return set_item(table, pk, sk, item)

        def remove_and_note(table: dict[str, Any], pk: str, sk: str) -> Any:
            if table.get("TableName") == self._table_name:
                self._changed.add((pk, sk))
            return remove_item(table, pk, sk)

        dynamodb._set_item, dynamodb._remove_item = set_and_note, remove_and_note

    def _run(self) -> None:
        while not self._stopping.wait(SNAPSHOT_SECONDS):
            try:
                self._save()
            except (OSError, sqlite3.Error):
                _logger.exception("the snapshot of the views could not be written; the next one is tried")

    def _save(self) -> None:
        # Before the look at the queues: what is appended after it may be under way.
        row = self._journal.last_row()
        if not self._changed and row == self._delivered_row:
            return
        quiet, items = self._on_loop(self._take_changed)
        # Between a stream and a queue an event is in neither for a moment; quiet twice means that it has arrived.
        delivered = self._quiet_at_row if quiet and self._quiet_at_row is not None else self._delivered_row
        try:
            with closing(self._open()) as database:
                database.execute("BEGIN IMMEDIATE")
                for (pk, sk), item in items.items():
                    if item is None:
                        database.execute("DELETE FROM items WHERE pk = ? AND sk = ?", (pk, sk))
                    else:
                        database.execute("INSERT OR REPLACE INTO items VALUES (?, ?, ?)", (pk, sk, json.dumps(item)))
                database.execute("INSERT OR REPLACE INTO delivered VALUES (1, ?)", (delivered,))
                database.execute("COMMIT")
        except (OSError, sqlite3.Error):
            self._changed.update(items)
            raise
        self._delivered_row = delivered
        self._quiet_at_row = row if quiet else None

    def _take_changed(self) -> tuple[bool, dict[tuple[str, str], dict[str, Any] | None]]:
        from ministack.services import dynamodb

        quiet = self._is_quiet()
        self._events.look(quiet=quiet)
        table = dynamodb._tables[self._table_name]
        changed, self._changed = self._changed, set()
        found: dict[tuple[str, str], dict[str, Any] | None] = {}
        for pk, sk in changed:
            item = table["items"].get(pk, {}).get(sk)
            found[pk, sk] = None if item is None else dict(item)
        return quiet, found
