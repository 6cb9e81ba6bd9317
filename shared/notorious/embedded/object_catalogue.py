"""What objects there are, found on disk while the service already runs.

The emulator knows its objects from a dictionary of records, which it fills by reading every description before it
serves; with the hundred thousand files of a large library that takes many seconds. This dictionary is filled by a
thread. Whoever asks for one key that has not been found yet gets it straight from the disk; whoever asks for all of
them waits until they are there.
"""

import datetime
import json
import os
import threading
from collections.abc import Callable, Iterable, Iterator
from hashlib import md5
from pathlib import Path
from typing import Any

Record = dict[str, Any]
_DESCRIPTION = ".meta.json"
_MISSING = object()
_KEPT = ("content_type", "content_encoding", "metadata", "preserved_headers", "storage_class")


class Catalogue(dict[str, Record]):
    """The records of a bucket's objects by key; `fill` reads those that are on disk."""

    def __init__(self, path_of: Callable[[str], str]) -> None:
        """`path_of` gives the file in which an object of a key would lie."""
        super().__init__()
        self._path_of = path_of
        self._changed: set[str] = set()
        self._lock = threading.RLock()
        self._filled = threading.Event()

    def fill(self, files: Iterable[tuple[str, str]]) -> None:
        """Take up the objects in these files, (path, key); what has been changed since is left as it is."""
        for path, key in files:
            if not super().__contains__(key):
                self._take_up(key, path)
        self._filled.set()

    def _take_up(self, key: str, path: str) -> None:
        with self._lock:
            if key not in self._changed and not super().__contains__(key):
                record = described(Path(path))
                if record is not None:
                    super().__setitem__(key, record)

    def _look_for(self, key: object) -> None:
        if isinstance(key, str) and not self._filled.is_set() and not super().__contains__(key):
            self._take_up(key, self._path_of(key))

    def _note(self, key: str) -> None:
        if not self._filled.is_set():
            self._changed.add(key)

    def __contains__(self, key: object) -> bool:
        self._look_for(key)
        return super().__contains__(key)

    def __getitem__(self, key: str) -> Record:
        self._look_for(key)
        return super().__getitem__(key)

    def get(self, key: str, default: Any = None) -> Any:
        self._look_for(key)
        return super().get(key, default)

    def __setitem__(self, key: str, record: Record) -> None:
        with self._lock:
            self._note(key)
            super().__setitem__(key, record)

    def __delitem__(self, key: str) -> None:
        with self._lock:
            self._look_for(key)
            self._note(key)
            super().__delitem__(key)

    def pop(self, key: str, default: Any = _MISSING) -> Any:
        with self._lock:
            self._look_for(key)
            self._note(key)
            return super().pop(key) if default is _MISSING else super().pop(key, default)

    def __iter__(self) -> Iterator[str]:
        self._filled.wait()
        return super().__iter__()

    def __len__(self) -> int:
        self._filled.wait()
        return super().__len__()

    def keys(self) -> Any:
        self._filled.wait()
        return super().keys()

    def values(self) -> Any:
        self._filled.wait()
        return super().values()

    def items(self) -> Any:
        self._filled.wait()
        return super().items()


def described(path: Path) -> Record | None:
    """The record of an object from its file and its description; None where there is none.

    The description is written last. One that is missing, does not fit, or is older than the file was cut off by a
    crash; then what can be told from the content is told anew, and the rest is lost.
    """
    try:
        found = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    beside = path.with_name(path.name + _DESCRIPTION)
    meta: Record = {}
    try:
        if beside.stat().st_mtime_ns >= found.st_mtime_ns:
            meta = json.loads(beside.read_bytes())
    except (OSError, ValueError):
        meta = {}
    is_whole = meta.get("size") == found.st_size and bool(meta.get("etag"))
    record: Record = {
        "content_type": "application/octet-stream",
        "content_encoding": None,
        "metadata": {},
        "preserved_headers": {},
        "storage_class": "STANDARD",
        **{name: meta[name] for name in _KEPT if meta.get(name)},
        "body": None,
        "size": found.st_size,
        "etag": meta["etag"] if is_whole else f'"{_md5(path)}"',
        "checksums": meta.get("checksums", {}) if is_whole else {},
        "last_modified": meta.get("last_modified") or _iso(found.st_mtime),
    }
    return record


def _iso(seconds: float) -> str:
    moment = datetime.datetime.fromtimestamp(seconds, datetime.UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def _md5(path: Path) -> str:
    digest = md5(usedforsecurity=False)
    with path.open("rb") as file:
        while piece := file.read(1024 * 1024):
            digest.update(piece)
    return digest.hexdigest()


def files_under(folder: Path, *, encoded: str, key_of: Callable[[str], str]) -> Iterator[tuple[str, str]]:
    """All objects' files of a bucket's folder, as (path, key).

    A key that cannot be a path is a file in the folder `encoded` whose description tells the key; `key_of` decodes the
    name where that is lost.
    """
    waiting = [(str(folder), "")]
    while waiting:
        place, prefix = waiting.pop()
        try:
            entries = list(os.scandir(place))
        except FileNotFoundError:
            continue
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                if prefix or entry.name != encoded:
                    waiting.append((entry.path, f"{prefix}{entry.name}/"))
            elif not entry.name.endswith((_DESCRIPTION, ".tmp")):
                yield entry.path, prefix + entry.name
    if (folder / encoded).is_dir():
        for entry in os.scandir(folder / encoded):
            if not entry.name.endswith((_DESCRIPTION, ".tmp")):
                yield entry.path, _told_key(Path(entry.path)) or key_of(entry.name)


def _told_key(path: Path) -> str:
    try:
        return str(json.loads(path.with_name(path.name + _DESCRIPTION).read_bytes()).get("key") or "")
    except (OSError, ValueError):
        return ""
