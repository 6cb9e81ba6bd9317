"""Descriptors of whole tracks that are made to be far apart: the numbers lie on the side that their names say.

Made of tones and noise, without networks. Each test analyses two tracks of half a minute from the file on.
"""

from functools import cache
from pathlib import Path

import numpy as np
import pytest
import soundfile

from notorious.analysis import network_parts
from notorious.analysis.model import Descriptors
from notorious.analysis.pipeline import analyse_file

RATE = 22050
SECONDS = 30
TIME = np.arange(SECONDS * RATE) / RATE
MINOR, MAJOR = (0, 3, 7), (0, 4, 7)
IN_MINOR, IN_MAJOR = (0, 5, 0, 7), (0, 5, 7, 0)  # roots of a progression, in semitones above the tonic


def place(out: np.ndarray, at_seconds: float, sound: np.ndarray) -> None:
    start = int(at_seconds * RATE)
    part = out[start : start + len(sound)]
    part += sound[: len(part)]


def string(midi: float, seconds: float, rng: np.random.Generator) -> np.ndarray:
    """A plucked string: noise that goes round a loop which averages it (Karplus and Strong, 1983)."""
    period = round(RATE / (440 * 2 ** ((midi - 69) / 12)))
    loop = rng.uniform(-1, 1, period)
    rounds = []
    for _ in range(int(seconds * RATE / period) + 1):
        rounds.append(loop)
        loop = 0.498 * (loop + np.roll(loop, 1))
    return 0.3 * np.concatenate(rounds)


@cache
def guitar() -> np.ndarray:
    """Single strings of chords, at a walking pace that wanders."""
    rng = np.random.default_rng(5)
    out, at, number = np.zeros(len(TIME)), 0.2, 0
    while at < SECONDS - 1:
        root = 45 + IN_MINOR[number // 8 % 4]
        place(out, at, rng.uniform(0.3, 1) * string(root + (0, 7, 12, 15)[number % 4], 1.5, rng))
        at += 0.42 * (1 + 0.15 * np.sin(at / 4)) * rng.uniform(0.9, 1.1)
        number += 1
    return out


@cache
def techno() -> np.ndarray:
    """A kick on each beat at 130, hats between them, and a saw below."""
    rng = np.random.default_rng(6)
    out = np.zeros(len(TIME))
    since = np.arange(int(0.3 * RATE)) / RATE
    kick = np.sin(2 * np.pi * (50 * since + 6 * (1 - np.exp(-since / 0.02)))) * np.exp(-since / 0.09)
    hat = np.diff(rng.standard_normal(len(since) + 1)) * np.exp(-since / 0.02)
    saw = ((55 * since) % 1 - 0.5) * np.exp(-since / 0.1)
    for beat in range(int(SECONDS * 130 / 60)):
        at = beat * 60 / 130
        place(out, at, kick)
        place(out, at + 30 / 130, 0.2 * hat + 0.5 * saw)
    return 0.8 * np.tanh(2 * out)


def chords(shape: tuple[int, ...], roots: tuple[int, ...], *, bpm: float, partials: int) -> np.ndarray:
    """A chord and a tick on each beat, a root a bar; more partials are brighter."""
    rng = np.random.default_rng(7)
    out = np.zeros(len(TIME))
    beat_seconds = 60 / bpm
    since = np.arange(int(beat_seconds * RATE)) / RATE
    tick = np.diff(rng.standard_normal(len(since) + 1)) * np.exp(-since / 0.01) * 0.02 * partials
    for beat in range(int(SECONDS / beat_seconds)):
        root = 57 + roots[beat // 4 % len(roots)]
        tone = sum(
            np.sin(2 * np.pi * number * 440 * 2 ** ((root + step - 69) / 12) * since) / number
            for step in (*shape, -12)
            for number in range(1, partials + 1)
        )
        place(out, beat * beat_seconds, (0.1 * tone + tick) * np.exp(-since / 0.3))
    return out


def syllables() -> np.ndarray:
    """Harmonics of a gliding pitch behind two moving resonances, a hiss before each."""
    rng = np.random.default_rng(3)
    out = np.zeros(len(TIME))
    since = np.arange(int(0.34 * RATE)) / RATE
    for at in np.arange(4.0, SECONDS - 4, 0.4):
        midi = rng.integers(57, 66) + 2.0 * np.exp(-since / 0.05) + 0.4 * np.sin(2 * np.pi * 5.5 * since)
        pitch = 440 * 2 ** ((midi - 69) / 12)
        phase = 2 * np.pi * np.cumsum(pitch) / RATE
        first, second = rng.uniform(300, 850), rng.uniform(900, 2500)
        voice = np.zeros(len(since))
        for number in range(1, 25):
            mouth = 1 / (1 + ((number * pitch - first) / 90) ** 2)
            mouth += 0.6 / (1 + ((number * pitch - second) / 120) ** 2)
            voice += mouth / number**0.5 * np.sin(number * phase)
        hiss = np.diff(rng.standard_normal(len(since)) * np.exp(-since / 0.03), prepend=0)
        place(out, at, np.sin(np.pi * since / 0.34) ** 0.5 * 0.5 * voice + 0.15 * hiss)
    return out


@pytest.fixture
def heard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(network_parts, "BEATS_VERSION", 0)
    monkeypatch.setattr(network_parts, "PATCHES_VERSION", 0)

    def hear(name: str, sound: np.ndarray) -> Descriptors:
        path = tmp_path / f"{name}.wav"
        soundfile.write(path, 0.8 * sound / np.abs(sound).max(), RATE)
        descriptors = analyse_file(path, "0" * 64, known={})[0].descriptors
        assert descriptors is not None
        return descriptors

    return hear


def test_a_lone_guitar_is_acoustic_and_calm_and_techno_is_neither(heard):
    strings, machines = heard("guitar", guitar()), heard("techno", techno())
    assert strings.acousticness > machines.acousticness + 0.3
    assert machines.danceability > strings.danceability + 0.3
    assert machines.energy > strings.energy + 0.2


def test_major_fast_and_bright_is_cheerful_and_minor_slow_and_dark_is_not(heard):
    sad = heard("sad", chords(MINOR, IN_MINOR, bpm=72, partials=2))
    glad = heard("glad", chords(MAJOR, IN_MAJOR, bpm=138, partials=10))
    assert (sad.mode, glad.mode) == (0, 1)
    assert glad.valence > sad.valence + 0.3


def test_a_voice_over_an_instrumental_takes_its_instrumentalness(heard):
    alone = chords(MINOR, IN_MINOR, bpm=120, partials=2)
    voiced = alone + 0.5 * np.abs(alone).max() * syllables()
    assert heard("alone", alone).instrumentalness > heard("voiced", voiced).instrumentalness + 0.3
