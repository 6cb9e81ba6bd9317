"""What a file is by its first bytes: the container, never the ending of its name.

Sources: the magic numbers of the formats' own specifications; ISO/IEC 14496-12 (boxes, protected sample entries) and
Apple's `drms` sample entry for purchases with rights management.
"""

import os
import struct
from pathlib import Path
from typing import BinaryIO

from notorious.errors import UnreadableAudio

MP4 = "mp4"
ADTS = "adts"
OTHER = "other"

_LARGEST_MOOV_BYTES = 64 * 1024 * 1024
_PROTECTED_ENTRIES = (b"drms", b"enca", b"aavd")


def container_of(path: Path) -> str:
    """Say who shall decode a file: `mp4` (M4A, MP4, ALAC), `adts` (bare AAC), or `other` (libsndfile's formats).

    Raises:
        UnreadableAudio: it is missing, a folder, empty, not to be opened, or protected against being played.
    """
    try:
        if path.is_dir():
            raise UnreadableAudio(path, "this is a folder, not an audio file")
        if not path.exists():
            raise UnreadableAudio(path, "there is no such file")
        if not path.is_file():
            raise UnreadableAudio(path, "this is a device or a pipe, not an audio file")
        with path.open("rb") as file:
            head = file.read(16)
            if not head:
                raise UnreadableAudio(path, "the file is empty", "copy or download it again")
            if head[4:8] in (b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide"):
                _refuse_protected(path, file)
                return MP4
            start = _after_id3(head)
            file.seek(start)
            frame = file.read(2)
    except OSError as error:
        raise UnreadableAudio(path, f"the file cannot be opened: {error.strerror}") from error
    except ValueError as error:  # a null byte in the name
        raise UnreadableAudio(path, f"this is not a file name: {error}") from error
    # ADTS: 12 sync bits, one version bit, two layer bits that are always 0 (an MPEG audio frame never has layer 0).
    if len(frame) == 2 and frame[0] == 0xFF and frame[1] & 0xF6 == 0xF0:
        return ADTS
    return OTHER


def _after_id3(head: bytes) -> int:
    """Where the audio starts behind an ID3v2 tag (0 without one)."""
    if head[:3] != b"ID3" or len(head) < 10:
        return 0
    size = 0
    for byte in head[6:10]:
        size = size << 7 | byte & 0x7F
    return 10 + size


def _refuse_protected(path: Path, file: BinaryIO) -> None:
    moov = _moov_box(file)
    if moov is None:
        raise UnreadableAudio(
            path, "the file is cut off: its index (the moov box) is missing", "copy or download it again"
        )
    # The sample entry's type follows its 32-bit size; looking for it behind `stsd` keeps names in tags out of it.
    table = moov.find(b"stsd")
    while table >= 0:
        entry = moov[table + 16 : table + 20]
        if entry in _PROTECTED_ENTRIES:
            raise UnreadableAudio(
                path,
                "the file is encrypted (digital rights management)",
                "get it without protection: nothing but its shop's own player can decode it",
            )
        table = moov.find(b"stsd", table + 4)


def _moov_box(file: BinaryIO) -> bytes | None:
    length = file.seek(0, os.SEEK_END)
    position = 0
    while position + 8 <= length:
        file.seek(position)
        header = file.read(16)
        if len(header) < 8:
            return None
        size, kind = struct.unpack(">I4s", header[:8])
        header_bytes = 8
        if size == 1 and len(header) == 16:
            size = struct.unpack(">Q", header[8:16])[0]
            header_bytes = 16
        elif size == 0:
            size = length - position
        if size < header_bytes:
            return None
        if kind == b"moov":
            if position + size > length:
                return None
            file.seek(position + header_bytes)
            return file.read(min(size - header_bytes, _LARGEST_MOOV_BYTES))
        position += size
    return None
