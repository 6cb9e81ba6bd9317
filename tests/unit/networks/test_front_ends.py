"""The features that networks are given: their shapes, their places in time, their scale."""

import numpy as np
import pytest

from notorious.networks import beatnet, musicnn


def tone(hz: float, rate_hz: int, seconds: float = 1.0) -> np.ndarray:
    return (0.5 * np.sin(2 * np.pi * hz * np.arange(int(seconds * rate_hz)) / rate_hz)).astype(np.float32)


def test_beatnet_hears_136_bands_and_their_rise_fifty_times_a_second() -> None:
    assert beatnet.features(tone(440, beatnet.RATE_HZ)).shape == (50, 272)


def test_an_attack_raises_the_frame_that_is_centred_on_it() -> None:
    click = np.zeros(beatnet.RATE_HZ, np.float32)
    click[441 * 20] = 1.0
    features = beatnet.features(click)
    # The window is three hops long: it first reaches the click a frame early, and is fullest on it.
    assert int(features[:, :136].sum(axis=1).argmax()) == 20
    assert int(features[:, 136:].sum(axis=1).argmax()) in (19, 20)


def test_a_tone_an_octave_higher_is_24_bands_higher() -> None:
    low, high = (beatnet.features(tone(hz, beatnet.RATE_HZ))[25, :136].argmax() for hz in (880.0, 1760.0))
    assert high - low == 24


def test_features_do_not_depend_on_where_the_signal_is_cut_into_chunks() -> None:
    noise = np.random.default_rng(1).standard_normal(22050).astype(np.float32)
    whole = beatnet._log_bands(noise, 0, 50)
    # But for rounding: a matrix product of other shape may add in another order, as the processor has it.
    np.testing.assert_allclose(beatnet._log_bands(noise, 20, 30), whole[20:30], rtol=0, atol=2e-6)


def test_musicnn_triangles_have_the_area_one_and_cover_the_band() -> None:
    weights = musicnn._mel()
    assert weights.shape == (257, 96)
    # Triangles that are much wider than a bin sum to 1 / (width of a bin).
    assert weights[:, 60:].sum(axis=0) == pytest.approx(512 / 16000, rel=0.02)


def test_musicnn_mel_scale_is_linear_below_1000_hz_and_logarithmic_above() -> None:
    mel = np.array([7.5, 15.0, 42.0])
    assert musicnn._mel_to_hz(mel) == pytest.approx([500.0, 1000.0, 6400.0])


def test_musicnn_silence_is_zero_and_lies_outside_the_signal() -> None:
    noise = np.random.default_rng(1).standard_normal(16000).astype(np.float32)
    inside, outside = musicnn.log_mel(noise, 10, 5), musicnn.log_mel(noise, 100, 5)
    assert inside.min() > 0
    assert not outside.any()
