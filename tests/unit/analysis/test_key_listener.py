"""The key listener on sounds whose key, tuning and peaks are known from arithmetic."""

import numpy as np
import pytest
from numpy.typing import NDArray

from notorious.analysis.key import KeyListener
from notorious.analysis.key_peaks import BINS
from notorious.theory.keys import ALL_KEYS, Key

RATE_HZ = 22050


def spectra(samples: NDArray[np.float64]) -> NDArray[np.float32]:
    window = np.hanning(4097)[:-1]
    frames = [samples[start : start + 4096] * window for start in range(0, len(samples) - 4095, 2048)]
    return (np.abs(np.fft.rfft(np.array(frames), axis=1)) ** 2).astype(np.float32)


def cadence(key: Key, *, cents: float = 0.0, seconds: float = 1.0) -> NDArray[np.float64]:
    """Tonic, fourth, fifth and tonic as triads of the scale, over their roots in the bass, with three partials."""
    time = np.arange(int(seconds * RATE_HZ)) / RATE_HZ
    chords = []
    for place in (0, 3, 4, 0):
        notes = [60 + key.pitch_classes[(place + step) % 7] for step in (0, 2, 4)]
        notes.append(36 + key.pitch_classes[place])
        hertz = [440 * 2 ** ((note - 69 + cents / 100) / 12) for note in notes]
        chords.append(sum(np.sin(2 * np.pi * f * n * time) / n**2 for f in hertz for n in (1, 2, 3)))
    return 0.1 * np.concatenate(chords)


def heard(samples: NDArray[np.float64]) -> KeyListener:
    listener = KeyListener()
    listener.hear(spectra(samples))
    return listener


@pytest.mark.parametrize("key", ALL_KEYS, ids=lambda key: key.name)
def test_a_cadence_is_heard_in_its_key(key: Key) -> None:
    estimate = heard(cadence(key)).estimate()
    assert (estimate.camelot, estimate.name, estimate.tonic, estimate.mode) == (
        key.camelot,
        key.name,
        key.tonic_name,
        key.mode,
    )


@pytest.mark.parametrize("cents", [-40, -25, -10, 0, 10, 25, 40])
def test_the_tuning_is_heard_within_three_cents_and_does_not_move_the_key(cents: float) -> None:
    estimate = heard(cadence(Key.parse("F minor"), cents=cents)).estimate()
    assert estimate.tuning_cents == pytest.approx(cents, abs=3)
    assert estimate.name == "F minor"


@pytest.mark.parametrize("gain_db", [-60, -20, 0, 40])
def test_loudness_makes_no_difference(gain_db: float) -> None:
    samples = cadence(Key.parse("Bb major"))
    estimate = heard(samples * 10 ** (gain_db / 20)).estimate()
    reference = heard(samples).estimate()
    assert estimate.name == reference.name
    assert estimate.confidence == pytest.approx(reference.confidence, abs=0.02)


def test_where_the_blocks_are_cut_makes_no_difference() -> None:
    power = spectra(cadence(Key.parse("E minor"), seconds=2))
    whole, pieces = KeyListener(), KeyListener()
    whole.hear(power)
    for start in range(0, len(power), 7):
        pieces.hear(power[start : start + 7])
    assert pieces.chroma().bands == pytest.approx(whole.chroma().bands, rel=1e-12)
    assert pieces.estimate() == whole.estimate()


def test_silence_has_no_key_and_says_so_by_its_confidence() -> None:
    for listener in (KeyListener(), heard(np.zeros(RATE_HZ))):
        assert listener.estimate().confidence == 0


def test_noise_is_not_believed() -> None:
    noise = np.random.default_rng(1).standard_normal(20 * RATE_HZ)
    assert heard(noise).estimate().confidence < 0.6


def test_drums_do_not_change_the_key() -> None:
    samples = cadence(Key.parse("C# minor"), seconds=4)
    time = np.arange(len(samples)) / RATE_HZ
    since = time % 0.5
    kick = np.sin(2 * np.pi * (50 * since + 5 * (1 - np.exp(-since / 0.03)))) * np.exp(-since / 0.1)
    noise = np.random.default_rng(2).standard_normal(len(samples)) * np.exp(-((time + 0.25) % 0.5) / 0.05)
    assert heard(samples + 0.5 * kick + 0.2 * noise).estimate().name == "C# minor"


def test_a_single_peak_lands_on_its_pitch_class() -> None:
    time = np.arange(4 * RATE_HZ) / RATE_HZ
    for hertz, band, pitch_class in ((65.4064, 0, 0), (293.665, 1, 2), (880.0, 2, 9)):
        bands = heard(np.sin(2 * np.pi * hertz * time)).chroma().bands
        assert int(np.argmax(bands[band])) == pitch_class
        assert bands[band, pitch_class] > 0.99


def test_nothing_in_means_nothing_happens() -> None:
    listener = KeyListener()
    listener.hear(np.zeros((0, BINS), dtype=np.float32))
    assert listener.estimate().confidence == 0


@pytest.mark.parametrize("shape", [(3, 100), (BINS,), (2, 2, BINS)])
def test_spectra_of_another_shape_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"shape \(frames, 2049\)"):
        KeyListener().hear(np.zeros(shape, dtype=np.float32))
