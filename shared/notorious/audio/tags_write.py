"""Tags and chapters as bytes: what a finished mix says of itself.

Sources: Vorbis I, section 5 (comments); the CHAPTERnnn extension of Vorbis comments (wiki.xiph.org/Chapter_Extension);
ID3v2.4.0 structure and frames (id3.org, 2000); ID3v2 Chapter Frame Addendum 1.0 (CHAP, CTOC; 2005). Written by hand,
since the well-known library for it is under the GPL and this is all we need.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass

VENDOR = "Notorious"


@dataclass(frozen=True)
class OutputTags:
    """What is written about a recording; None leaves a field out. `date` is `YYYY`, `YYYY-MM` or `YYYY-MM-DD`."""

    title: str | None = None
    artist: str | None = None
    album: str | None = None
    comment: str | None = None
    date: str | None = None

    def items(self) -> list[tuple[str, str]]:
        """The fields that say something, in a fixed order."""
        fields = ("title", "artist", "album", "comment", "date")
        return [(name, value) for name in fields if (value := getattr(self, name))]


@dataclass(frozen=True)
class Chapter:
    """A named place in a recording; it lasts until the next one."""

    start_seconds: float
    title: str


def vorbis_comments(tags: OutputTags, chapters: Sequence[Chapter]) -> bytes:
    """The body of a Vorbis comment header, without packet type and framing bit (as in FLAC and behind `OpusTags`)."""
    entries = [f"{name.upper()}={value}" for name, value in tags.items()]
    for number, chapter in enumerate(chapters, start=1):
        entries.append(f"CHAPTER{number:03d}={_clock(chapter.start_seconds)}")
        entries.append(f"CHAPTER{number:03d}NAME={chapter.title}")
    encoded = [_utf8(entry) for entry in entries]
    vendor = _utf8(VENDOR)
    body = [struct.pack("<I", len(vendor)), vendor, struct.pack("<I", len(encoded))]
    for entry in encoded:
        body += [struct.pack("<I", len(entry)), entry]
    return b"".join(body)


def id3_tag(tags: OutputTags, chapters: Sequence[Chapter], duration_seconds: float) -> bytes:
    """An ID3v2.4 tag; its length does not depend on the duration, which is known only when all else is written."""
    frames = []
    for name, value in tags.items():
        if name == "comment":
            frames.append(_frame(b"COMM", b"\x03und\x00" + _utf8(value)))
        else:
            kind = {"title": b"TIT2", "artist": b"TPE1", "album": b"TALB", "date": b"TDRC"}[name]
            frames.append(_text_frame(kind, value))
    identifiers = [f"chp{number}".encode() + b"\x00" for number in range(len(chapters))]
    if chapters:
        listed = identifiers[:255]  # the count is one byte; a reader finds further chapters without the table
        table = b"toc\x00" + bytes([0x03, len(listed)]) + b"".join(listed)
        frames.append(_frame(b"CTOC", table))
    ends = [*(chapter.start_seconds for chapter in chapters[1:]), duration_seconds]
    for identifier, chapter, end_seconds in zip(identifiers, chapters, ends, strict=True) if chapters else ():
        start = round(chapter.start_seconds * 1000)
        times = struct.pack(">IIII", start, max(start, round(end_seconds * 1000)), 0xFFFFFFFF, 0xFFFFFFFF)
        frames.append(_frame(b"CHAP", identifier + times + _text_frame(b"TIT2", chapter.title)))
    body = b"".join(frames)
    return b"ID3\x04\x00\x00" + _synchsafe(len(body)) + body if body else b""


def _clock(seconds: float) -> str:
    milliseconds = round(seconds * 1000)
    return (
        f"{milliseconds // 3_600_000:02d}:{milliseconds // 60_000 % 60:02d}:"
        f"{milliseconds // 1000 % 60:02d}.{milliseconds % 1000:03d}"
    )


def _utf8(text: str) -> bytes:
    """Names from a file system may hold lone surrogates, which no tag can: they become question marks."""
    return text.encode("utf-8", errors="replace").replace(b"\x00", b" ")


def _text_frame(kind: bytes, text: str) -> bytes:
    return _frame(kind, b"\x03" + _utf8(text))


def _frame(kind: bytes, body: bytes) -> bytes:
    return kind + _synchsafe(len(body)) + b"\x00\x00" + body


def _synchsafe(number: int) -> bytes:
    if number >= 1 << 28:
        raise ValueError(f"an ID3 tag holds less than 256 MB, not {number} bytes")
    return bytes(number >> shift & 0x7F for shift in (21, 14, 7, 0))
