"""Silence, fades and dynamic range, on signals whose envelope is arithmetic."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from notorious.analysis.dynamics import DynamicsMeter
from notorious.analysis.ends import fade_seconds, hear_ends
from notorious.errors import UnusableAudio

RATE_HZ = 22050
Signal = NDArray[np.float32]


def beats(seconds: float) -> Signal:
    """A kick every half second with a soft tone between."""
    time = np.arange(int(seconds * RATE_HZ)) / RATE_HZ
    since = time % 0.5
    kick = np.sin(2 * np.pi * 55 * since) * np.exp(-since * 9)
    return (0.7 * kick + 0.1 * np.sin(2 * np.pi * 330 * time)).astype(np.float32)


def ramp(seconds: float, fade: float, *, in_decibels: bool) -> Signal:
    """A gain that falls from 1 to silence over the last `fade` seconds."""
    left = np.arange(int(seconds * RATE_HZ))[::-1] / RATE_HZ / fade
    share = np.minimum(left, 1.0)
    return (10 ** (3.0 * (share - 1.0)) if in_decibels else share).astype(np.float32)


def ends_of(signal: Signal):
    return hear_ends(signal, RATE_HZ, duration_seconds=len(signal) / RATE_HZ, path=Path("a.wav"))


@pytest.mark.parametrize("fade", [1.5, 4.0, 12.0])
@pytest.mark.parametrize("in_decibels", [False, True])
def test_a_fade_out_is_measured(fade: float, in_decibels: bool) -> None:
    heard = ends_of(beats(60) * ramp(60, fade, in_decibels=in_decibels))
    assert heard.fade_out_seconds == pytest.approx(fade, abs=max(0.5, 0.2 * fade))
    assert heard.fade_in_seconds == 0.0


def test_a_fade_in_is_a_fade_out_backwards() -> None:
    heard = ends_of(beats(60) * ramp(60, 6.0, in_decibels=False)[::-1])
    assert heard.fade_in_seconds == pytest.approx(6.0, abs=1.2)
    assert heard.fade_out_seconds == 0.0


def test_a_hard_end_and_a_thinner_arrangement_are_no_fades() -> None:
    thinner = beats(60)
    thinner[40 * RATE_HZ :] *= 0.5
    thinner[50 * RATE_HZ :] *= 0.5
    assert ends_of(beats(60)).fade_out_seconds == 0.0
    assert ends_of(thinner).fade_out_seconds == 0.0


def test_silence_around_the_sound_is_left_out_and_is_no_fade() -> None:
    pause = np.zeros(3 * RATE_HZ, np.float32)
    heard = ends_of(np.concatenate([pause, beats(30), pause]))
    assert heard.start == pytest.approx(3.0, abs=0.01)
    assert heard.end == pytest.approx(33.0, abs=0.1)
    assert (heard.fade_in_seconds, heard.fade_out_seconds) == (0.0, 0.0)


def test_what_is_too_short_has_no_fade() -> None:
    assert fade_seconds(np.linspace(0, 1, RATE_HZ // 2, dtype=np.float32), RATE_HZ) == 0.0


def test_silence_alone_is_unusable() -> None:
    with pytest.raises(UnusableAudio, match="silent"):
        ends_of(np.full(RATE_HZ, 5e-4, np.float32))


def dynamics_of(signal: NDArray[np.float32], block: int = 5000) -> float | None:
    meter = DynamicsMeter(RATE_HZ, signal.shape[1])
    for start in range(0, len(signal), block):
        meter.feed(signal[start : start + block])
    return meter.result_db()


def test_a_sine_has_no_dynamic_range_and_a_square_less() -> None:
    time = np.arange(20 * RATE_HZ) / RATE_HZ
    sine = np.sin(2 * np.pi * 100 * time)[:, None].astype(np.float32)
    assert dynamics_of(sine) == pytest.approx(0.0, abs=0.02)
    assert dynamics_of(np.sign(sine)) == pytest.approx(-3.01, abs=0.02)


def test_dynamic_range_is_the_peak_over_the_loudest_fifth() -> None:
    time = np.arange(30 * RATE_HZ) / RATE_HZ
    sine = 0.1 * np.sin(2 * np.pi * 100 * time)
    sine[:: 3 * RATE_HZ] = 1.0  # a click in every block, 20 dB above
    sine[15 * RATE_HZ :] *= 0.01  # the quiet half does not count
    sine[15 * RATE_HZ :: 3 * RATE_HZ] = 1.0
    assert dynamics_of(sine[:, None].astype(np.float32)) == pytest.approx(20.0, abs=0.1)


def test_where_blocks_are_cut_and_how_loud_it_is_make_no_difference() -> None:
    noise = np.random.default_rng(5).standard_normal((10 * RATE_HZ, 2)).astype(np.float32) * 0.1
    assert dynamics_of(noise, 777) == pytest.approx(dynamics_of(noise, 50_000), abs=1e-6)
    assert dynamics_of(noise * np.float32(0.25)) == pytest.approx(dynamics_of(noise), abs=0.01)


def test_nothing_heard_has_no_dynamic_range() -> None:
    assert DynamicsMeter(RATE_HZ, 2).result_db() is None
