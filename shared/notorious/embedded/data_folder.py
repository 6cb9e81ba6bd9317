"""The data folder of `notorious serve`: what lies where, who may use it, and how a file is replaced safely.

    DIR/journal.sqlite        every event, in order: the truth
    DIR/objects/              the media bucket, one file per object with its metadata beside it
    DIR/views.sqlite          the last snapshot of the views; may be deleted, they are rebuilt from the journal
    DIR/users.json            who may log in, and as which tenant (readable by the owner only)
    DIR/drop.sqlite           which files of the drop folder have been handed over already
    DIR/serve.json            where the running service is found; gone when none runs
    DIR/logs/                 serve.log and one log per function
    DIR/work/                 the running service's scratch; emptied at every start
    DIR/lock                  held by the running service

Everything but the journal and the objects can be rebuilt. One folder belongs to one running service: the lock is the
operating system's (flock), so it is free again the moment its holder is gone, however it went.
"""

import errno
import fcntl
import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from notorious.errors import DataFolderInUse, DataFolderUnusable

LAYOUT_VERSION = 1


@dataclass(frozen=True)
class DataFolder:
    """Where the parts of a data folder lie."""

    root: Path

    @property
    def journal(self) -> Path:
        """SQLite file of all events."""
        return self.root / "journal.sqlite"

    @property
    def objects(self) -> Path:
        """Folder of the objects: ACCOUNT/BUCKET/KEY."""
        return self.root / "objects"

    @property
    def views(self) -> Path:
        """SQLite file with the last snapshot of the views."""
        return self.root / "views.sqlite"

    @property
    def users(self) -> Path:
        """JSON of who may log in."""
        return self.root / "users.json"

    @property
    def dropped(self) -> Path:
        """SQLite file of what was taken from the drop folder."""
        return self.root / "drop.sqlite"

    @property
    def address(self) -> Path:
        """JSON that tells other programs where the running service is."""
        return self.root / "serve.json"

    @property
    def logs(self) -> Path:
        """Folder of the logs."""
        return self.root / "logs"

    @property
    def work(self) -> Path:
        """Scratch of the running service."""
        return self.root / "work"


class HeldFolder:
    """A data folder that this process holds; `release` (or the end of the process) frees it."""

    def __init__(self, folder: DataFolder, lock: int) -> None:
        self.folder = folder
        self._lock = lock

    def release(self) -> None:
        """Let another service have the folder."""
        self.folder.address.unlink(missing_ok=True)
        os.close(self._lock)


def hold(root: Path) -> HeldFolder:
    """Take a data folder for this process and make its parts.

    Raises `DataFolderInUse` where another service holds it, and `DataFolderUnusable` where it cannot be made or
    written, or was written by a later version.
    """
    folder = DataFolder(root.expanduser().resolve())
    try:
        folder.root.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = os.open(folder.root / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise DataFolderUnusable(
            f"The data folder {folder.root} cannot be used: {_reason(error)}. Choose another with --data."
        ) from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(lock)
        if error.errno not in (errno.EAGAIN, errno.EACCES):
            raise DataFolderUnusable(
                f"The data folder {folder.root} cannot be locked: {_reason(error)}. Use a folder on a local disk."
            ) from error
        raise DataFolderInUse(_who_holds(folder)) from error
    try:
        _prepare(folder)
    except OSError as error:
        os.close(lock)
        raise DataFolderUnusable(
            f"The data folder {folder.root} cannot be written: {_reason(error)}. Choose another with --data."
        ) from error
    except DataFolderUnusable:
        os.close(lock)
        raise
    return HeldFolder(folder, lock)


def _prepare(folder: DataFolder) -> None:
    layout = folder.root / "layout"
    if layout.exists():
        found = layout.read_text(encoding="utf-8").strip()
        if found != str(LAYOUT_VERSION):
            raise DataFolderUnusable(
                f"The data folder {folder.root} has layout {found}, and this version knows {LAYOUT_VERSION} only. "
                "Use the version of Notorious that wrote it."
            )
    folder.address.unlink(missing_ok=True)
    shutil.rmtree(folder.work, ignore_errors=True)
    for part in (folder.objects, folder.logs, folder.work):
        part.mkdir(exist_ok=True, mode=0o700)
    write_durably(layout, f"{LAYOUT_VERSION}\n".encode())


def _who_holds(folder: DataFolder) -> str:
    text = f"Another `notorious serve` uses the data folder {folder.root}"
    try:
        other = json.loads(folder.address.read_text(encoding="utf-8"))
        text += f" (process {other['pid']}, {other['api']})"
    except (OSError, ValueError, KeyError):
        pass  # it is starting or stopping, and has not said yet where it is
    return text + ". Stop it, or choose another folder with --data."


def _reason(error: OSError) -> str:
    return (error.strerror or str(error)).lower()


def write_durably(path: Path, content: bytes, *, mode: int = 0o600) -> None:
    """Replace a file so that after a power cut either the old or the new content is there, whole."""
    temporary = path.with_name(path.name + ".new")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Bring a folder's names to disk: without it, a rename may be undone by a power cut."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_address(folder: DataFolder, address: Mapping[str, Any]) -> None:
    """Tell other programs where the running service is; the file holds a secret, so its owner alone may read it."""
    write_durably(folder.address, json.dumps(address, indent=2).encode())
