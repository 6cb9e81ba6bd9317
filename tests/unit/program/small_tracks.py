"""Tracks made in a moment: kick on every beat, hat between, a chord that holds, and one part without the kick."""

from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

RATE = 44100


def music(bpm: float, seconds: float, *, root_hz: float = 220.0, rate: int = RATE) -> NDArray[np.float32]:
    """Mono samples [shape=(n,)]; the kick's attack begins on the beat, the first beat at 0."""
    times = np.arange(int(seconds * rate)) / rate
    chord = sum(np.sin(2 * np.pi * root_hz * ratio * times) for ratio in (1.0, 2 ** (3 / 12), 2 ** (7 / 12)))
    sound = 0.05 * np.asarray(chord)
    beat = 60.0 / bpm
    length = int(0.18 * rate)
    decay = np.arange(length) / rate
    kick = np.sin(2 * np.pi * (50 * decay + 4 * (1 - np.exp(-decay * 40)))) * np.exp(-decay * 18)
    noise = np.random.default_rng(1).standard_normal(length)
    hat = noise * np.exp(-decay * 90)
    quiet = range(int(len(times) / rate / beat) // 8 * 4, int(len(times) / rate / beat) // 8 * 4 + 16)
    for number in range(int(seconds / beat)):
        for offset, voice, level in ((0.0, kick, 0.6), (0.5, hat, 0.1)):
            start = round((number + offset) * beat * rate)
            if start + length <= len(sound) and not (voice is kick and number in quiet):
                sound[start : start + length] += level * voice
    return sound.astype(np.float32)


def write(path: Path, samples: NDArray[np.float32], *, rate: int = RATE, subtype: str | None = None) -> Path:
    """Write samples in the format that the ending says."""
    path.parent.mkdir(parents=True, exist_ok=True)
    channels = 1 if samples.ndim == 1 else samples.shape[1]
    with soundfile.SoundFile(path, "w", rate, channels, subtype=subtype) as file:
        # In blocks, since libsndfile's Vorbis encoder overflows the stack on a whole track.
        for start in range(0, len(samples), 65536):
            file.write(samples[start : start + 65536])
    return path


def track(path: Path, bpm: float, *, seconds: float = 50.0, root_hz: float = 220.0) -> Path:
    """A good track."""
    return write(path, music(bpm, seconds, root_hz=root_hz))
