from collections.abc import Iterator

import numpy as np
import pytest
from numpy.typing import NDArray

from notorious.rendering.band_levels import HOP_FRAMES, BandMeter
from notorious.rendering.echo import Echo, feedback_for
from notorious.rendering.window import Window


def test_repeats_come_after_the_delay_each_softer_by_the_feedback() -> None:
    echo = Echo(delay_frames=100, feedback=0.5)
    send = np.zeros((450, 2), np.float32)
    send[10] = 1.0
    heard = echo.process(send)
    expected = np.zeros(450)
    expected[[110, 210, 310, 410]] = [0.5, 0.25, 0.125, 0.0625]
    assert np.array_equal(heard[:, 0], expected)


def test_an_echo_does_not_depend_on_blocks() -> None:
    send = np.random.default_rng(1).standard_normal((5000, 2)).astype(np.float32)
    whole = Echo(delay_frames=333, feedback=0.7).process(send)
    echo = Echo(delay_frames=333, feedback=0.7)
    parts = np.concatenate([echo.process(part) for part in np.array_split(send, [1, 332, 334, 2000, 4999])])
    assert np.array_equal(whole, parts)


def test_a_tail_dies_away_within_its_time() -> None:
    assert feedback_for(12.0) ** (12.0 / 0.75) == pytest.approx(10 ** (-50 / 20))
    assert feedback_for(0.5) == 0.2
    assert feedback_for(1000) == 0.75


def counting(first: int, blocks: int = 20, length: int = 7) -> Iterator[NDArray[np.float32]]:
    for number in range(blocks):
        start = first + number * length
        yield np.repeat(np.arange(start, start + length, dtype=np.float32)[:, None], 2, axis=1)


def test_a_window_gives_any_rising_ranges_of_a_stream() -> None:
    window = Window(counting)
    for start, frames in ((3, 5), (3, 20), (10, 2), (50, 30)):
        assert np.array_equal(window.read(start, frames)[:, 0], np.arange(start, start + frames))


def test_a_window_is_silent_before_the_beginning_and_after_the_end() -> None:
    window = Window(counting)
    assert np.array_equal(window.read(-3, 6)[:, 0], [0, 0, 0, 0, 1, 2])
    assert np.array_equal(window.read(138, 4)[:, 0], [138, 139, 0, 0])
    assert not window.read(500, 4).any()


def test_a_window_opens_its_stream_at_the_first_frame_that_is_asked_for() -> None:
    opened: list[int] = []

    def open_at(frame: int) -> Iterator[NDArray[np.float32]]:
        opened.append(frame)
        return counting(frame)

    Window(open_at).read(40, 10)
    assert opened == [40]


@pytest.mark.parametrize(("hertz", "band"), [(60, "low"), (700, "mid"), (5000, "high")])
def test_a_sine_shows_its_level_in_its_band(hertz: float, band: str) -> None:
    rate = 44100
    tone = (0.5 * np.sin(2 * np.pi * hertz * np.arange(rate) / rate)).astype(np.float32)
    meter = BandMeter(rate)
    for part in np.array_split(np.stack([tone, tone], axis=1), 7):
        meter.feed(part)
    levels = meter.result()
    assert len(levels.peak) == -(-rate // HOP_FRAMES)
    rows = slice(1, -2)
    # A Hann window keeps its level whatever the phase, within a few per cent where two periods fit.
    assert getattr(levels, band)[rows] == pytest.approx(0.5 / np.sqrt(2), rel=0.1)
    for other in {"low", "mid", "high"} - {band}:
        assert getattr(levels, other)[rows].max() < 0.02
    assert levels.peak[rows] == pytest.approx(0.5, rel=0.01)


def test_band_levels_do_not_depend_on_blocks() -> None:
    noise = np.random.default_rng(2).standard_normal((30000, 2)).astype(np.float32)
    one, other = BandMeter(44100), BandMeter(44100)
    one.feed(noise)
    for part in np.array_split(noise, [10, 4000, 4096, 29999]):
        other.feed(part)
    assert np.array_equal(one.result().mid, other.result().mid)
    assert np.array_equal(one.result().peak, other.result().peak)
