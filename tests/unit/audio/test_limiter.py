"""The limiter holds its ceiling by a detector that is not its own, and leaves alone what it may."""

import numpy as np
import pytest
import soxr

from notorious.audio.limiter import Limiter, limit

RATE = 44100


def peak_dbtp(x: np.ndarray, oversampling: int) -> float:
    silence = np.zeros((500, x.shape[1]), np.float32)
    whole = np.concatenate([silence, x, silence])
    return float(20 * np.log10(np.abs(soxr.resample(whole, 1, oversampling, quality="VHQ")).max()))


def material(kind: str) -> np.ndarray:
    random = np.random.default_rng(4)
    time = np.arange(5 * RATE) / RATE
    if kind == "white noise":
        x = 0.35 * random.standard_normal((len(time), 2))
    elif kind == "impulses":
        x = np.zeros((len(time), 2))
        x[random.integers(0, len(time), 40), random.integers(0, 2, 40)] = random.uniform(-6, 6, 40)
    elif kind == "high tone":
        x = np.repeat(1.3 * np.sin(2 * np.pi * 15013 * time)[:, None], 2, 1)
    else:
        beat = np.exp(-((time % 0.46) * 25)) * np.sin(2 * np.pi * 55 * time)
        x = 0.9 * beat[:, None] + 0.3 * np.sin(2 * np.pi * 440 * time)[:, None]
        x = x + 0.15 * random.standard_normal((len(time), 2))
        x = np.clip(4 * x, -1, 1) if kind == "clipped" else 1.5 * x
    ramp = np.minimum(1, np.arange(len(time)) / 2000)
    return (x * (ramp * ramp[::-1])[:, None]).astype(np.float32)


@pytest.mark.parametrize("kind", ["loud", "clipped", "white noise", "impulses", "high tone"])
def test_the_ceiling_holds_by_an_independent_detector(kind):
    y = limit(material(kind), RATE)
    assert peak_dbtp(y, 4) <= -1.0
    assert peak_dbtp(y, 8) <= -1.0


def test_another_ceiling_holds_too():
    assert peak_dbtp(limit(material("loud"), RATE, ceiling_dbtp=-3), 8) <= -3.0


def test_the_output_does_not_depend_on_how_the_stream_is_cut():
    x = material("loud")
    whole = limit(x, RATE)
    limiter, parts, start = Limiter(RATE, 2), [], 0
    for length in np.random.default_rng(5).integers(1, 40_000, 1000):
        parts.append(limiter.feed(x[start : start + length]))
        start += length
        if start >= len(x):
            break
    parts.append(limiter.finish())
    assert np.array_equal(np.concatenate(parts), whole)
    assert len(whole) == len(x)


def test_what_stays_below_the_ceiling_passes_to_the_last_bit():
    x = (0.38 * material("loud")).astype(np.float32)
    assert peak_dbtp(x, 8) < -1.0
    assert np.array_equal(limit(x, RATE), x)


def test_what_is_far_from_a_peak_passes_to_the_last_bit():
    x = (0.1 * material("white noise")).astype(np.float32)
    x[2 * RATE] = 2.0
    changed = np.flatnonzero((limit(x, RATE) != x).any(axis=1))
    assert changed[0] > 2 * RATE - 0.01 * RATE
    assert changed[-1] < 3.5 * RATE


@pytest.mark.parametrize("frequency", [30, 50, 100, 1000])
def test_a_pushed_tone_is_not_bent(frequency):
    time = np.arange(6 * RATE) / RATE
    x = np.repeat(10 ** (3 / 20) * np.sin(2 * np.pi * frequency * time)[:, None], 2, 1).astype(np.float32)
    y = limit(x, RATE)[2 * RATE : 5 * RATE, 0].astype(np.float64)
    spectrum = np.abs(np.fft.rfft(y * np.hanning(len(y)))) ** 2
    place = 3 * frequency
    fundamental = spectrum[place - 6 : place + 7].sum()
    assert 10 * np.log10((spectrum.sum() - fundamental) / fundamental) < -80


def test_both_channels_share_one_gain():
    x = (0.05 * material("white noise")).astype(np.float32) + np.float32(0.2)
    x[RATE : RATE + 300, 0] = 1.5
    gain = limit(x, RATE) / x
    assert np.allclose(gain[:, 0], gain[:, 1], rtol=1e-5)


def test_nothing_in_gives_nothing_out():
    limiter = Limiter(RATE, 2)
    assert limiter.finish().shape == (0, 2)
