"""The same sound has the same beats as WAV, FLAC, MP3, OGG, Opus, AIFF and M4A: encoders' delays are accounted for."""

from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from notorious.analysis.model import Analysis
from notorious.analysis.pipeline import analyse_file
from notorious.audio.write import AudioWriter

RATE = 44100
BPM = 123.4
FIRST_BEAT_SECONDS = 0.237
ENCODER_DELAY_SAMPLES, DECODER_DELAY_SAMPLES = 576, 529
"""LAME's delay, which an MP3 without a header cannot tell, and the decoder's own, which it takes out where it finds a
header of any kind: with a variable bit rate ours, with a constant one none."""


def music(seconds: float = 30.0) -> NDArray[np.float32]:
    """Kicks on the beat, hats between, a chord: stereo [shape=(n, 2)]."""
    time = np.arange(int(seconds * RATE)) / RATE
    sound = 0.06 * sum(np.sin(2 * np.pi * 220 * ratio * time) for ratio in (1.0, 1.2, 1.5))
    random = np.random.default_rng(5)
    for number in range(int((seconds - 0.5) * BPM / 60)):
        for offset, level, is_kick in ((0.0, 0.6, True), (0.5, 0.12, False)):
            start = FIRST_BEAT_SECONDS + (number + offset) * 60 / BPM
            first = int(np.ceil(start * RATE))
            after = np.arange(first, min(first + RATE // 5, len(time))) / RATE - start
            if is_kick:
                voice = np.sin(2 * np.pi * (50 * after + 3 * (1 - np.exp(-after * 40)))) * np.exp(-after * 18)
            else:
                voice = random.standard_normal(len(after)) * np.exp(-after * 90)
            sound[first : first + len(after)] += level * voice
    return np.stack([sound, 0.9 * sound], axis=1).astype(np.float32)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("formats")
    for ending in ("wav", "flac", "mp3", "ogg", "opus"):
        with AudioWriter(place / f"track.{ending}", rate_hz=RATE, channels=2, format=ending) as writer:  # type: ignore[arg-type]
            writer.write(music())
    soundfile.write(place / "track.aiff", music(), RATE)
    return place


def heard(path: Path) -> Analysis:
    return analyse_file(path, "0" * 64, known={})[0]


def beats(path: Path) -> NDArray[np.float64]:
    return np.array(heard(path).grid.beats())


def apart_ms(found: NDArray[np.float64], expected: NDArray[np.float64]) -> float:
    """The largest distance from an expected beat to the nearest that was found [ms]."""
    return float(1000 * np.abs(found[None, :] - expected[:, None]).min(axis=1).max())


def truth() -> NDArray[np.float64]:
    return FIRST_BEAT_SECONDS + np.arange(int(29 * BPM / 60)) * 60 / BPM


@pytest.mark.parametrize("ending", ["wav", "flac", "mp3", "ogg", "opus", "aiff"])
def test_beats_are_within_two_milliseconds_of_the_truth(folder: Path, ending: str) -> None:
    assert apart_ms(beats(folder / f"track.{ending}"), truth()) < 2.0


def test_so_they_are_in_m4a(folder: Path) -> None:
    pytest.importorskip("av", reason="M4A needs PyAV")
    with AudioWriter(folder / "track.m4a", rate_hz=RATE, channels=2, format="m4a") as writer:
        writer.write(music())
    assert apart_ms(beats(folder / "track.m4a"), truth()) < 2.0


@pytest.mark.parametrize(
    ("mode", "late_samples"),
    [("CONSTANT", ENCODER_DELAY_SAMPLES + DECODER_DELAY_SAMPLES), ("VARIABLE", ENCODER_DELAY_SAMPLES)],
)
def test_an_mp3_that_lost_its_header_is_heard_whole_and_late_by_what_no_decoder_can_know(
    tmp_path: Path, mode: str, late_samples: int
) -> None:
    path = tmp_path / "track.mp3"
    soundfile.write(
        path, music(), RATE, format="MP3", subtype="MPEG_LAYER_III", bitrate_mode=mode, compression_level=0.4
    )
    path.write_bytes(without_header(path.read_bytes()))
    analysis = heard(path)
    assert analysis.duration_seconds == pytest.approx(30.0, abs=0.1)
    assert analysis.tempo.bpm == pytest.approx(BPM, abs=0.02)
    assert apart_ms(np.array(analysis.grid.beats()), truth() + late_samples / RATE) < 2.0


def without_header(data: bytes) -> bytes:
    """An MP3 without its first frame, in which LAME says how long its delay is (MPEG-1 layer III, 44.1 kHz)."""
    start = next(at for at in range(len(data)) if data[at] == 0xFF and data[at + 1] & 0xE0 == 0xE0)
    kilobits = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)[data[start + 2] >> 4]
    length = 144 * kilobits * 1000 // RATE + (data[start + 2] >> 1 & 1)
    assert b"Xing" in data[start : start + length] or b"Info" in data[start : start + length]
    return data[:start] + data[start + length :]
