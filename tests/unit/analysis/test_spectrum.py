"""The shared spectrum: bands hold the power that is in the signal."""

import base64

import numpy as np
import pytest

from notorious.analysis.spectrum import FRAME, HOP, RATE_HZ, band_levels_db, hear_spectra, power_blocks
from notorious.analysis.waveform import draw_waveform


def sine(frequency_hz: float, *, seconds: float = 2.0, amplitude: float = 1.0) -> np.ndarray:
    time = np.arange(int(seconds * RATE_HZ)) / RATE_HZ
    return (amplitude * np.sin(2 * np.pi * frequency_hz * time)).astype(np.float32)


@pytest.mark.parametrize(("frequency_hz", "band"), [(60, 0), (300, 1), (1000, 2), (4000, 3), (9000, 4)])
def test_a_sine_puts_its_mean_square_into_its_own_band(frequency_hz: float, band: int) -> None:
    spectra = hear_spectra(sine(frequency_hz, amplitude=0.5))
    inside = spectra.bands[8:-8].mean(axis=0)
    assert inside[band] == pytest.approx(0.125, rel=0.02)
    assert np.delete(inside, band).max() < 0.125 * 1e-3


def test_bands_are_relative_to_their_sum() -> None:
    levels = band_levels_db(hear_spectra(sine(60) + sine(1000)).bands)
    assert levels[0] == pytest.approx(-3.01, abs=0.1)
    assert levels[2] == pytest.approx(-3.01, abs=0.1)
    assert all(level <= 0 for level in levels)


def test_silence_has_no_level_and_no_flux() -> None:
    spectra = hear_spectra(np.zeros(RATE_HZ, np.float32))
    assert band_levels_db(spectra.bands) == (-90.0,) * 5
    assert not spectra.flux.any()


def test_a_frame_is_centred_on_its_sample() -> None:
    signal = np.zeros(20 * HOP, np.float32)
    signal[10 * HOP] = 1.0
    power = np.concatenate(list(power_blocks(signal, frame=FRAME, hop=HOP))).sum(axis=1)
    assert int(np.argmax(power)) == 10
    assert len(power) == 1 + len(signal) // HOP


@pytest.mark.parametrize("length", [1, HOP - 1, FRAME, 256 * HOP, 257 * HOP + 3])
def test_every_length_is_covered_to_its_end(length: int) -> None:
    power = np.concatenate(list(power_blocks(np.ones(length, np.float32), frame=FRAME, hop=HOP)))
    assert power.shape == (1 + length // HOP, FRAME // 2 + 1)
    assert power[-1].sum() > 0


def test_the_waveform_shows_amplitude_by_band() -> None:
    drawn = draw_waveform(hear_spectra(sine(60, amplitude=0.5)))
    rows = np.frombuffer(base64.b64decode(drawn.data), np.uint8).reshape(-1, 3)
    middle = rows[len(rows) // 2]
    assert middle[0] == pytest.approx(0.5 * 255, abs=2)
    assert middle[1:].max() <= 4
    assert len(rows) * drawn.hop_seconds == pytest.approx(2.0, abs=2 * drawn.hop_seconds)
