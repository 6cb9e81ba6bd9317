"""What decoding promises: every format, exact ranges, clear words for what cannot be read."""

import struct
from pathlib import Path

import numpy as np
import pytest
import soundfile

from notorious.audio.decode import decode_blocks, open_audio
from notorious.audio.layouts import HALF_POWER
from notorious.audio.write import AudioWriter
from notorious.errors import UnreadableAudio

RATE = 44100
FORMATS = {
    "wav": ("WAV", "PCM_16", 44100),
    "wav24": ("WAV", "PCM_24", 96000),
    "flac": ("FLAC", "PCM_16", 44100),
    "ogg": ("OGG", "VORBIS", 44100),
    "opus": ("OGG", "OPUS", 48000),
    "mp3": ("MP3", "MPEG_LAYER_III", 44100),
    "aiff": ("AIFF", "PCM_16", 44100),
}


def music(seconds: float, rate: int, channels: int = 2) -> np.ndarray:
    """Tones, a beat and a little noise: something that codecs have to work on."""
    time = np.arange(int(seconds * rate)) / rate
    noise = np.random.default_rng(7).standard_normal((len(time), channels))
    beat = np.exp(-((time % 0.5) * 30)) * np.sin(2 * np.pi * 60 * time)
    tones = [np.sin(2 * np.pi * (330 + 110 * channel) * time) for channel in range(channels)]
    return (0.2 * np.stack(tones, 1) + 0.4 * beat[:, None] + 0.02 * noise).astype(np.float32)


def read(path: Path, **wishes) -> np.ndarray:
    blocks = list(decode_blocks(path, **wishes))
    return np.concatenate(blocks) if blocks else np.zeros((0, 2), np.float32)


def made(tmp_path: Path, kind: str, seconds: float = 5.0) -> tuple[Path, int]:
    if kind in ("m4a", "alac"):
        pytest.importorskip("av", reason="M4A needs PyAV")
        path = tmp_path / f"{kind}.m4a"
        if kind == "m4a":
            with AudioWriter(path, rate_hz=RATE, channels=2, format="m4a") as writer:
                writer.write(music(seconds, RATE))
        else:
            write_alac(path, music(seconds, RATE))
        return path, RATE
    container, coding, rate = FORMATS[kind]
    path = tmp_path / f"music.{kind}"
    soundfile.write(path, music(seconds, rate), rate, format=container, subtype=coding)
    return path, rate


def write_alac(path: Path, samples: np.ndarray) -> None:
    import av

    with av.open(str(path), "w", format="ipod") as container:
        stream = container.add_stream("alac", rate=RATE, layout="stereo")
        stream.codec_context.format = "s16p"
        whole = np.round(samples * 32767).astype(np.int16)
        for start in range(0, len(whole), 4096):
            frame = av.AudioFrame.from_ndarray(
                np.ascontiguousarray(whole[start : start + 4096].T), format="s16p", layout="stereo"
            )
            frame.sample_rate, frame.pts = RATE, start
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


@pytest.mark.parametrize("kind", [*FORMATS, "m4a", "alac"])
def test_a_range_in_the_files_own_rate_equals_the_whole_to_the_last_bit(tmp_path, kind):
    path, rate = made(tmp_path, kind)
    whole = read(path, rate_hz=rate)
    for start in (1, 1000, 77_777, len(whole) - 500):
        part = read(path, rate_hz=rate, start_frame=start, frames=3000)
        assert np.array_equal(part, whole[start : start + 3000])


@pytest.mark.parametrize("kind", [*FORMATS, "m4a"])
@pytest.mark.parametrize("rate", [22050, 44100, 48000])
def test_a_range_at_another_rate_equals_the_whole_within_minus_90_db(tmp_path, kind, rate):
    path, _ = made(tmp_path, kind, seconds=4)
    whole = read(path, rate_hz=rate)
    for start in (1, 50_001, len(whole) - 500):
        part = read(path, rate_hz=rate, start_frame=start, frames=3000)
        expected = whole[start : start + 3000]
        assert part.shape == expected.shape
        assert np.abs(part - expected).max() < 10 ** (-90 / 20)


@pytest.mark.parametrize("kind", [*FORMATS, "m4a"])
def test_nothing_is_delayed(tmp_path, kind):
    path, rate = made(tmp_path, kind)
    heard = read(path, rate_hz=rate)[: int(4 * rate), 0]
    truth = music(5, rate)[: len(heard), 0]
    # Found by correlation over +-50 frames in the middle of the file.
    middle = slice(2 * rate, 3 * rate)
    match = [np.dot(truth[middle], heard[2 * rate + lag : 3 * rate + lag]) for lag in range(-50, 51)]
    assert int(np.argmax(match)) - 50 == 0


def test_resampling_does_not_delay_either(tmp_path):
    path, _ = made(tmp_path, "wav24", seconds=2)
    heard = read(path, rate_hz=48000)
    time = np.arange(len(heard)) / 48000
    truth = 0.2 * np.sin(2 * np.pi * 330 * time)
    phase = np.angle(np.dot(heard[9600:19200, 0], np.exp(-2j * np.pi * 330 * time[9600:19200])))
    expected = np.angle(np.dot(truth[9600:19200], np.exp(-2j * np.pi * 330 * time[9600:19200])))
    assert abs(phase - expected) / (2 * np.pi * 330) < 2e-6


@pytest.mark.parametrize("rate", [8000, 11025, 22050, 32000, 44100, 88200, 96000, 192000])
def test_every_rate_is_read_at_its_right_length(tmp_path, rate):
    path = tmp_path / "tone.flac"
    samples = music(1.5, rate, 1)
    soundfile.write(path, samples, rate)
    assert abs(len(read(path)) - len(samples) * 44100 / rate) <= 1


def test_blocks_are_of_the_asked_length_but_the_last(tmp_path):
    path, _ = made(tmp_path, "flac", seconds=3)
    for rate in (44100, 48000):
        lengths = [len(block) for block in decode_blocks(path, rate_hz=rate, block_frames=10_000)]
        assert set(lengths[:-1]) == {10_000}
        assert sum(lengths) == 3 * rate


def test_mono_goes_to_both_sides_and_stereo_to_the_mean(tmp_path):
    left, right = music(1, RATE)[:, 0], music(1, RATE)[:, 1]
    soundfile.write(tmp_path / "mono.wav", left, RATE, subtype="FLOAT")
    soundfile.write(tmp_path / "stereo.wav", np.stack([left, right], 1), RATE, subtype="FLOAT")
    assert np.array_equal(read(tmp_path / "mono.wav"), np.stack([left, left], 1))
    assert np.allclose(read(tmp_path / "stereo.wav", channels=1)[:, 0], (left + right) / 2, atol=1e-7)


@pytest.mark.parametrize(("kind", "order"), [("WAV", "L R C LFE Ls Rs"), ("OGG", "L C R Ls Rs LFE")])
def test_surround_is_mixed_down_as_bs775_says(tmp_path, kind, order):
    expected = {"L": (1, 0), "R": (0, 1), "C": (HALF_POWER,) * 2, "LFE": (0, 0), "Ls": (HALF_POWER, 0)}
    time = np.arange(RATE) / RATE
    for number, position in enumerate(order.split()):
        if position not in expected:
            continue
        samples = np.zeros((RATE, 6), np.float32)
        samples[:, number] = 0.5 * np.sin(2 * np.pi * (60 if position == "LFE" else 440) * time)
        path = tmp_path / f"{position}.{kind.lower()}"
        soundfile.write(path, samples, RATE, format=kind)
        peaks = np.abs(read(path)[5000:-5000]).max(axis=0) / 0.5
        assert peaks == pytest.approx(expected[position], abs=0.02)


def test_a_truncated_flac_gives_what_is_left_and_says_so(tmp_path):
    path, _ = made(tmp_path, "flac", seconds=10)
    whole = read(path)
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * 0.6)])
    notes: list[str] = []
    part = read(path, notes=notes)
    assert 0.5 < len(part) / len(whole) < 0.7
    assert np.array_equal(part, whole[: len(part)])
    assert "cut off or damaged after" in notes[0]
    assert np.array_equal(read(path, start_frame=len(part) - 900), part[-900:])


def test_a_truncated_mp3_repeats_nothing(tmp_path):
    path, _ = made(tmp_path, "mp3", seconds=10)
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * 0.6)])
    notes: list[str] = []
    part = read(path, notes=notes)
    assert 0.5 < len(part) / (10 * RATE) < 0.65
    assert np.abs(part[:, 0] - music(10, RATE)[: len(part), 0])[:-3000].max() < 0.3
    assert notes


def test_a_damaged_mp3_prints_nothing_to_the_terminal(tmp_path, capfd):
    path, _ = made(tmp_path, "mp3")
    data = bytearray(path.read_bytes())
    for place in np.random.default_rng(3).integers(5000, len(data), 300):
        data[place] ^= 0xFF
    path.write_bytes(data)
    assert len(read(path))
    assert capfd.readouterr() == ("", "")


def test_samples_that_are_not_numbers_are_silenced_and_noted(tmp_path):
    samples = music(1, RATE)
    samples[100, 0], samples[200, 1], samples[300, 0] = np.nan, np.inf, 1e30
    soundfile.write(tmp_path / "broken.wav", samples, RATE, subtype="FLOAT")
    notes: list[str] = []
    heard = read(tmp_path / "broken.wav", notes=notes)
    assert heard[100, 0] == heard[200, 1] == heard[300, 0] == 0
    assert np.isfinite(heard).all()
    assert "not numbers" in notes[0]


def test_a_name_with_quotes_newline_and_emoji_is_just_a_name(tmp_path):
    path = tmp_path / "a \"b\"\n'c' 🎧.wav"
    soundfile.write(str(path), music(0.5, RATE), RATE)
    assert len(read(path)) == RATE // 2


def broken_files() -> dict[str, bytes]:
    fmt = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 2, 0, 0, 4, 16)
    zero_rate = b"RIFF" + struct.pack("<I", 4 + len(fmt) + 8 + 400) + b"WAVE" + fmt + b"data" + struct.pack("<I", 400)
    streaminfo = struct.pack(">HH", 4096, 4096) + bytes(6)
    streaminfo += (44100 << 44 | 1 << 41 | 15 << 36 | 4_000_000_000 * 4).to_bytes(8, "big") + bytes(16)
    entry = struct.pack(">I4s", 36, b"drms") + bytes(28)
    table = struct.pack(">I4sII", 16 + len(entry), b"stsd", 0, 1) + entry
    moov = struct.pack(">I4s", 8 + len(table), b"moov") + table
    ftyp = struct.pack(">I4s4sI", 16, b"ftyp", b"M4P ", 0)
    return {
        "empty.mp3": b"",
        "text.mp3": b"this is a text and no music\n" * 400,
        "noise.mp3": np.random.default_rng(5).bytes(100_000),
        "zeros.wav": bytes(50_000),
        "zero_hertz.wav": zero_rate + bytes(400),
        "endless.flac": b"fLaC" + bytes([0x80, 0, 0, 34]) + streaminfo + bytes(100),
        "protected.m4p": ftyp + moov,
        "cut.m4a": ftyp + struct.pack(">I4s", 100_000, b"mdat") + bytes(1000),
        "hollow.m4a": ftyp + struct.pack(">I4s", 8, b"moov"),
        "bare.aac": b"\xff\xf1" + bytes(100),
    }


@pytest.mark.parametrize("name", list(broken_files()))
def test_what_cannot_be_read_is_refused_with_a_reason(tmp_path, name, capfd):
    path = tmp_path / name
    path.write_bytes(broken_files()[name])
    with pytest.raises(UnreadableAudio) as caught:
        read(path)
    assert caught.value.path == path
    assert len(caught.value.reason) > 10
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("name", "word"),
    [("protected.m4p", "rights"), ("empty.mp3", "empty"), ("noise.mp3", "no audio is found"), ("cut.m4a", "cut off")],
)
def test_the_reason_names_the_cause(tmp_path, name, word):
    path = tmp_path / name
    path.write_bytes(broken_files()[name])
    with pytest.raises(UnreadableAudio, match=word):
        open_audio(path)


def test_a_folder_a_missing_file_and_zero_frames_are_refused(tmp_path):
    soundfile.write(tmp_path / "zero.wav", np.zeros((0, 2)), RATE)
    for path, word in ((tmp_path, "folder"), (tmp_path / "gone.wav", "no such"), (tmp_path / "zero.wav", "no audio")):
        with pytest.raises(UnreadableAudio, match=word):
            open_audio(path)


def test_m4a_without_pyav_says_what_to_install(tmp_path, monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "av", None)
    path = tmp_path / "song.m4a"
    path.write_bytes(broken_files()["hollow.m4a"])
    with pytest.raises(UnreadableAudio, match=r"notorious\[m4a\]"):
        open_audio(path)


def test_impossible_wishes_are_refused(tmp_path):
    path, _ = made(tmp_path, "wav", seconds=1)
    for wishes in ({"start_frame": -1}, {"block_frames": 0}, {"frames": -5}, {"channels": 3}):
        with pytest.raises(ValueError, match=r"cannot read|can be mixed"):
            read(path, **wishes)


def test_a_range_behind_the_end_is_empty(tmp_path):
    path, rate = made(tmp_path, "flac", seconds=1)
    assert not len(read(path, rate_hz=rate, start_frame=10 * rate))
    assert not len(read(path, rate_hz=22050, start_frame=10 * rate))
