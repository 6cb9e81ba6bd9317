"""An MP3 of variable bit rate that lost its header is read to its end."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from notorious.audio.decode import decode_blocks, open_audio
from notorious.audio.mp3_length import WithHeader, length_header


def encoded(path: Path, *, rate: int = 44100, channels: int = 2, mode: str = "VARIABLE", seconds: float = 8.0) -> Path:
    """Half a second of noise, then tones, by turns: the bit rate varies where it may."""
    time = np.arange(int(seconds * rate)) / rate
    noise = np.random.default_rng(1).standard_normal(len(time))
    sound = np.where(time % 1 < 0.5, 0.2 * noise, 0.2 * np.sin(2 * np.pi * 300 * time))
    soundfile.write(path, np.stack([sound] * channels, 1), rate, format="MP3", bitrate_mode=mode, compression_level=0.5)
    return path


def headless(path: Path) -> Path:
    """Take the first frame away: the next one begins at the next sync of the same kind."""
    data = path.read_bytes()
    assert b"Xing" in data[:400] or b"Info" in data[:400]
    for following in range(64, len(data)):
        if data[following] == 0xFF and data[following + 1] == data[1] and data[following + 3] == data[3]:
            path.write_bytes(data[following:])
            return path
    raise AssertionError("the file has one frame only")


def frames_of(path: Path) -> int:
    return sum(len(block) for block in decode_blocks(path))


@pytest.mark.parametrize("rate", [44100, 48000, 22050, 16000])
@pytest.mark.parametrize("channels", [1, 2])
def test_it_is_as_long_as_with_its_header(tmp_path: Path, rate: int, channels: int) -> None:
    path = encoded(tmp_path / "x.mp3", rate=rate, channels=channels)
    whole = frames_of(path)
    found = frames_of(headless(path))
    # The padding at both ends, which the header would have taken away: at most three frames of 1152.
    assert whole <= found <= whole + 3 * 1152


def test_it_is_said_what_was_lost(tmp_path: Path) -> None:
    with open_audio(headless(encoded(tmp_path / "x.mp3"))) as reader:
        assert any("header is lost" in note for note in reader.notes)


def test_a_range_is_that_part_of_the_whole(tmp_path: Path) -> None:
    path = headless(encoded(tmp_path / "x.mp3"))
    whole = np.concatenate(list(decode_blocks(path)))
    part = np.concatenate(list(decode_blocks(path, start_frame=200_000, frames=30_000)))
    assert np.array_equal(part, whole[200_000:230_000])


def test_where_there_is_a_header_or_a_constant_rate_none_is_made(tmp_path: Path) -> None:
    assert length_header(encoded(tmp_path / "x.mp3")) is None
    assert length_header(headless(encoded(tmp_path / "y.mp3", mode="CONSTANT"))) is None


def test_tags_before_and_after_are_passed_over(tmp_path: Path) -> None:
    path = headless(encoded(tmp_path / "x.mp3"))
    expected = frames_of(path)
    tag = b"ID3\x03\x00\x00\x00\x00\x02\x00" + b"\xff\xfb\x90\x00" * 64
    path.write_bytes(tag + path.read_bytes() + b"TAG" + b"\xff" * 125)
    assert frames_of(path) == pytest.approx(expected, abs=1152)


def test_damage_in_the_middle_does_not_end_the_count(tmp_path: Path) -> None:
    path = headless(encoded(tmp_path / "x.mp3"))
    data = bytearray(path.read_bytes())
    whole = length_header(path)
    data[len(data) // 2 : len(data) // 2 + 300] = bytes(300)
    path.write_bytes(data)
    hurt = length_header(path)
    assert whole is not None
    assert hurt is not None
    counts = [int.from_bytes(head[head.index(b"Xing") + 8 :][:4], "big") for head, _ in (whole, hurt)]
    assert counts[0] - 4 <= counts[1] <= counts[0]


@pytest.mark.parametrize("content", [b"", b"\xff", b"\xff\xfb\x90", bytes(5000), b"\xff" * 5000, b"ID3" + b"\x7f" * 99])
def test_what_is_no_mp3_needs_no_header(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.mp3").write_bytes(content)
    assert length_header(tmp_path / "x.mp3") is None


def test_the_stream_is_the_file_with_another_beginning(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"tags" + b"frames")
    with WithHeader(tmp_path / "x", b"head", 4) as stream:
        assert stream.read() == b"headframes"
        assert stream.seek(-3, 2) == 7
        assert stream.read() == b"mes"
        assert (stream.seek(2), stream.read(4)) == (2, b"ad")
