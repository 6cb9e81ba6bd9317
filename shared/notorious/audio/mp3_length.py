"""How long an MP3 is that does not say so.

An encoder writes the number of frames into the first one (the Xing or Info header, or VBRI). Where that was lost, as in
streams that were recorded or files that were cut, decoders guess the length from the bit rate of the first frame. With
a constant bit rate the guess is right; with a variable one it may be a quarter of the truth, and libsndfile ends there.
So the frames are counted, and the file is read with a header before it that says how many there are. (It does not say
how long the encoder's delay was: nobody knows that any more.)

Frame headers: ISO/IEC 11172-3, section 2.4.1.3; the Xing header as LAME's documentation has it.
"""

import io
import mmap
from pathlib import Path
from typing import BinaryIO, Final

_KILOBITS: Final = {
    # MPEG-1 and MPEG-2 (and 2.5), layer III
    True: (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    False: (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
_RATES_HZ: Final = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}
_SEARCHED_BYTES: Final = 1 << 16
"""How far behind the tags the first frame is looked for."""
_XING_BYTES: Final = 12
"""Name, flags, number of frames."""


def length_header(path: Path) -> tuple[bytes, int] | None:
    """A first frame that says how many follow, and where in the file it belongs; None where none is needed.

    It is needed by MPEG layer III files of variable bit rate without such a header. What is no such file, or cannot be
    read, needs none either: it is for the decoder to say what is wrong with it.
    """
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            start = _first_frame(data)
            if start is None:
                return None
            length = _frame_bytes(data, start)
            assert length is not None
            first = data[start : start + length]
            if any(name in first for name in (b"Xing", b"Info", b"VBRI")):
                return None
            frames, varies = _count(data, start)
            return (_xing_frame(first[:4], frames), start) if varies else None
    except (OSError, ValueError):  # an empty file cannot be mapped
        return None


class WithHeader(io.RawIOBase):
    """A file with other bytes in place of those before `start`: a read-only binary stream."""

    def __init__(self, path: Path, head: bytes, start: int) -> None:
        super().__init__()
        self._file: BinaryIO = path.open("rb")
        self._head = head
        self._shift = start - len(head)
        self._size = self._file.seek(0, io.SEEK_END) - self._shift
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        self._position = max(0, base + offset)
        return self._position

    def readinto(self, buffer: "bytearray | memoryview") -> int:  # type: ignore[override]  # what libsndfile gives
        wanted = memoryview(buffer).cast("B")
        if self._position < len(self._head):
            piece = self._head[self._position : self._position + len(wanted)]
        else:
            self._file.seek(self._position + self._shift)
            piece = self._file.read(len(wanted))
        wanted[: len(piece)] = piece
        self._position += len(piece)
        return len(piece)

    def close(self) -> None:
        self._file.close()
        super().close()


def _first_frame(data: mmap.mmap) -> int | None:
    """Where the first frame lies: behind the tags, and followed by another."""
    start = 0
    if data[:3] == b"ID3" and len(data) >= 10:
        size = data[6:10]
        if all(byte < 0x80 for byte in size):
            start = 10 + (size[0] << 21 | size[1] << 14 | size[2] << 7 | size[3])
    end = min(len(data) - 4, start + _SEARCHED_BYTES)
    while 0 <= start < end:
        start = data.find(b"\xff", start, end)
        if start < 0:
            return None
        length = _frame_bytes(data, start)
        if length is not None and _frame_bytes(data, start + length) is not None:
            return start
        start += 1
    return None


def _frame_bytes(data: "mmap.mmap | bytes", at: int) -> int | None:
    """Length of the layer III frame at a place; None where there is none."""
    if at + 4 > len(data):
        return None
    sync, second, third = data[at], data[at + 1], data[at + 2]
    version, layer = second >> 3 & 3, second >> 1 & 3
    if sync != 0xFF or second & 0xE0 != 0xE0 or version == 1 or layer != 1:
        return None
    kilobits, rate = third >> 4, third >> 2 & 3
    if kilobits in (0, 15) or rate == 3:
        return None
    slots = 144 if version == 3 else 72
    return slots * 1000 * _KILOBITS[version == 3][kilobits] // _RATES_HZ[version][rate] + (third >> 1 & 1)


def _count(data: mmap.mmap, start: int) -> tuple[int, bool]:
    """The number of frames from the first on, and whether their bit rate varies."""
    frames = 0
    rates: set[int] = set()
    at = start
    while True:
        length = _frame_bytes(data, at)
        if length is None:  # damage, or a tag at the end: look for two frames in a row a little further on
            following = data.find(b"\xff", at, at + _SEARCHED_BYTES)
            while following >= 0:
                length = _frame_bytes(data, following)
                if length is not None and _frame_bytes(data, following + length) is not None:
                    break
                following = data.find(b"\xff", following + 1, at + _SEARCHED_BYTES)
            if following < 0 or length is None:
                return frames, len(rates) > 1
            at = following
        rates.add(data[at + 2] >> 4)
        frames += 1
        at += length


def _xing_frame(header: bytes, frames: int) -> bytes:
    """A silent frame of the same kind whose place for samples holds the number of frames."""
    version, is_mono = header[1] >> 3 & 3, header[3] >> 6 == 3
    side_bytes = (17 if is_mono else 32) if version == 3 else (9 if is_mono else 17)
    own, length = header, 0
    for kilobits in range(1, 15):
        own = bytes([0xFF, header[1] | 1, kilobits << 4 | header[2] & 0x0C, header[3]])
        length = _frame_bytes(own, 0) or 0
        if length >= 4 + side_bytes + _XING_BYTES:
            break
    content = own + bytes(side_bytes) + b"Xing" + (1).to_bytes(4, "big") + frames.to_bytes(4, "big")
    return content + bytes(length - len(content))
