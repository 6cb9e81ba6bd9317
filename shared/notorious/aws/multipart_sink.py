"""A binary stream that becomes an object part by part, and whose beginning can be written again until the end.

    first part (held until the end)   parts handed over          tail (held until it is full)
    |──────────────────────────────|─────────────┬─────────────|───────────────▶ position
      formats come back to it: lengths, tags        written once

Encoders write in order and, when they end, go back to their header. So the first part is uploaded last, and what lies
between it and the tail can be neither read nor written again. Memory is the first part, the tail, and one part on its
way, whatever the length of the object.
"""

import io
import os
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from types import TracebackType

    from typing_extensions import Buffer  # collections.abc has it from Python 3.12 on

PART_BYTES: Final = 8 << 20
"""S3 takes 10,000 parts of 5 MB or more: with 8 MB an object may reach 84 GB, a WAV of five days."""
MOST_PARTS: Final = 10_000


class Uploader(Protocol):
    """One multipart upload. Parts are numbered from 1; all but the last are as long as the first."""

    def put_whole(self, data: bytes) -> None:
        """The object is so small that it needs no parts."""
        ...

    def put_part(self, number: int, data: bytes) -> None: ...

    def complete(self) -> None: ...

    def abort(self) -> None: ...


class MultipartSink(io.RawIOBase):
    """As a context manager it completes the object where the body ends well, and leaves nothing otherwise."""

    def __init__(self, uploader: Uploader, *, part_bytes: int = PART_BYTES) -> None:
        super().__init__()
        self._uploader = uploader
        self._part_bytes = part_bytes
        self._head = bytearray()
        self._tail = bytearray()
        self._tail_start = part_bytes
        self._handed_over = 0
        self._position = 0
        self._is_settled = False

    @property
    def length(self) -> int:
        """How long the object is so far."""
        return len(self._head) if len(self._head) < self._part_bytes else self._tail_start + len(self._tail)

    def readable(self) -> bool:
        return True

    def writable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self.length}[whence]
        if base + offset < 0:
            raise OSError(f"there is no byte {base + offset}")
        self._position = base + offset
        return self._position

    def write(self, data: "Buffer", /) -> int:
        """Raises OSError where the bytes at this position were handed over already."""
        given = memoryview(data).cast("B")
        if self._position > self.length:
            self._append_zeros(self._position - self.length)
        done = 0
        while done < len(given):
            done += self._write_some(given[done:])
            self._hand_over_full_parts()
        return done

    def _write_some(self, given: memoryview) -> int:
        if self._position < self._part_bytes:
            room = self._part_bytes - self._position
            piece = given[:room]
            self._head[self._position : self._position + len(piece)] = piece
        else:
            at = self._position - self._tail_start
            if at < 0:
                raise OSError(f"byte {self._position} was handed over already and cannot be written again")
            piece = given[: self._part_bytes - at]
            self._tail[at : at + len(piece)] = piece
        self._position += len(piece)
        return len(piece)

    def _append_zeros(self, count: int) -> None:
        wanted, self._position = self._position, self.length
        while count > 0:
            piece = min(count, self._part_bytes)
            self.write(bytes(piece))
            count -= piece
        self._position = wanted

    def readinto(self, buffer: "Buffer", /) -> int:
        """Raises OSError where the bytes at this position were handed over already."""
        target = memoryview(buffer).cast("B")
        if self._position < self._part_bytes:
            held, start = self._head, 0
        else:
            held, start = self._tail, self._tail_start
            if self._position < start:
                raise OSError(f"byte {self._position} was handed over already and cannot be read again")
        at = self._position - start
        piece = bytes(held[at : at + len(target)])
        target[: len(piece)] = piece
        self._position += len(piece)
        return len(piece)

    def _hand_over_full_parts(self) -> None:
        if len(self._tail) < self._part_bytes:
            return
        # Parts are numbered as they lie in the object: the first part, which comes last, is number 1.
        number = self._handed_over + 2
        if number > MOST_PARTS:
            raise OSError(f"an object has at most {MOST_PARTS} parts of {self._part_bytes} bytes")
        data = bytes(self._tail)
        self._tail.clear()
        self._tail_start += len(data)
        self._handed_over += 1
        self._uploader.put_part(number, data)

    def commit(self) -> None:
        """Hand over what is held and complete the object."""
        self._is_settled = True
        if not self._tail and not self._handed_over:
            self._uploader.put_whole(bytes(self._head))
            return
        if self._tail:
            self._uploader.put_part(self._handed_over + 2, bytes(self._tail))
        self._uploader.put_part(1, bytes(self._head))
        self._uploader.complete()

    def discard(self) -> None:
        """Leave nothing behind; nothing happens after `commit`."""
        if not self._is_settled:
            self._is_settled = True
            if self._handed_over:
                self._uploader.abort()

    def close(self) -> None:
        """Closing without `commit` discards: an encoder that closes its target has not thereby finished an object."""
        if not self.closed:
            self.discard()
        super().close()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: "TracebackType | None"
    ) -> None:
        try:
            if kind is None:
                self.commit()
        except BaseException:
            self._uploader.abort()
            raise
        finally:
            self.close()
