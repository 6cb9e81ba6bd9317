"""What the filters promise: bands that sum back, segments that equal the whole, sweeps without noise."""

from itertools import pairwise

import numpy as np
import pytest

from notorious.audio.filters import (
    CONTEXT_FRAMES,
    context_frames,
    filter_sweep,
    sweep_cutoff_hz,
    three_band_eq,
    three_bands,
)

RATE = 44100


def noise(frames: int, seed: int = 1) -> np.ndarray:
    return (0.3 * np.random.default_rng(seed).standard_normal((frames, 2))).astype(np.float32)


def tone(frequency: float, seconds: float = 1.0) -> np.ndarray:
    time = np.arange(int(seconds * RATE)) / RATE
    return np.repeat(np.sin(2 * np.pi * frequency * time)[:, None], 2, 1).astype(np.float32)


def level_db(x: np.ndarray) -> float:
    inner = x[5000:-5000].astype(np.float64)
    return float(10 * np.log10(np.mean(inner**2) * 2 + 1e-20))


def test_the_three_bands_sum_back_to_the_input():
    x = noise(3 * RATE)
    bands = three_bands(x, RATE)
    assert np.abs(bands.low + bands.mid + bands.high - x).max() < 10 ** (-120 / 20)


@pytest.mark.parametrize(("frequency", "band"), [(50, "low"), (700, "mid"), (8000, "high")])
def test_each_band_keeps_its_own_and_rejects_the_rest(frequency, band):
    bands = three_bands(tone(frequency), RATE)
    for name in ("low", "mid", "high"):
        level = level_db(getattr(bands, name))
        assert level == pytest.approx(0, abs=0.1) if name == band else level < -60


def test_a_crossover_halves_both_neighbours():
    bands = three_bands(tone(200), RATE, low_hz=200)
    assert level_db(bands.low) == pytest.approx(-6.02, abs=0.2)
    assert level_db(bands.mid) == pytest.approx(-6.02, abs=0.2)


@pytest.mark.parametrize("rate", [44100, 48000])
def test_a_segment_with_context_equals_the_whole(rate):
    x = noise(4 * rate)
    whole = three_bands(x, rate)
    sweep = np.linspace(-1, 1, len(x), dtype=np.float32)
    swept = filter_sweep(x, rate, sweep)
    for start, frames in ((CONTEXT_FRAMES, 7001), (31_234, 40_000)):
        cut = x[start - CONTEXT_FRAMES : start + frames + CONTEXT_FRAMES]
        parts = three_bands(cut, rate, context=CONTEXT_FRAMES)
        here = slice(start, start + frames)
        for name in ("low", "mid", "high"):
            assert np.abs(getattr(parts, name) - getattr(whole, name)[here]).max() < 10 ** (-110 / 20)
        part = filter_sweep(cut, rate, sweep[here], context=CONTEXT_FRAMES)
        assert np.abs(part - swept[here]).max() < 10 ** (-110 / 20)
    assert context_frames(rate) <= CONTEXT_FRAMES


def test_open_eq_and_open_filter_pass_every_bit():
    x = noise(RATE)
    assert np.array_equal(three_band_eq(x, RATE), x)
    assert np.array_equal(filter_sweep(x, RATE, 0.0), x)
    moving = np.concatenate([np.ones(RATE // 2), np.linspace(1, 0, RATE // 2)]).astype(np.float32)
    assert np.array_equal(three_band_eq(x, RATE, low_gain=moving)[: RATE // 2], x[: RATE // 2])


def test_a_killed_bass_leaves_the_rest():
    assert level_db(three_band_eq(tone(60), RATE, low_gain=0.0)) < -70
    assert level_db(three_band_eq(tone(1000), RATE, low_gain=0.0)) == pytest.approx(0, abs=0.05)


def test_filters_do_not_delay():
    x = np.zeros((RATE, 1), np.float32)
    x[20_000] = 1
    for y in (three_bands(x, RATE).high, filter_sweep(x, RATE, -0.5), filter_sweep(x, RATE, 0.5)):
        assert int(np.argmax(np.abs(y[:, 0]))) == 20_000


@pytest.mark.parametrize("position", [-1.0, -0.6, 0.6, 1.0])
def test_the_sweep_is_at_half_amplitude_at_its_cutoff(position):
    _, cutoff = sweep_cutoff_hz(position)
    assert level_db(filter_sweep(tone(cutoff, 2), RATE, position)) == pytest.approx(-6.02, abs=0.5)


def test_a_sweep_closes_monotonically():
    levels = [level_db(filter_sweep(tone(1000), RATE, -amount)) for amount in np.linspace(0, 1, 13)]
    assert all(later <= earlier + 0.01 for earlier, later in pairwise(levels))
    assert levels[-1] < -60


def test_a_moving_filter_makes_no_zipper_noise():
    # A tone under a moving filter may only change its level: all energy stays within a narrow band around it.
    x = tone(1000, 4)
    y = filter_sweep(x, RATE, np.linspace(0, -1, len(x), dtype=np.float32))[:, 0].astype(np.float64)
    spectrum = np.abs(np.fft.rfft(y * np.hanning(len(y)))) ** 2
    frequencies = np.fft.rfftfreq(len(y), 1 / RATE)
    outside = spectrum[np.abs(frequencies - 1000) > 60].sum()
    assert 10 * np.log10(outside / spectrum.sum()) < -80


def test_crossovers_out_of_order_and_too_much_context_are_refused():
    with pytest.raises(ValueError, match="crossovers"):
        three_bands(noise(1000), RATE, low_hz=3000, high_hz=200)
    with pytest.raises(ValueError, match="context"):
        three_bands(noise(1000), RATE, context=600)
