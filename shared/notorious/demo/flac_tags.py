"""Vorbis comments of a FLAC file, written by ourselves: libsndfile knows no field for tempo or key.

The layout is that of RFC 9639, section 8: the marker "fLaC", then metadata blocks of a type (7 bits, and one bit that
marks the last), a length (24 bits) and a body; comments are type 4, with little-endian lengths, as in the Vorbis
specification.
"""

VORBIS_COMMENT = 4
PADDING = 1
VENDOR = "Notorious demo crate"


def comment_block(tags: dict[str, str]) -> bytes:
    """The body of a comment block; names are upper case by custom, values UTF-8."""
    body = bytearray()
    body += len(VENDOR.encode()).to_bytes(4, "little") + VENDOR.encode()
    body += len(tags).to_bytes(4, "little")
    for name, value in tags.items():
        entry = f"{name}={value}".encode()
        body += len(entry).to_bytes(4, "little") + entry
    return bytes(body)


def with_tags(flac: bytes, tags: dict[str, str]) -> bytes:
    """A FLAC file with these comments in place of its own; the audio frames stay as they are."""
    if flac[:4] != b"fLaC":
        raise ValueError("these bytes are not a FLAC file")
    blocks: list[tuple[int, bytes]] = []
    position = 4
    last = False
    while not last:
        header, length = flac[position], int.from_bytes(flac[position + 1 : position + 4], "big")
        last = bool(header & 0x80)
        blocks.append((header & 0x7F, flac[position + 4 : position + 4 + length]))
        position += 4 + length
    # STREAMINFO must stay first; old comments and padding go.
    kept = [block for block in blocks if block[0] not in (VORBIS_COMMENT, PADDING)]
    kept.append((VORBIS_COMMENT, comment_block(tags)))
    out = bytearray(b"fLaC")
    for number, (kind, body) in enumerate(kept):
        mark = 0x80 if number == len(kept) - 1 else 0
        out += bytes([kind | mark]) + len(body).to_bytes(3, "big") + body
    return bytes(out) + flac[position:]
