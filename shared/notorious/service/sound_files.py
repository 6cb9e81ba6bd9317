"""What a file is by its first bytes, for those who may not decode it: the functions that only take files in.

Sources: the formats' specifications (RFC 9639 FLAC, RFC 3533 Ogg, RFC 7845 Opus, EBU Tech 3306 RF64, AIFF 1.3,
ISO/IEC 13818-3 and 11172-3 frame headers, ISO/IEC 14496-12 boxes, ID3v2.4).
"""

from dataclasses import dataclass

HEAD_BYTES = 1 << 16
"""How much of a file's beginning is enough; a longer ID3 tag (a picture) is told by its own length."""


@dataclass(frozen=True)
class Kind:
    """A format that the engine reads, and the ending under which a file of it is kept."""

    name: str
    ending: str
    content_type: str


WAV = Kind("WAV", "wav", "audio/wav")
AIFF = Kind("AIFF", "aiff", "audio/aiff")
FLAC = Kind("FLAC", "flac", "audio/flac")
OGG = Kind("OGG Vorbis", "ogg", "audio/ogg")
OPUS = Kind("Opus", "opus", "audio/ogg")
MP3 = Kind("MP3", "mp3", "audio/mpeg")
M4A = Kind("M4A", "m4a", "audio/mp4")
AAC = Kind("AAC", "aac", "audio/aac")

_BRANDS = (b"M4A ", b"M4B ", b"M4P ", b"mp41", b"mp42", b"isom", b"iso2", b"iso5", b"iso6", b"dash", b"3gp")
_MP3_SAMPLE_RATES = 3
"""Index of sampling rates in a frame header: 3 is reserved."""


def kind_of(head: bytes) -> Kind | None:
    """The format of a file that begins so; None where the engine reads no such files.

    Behind an ID3 tag that is longer than the head it is taken to be MP3, the only one of them that is tagged so in
    practice beside AAC and FLAC, which decoders tell apart by themselves.
    """
    if head[:4] in (b"RIFF", b"RF64") and head[8:12] == b"WAVE":
        return WAV
    if head[:4] == b"FORM" and head[8:12] in (b"AIFF", b"AIFC"):
        return AIFF
    if head[:4] == b"OggS":
        return _in_ogg(head)
    if head[4:8] == b"ftyp":
        return M4A if head[8:12] in _BRANDS or head[8:11] == b"3gp" else None
    start = after_id3(head)
    if start and start + 4 > len(head):
        return MP3
    if head[start : start + 4] == b"fLaC":
        return FLAC
    return _in_frames(head[start:], tagged=start > 0)


def after_id3(head: bytes) -> int:
    """Where the audio starts behind an ID3v2 tag; 0 without one."""
    if head[:3] != b"ID3" or len(head) < 10:
        return 0
    size = 0
    for byte in head[6:10]:
        size = size << 7 | byte & 0x7F
    return 10 + size + (10 if head[5] & 0x10 else 0)


def _in_ogg(head: bytes) -> Kind | None:
    """The codec's first packet lies behind the page's header and its segment table."""
    if len(head) < 28:
        return None
    packet = head[27 + head[26] :]
    if packet[:8] == b"OpusHead":
        return OPUS
    if packet[:7] == b"\x01vorbis":
        return OGG
    return FLAC if packet[:5] == b"\x7fFLAC" else None


def _in_frames(audio: bytes, *, tagged: bool) -> Kind | None:
    """MPEG audio or ADTS by their frame headers; untagged MPEG audio needs a second header where the first one ends."""
    padding = len(audio) - len(audio.lstrip(b"\x00"))
    audio = audio[padding:]
    if len(audio) < 4 or audio[0] != 0xFF:
        return None
    if audio[1] & 0xF6 == 0xF0:
        return AAC
    length = _mpeg_frame_bytes(audio[:4])
    if length is None:
        return None
    following = audio[length : length + 4]
    if tagged or len(following) < 4 or _mpeg_frame_bytes(following) is not None:
        return MP3
    return None


_BITRATES_V1 = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_BITRATES_V2 = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
_RATES_HZ = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}


def _mpeg_frame_bytes(header: bytes) -> int | None:
    """Length of an MPEG layer III frame with this header; None where it is no such header."""
    version, layer = header[1] >> 3 & 3, header[1] >> 1 & 3
    bitrate, rate = header[2] >> 4, header[2] >> 2 & 3
    if header[0] != 0xFF or header[1] & 0xE0 != 0xE0 or version == 1 or layer != 1:
        return None
    if bitrate in (0, 15) or rate == _MP3_SAMPLE_RATES:
        return None
    kilobits = (_BITRATES_V1 if version == 3 else _BITRATES_V2)[bitrate]
    samples = 1152 if version == 3 else 576
    return samples // 8 * kilobits * 1000 // _RATES_HZ[version][rate] + (header[2] >> 1 & 1)
