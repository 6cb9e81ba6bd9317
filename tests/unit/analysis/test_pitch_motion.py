"""Partials that glide are seen to glide, by how much and in which direction; what stands still is not."""

import numpy as np
import pytest

from notorious.analysis.pitch_motion import STEPS_PER_OCTAVE, MotionListener
from notorious.analysis.spectrum import FRAME, HOP, RATE_HZ, hear_spectra, power_blocks


def harmonics(pitch_hz: np.ndarray) -> np.ndarray:
    """Twenty harmonics of a pitch curve [shape=(samples,)]."""
    phase = 2 * np.pi * np.cumsum(pitch_hz) / RATE_HZ
    return sum(np.sin(number * phase) / number for number in range(1, 21)).astype(np.float32) * np.float32(0.1)


def seconds(length: float) -> np.ndarray:
    return np.arange(int(length * RATE_HZ)) / RATE_HZ


def motion_of(signal: np.ndarray):
    return hear_spectra(signal).motion


def test_a_held_tone_does_not_move():
    motion = motion_of(harmonics(np.full(2 * RATE_HZ, 330.0)))
    assert np.abs(motion.shift[4:-4]).max() < 0.2
    assert motion.steady[4:-4].min() > 0.98


@pytest.mark.parametrize("octaves_per_second", [0.5, -0.5, 1.0])
def test_a_glide_is_told_in_steps_between_the_frames_beside(octaves_per_second):
    motion = motion_of(harmonics(330.0 * 2 ** (octaves_per_second * (seconds(1.0) - 0.5))))
    expected = octaves_per_second * STEPS_PER_OCTAVE * 2 * HOP / RATE_HZ
    assert np.median(motion.shift[4:-4], axis=0)[1:] == pytest.approx(expected, abs=0.25)


def test_vibrato_makes_two_moments_alike_only_when_one_is_shifted():
    motion = motion_of(harmonics(330.0 * 2 ** (0.5 / 12 * np.sin(2 * np.pi * 5.5 * seconds(2.0)))))
    assert (motion.moved - motion.steady)[4:-4].mean() > 0.05
    assert motion.moved[4:-4].mean() > 0.9


def test_noise_is_not_alike_at_any_shift():
    noise = np.random.default_rng(0).standard_normal(4 * RATE_HZ).astype(np.float32)
    assert motion_of(noise).moved[4:-4].mean() < 0.7


@pytest.mark.parametrize("sizes", [(1, 1, 1, 40), (2, 41), (7,) * 7])
def test_it_does_not_matter_how_the_spectra_are_cut_into_blocks(sizes):
    rng = np.random.default_rng(1)
    spectra = np.concatenate(
        list(power_blocks(rng.standard_normal(60 * HOP).astype(np.float32), frame=FRAME, hop=HOP))
    )[: sum(sizes)]
    whole, pieces = (MotionListener(rate_hz=RATE_HZ, frame=FRAME) for _ in range(2))
    whole.hear(spectra)
    for block in np.split(spectra, np.cumsum(sizes)[:-1]):
        pieces.hear(block)
    for name in ("shift", "steady", "moved"):
        assert getattr(pieces.result(), name).shape == (len(spectra), 5)
        np.testing.assert_allclose(getattr(pieces.result(), name), getattr(whole.result(), name), atol=1e-5)


def test_a_signal_too_short_to_compare_has_rows_and_no_motion():
    motion = motion_of(np.zeros(10, np.float32))
    assert motion.shift.shape == (1, 5)
    assert not motion.moved.any()
