"""Loudness and true peak against the signals of EBU Tech 3341 and 3342, synthesised, and against soxr."""

import numpy as np
import pytest
import soxr

from notorious.audio.loudness import LoudnessMeter, LoudnessResult
from notorious.audio.true_peak import TruePeakMeter

RATE = 48000


def measured(x: np.ndarray, rate: int = RATE, block_frames: int = 65536) -> LoudnessResult:
    meter = LoudnessMeter(rate, x.shape[1])
    for start in range(0, len(x), block_frames):
        meter.feed(x[start : start + block_frames])
    return meter.result()


def steps(*levels_and_seconds: tuple[float, float], rate: int = RATE, channels: int = 2) -> np.ndarray:
    """A 1 kHz sine whose peak level [dBFS] goes in steps, equal in all channels."""
    parts, done = [], 0
    for level_db, seconds in levels_and_seconds:
        time = (np.arange(round(seconds * rate)) + done) / rate
        done += len(time)
        parts.append(10 ** (level_db / 20) * np.sin(2 * np.pi * 1000 * time))
    return np.repeat(np.concatenate(parts)[:, None], channels, 1).astype(np.float32)


TECH_3341 = {
    "1": ([(-23, 20)], -23),
    "2": ([(-33, 20)], -33),
    "3": ([(-36, 10), (-23, 60), (-36, 10)], -23),
    "4": ([(-72, 10), (-36, 10), (-23, 60), (-36, 10), (-72, 10)], -23),
    "5": ([(-26, 20), (-20, 20.1), (-26, 20)], -23),
}
TECH_3342 = {
    "1": ([(-20, 20), (-30, 20)], 10),
    "2": ([(-20, 20), (-15, 20)], 5),
    "3": ([(-40, 20), (-20, 20)], 20),
    "4": ([(-50, 20), (-35, 20), (-20, 20), (-35, 20), (-50, 20)], 15),
}


@pytest.mark.parametrize(("case", "rate"), [*((case, 48000) for case in TECH_3341), ("3", 44100), ("3", 22050)])
def test_integrated_loudness_meets_ebu_tech_3341(case, rate):
    levels, expected = TECH_3341[case]
    assert measured(steps(*levels, rate=rate), rate).integrated_lufs == pytest.approx(expected, abs=0.1)


def test_surround_channels_weigh_as_ebu_tech_3341_case_6_says():
    time = np.arange(20 * RATE) / RATE
    levels_db = [-28, -28, -24, -np.inf, -30, -30]  # L R C LFE Ls Rs
    sine = np.sin(2 * np.pi * 1000 * time)
    x = np.stack([10 ** (level / 20) * sine for level in levels_db], 1).astype(np.float32)
    assert measured(x).integrated_lufs == pytest.approx(-23, abs=0.1)
    x[:, 3] = sine  # the LFE does not count
    assert measured(x).integrated_lufs == pytest.approx(-23, abs=0.1)


@pytest.mark.parametrize("case", TECH_3342)
def test_loudness_range_meets_ebu_tech_3342(case):
    levels, expected = TECH_3342[case]
    assert measured(steps(*levels)).range_lu == pytest.approx(expected, abs=1)


def test_mono_is_three_lu_softer_than_the_same_on_both_sides():
    both, one = measured(steps((-23, 10))), measured(steps((-23, 10), channels=1))
    assert both.integrated_lufs - one.integrated_lufs == pytest.approx(10 * np.log10(2), abs=0.01)


def test_short_term_loudness_is_centred_on_whole_seconds():
    result = measured(steps((-40, 10), (-20, 10)))
    assert len(result.short_term_lufs) == 21
    assert result.short_term_lufs[8] == pytest.approx(-40, abs=0.1)
    assert result.short_term_lufs[12] == pytest.approx(-20, abs=0.1)
    half = 10 * np.log10((1e-4 + 1e-2) / 2)  # half of the window before, half behind the step
    assert result.short_term_lufs[10] == pytest.approx(half, abs=0.2)
    assert result.short_term_lufs[0] == pytest.approx(-40, abs=0.1)


@pytest.mark.parametrize("seconds", [0.0, 0.05, 5.0])
def test_silence_and_nothing_are_minus_70(seconds):
    result = measured(np.zeros((int(seconds * RATE), 2), np.float32))
    assert result.integrated_lufs == -70
    assert result.range_lu == 0
    assert set(result.short_term_lufs) == {-70}
    assert result.true_peak_dbtp == -120


def test_the_result_does_not_depend_on_how_the_stream_is_cut():
    x = (0.2 * np.random.default_rng(2).standard_normal((3 * RATE + 17, 2))).astype(np.float32)
    results = [measured(x, block_frames=frames) for frames in (1009, 48000, len(x))]
    assert results[0].true_peak_dbtp == results[1].true_peak_dbtp == results[2].true_peak_dbtp
    for result in results[1:]:
        assert result.integrated_lufs == pytest.approx(results[0].integrated_lufs, abs=1e-4)


def true_peak_db(x: np.ndarray) -> float:
    meter = TruePeakMeter(x.shape[1])
    meter.feed(x)
    return meter.result_dbtp()


def reference_db(x: np.ndarray) -> float:
    silence = np.zeros((500, x.shape[1]), np.float32)
    return float(20 * np.log10(np.abs(soxr.resample(np.concatenate([silence, x, silence]), 1, 8, quality="VHQ")).max()))


def faded(x: np.ndarray) -> np.ndarray:
    ramp = np.minimum(1, np.arange(len(x)) / 4000)
    return (x * (ramp * ramp[::-1])[:, None]).astype(np.float32)


@pytest.mark.parametrize("phase", [0.0, 45.0, 67.5])
@pytest.mark.parametrize("division", [4, 6, 3, 2.5])
def test_true_peak_of_a_sine_is_its_amplitude_at_any_phase(division, phase):
    angle = 2 * np.pi * np.arange(RATE) / division + np.radians(phase)
    x = faded(np.repeat(0.5 * np.sin(angle)[:, None], 2, 1))
    # Eighths of a sample: a crest at 0.4 of the rate lies at most 0.107 dB above the nearest of them.
    assert true_peak_db(x) == pytest.approx(20 * np.log10(0.5), abs=0.1 if division > 2.5 else 0.11)


def programme(kind: str) -> np.ndarray:
    random = np.random.default_rng(11)
    time = np.arange(4 * RATE) / RATE
    x = sum(
        np.sin(2 * np.pi * f * time[:, None] + random.uniform(0, 6, 2)) / f**0.3 for f in (55, 220, 1760, 7040, 13001)
    )
    x = 0.3 * x + 0.1 * random.standard_normal((len(time), 2))
    return faded({"open": 0.5 * x, "clipped": np.clip(4 * x, -1, 1), "saturated": np.tanh(5 * x)}[kind])


@pytest.mark.parametrize("kind", ["open", "clipped", "saturated"])
def test_true_peak_agrees_with_eightfold_soxr_vhq(kind):
    x = programme(kind)
    # soxr takes away what lies above 0.48 of the rate; no curve through the samples stays below the highest of them.
    reference = max(reference_db(x), float(20 * np.log10(np.abs(x).max())))
    assert true_peak_db(x) == pytest.approx(reference, abs=0.1)
