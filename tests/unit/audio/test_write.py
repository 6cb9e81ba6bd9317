"""Writing: what is written is read back, a file appears whole or not at all, equal samples make equal files."""

import os
import struct
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest
import soundfile

from notorious.audio.decode import decode_blocks
from notorious.audio.output_file import OutputFile
from notorious.audio.tags import read_tags
from notorious.audio.tags_write import Chapter, OutputTags, id3_tag
from notorious.audio.write import FORMATS, AudioWriter, Dither
from notorious.errors import OutputExists, OutputFailed

RATE = 44100
TAGS = OutputTags(title='A "mix" 🎧', artist="Nötorious", album="Sets", comment="tänzbar", date="2026-11-23")
CHAPTERS = [Chapter(0.0, "Först"), Chapter(1.25, "Second"), Chapter(2.5, "Third = last")]


def tones(seconds: float = 4.0, channels: int = 2) -> np.ndarray:
    time = np.arange(int(seconds * RATE)) / RATE
    columns = [0.3 * np.sin(2 * np.pi * 330 * (channel + 1) * time) for channel in range(channels)]
    return np.stack(columns, 1).astype(np.float32)


def written(path: Path, x: np.ndarray, block_frames: int = 10_000, **wishes) -> Path:
    file_format = path.suffix[1:]
    if file_format == "m4a":
        pytest.importorskip("av", reason="M4A needs PyAV")
    with AudioWriter(path, rate_hz=RATE, channels=x.shape[1], format=file_format, **wishes) as writer:
        for start in range(0, len(x), block_frames):
            writer.write(x[start : start + block_frames])
    return path


@pytest.mark.parametrize("file_format", FORMATS)
def test_what_is_written_is_read_back_aligned(tmp_path, file_format):
    x = tones()
    y = np.concatenate(list(decode_blocks(written(tmp_path / f"mix.{file_format}", x))))
    assert 0 <= len(y) - len(x) <= 1024
    error = (y[: len(x)] - x)[2000:-2000]
    assert 10 * np.log10(np.mean(error**2)) < (-90 if file_format in ("wav", "flac") else -50)
    assert os.listdir(tmp_path) == [f"mix.{file_format}"]


@pytest.mark.parametrize("file_format", FORMATS)
def test_equal_samples_make_equal_files_however_they_are_cut(tmp_path, file_format):
    one = written(tmp_path / f"one.{file_format}", tones(), 7_777, tags=TAGS, chapters=CHAPTERS)
    two = written(tmp_path / f"two.{file_format}", tones(), 50_000, tags=TAGS, chapters=CHAPTERS)
    assert one.read_bytes() == two.read_bytes()


@pytest.mark.parametrize("file_format", FORMATS)
def test_tags_are_read_back(tmp_path, file_format):
    tags = read_tags(written(tmp_path / f"mix.{file_format}", tones(1), tags=TAGS, chapters=CHAPTERS))
    assert (tags.title, tags.artist, tags.album, tags.comment, tags.year) == (
        'A "mix" 🎧', "Nötorious", "Sets", "tänzbar", 2026,
    )  # fmt: skip


@pytest.mark.parametrize("file_format", [name for name in FORMATS if name != "wav"])
def test_chapters_are_read_back_by_ffmpeg(tmp_path, file_format):
    av = pytest.importorskip("av", reason="FFmpeg, by PyAV, is the judge")
    path = written(tmp_path / f"mix.{file_format}", tones(), tags=TAGS, chapters=CHAPTERS, expected_frames=4 * RATE)
    with av.open(str(path)) as container:
        chapters = container.chapters()
    assert [entry["metadata"]["title"] for entry in chapters] == [chapter.title for chapter in CHAPTERS]
    assert [float(entry["start"] * entry["time_base"]) for entry in chapters] == pytest.approx([0, 1.25, 2.5])
    assert float(chapters[-1]["end"] * chapters[-1]["time_base"]) == pytest.approx(4, abs=0.02)


@pytest.mark.parametrize("file_format", ["ogg", "opus", "mp3", "flac"])
def test_very_many_chapters_do_not_break_a_file(tmp_path, file_format):
    many = [Chapter(number / 100, f"Chapter {number} " + "x" * 300) for number in range(300)]
    path = written(tmp_path / f"mix.{file_format}", tones(), tags=TAGS, chapters=many)
    assert sum(len(block) for block in decode_blocks(path)) == 4 * RATE
    assert read_tags(path).title == TAGS.title


def test_an_id3_tag_has_the_same_length_whatever_the_duration():
    assert len(id3_tag(TAGS, CHAPTERS, 0.0)) == len(id3_tag(TAGS, CHAPTERS, 7200.0))


def test_dither_is_triangular_within_one_step_and_free_of_bias():
    steps = Dither(2).quantised(np.full((200_000, 2), 0.3 / 32768, np.float32)).astype(float)
    assert set(np.unique(steps)) <= {-1.0, 0.0, 1.0}
    assert steps.mean() == pytest.approx(0.3, abs=0.01)
    # Triangular noise of two uniform steps has a variance of 1/6, rounding adds 1/12 - whatever the signal.
    assert steps.var() == pytest.approx(1 / 4, abs=0.01)


def test_full_scale_clips_and_does_not_wrap(tmp_path):
    x = np.array([[2.0, -2.0]] * 5000, np.float32)
    y, _ = soundfile.read(written(tmp_path / "loud.wav", x), dtype="int16")
    assert y[:, 0].min() == 32767
    assert y[:, 1].max() == -32768


def test_a_wav_beyond_4_gb_becomes_rf64_and_a_short_one_stays_wav(tmp_path):
    assert written(tmp_path / "short.wav", tones(1)).read_bytes()[:4] == b"RIFF"
    # Sparse: the encoder is moved on by seeking, so that nothing is really written.
    path = tmp_path / "long.wav"
    with AudioWriter(path, rate_hz=RATE, channels=2, format="wav") as writer:
        writer.write(tones(1))
        writer._encoder._sound.seek(1_100_000_000)
        writer.write(tones(1))
    with path.open("rb") as file:
        head = file.read(100)
    assert head[:4] == b"RF64"
    assert struct.unpack("<Q", head[28:36])[0] > 4 * 1_100_000_000


def test_what_is_there_is_not_replaced_unless_asked(tmp_path):
    path = tmp_path / "mix.wav"
    path.write_text("precious")
    with pytest.raises(OutputExists, match="--force"):
        written(path, tones(1))
    assert path.read_text() == "precious"
    written(path, tones(1), overwrite=True)
    assert soundfile.info(path).frames == RATE


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError])
@pytest.mark.parametrize("file_format", FORMATS)
def test_an_interrupted_file_leaves_nothing_behind(tmp_path, file_format, error):
    if file_format == "m4a":
        pytest.importorskip("av", reason="M4A needs PyAV")
    path = tmp_path / f"mix.{file_format}"

    def write_and_stop() -> None:
        with AudioWriter(path, rate_hz=RATE, channels=2, format=file_format, chapters=CHAPTERS) as writer:
            writer.write(tones(1))
            raise error

    with pytest.raises(error):
        write_and_stop()
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("file_format", FORMATS)
def test_a_full_disk_says_what_is_needed_and_leaves_nothing(tmp_path, file_format):
    if file_format == "m4a":
        pytest.importorskip("av", reason="M4A needs PyAV")
    # A child may not write files beyond 100 kB: the same path through the code as a disk without space.
    program = f"""
        import resource, signal, sys
        import numpy as np
        from notorious.audio.write import AudioWriter
        from notorious.errors import OutputFailed
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
        noise = 0.3 * np.random.default_rng(1).standard_normal((44100, 2)).astype(np.float32)
        try:
            with AudioWriter(sys.argv[1], rate_hz=44100, channels=2, format={file_format!r},
                             expected_frames=44100 * 600) as writer:
                for _ in range(20):
                    writer.write(noise)
        except OutputFailed as error:
            print(error)
    """
    path = tmp_path / f"mix.{file_format}"
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program), str(path)],
        capture_output=True, text=True, check=True, timeout=120,
    )  # fmt: skip
    assert "no space is left" in done.stdout
    assert "MB are needed" in done.stdout
    assert done.stderr == ""
    assert os.listdir(tmp_path) == []


def test_a_missing_folder_and_a_folder_in_the_way_are_refused(tmp_path):
    with pytest.raises(OutputFailed, match="folder exists"):
        written(tmp_path / "gone" / "mix.wav", tones(1))
    (tmp_path / "dir.wav").mkdir()
    with pytest.raises(OutputFailed, match="folder"):
        written(tmp_path / "dir.wav", tones(1), overwrite=True)


def test_what_a_format_cannot_hold_is_refused(tmp_path):
    with pytest.raises(OutputFailed, match="MP3 cannot have 96000"):
        AudioWriter(tmp_path / "x.mp3", rate_hz=96000, channels=2, format="mp3")
    with pytest.raises(OutputFailed, match="1 or 2 channels"):
        AudioWriter(tmp_path / "x.mp3", rate_hz=RATE, channels=6, format="mp3")
    with pytest.raises(OutputFailed, match="known are"):
        AudioWriter(tmp_path / "x.xyz", rate_hz=RATE, channels=2, format="xyz")
    assert os.listdir(tmp_path) == []


def test_samples_that_lie_on_steps_already_are_written_as_they_are(tmp_path: Path) -> None:
    steps = np.random.default_rng(8).integers(-32768, 32768, (5000, 2)).astype(np.int16)
    for name in ("flac", "wav"):
        path = tmp_path / f"copy.{name}"
        with AudioWriter(path, rate_hz=44100, channels=2, format=name, is_quantised=True) as writer:  # type: ignore[arg-type]
            writer.write((steps / np.float32(32768)).astype(np.float32))
        written, _ = soundfile.read(path, dtype="int16")
        assert np.array_equal(written, steps)


def test_an_encoder_that_comes_back_after_the_end_finds_nothing_and_breaks_nothing(tmp_path: Path) -> None:
    file = OutputFile(tmp_path / "mix.flac")
    file.write(b"abc")
    file.discard()
    assert (file.seek(0), file.tell(), file.read(3), file.write(b"more")) == (0, 0, b"", 0)
    assert list(tmp_path.iterdir()) == []
