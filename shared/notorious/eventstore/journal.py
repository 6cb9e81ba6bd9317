"""The journal: all events of all tenants in one SQLite file, on the disk before an append is acknowledged.

The embedded emulator keeps its tables in memory. There the journal is what is true: it decides on appends and gives
the positions, and the table follows it (`journalled`). It is an event store like the others, and several processes
may share the file: SQLite lets one write at a time, and each commit is flushed to the disk (WAL with synchronous=FULL).
"""

import json
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

from notorious.domain import Recorded, StreamName
from notorious.eventstore.errors import FeedGap, RecordsDiffer, StoreError, StoreIsBusy, VersionConflict
from notorious.eventstore.items import Item, begins_command, command_item, event_item, head_item, tenant_key
from notorious.eventstore.recording import Batch, TakesBatches
from notorious.eventstore.store import Appended

SCHEMA = 1
"""Of the file (PRAGMA user_version): a program that finds another one does not touch it."""

_LONGEST_WAIT_SECONDS = 30.0
"""For the other processes that write. An append holds the file for a flush, some milliseconds."""

_TABLES = """
CREATE TABLE records (
    number INTEGER PRIMARY KEY AUTOINCREMENT, tenant TEXT NOT NULL, feed_position INTEGER NOT NULL,
    stream TEXT NOT NULL, version INTEGER NOT NULL, command_id TEXT NOT NULL, quiet INTEGER NOT NULL,
    document TEXT NOT NULL
);
CREATE UNIQUE INDEX records_by_position ON records (tenant, feed_position);
CREATE UNIQUE INDEX records_by_stream ON records (tenant, stream, version);
CREATE INDEX records_by_command ON records (tenant, stream, command_id);
"""


class Journal(TakesBatches):
    """The journal in one file. Threads may share it; each process opens its own.

    Opening makes the file where there is none. Raises `StoreError` where it cannot be opened or is another program's.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._connection = sqlite3.connect(
                path, timeout=_LONGEST_WAIT_SECONDS, isolation_level=None, check_same_thread=False
            )
            self._prepare()
        except (OSError, sqlite3.Error) as error:
            raise StoreError(f"the journal {path} cannot be opened: {error}") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Give the file back. Closing twice does nothing."""
        with self._lock:
            self._connection.close()

    def take(self, batch: Batch) -> Appended:
        """See `TakesBatches.take`. The records are on the disk when it returns."""
        tenant, stream = batch.tenant, batch.stream
        with self._writing() as connection:
            repeated = _records(
                connection.execute(
                    "SELECT document FROM records WHERE tenant = ? AND stream = ? AND command_id = ? ORDER BY version",
                    (tenant, str(stream), batch.command_id),
                )
            )
            if repeated:
                return Appended(repeated, was_repeated=True)
            version = _number(
                connection.execute(
                    "SELECT max(version) FROM records WHERE tenant = ? AND stream = ?", (tenant, str(stream))
                )
            )
            if version != batch.expected_version:
                raise VersionConflict(f"{stream} is at version {version}, not {batch.expected_version}")
            records = batch.records(after_position=_head(connection, tenant))
            connection.executemany(_INSERT, [_row(record) for record in records])
        return Appended(records)

    def read(self, tenant: str, stream: StreamName, after: int = 0) -> Sequence[Recorded]:
        """See `EventReader.read`."""
        with self.reading() as connection:
            return _records(
                connection.execute(
                    "SELECT document FROM records WHERE tenant = ? AND stream = ? AND version > ? ORDER BY version",
                    (tenant, str(stream), after),
                )
            )

    def feed(self, tenant: str, after: int = 0, limit: int = 1000) -> Sequence[Recorded]:
        """See `EventReader.feed`."""
        with self.reading() as connection:
            return _records(
                connection.execute(
                    "SELECT document FROM records WHERE tenant = ? AND feed_position > ? "
                    "ORDER BY feed_position LIMIT ?",
                    (tenant, after, max(0, limit)),
                )
            )

    def head(self, tenant: str) -> int:
        """See `EventReader.head`."""
        with self.reading() as connection:
            return _head(connection, tenant)

    def tenants(self) -> Sequence[str]:
        """See `EventReader.tenants`."""
        with self.reading() as connection:
            return tuple(row[0] for row in connection.execute("SELECT DISTINCT tenant FROM records ORDER BY tenant"))

    def put_back(self, tenant: str, records: Iterable[Recorded], *, announce: bool = False) -> int:
        """See `RestorableStore.put_back`: all of them or none. It remembers which were not announced."""
        new = 0
        with self._writing() as connection:
            head = _head(connection, tenant)
            for record in records:
                if record.feed_position <= head:
                    found = connection.execute(
                        "SELECT document FROM records WHERE tenant = ? AND feed_position = ?",
                        (tenant, record.feed_position),
                    )
                    if _records(found) != (record,):
                        raise RecordsDiffer(f"another record lies at position {record.feed_position} of {tenant}")
                    continue
                if record.feed_position != head + 1:
                    raise FeedGap(
                        f"position {record.feed_position} of {tenant} cannot follow on {head}", expected=head + 1
                    )
                connection.execute(_INSERT, _row(record, quiet=not announce))
                head += 1
                new += 1
        return new

    def before(self, record: Recorded) -> Recorded | None:
        """The record before another in its tenant's feed."""
        place = record.feed_position - 1
        return self.feed(record.tenant, place - 1, 1)[0] if place else None

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """The connection, held for one statement and its rows."""
        with self._lock:
            try:
                yield self._connection
            except sqlite3.Error as error:
                raise StoreError(f"the journal {self.path} cannot be read: {error}") from error

    def _prepare(self) -> None:
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = FULL")
        # On macOS an ordinary flush stops at the drive's own cache.
        self._connection.execute("PRAGMA fullfsync = 1")
        with self._writing() as connection:
            found = int(connection.execute("PRAGMA user_version").fetchone()[0])
            if found == 0:
                for statement in _TABLES.split(";"):
                    connection.execute(statement)
                connection.execute(f"PRAGMA user_version = {SCHEMA}")
            elif found != SCHEMA:
                raise StoreError(f"the journal {self.path} has schema {found}, this program writes {SCHEMA}")

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction that sees all that others have committed, and that either is on the disk or never was."""
        with self._lock:
            connection = self._connection
            try:
                connection.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError as error:
                raise StoreIsBusy(f"the journal {self.path} cannot be written: {error}") from error
            try:
                yield connection
                connection.execute("COMMIT")
            except sqlite3.IntegrityError as error:
                raise RecordsDiffer(f"the journal {self.path} has another history than what is put back") from error
            except sqlite3.Error as error:
                raise StoreError(f"the journal {self.path} cannot be written: {error}") from error
            finally:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")


def last_row(path: Path) -> int:
    """The number of the last row of a journal, over all tenants; 0 where it holds none."""
    with Journal(path) as journal, journal.reading() as connection:
        return _number(connection.execute("SELECT max(number) FROM records"))


def table_items(path: Path, *, after: int = 0) -> Iterator[tuple[int, Item]]:
    """All items of the events table that rows behind number `after` stand for, each with its row's number.

    In the order in which the rows were committed; at the end the heads and names of their tenants. For whoever fills
    an empty table by other means than the API; rows committed while it runs may or may not be among them.
    """
    with Journal(path) as journal:
        last: dict[str, Recorded] = {}
        number = after
        while True:
            with journal.reading() as connection:
                rows = connection.execute(
                    "SELECT number, quiet, document FROM records WHERE number > ? ORDER BY number LIMIT 1000", (number,)
                ).fetchall()
            if not rows:
                break
            for row in rows:
                number, record = row[0], Recorded.from_document(json.loads(row[2]))
                yield number, event_item(record, quiet=bool(row[1]))
                before = last.get(record.tenant) or journal.before(record)
                if begins_command(record, before):
                    yield number, command_item(record)
                last[record.tenant] = record
        for tenant, record in last.items():
            yield number, head_item(tenant, record.feed_position)
            yield number, tenant_key(tenant)


_INSERT = (
    "INSERT INTO records (tenant, feed_position, stream, version, command_id, quiet, document) "
    "VALUES (?, ?, ?, ?, ?, ?, ?)"
)


def _row(record: Recorded, *, quiet: bool = False) -> tuple[object, ...]:
    document = json.dumps(record.document(), separators=(",", ":"), allow_nan=False)
    place = (record.tenant, record.feed_position, str(record.stream), record.version)
    return (*place, record.command_id, int(quiet), document)


def _records(rows: Iterable[Sequence[Any]]) -> tuple[Recorded, ...]:
    return tuple(Recorded.from_document(json.loads(row[0])) for row in rows)


def _head(connection: sqlite3.Connection, tenant: str) -> int:
    return _number(connection.execute("SELECT max(feed_position) FROM records WHERE tenant = ?", (tenant,)))


def _number(rows: sqlite3.Cursor) -> int:
    return int(rows.fetchone()[0] or 0)
