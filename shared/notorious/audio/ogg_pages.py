"""An Ogg stream on its way to the file: our comments put in, the serial number made reproducible.

libsndfile cannot write chapters into Vorbis comments and draws the stream's serial number at random, so that two equal
mixes would be two different files. This sink takes what it writes, page by page, and passes on the corrected stream.

Sources: RFC 3533 (Ogg pages and their checksum); RFC 7845, section 5 (Opus headers); Vorbis I, section 4.2 (headers).
"""

import struct
import zlib
from collections.abc import Callable

SERIAL = 0x4E4F5431

_HEADER = struct.Struct("<4sBBqIIIB")
_CONTINUED = 1
_REVERSED_BITS = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


class OggRewriter:
    """Takes the bytes of one Ogg Vorbis or Opus stream in order, hands on the same with other comments.

    Args:
        hand_on: takes the bytes of whole pages.
        comments: body of the comment header, as `tags_write.vorbis_comments` makes it.
    """

    def __init__(self, hand_on: Callable[[bytes], None], comments: bytes) -> None:
        self._hand_on = hand_on
        self._comments = comments
        self._buffer = bytearray()
        self._sequence = 0
        self._packets: list[bytes] | None = []  # of the headers, until they are complete
        self._open_packet = b""
        self._headers = 0

    def feed(self, data: bytes) -> None:
        """Take the next bytes."""
        self._buffer += data
        while (page := self._next_page()) is not None:
            flags, granule, lacing, body = page
            if self._packets is None:
                self._emit(flags, granule, lacing, body)
            else:
                self._collect(lacing, body)

    def _next_page(self) -> tuple[int, int, bytes, bytes] | None:
        if len(self._buffer) < _HEADER.size:
            return None
        magic, _, flags, granule, _, _, _, count = _HEADER.unpack_from(self._buffer)
        if magic != b"OggS":
            raise ValueError("the encoder wrote something that is not an Ogg page")
        lacing = bytes(self._buffer[_HEADER.size : _HEADER.size + count])
        whole = _HEADER.size + count + sum(lacing)
        if len(lacing) < count or len(self._buffer) < whole:
            return None
        body = bytes(self._buffer[_HEADER.size + count : whole])
        del self._buffer[:whole]
        return flags, granule, lacing, body

    def _collect(self, lacing: bytes, body: bytes) -> None:
        assert self._packets is not None
        position = 0
        for length in lacing:
            self._open_packet += body[position : position + length]
            position += length
            if length < 255:
                self._packets.append(self._open_packet)
                self._open_packet = b""
        is_opus = self._packets[0].startswith(b"OpusHead")
        if len(self._packets) < (2 if is_opus else 3):
            return
        first, _, *others = self._packets
        comments = b"OpusTags" + self._comments if is_opus else b"\x03vorbis" + self._comments + b"\x01"
        self._packets = None
        self._emit(2, 0, _lacing(first), first)
        segments = b"".join(_lacing(packet) for packet in (comments, *others))
        data = b"".join((comments, *others))
        continued = False
        while segments:
            here, segments = segments[:255], segments[255:]
            length = sum(here)
            ends_a_packet = any(part < 255 for part in here)
            # A page on which no packet ends has no position: RFC 3533 says -1.
            self._emit(_CONTINUED if continued else 0, 0 if ends_a_packet else -1, here, data[:length])
            data = data[length:]
            continued = here[-1] == 255

    def _emit(self, flags: int, granule: int, lacing: bytes, body: bytes) -> None:
        def header(checksum: int) -> bytes:
            return _HEADER.pack(b"OggS", 0, flags, granule, SERIAL, self._sequence, checksum, len(lacing)) + lacing

        page = header(_checksum(header(0) + body)) + body
        self._sequence += 1
        self._hand_on(page)


def _lacing(packet: bytes) -> bytes:
    return b"\xff" * (len(packet) // 255) + bytes([len(packet) % 255])


def _checksum(page: bytes) -> int:
    """Ogg's CRC-32 runs from the highest bit and starts at 0; zlib's is its mirror image with both ends inverted."""
    mirrored = zlib.crc32(page.translate(_REVERSED_BITS), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return int(f"{mirrored:032b}"[::-1], 2)
