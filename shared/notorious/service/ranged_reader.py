"""An object read like a file, range by range.

A stream that stays open for the minutes that a master takes may be cut by the network or the server; ranges are asked
for when they are needed, and each can be tried again. Memory is one range.
"""

import io
import os
from typing import TYPE_CHECKING, Final

from notorious.service.ports import ObjectMissing, Objects

if TYPE_CHECKING:
    from typing_extensions import Buffer  # collections.abc has it from Python 3.12 on

RANGE_BYTES: Final = 4 << 20
"""Twelve seconds of a voice: few enough requests, little enough memory for a dozen voices at once."""


class RangedReader(io.RawIOBase):
    """A readable, seekable binary stream over one object. Raises ObjectMissing where there is none."""

    def __init__(self, objects: Objects, key: str, *, range_bytes: int = RANGE_BYTES) -> None:
        super().__init__()
        found = objects.find(key)
        if found is None:
            raise ObjectMissing(key)
        self.bytes = found.bytes
        self._objects = objects
        self._key = key
        self._range_bytes = range_bytes
        self._position = 0
        self._start = 0
        self._held = b""

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self.bytes}[whence]
        if base + offset < 0:
            raise OSError(f"{self._key} has no byte {base + offset}")
        self._position = base + offset
        return self._position

    def readinto(self, buffer: "Buffer") -> int:
        target = memoryview(buffer).cast("B")
        done = 0
        while done < len(target) and self._position < self.bytes:
            at = self._position - self._start
            if not 0 <= at < len(self._held):
                self._fetch()
                at = 0
            piece = self._held[at : at + len(target) - done]
            target[done : done + len(piece)] = piece
            done += len(piece)
            self._position += len(piece)
        return done

    def _fetch(self) -> None:
        length = min(self._range_bytes, self.bytes - self._position)
        held = self._objects.get_range(self._key, self._position, length)
        if len(held) != length:
            raise OSError(f"{self._key}: {len(held)} of {length} bytes came from byte {self._position} on")
        self._start, self._held = self._position, held
