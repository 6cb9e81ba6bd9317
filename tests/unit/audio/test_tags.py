"""Tags are hints: what can be read is read, what is broken is passed over."""

import struct
from pathlib import Path

import numpy as np
import pytest
import soundfile

from notorious.audio.tags import Tags, read_tags


def id3(frames: dict[bytes, bytes], declared_size: int | None = None) -> bytes:
    body = b"".join(kind + struct.pack(">I", len(data)) + b"\x00\x00" + data for kind, data in frames.items())
    size = len(body) if declared_size is None else declared_size
    return b"ID3\x03\x00\x00" + bytes(size >> shift & 0x7F for shift in (21, 14, 7, 0)) + body


def mp3(path: Path, head: bytes) -> Path:
    soundfile.write(path, np.zeros((44100, 2)), 44100, format="MP3")
    path.write_bytes(head + path.read_bytes())
    return path


def test_what_dj_software_writes_is_read(tmp_path):
    head = id3({
        b"TIT2": b"\x03Title", b"TPE1": b"\x01\xff\xfe" + "Ärtist".encode("utf-16-le"), b"TALB": b"\x00Album",
        b"TCON": b"\x00Techno", b"TYER": b"\x002019", b"TBPM": b"\x00128,5", b"TKEY": b"\x00Abm",
        b"COMM": b"\x00eng\x008A - Energy 7",
    })  # fmt: skip
    assert read_tags(mp3(tmp_path / "x.mp3", head)) == Tags(
        title="Title", artist="Ärtist", album="Album", genre="Techno", year=2019, bpm=128.5, key="Abm", energy=7,
        comment="8A - Energy 7",
    )  # fmt: skip


def test_a_key_in_the_comment_counts_where_there_is_no_other(tmp_path):
    tags = read_tags(mp3(tmp_path / "x.mp3", id3({b"COMM": b"\x00eng\x0011B - Energy 4"})))
    assert (tags.key, tags.energy) == ("11B", 4)
    assert read_tags(mp3(tmp_path / "y.mp3", id3({b"COMM": b"\x00eng\x00A great tune"}))).key is None


@pytest.mark.parametrize("bpm", [b"0", b"fast", b"99999", b"-120", b""])
def test_a_tempo_that_cannot_be_is_none(tmp_path, bpm):
    assert read_tags(mp3(tmp_path / "x.mp3", id3({b"TBPM": b"\x00" + bpm, b"TIT2": b"\x00T"}))).bpm is None


def test_control_characters_and_lengths_are_tamed(tmp_path):
    tags = read_tags(mp3(tmp_path / "x.mp3", id3({b"TIT2": b"\x00a\nb\x1b[31m" + b"x" * 5000})))
    assert tags.title is not None
    assert tags.title.startswith("a b [31m")
    assert len(tags.title) == 1000


@pytest.mark.parametrize(
    "head",
    [
        id3({b"TIT2": b"\x01\xff"}),
        id3({b"TIT2": b"\x09what encoding"}),
        id3({b"TIT2": b"\x00ok"}, declared_size=200_000_000),
        b"ID3\x04\xff\xff\xff\xff\xff\xff" + bytes(50),
        b"ID3\x02\x00\x00\x00\x00\x00\x20" + b"\xff" * 32,
    ],
)
def test_broken_tags_raise_nothing(tmp_path, head):
    assert isinstance(read_tags(mp3(tmp_path / "x.mp3", head)), Tags)


@pytest.mark.parametrize(
    "content", [b"", b"text", bytes(1000), b"OggS" + bytes(100), b"fLaC\x84\xff\xff\xff" + b"\xff" * 99]
)
def test_what_is_no_audio_has_no_tags(tmp_path, content):
    (tmp_path / "x.ogg").write_bytes(content)
    assert read_tags(tmp_path / "x.ogg") == Tags()


def test_a_folder_and_a_missing_file_have_no_tags(tmp_path):
    assert read_tags(tmp_path) == Tags()
    assert read_tags(tmp_path / "gone.mp3") == Tags()


def vorbis(path: Path, comments: list[bytes], *, declared: int | None = None) -> Path:
    """A FLAC whose only comments are these, written byte by byte."""
    soundfile.write(path, np.zeros((44100, 2)), 44100, format="FLAC")
    data = path.read_bytes()
    body = struct.pack("<I", 4) + b"test" + struct.pack("<I", len(comments) if declared is None else declared)
    body += b"".join(struct.pack("<I", len(comment)) + comment for comment in comments)
    block = bytes([4]) + struct.pack(">I", len(body))[1:] + body
    first = 4 + 4 + int.from_bytes(data[5:8], "big")  # behind STREAMINFO
    path.write_bytes(data[:4] + bytes([data[4] & 0x7F]) + data[5:first] + block + data[first:])
    return path


@pytest.mark.parametrize(
    ("comments", "declared"),
    [
        ([b"TITLE=" + b"\xff\xfe\x00\x80"], None),
        ([b"TITLE"], None),
        ([b"=nameless", b"TITLE="], None),
        ([b"TITLE=x" * 10_000], None),
        ([b"KEY=" + bytes(range(256))], None),
        ([b"TITLE=ok"], 4_000_000_000),
        ([b"BPM=1e309", b"BPM=nan", b"DATE=\xd9\xa3"], None),
    ],
)
def test_hostile_comments_raise_nothing_and_stay_small(tmp_path, comments, declared):
    tags = read_tags(vorbis(tmp_path / "x.flac", comments, declared=declared))
    assert all(len(value) <= 1000 for value in tags.model_dump().values() if isinstance(value, str))
    assert tags.bpm is None or 0 < tags.bpm < 1000


def test_frames_of_any_bytes_raise_nothing(tmp_path):
    random = np.random.default_rng(9)
    for attempt in range(60):
        frames = {
            kind: random.integers(0, 256, int(random.integers(0, 300)), dtype=np.uint8).tobytes()
            for kind in (b"TIT2", b"TPE1", b"TCON", b"TBPM", b"TKEY", b"COMM", b"APIC", b"TXXX", b"TYER")
        }
        path = tmp_path / f"{attempt}.mp3"
        path.write_bytes(id3(frames) + bytes(64))
        assert isinstance(read_tags(path), Tags)
