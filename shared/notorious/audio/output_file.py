"""A file that appears whole or not at all.

It is written under another name in the same folder and renamed at the end; whatever goes wrong before, also Ctrl-C,
leaves nothing behind and what was there before as it was.
"""

import errno
import itertools
import os
from pathlib import Path

from notorious.errors import OutputExists, OutputFailed

_numbers = itertools.count()


class OutputFile:
    """A binary file in the making. Writing keeps the first error for `check`, since native callers cannot raise it.

    Args:
        path: where it shall appear.
        overwrite: whether something that is there already may be replaced.

    Raises:
        OutputExists: something is there, and may not be replaced.
        OutputFailed: the folder is missing or may not be written.
    """

    def __init__(self, path: Path, *, overwrite: bool = False) -> None:
        self.path = path
        self._overwrite = overwrite
        self._refuse_to_replace()
        if path.is_dir():
            raise OutputFailed(f"{path}: cannot write a file here, since it is a folder; give the name of a file")
        self.part = path.parent / f".notorious-{os.getpid()}-{next(_numbers)}.part"
        self.error: OSError | None = None
        self.base = 0
        self.written_bytes = 0
        try:
            self._file = self.part.open("w+b")
        except OSError as error:
            raise OutputFailed(
                f"{path}: cannot be written: {error.strerror}; check that the folder exists and may be written to"
            ) from error

    def _refuse_to_replace(self) -> None:
        if not self._overwrite and self.path.exists():
            raise OutputExists(f"{self.path}: exists already; choose another name or ask to overwrite it (--force)")

    # What libsndfile calls: positions are counted from `base`, in front of which a tag may lie. Where Ctrl-C came while
    # it was being closed, it comes back to a file that is gone already.

    def write(self, data: bytes) -> int:
        if self.error is not None or self._file.closed:
            return 0
        try:
            self._file.write(data)
        except OSError as error:
            self.error = error
            return 0
        self.written_bytes = max(self.written_bytes, self._file.tell())
        return len(data)

    def read(self, size: int = -1) -> bytes:
        return b"" if self._file.closed else self._file.read(size)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        if self._file.closed:
            return 0
        try:
            if whence == os.SEEK_SET:
                offset += self.base
            return self._file.seek(offset, whence) - self.base
        except OSError as error:  # seeking writes out what is buffered
            self.error = self.error or error
            return 0

    def tell(self) -> int:
        return 0 if self._file.closed else self._file.tell() - self.base

    def check(self, needed_bytes: int | None = None) -> None:
        """Raise the first error that writing met.

        Raises:
            OutputFailed: says how much had been written and, where known, how much is needed.
        """
        if self.error is None:
            return
        reason = self.error.strerror or str(self.error)
        if self.error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            reason = f"no space is left ({reason.lower()})"
        done = f"{self.written_bytes / 1e6:.1f} MB were written"
        wanted = f", about {needed_bytes / 1e6:.0f} MB are needed" if needed_bytes else ""
        raise OutputFailed(f"{self.path}: {reason}: {done}{wanted}; free some space or write elsewhere") from self.error

    def commit(self, needed_bytes: int | None = None) -> None:
        """Close it and give it its name.

        Raises:
            OutputFailed, OutputExists: then nothing is left behind.
        """
        try:
            self._file.flush()
            os.fsync(self._file.fileno())
        except OSError as error:
            self.error = self.error or error
        try:
            self.check(needed_bytes)
            self._file.close()
            self._refuse_to_replace()
            os.replace(self.part, self.path)
        except OSError as error:
            raise OutputFailed(f"{self.path}: cannot be given its name: {error.strerror}") from error
        finally:
            self.discard()

    def discard(self) -> None:
        """Remove what was written so far; nothing happens when it has its name already."""
        try:
            self._file.close()
        except OSError as error:  # the buffer could not be written out; the file goes away in any case
            self.error = self.error or error
        self.part.unlink(missing_ok=True)
