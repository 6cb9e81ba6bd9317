"""What the library remembers between runs: one SQLite file in the user's cache folder.

Three tables. `files` knows the SHA-256 of a path as long as its size, time and inode stay the same, so that a second
run hashes nothing. `parts` keeps what an analyser heard, by (sha256, analyser, version), so that a new key finder
recomputes keys only. `digests` keeps small views made from whole analyses (the profiles that planning reads), so that
ten thousand tracks are read in a fraction of a second.

Conventions: values are JSON, deflated where they are large; paths are kept as the bytes that the file system uses,
since not every name is text. Each write is a transaction of its own in WAL mode: several processes may share the
file, and what was written stays written if one of them is killed.

A cache is never worth a failed run: a broken file is set aside, an unwritable folder or a full disk leaves the
results in memory; `Store.notes` says so.
"""

import contextlib
import fcntl
import json
import os
import sqlite3
import threading
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple, Self

from notorious.errors import NotoriousError
from notorious.folders import default_cache_folder

SCHEMA = 1
"""Number in the file's name: a program that keeps things otherwise starts a file of its own."""

_TABLES = """
CREATE TABLE IF NOT EXISTS files (
    path BLOB PRIMARY KEY, size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL, inode INTEGER NOT NULL, sha256 TEXT NOT
    NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS parts (
    id INTEGER PRIMARY KEY, sha256 TEXT NOT NULL, analyser TEXT NOT NULL, version INTEGER NOT NULL, value BLOB NOT NULL
);
CREATE UNIQUE INDEX IF NOT EXISTS parts_by_name ON parts (sha256, analyser, version);
CREATE TABLE IF NOT EXISTS digests (
    kind TEXT NOT NULL, signature TEXT NOT NULL, sha256 TEXT NOT NULL, path BLOB NOT NULL, value TEXT NOT NULL,
    PRIMARY KEY (kind, sha256, path)
) WITHOUT ROWID;
"""

Version = tuple[str, int]
"""An analyser's name and its version."""


class FileStamp(NamedTuple):
    """What must stay the same for a file to be taken as unchanged."""

    size: int
    mtime_ns: int
    inode: int

    @classmethod
    def of(cls, path: Path) -> Self:
        """The stamp of a file as it lies there now; OSError if it cannot be looked at."""
        status = path.stat()
        return cls(status.st_size, status.st_mtime_ns, status.st_ino)


class Store:
    """The cache of one user. Open it with `Store.open()` (on disk) or `Store.in_memory()` (for one run).

    Safe to use from several processes; within one process, from several threads. Values given and returned are what
    `json` reads and writes.
    """

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self.notes: list[str] = []
        self._lock = threading.RLock()
        self._behind: list[sqlite3.Connection] = []
        self._connection = self._connect()

    @classmethod
    def open(cls, folder: Path | None = None) -> Self:
        """The store in a folder (default: `default_cache_folder()`), made where there is none."""
        return cls((folder or default_cache_folder()) / f"library-{SCHEMA}.sqlite")

    @classmethod
    def in_memory(cls) -> Self:
        """A store that forgets everything when it is closed."""
        return cls(None)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Give the file back. Closing twice does nothing."""
        with self._lock:
            for connection in (self._connection, *self._behind):
                connection.close()

    # -- files -----------------------------------------------------------------------------------------------------

    def sha256_of(self, path: Path, stamp: FileStamp) -> str | None:
        """The hash of a file that has not changed since it was last read, else None."""
        rows = self._read(
            "SELECT sha256 FROM files WHERE path = ? AND size = ? AND mtime_ns = ? AND inode = ?",
            (os.fsencode(path), *stamp),
        )
        return str(rows[0][0]) if rows else None

    def remember_file(self, path: Path, stamp: FileStamp, sha256: str) -> None:
        """Note the hash of a file, with the stamp taken BEFORE it was read."""
        row = (os.fsencode(path), *stamp, sha256)
        statement = "INSERT OR REPLACE INTO files (path, size, mtime_ns, inode, sha256) VALUES (?, ?, ?, ?, ?)"
        self._change(lambda connection: connection.execute(statement, row))

    # -- parts -----------------------------------------------------------------------------------------------------

    def versions(self, hashes: Iterable[str]) -> dict[str, set[Version]]:
        """Which parts of which recordings are kept."""
        wanted = list(dict.fromkeys(hashes))
        found: dict[str, set[Version]] = {sha256: set() for sha256 in wanted}
        for some in _batches(wanted):
            marks = ",".join("?" * len(some))
            for sha256, analyser, version in self._read(
                f"SELECT sha256, analyser, version FROM parts WHERE sha256 IN ({marks})", some
            ):
                found[sha256].add((analyser, version))
        return found

    def parts(self, sha256: str, versions: Mapping[str, int]) -> dict[str, Any]:
        """What is kept of one recording, by analyser, in exactly these versions; what is missing is left out."""
        rows = self._read("SELECT analyser, version, value FROM parts WHERE sha256 = ?", (sha256,))
        return {
            name: json.loads(zlib.decompress(blob)) for name, version, blob in rows if versions.get(name) == version
        }

    def keep_parts(self, sha256: str, parts: Mapping[str, Any], versions: Mapping[str, int]) -> None:
        """Keep what was heard, in one transaction, in place of other versions of the same parts.

        Of other versions, not only of older ones: whoever removes the networks and installs them again must not find
        parts from before beside parts that were heard in between.
        """
        rows = [
            (sha256, name, versions[name], zlib.compress(json.dumps(value, separators=(",", ":")).encode(), 1))
            for name, value in sorted(parts.items())
        ]

        def replace(connection: sqlite3.Connection) -> None:
            connection.executemany(
                "DELETE FROM parts WHERE sha256 = ? AND analyser = ? AND version != ?", [row[:3] for row in rows]
            )
            connection.executemany(
                "INSERT OR REPLACE INTO parts (sha256, analyser, version, value) VALUES (?, ?, ?, ?)", rows
            )

        self._change(replace)

    # -- digests ---------------------------------------------------------------------------------------------------

    def digests(self, kind: str, signature: str) -> dict[tuple[str, str], Any]:
        """All digests of a kind that were made under this signature, by (sha256, path)."""
        rows = self._read("SELECT sha256, path, value FROM digests WHERE kind = ? AND signature = ?", (kind, signature))
        if not rows:
            return {}
        # One parse of one long array is several times faster than ten thousand small ones.
        values = json.loads("[" + ",".join(row[2] for row in rows) + "]")
        return {(row[0], os.fsdecode(row[1])): value for row, value in zip(rows, values, strict=True)}

    def keep_digests(self, kind: str, signature: str, digests: Mapping[tuple[str, str], Any]) -> None:
        """Keep digests by (sha256, path); what was kept of the same tracks under another signature goes."""
        rows = [
            (kind, signature, sha256, os.fsencode(path), json.dumps(value, separators=(",", ":")))
            for (sha256, path), value in sorted(digests.items())
        ]
        statement = "INSERT OR REPLACE INTO digests (kind, signature, sha256, path, value) VALUES (?, ?, ?, ?, ?)"
        self._change(lambda connection: connection.executemany(statement, rows))

    # -- the file underneath ---------------------------------------------------------------------------------------

    def _connect(self) -> sqlite3.Connection:
        if self.path is None:
            return self._prepare(":memory:")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            try:
                return self._prepare_alone(self.path)
            except sqlite3.OperationalError:
                raise
            except sqlite3.DatabaseError:
                self._set_aside()
                return self._prepare_alone(self.path)
        except (OSError, sqlite3.Error) as error:
            self._go_on_in_memory(f"the cache {self.path} cannot be used ({error})")
            return self._prepare(":memory:")

    def _prepare_alone(self, path: Path) -> sqlite3.Connection:
        """Open the file while no other process does: changing a new file to WAL does not wait for another that does."""
        with _exclusive(path.with_suffix(".lock")):
            return self._prepare(path)

    def _prepare(self, target: Path | str) -> sqlite3.Connection:
        connection = sqlite3.connect(target, timeout=60, isolation_level=None, check_same_thread=False)
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            # In WAL mode NORMAL cannot corrupt the file; a power cut may lose the last seconds, which are heard again.
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.executescript(_TABLES)
            for table in ("files", "parts", "digests"):
                connection.execute(f"SELECT * FROM {table} LIMIT 1").fetchall()
        except sqlite3.Error:
            connection.close()
            raise
        return connection

    def _set_aside(self, *, certainly: bool = False) -> None:
        """Move a broken file out of the way, unless another process has just done so."""
        assert self.path is not None
        with _exclusive(self.path.with_suffix(".lock")):
            if not certainly and not self._is_broken():
                return
            number = 1
            while (aside := self.path.with_suffix(f".broken-{number}")).exists():
                number += 1
            self.path.rename(aside)
            for tail in ("-wal", "-shm"):
                Path(f"{self.path}{tail}").unlink(missing_ok=True)
            self.notes.append(f"the cache was broken; it was set aside as {aside} and begins anew")

    def _is_broken(self) -> bool:
        assert self.path is not None
        try:
            self._prepare(self.path).close()
        except sqlite3.OperationalError:
            raise
        except sqlite3.DatabaseError:
            return True
        return False

    def _go_on_in_memory(self, reason: str) -> None:
        self.notes.append(f"{reason}; what is heard now is forgotten when the program ends")
        self.path = None

    def _read(self, statement: str, values: Iterable[object] = ()) -> list[Any]:
        given = tuple(values)
        with self._lock:
            try:
                return [row for one in (self._connection, *self._behind) for row in one.execute(statement, given)]
            except sqlite3.OperationalError as error:
                raise NotoriousError(f"the cache {self.path} cannot be read: {error}") from error
            except sqlite3.DatabaseError:
                self._replace_broken()
                return self._connection.execute(statement, given).fetchall()

    def _change(self, action: Callable[[sqlite3.Connection], object]) -> None:
        """One transaction, tried again elsewhere when the file turns out to be full, locked for long, or broken."""
        with self._lock:
            try:
                self._attempt(action)
            except sqlite3.OperationalError as error:
                if self.path is None:
                    raise
                self._go_on_in_memory(f"the cache {self.path} can no longer be written ({error})")
                # What was kept so far can still be read behind the new, empty one.
                self._behind.append(self._connection)
                self._connection = self._prepare(":memory:")
                self._attempt(action)
            except sqlite3.DatabaseError:
                self._replace_broken()
                self._attempt(action)

    def _attempt(self, action: Callable[[sqlite3.Connection], object]) -> None:
        connection = self._connection
        connection.execute("BEGIN IMMEDIATE")
        try:
            action(connection)
            connection.execute("COMMIT")
        finally:
            if connection.in_transaction:
                connection.execute("ROLLBACK")

    def _replace_broken(self) -> None:
        """The file turned out to be broken after it was opened: forget it and begin a new one."""
        if self.path is None:
            raise NotoriousError("the memory of this run is broken; please start again")
        self._connection.close()
        self._set_aside(certainly=True)
        self._connection = self._connect()


def _batches(values: list[str], size: int = 500) -> Iterator[list[str]]:
    """SQLite allows a limited number of values in one statement (999 in old versions)."""
    for start in range(0, len(values), size):
        yield values[start : start + size]


@contextlib.contextmanager
def _exclusive(path: Path) -> Iterator[None]:
    """Hold a lock file, so that of two processes that find the cache broken only one moves it."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
