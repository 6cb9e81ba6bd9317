"""Samples as the analysers hear them: long tracks from the disk, channels that cancel each other one by itself."""

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from notorious.analysis import mono, pipeline
from notorious.analysis.mono import Growing, SamplesOnDisk
from notorious.analysis.samples import CANCELLED, read_samples

RATE = 22050


def music(seconds: float) -> np.ndarray:
    """Kicks at 120 BPM under chords that change every bar, and a silence at each end."""
    chance = np.random.default_rng(3)
    time = np.arange(int(seconds * RATE)) / RATE
    beat = time % 0.5
    kick = 0.6 * np.exp(-beat * 30) * np.sin(2 * np.pi * 55 * beat)
    root = 110 * 2 ** (np.array([0, 5, 7, 3])[(time // 2).astype(int) % 4] / 12)
    sound = kick + 0.1 * np.sin(2 * np.pi * root * time) + chance.normal(0, 0.003, len(time))
    quiet = np.zeros(RATE // 2)
    return np.concatenate([quiet, sound, quiet]).astype(np.float32)


def test_samples_on_the_disk_are_read_like_an_array() -> None:
    samples = np.arange(10_000, dtype=np.float32)
    on_disk = SamplesOnDisk()
    for start in range(0, len(samples), 999):
        on_disk.append(samples[start : start + 999])
    assert len(on_disk) == len(samples)
    for part in (slice(None), slice(0, 0), slice(5, 9000), slice(9990, 20_000), slice(-10, None), slice(7, 3)):
        np.testing.assert_array_equal(on_disk[part], samples[part])
    with pytest.raises(ValueError, match="forwards"):
        on_disk[::-1]
    with pytest.raises(TypeError, match="slices"):
        iter(on_disk)


def test_what_is_too_long_for_memory_goes_to_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mono, "IN_MEMORY_SAMPLES", 1000)
    short, long = Growing(), Growing()
    samples = np.arange(3000, dtype=np.float32)
    short.append(samples[:1000])
    for start in range(0, 3000, 700):
        long.append(samples[start : start + 700])
    assert isinstance(short.whole(), np.ndarray)
    assert isinstance(long.whole(), SamplesOnDisk)
    np.testing.assert_array_equal(long.whole()[:], samples)


def test_where_the_disk_has_no_room_memory_has_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_room(*_: Any, **__: Any) -> Any:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(mono, "IN_MEMORY_SAMPLES", 1000)
    monkeypatch.setattr(tempfile, "TemporaryFile", no_room)
    growing, samples = Growing(), np.arange(3000, dtype=np.float32)
    for start in range(0, 3000, 700):
        growing.append(samples[start : start + 700])
    np.testing.assert_array_equal(growing.whole()[:], samples)


def test_everything_is_heard_alike_from_memory_and_from_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "track.wav"
    soundfile.write(path, music(40), RATE, subtype="FLOAT")
    in_memory, _ = pipeline.analyse_file(path, "0" * 64, known={})
    monkeypatch.setattr(mono, "IN_MEMORY_SAMPLES", 10 * RATE)
    assert isinstance(read_samples(path, with_loudness=False).mono, SamplesOnDisk)
    on_disk, _ = pipeline.analyse_file(path, "0" * 64, known={})
    assert on_disk == in_memory


def test_channels_that_cancel_each_other_are_heard_one_by_itself(tmp_path: Path) -> None:
    plain, turned = tmp_path / "plain.wav", tmp_path / "turned.wav"
    sound = music(20)
    soundfile.write(plain, sound, RATE, subtype="FLOAT")
    soundfile.write(turned, np.stack([sound, -sound], axis=1), RATE, subtype="FLOAT")
    heard, _ = pipeline.analyse_file(turned, "0" * 64, known={})
    wanted, _ = pipeline.analyse_file(plain, "0" * 64, known={})
    assert (heard.tempo, heard.grid, heard.key) == (wanted.tempo, wanted.grid, wanted.key)
    assert CANCELLED in heard.notes
    assert CANCELLED not in wanted.notes


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="a process's own peak is read from /proc (Linux)")
def test_memory_grows_little_with_length(tmp_path: Path) -> None:
    """Twenty minutes against five: a process each. A tempo that steps makes the tracker work, which needs most."""
    import subprocess
    import sys

    bars = [music(seconds)[RATE // 2 : -RATE // 2] for seconds in (60.0, 60.0)]
    bars[1] = np.interp(np.arange(0, len(bars[1]), 1.07), np.arange(len(bars[1])), bars[1]).astype(np.float32)
    peaks = []
    for minutes in (5, 20):
        path = tmp_path / f"{minutes}.wav"
        with soundfile.SoundFile(path, "w", RATE, 1, subtype="PCM_16") as file:
            while file.frames < minutes * 60 * RATE:
                for piece in bars:
                    file.write(piece)
        code = (
            "import sys; from pathlib import Path; from notorious.analysis import pipeline; "
            "pipeline.analyse_file(Path(sys.argv[1]), '0' * 64, known={}); "
            "print(Path('/proc/self/status').read_text())"
        )
        done = subprocess.run([sys.executable, "-c", code, str(path)], check=True, capture_output=True, text=True)
        # Not the peak of getrusage: a child begins with that of whoever started it.
        peaks.append(int(done.stdout.split("VmHWM:")[1].split()[0]) * 1024 / 1e6)
    # An hour is 55 minutes more than five: with 8 MB a minute it stays under 700 MB.
    assert peaks[1] - peaks[0] < 15 * 8, peaks
    assert peaks[1] < 450, peaks
