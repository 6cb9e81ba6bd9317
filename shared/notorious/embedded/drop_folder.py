"""Watches a folder and hands every file that is put into it to the service, once, when it is complete.

A file is complete when nobody has it open for writing (the kernel knows, for files of one's own) and its size and time
have stayed the same for `SETTLE_SECONDS`. What was handed over is remembered in a SQLite file by path, size and time,
and by inode, so that a restart or a rename hands nothing over again. Files stay where they are; the service copies
them under its own key and tells files with the same content apart from new ones itself.

No notification API is used: they differ between systems, lose events of large copies, and do not cross network shares.
Instead, folders are listed when their time of change says that something came or went, every folder at least every
`FULL_SCAN_SECONDS`.
"""

import contextlib
import fcntl
import hashlib
import logging
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

SETTLE_SECONDS = 2.0
SCAN_SECONDS = 1.0
IDLE_SCAN_SECONDS = 3.0
FULL_SCAN_SECONDS = 600.0
_UNFINISHED = (".part", ".partial", ".crdownload", ".download", ".tmp", ".temp", ".filepart", ".!ut", ".aria2")
# What lies beside music in most folders; handed over, each would become a rejected track.
_COMPANIONS = (
    ".jpg", ".jpeg", ".png", ".gif", ".webp", ".bmp", ".txt", ".nfo", ".cue", ".m3u", ".m3u8", ".pls", ".log", ".pdf",
    ".url", ".db", ".ini", ".sfv", ".md5", ".lrc", ".json", ".xml", ".html", ".plist", ".asd",
)  # fmt: skip

_logger = logging.getLogger("notorious.embedded.drop")


@dataclass(frozen=True)
class Found:
    """A file as it was seen: its path under the folder, and what changes when its content does."""

    path: str
    size_bytes: int
    modified_ns: int
    inode: int

    @property
    def upload_id(self) -> str:
        """32 hexadecimal digits, the same for the same file in the same state: a repeated upload overwrites itself."""
        text = f"{self.path}\0{self.size_bytes}\0{self.modified_ns}"
        return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:32]


class DropFolder:
    """Hands the files of a folder to `hand_over(path, found)`; `step` does one round, `start` goes on by itself."""

    def __init__(self, folder: Path, *, memory: Path, hand_over: Callable[[Path, Found], None]) -> None:
        self.folder = folder
        self._memory = memory
        self._hand_over = hand_over
        self._known: dict[str, Found] = {}
        self._by_inode: dict[int, Found] = {}
        self._settling: dict[str, tuple[Found, float]] = {}
        self._listed: dict[str, int] = {}
        self._below: dict[str, list[str]] = {}
        self._last_full_scan = float("-inf")
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="drop-folder", daemon=True)
        self._recall()

    def start(self) -> None:
        """Watch from now on."""
        self._thread.start()

    def stop(self) -> None:
        """End watching, after the file that is being handed over."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()

    def step(self, now: float) -> int:
        """Look once at what has changed, hand over what is complete; returns how many files that were.

        `now` is a clock in seconds that only goes forward.
        """
        full = now - self._last_full_scan >= FULL_SCAN_SECONDS
        if full:
            self._last_full_scan = now
            self._listed.clear()
        for found in self._changed_files(str(self.folder), ""):
            self._notice(found, now)
        return self._hand_over_settled(now)

    def _run(self) -> None:
        while not self._stopping.is_set():
            busy = 0
            try:
                busy = self.step(time.monotonic())
            except OSError as error:
                _logger.warning("the drop folder %s cannot be read now: %s", self.folder, error)
            quick = busy or self._settling
            self._stopping.wait(SCAN_SECONDS if quick else IDLE_SCAN_SECONDS)

    def _changed_files(self, folder: str, under: str) -> Iterator[Found]:
        changed = os.stat(folder).st_mtime_ns
        if self._listed.get(under) == changed:
            # Nothing came or went here; below it may have.
            for name in self._below[under]:
                with contextlib.suppress(FileNotFoundError, NotADirectoryError, PermissionError):
                    yield from self._changed_files(os.path.join(self.folder, name), name)
            return
        # A file that comes while the folder is listed changes its time only by a tick that may be the same one.
        recent = time.time_ns() - changed < 2_000_000_000
        below = self._below[under] = []
        with os.scandir(folder) as entries:
            for entry in entries:
                name = f"{under}/{entry.name}" if under else entry.name
                if _is_passed_over(entry.name):
                    continue
                with contextlib.suppress(FileNotFoundError, NotADirectoryError, PermissionError):
                    if entry.is_dir(follow_symlinks=False):
                        below.append(name)
                        yield from self._changed_files(entry.path, name)
                    elif entry.is_file():
                        yield _found(name, entry.stat())
        self._listed[under] = 0 if recent else changed

    def _notice(self, found: Found, now: float) -> None:
        if self._known.get(found.path) == found:
            return
        twin = self._by_inode.get(found.inode)
        if (
            twin is not None
            and (twin.size_bytes, twin.modified_ns) == (found.size_bytes, found.modified_ns)
            and not (self.folder / twin.path).exists()
        ):
            self._remember(found, instead_of=twin)
            return
        settling = self._settling.get(found.path)
        if settling is None or settling[0] != found:
            self._settling[found.path] = (found, now)

    def _hand_over_settled(self, now: float) -> int:
        count = 0
        for name, (seen, since) in list(self._settling.items()):
            if self._stopping.is_set():
                break
            path = self.folder / name
            try:
                found = _found(name, path.stat())
            except OSError:
                del self._settling[name]
                continue
            if found != seen:
                self._settling[name] = (found, now)
            elif now - since >= SETTLE_SECONDS and not is_being_written(path):
                try:
                    self._hand_over(path, found)
                except Exception as error:  # noqa: BLE001  one file never stops the others; it is tried again
                    _logger.warning("%s could not be handed over and is tried again: %s", path, error)
                    self._settling[name] = (found, now)
                    continue
                del self._settling[name]
                self._remember(found)
                count += 1
        return count

    def _recall(self) -> None:
        with closing(self._open()) as database:
            for row in database.execute("SELECT path, size_bytes, modified_ns, inode FROM handed_over"):
                found = Found(os.fsdecode(row[0]), *row[1:])
                self._known[found.path] = self._by_inode[found.inode] = found

    def _remember(self, found: Found, *, instead_of: Found | None = None) -> None:
        with closing(self._open()) as database:
            if instead_of is not None:
                database.execute("DELETE FROM handed_over WHERE path = ?", (os.fsencode(instead_of.path),))
                self._known.pop(instead_of.path, None)
            database.execute(
                "INSERT OR REPLACE INTO handed_over VALUES (?, ?, ?, ?)",
                (os.fsencode(found.path), found.size_bytes, found.modified_ns, found.inode),
            )
        self._known[found.path] = self._by_inode[found.inode] = found

    def _open(self) -> sqlite3.Connection:
        database = sqlite3.connect(self._memory, isolation_level=None)
        database.execute("PRAGMA journal_mode=WAL")
        # A name need not be text, so it is kept as bytes.
        database.execute(
            "CREATE TABLE IF NOT EXISTS handed_over (path BLOB PRIMARY KEY, size_bytes INTEGER, modified_ns INTEGER, "
            "inode INTEGER) WITHOUT ROWID"
        )
        return database


def _found(name: str, state: os.stat_result) -> Found:
    # SQLite's integers have a sign.
    return Found(name, state.st_size, state.st_mtime_ns, state.st_ino & (2**63 - 1))


def is_being_written(path: Path) -> bool:
    """Whether some process has the file open for writing, as far as the system tells."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return True
    try:
        # A read lease is refused while anybody may write. Other systems and other people's files know no leases. Who
        # opens the file in the next microsecond makes the kernel send SIGIO, which the service ignores.
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_RDLCK)
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    except BlockingIOError:
        return True
    except (OSError, AttributeError):
        return False
    finally:
        os.close(descriptor)
    return False


def _is_passed_over(name: str) -> bool:
    small = name.lower()
    return small.startswith((".", "~$")) or small.endswith(("~", *_UNFINISHED, *_COMPANIONS))
