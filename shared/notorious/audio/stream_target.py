"""Where an encoder writes when the recording goes into somebody else's stream: an upload, a socket, memory.

Formats come back to their first bytes when they end (the length in WAV and FLAC, the Xing frame of MP3, the size of
MP4's `mdat`), so the stream has to take writes to its beginning until the end; what lies further back is written once,
in order. `HEAD_BYTES` is how far back they reach.
"""

import os
from pathlib import Path
from typing import Final, Protocol

from notorious.errors import OutputFailed

HEAD_BYTES: Final = 1 << 20
"""Formats change nothing beyond their first megabyte after the fact: the tags in front are the largest part of it."""


class ByteStream(Protocol):
    """A binary stream that can be written, read and sought, as `io` has them; what an upload offers."""

    def write(self, data: bytes, /) -> int: ...

    def read(self, size: int = -1, /) -> bytes: ...

    def seek(self, offset: int, whence: int = 0, /) -> int: ...

    def tell(self) -> int: ...


class Target(Protocol):
    """What encoders write into: an `OutputFile`, or a `StreamTarget`.

    `base` is where the encoder's own position 0 lies (behind a tag); `error` is the first error that writing met, kept
    for `check` since native callers cannot raise it.
    """

    path: Path
    base: int
    error: OSError | None

    def write(self, data: bytes) -> int: ...

    def read(self, size: int = -1) -> bytes: ...

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int: ...

    def tell(self) -> int: ...

    def check(self, needed_bytes: int | None = None) -> None: ...

    def commit(self, needed_bytes: int | None = None) -> None: ...

    def discard(self) -> None: ...


class StreamTarget:
    """A recording in the making inside a binary stream that is open for writing, reading and seeking.

    The stream belongs to the caller: `commit` checks that everything was taken, `discard` does nothing, and neither
    closes it.
    """

    def __init__(self, stream: ByteStream, name: Path) -> None:
        self.path = name
        self.base = 0
        self.error: OSError | None = None
        self._stream = stream

    def write(self, data: bytes) -> int:
        if self.error is not None:
            return 0
        try:
            self._stream.write(data)
        except OSError as error:
            self.error = error
            return 0
        return len(data)

    def read(self, size: int = -1) -> bytes:
        return self._stream.read(size)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        try:
            return self._stream.seek(offset + (self.base if whence == os.SEEK_SET else 0), whence) - self.base
        except OSError as error:
            self.error = self.error or error
            return 0

    def tell(self) -> int:
        return self._stream.tell() - self.base

    def check(self, needed_bytes: int | None = None) -> None:
        """Raise OutputFailed with the first error that writing met."""
        if self.error is not None:
            reason = self.error.strerror or str(self.error)
            raise OutputFailed(f"{self.path}: it could not be handed over: {reason}") from self.error

    def commit(self, needed_bytes: int | None = None) -> None:
        self.check(needed_bytes)

    def discard(self) -> None:
        """Nothing: what becomes of an unfinished stream is the caller's to decide."""
