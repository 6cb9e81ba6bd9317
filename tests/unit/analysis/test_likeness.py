"""Embeddings: what may not matter does not, and what is alike lies close."""

import numpy as np
import pytest

from notorious.analysis.likeness import SIGNAL, fit_projection, hear_embedding, signal_features, vector
from notorious.analysis.model import Embedding
from notorious.analysis.spectrum import hear_spectra

RATE = 22050


def music(pitch_hz: float, bpm: float, seed: int, *, seconds: float = 20.0, bright: bool = True) -> np.ndarray:
    """A pulse of noise over a chord: enough to have a timbre and a pace."""
    draw = np.random.default_rng(seed)
    time = np.arange(int(seconds * RATE)) / RATE
    chord = sum(np.sin(2 * np.pi * pitch_hz * k * time) / k for k in (1, 2, 3, 4, 5))
    phase = (time * bpm / 60) % 1
    noise = draw.standard_normal(len(time)) * np.exp(-phase * (30 if bright else 8))
    if not bright:
        noise = np.convolve(noise, np.ones(24) / 24, "same")
    return (0.1 * chord + 0.2 * noise).astype(np.float32)


def point(signal: np.ndarray) -> np.ndarray:
    return vector(hear_embedding(hear_spectra(signal), None))


def test_an_embedding_says_its_name_and_has_length_one() -> None:
    heard = hear_embedding(hear_spectra(music(220, 120, 1)), None)
    assert heard.name == SIGNAL
    assert vector(heard).shape == (48,)
    assert np.linalg.norm(vector(heard)) == pytest.approx(1)


def test_the_level_does_not_matter() -> None:
    loud = music(220, 120, 1)
    assert point(loud) @ point(0.5 * loud) > 0.98


def test_another_part_of_the_same_is_nearer_than_another_sound() -> None:
    one, again, other = music(220, 120, 1), music(220, 120, 2), music(90, 97, 3, bright=False)
    assert point(one) @ point(again) > point(one) @ point(other) + 0.3


def test_silence_has_finite_features() -> None:
    assert np.isfinite(signal_features(hear_spectra(np.zeros(RATE * 4, np.float32)))).all()


def test_a_vector_survives_being_packed() -> None:
    values = np.array([3.0, 4.0], "<f2")
    import base64

    packed = Embedding(name="x", data=base64.b64encode(values.tobytes()).decode())
    assert vector(packed).tolist() == pytest.approx([0.6, 0.8])


def test_the_projection_finds_what_tells_tracks_apart() -> None:
    """Tracks differ along the first axis alone; along the others only excerpts do, and more."""
    draw = np.random.default_rng(0)
    track = np.repeat(np.arange(30), 4)
    features = draw.standard_normal((120, 5)) * [0.2, 3, 3, 3, 3]
    features[:, 0] += 2 * draw.standard_normal(30)[track]
    found = fit_projection(features, track, dimensions=1, shrinkage=0.1)
    direction = np.abs(found.directions[:, 0] / np.linalg.norm(found.directions))
    assert direction[0] > 0.95
