"""Where untouched audio and stretched audio meet, and where one ratio gives way to the next: nothing is heard."""

from itertools import pairwise

import numpy as np
import pytest
from stretch_material import RATE, Samples, bass, beat_frames, chord, hat, kick, level_db, placed, render, stereo

from notorious.audio.stretch import ENTRY_FRAMES, EXIT_FRAMES, TimeMap

SECONDS = 30.0
LENGTH = int(SECONDS * RATE)
BEATS = beat_frames(124, SECONDS)
PAD = stereo(chord(SECONDS))
MIX = stereo(chord(SECONDS), bass(SECONDS), placed(kick(), BEATS, LENGTH), placed(hat(4), BEATS[:-1] + 10667, LENGTH))


def in_and_out() -> TimeMap:
    """Untouched, 3 % faster from 5 to 12 s, untouched."""
    return TimeMap((0.0, 5.0 * RATE, 12.0 * RATE, 20.0 * RATE), (0.0, 5.0 * RATE, 12.21 * RATE, 20.21 * RATE))


def staircase() -> TimeMap:
    """From 2 % faster back to untouched in steps of 0.1 %, a bar each; untouched at both ends."""
    bar = 4 * 60 / 124 * RATE / 2
    output, source = [0.0, float(round(3 * RATE))], [0.0, float(round(3 * RATE))]
    for step in range(20):
        output.append(output[-1] + round(bar))
        source.append(source[-1] + round(bar) * (1.02 - 0.001 * step))
    source[-1] = float(round(source[-1]))
    output.append(output[-1] + 5 * RATE)
    source.append(source[-1] + 5 * RATE)
    return TimeMap(tuple(output), tuple(source))


def sharpest_bend(sound: Samples) -> float:
    """The greatest second difference: a click's signature."""
    return float(np.abs(np.diff(sound.astype(np.float64), n=2, axis=0)).max())


@pytest.mark.parametrize("time_map", [in_and_out(), staircase()], ids=["in and out", "staircase"])
@pytest.mark.parametrize("source", [PAD, MIX], ids=["pad", "mix"])
def test_no_click_anywhere(source: Samples, time_map: TimeMap) -> None:
    rendered = render(source, time_map, 28 * RATE, BEATS.tolist())
    assert sharpest_bend(rendered[RATE : 27 * RATE]) < 1.1 * sharpest_bend(source[RATE:-RATE])


@pytest.mark.parametrize("time_map", [in_and_out(), staircase()], ids=["in and out", "staircase"])
def test_a_pad_has_no_level_step_at_any_join(time_map: TimeMap) -> None:
    """Short-term level (400 ms) moves no more than the source's own does."""
    rendered = render(PAD, time_map, 28 * RATE, BEATS.tolist())

    def steps(sound: Samples) -> list[float]:
        levels = [level_db(sound, start, 0, 400) for start in range(RATE, 27 * RATE, RATE // 10)]
        return [abs(after - before) for before, after in pairwise(levels)]

    assert max(steps(rendered)) < max(steps(PAD)) + 0.5


def test_the_level_at_entry_and_exit_is_that_of_the_source() -> None:
    rendered = render(MIX, in_and_out(), 28 * RATE, BEATS.tolist())
    time_map = in_and_out()
    for seconds in np.arange(4.0, 15.0, 0.25):
        place = seconds * RATE
        origin = float(time_map.source(place))
        assert abs(level_db(rendered, place, 0, 400) - level_db(MIX, origin, 0, 400)) < 1.5
    for place in (5 * RATE - ENTRY_FRAMES, 12 * RATE + EXIT_FRAMES):
        origin = float(time_map.source(place))
        before = level_db(rendered, place, -400, 0) - level_db(MIX, origin, -400, 0)
        after = level_db(rendered, place, 0, 400) - level_db(MIX, origin, 0, 400)
        assert abs(after - before) < 0.5


def test_the_way_home_is_slow_enough_not_to_be_heard_as_a_slide() -> None:
    """A 110 Hz sine leaves a stretch at most half a hertz from its pitch."""
    from scipy.signal import hilbert

    time = np.arange(LENGTH) / RATE
    rendered = render(stereo(0.5 * np.sin(2 * np.pi * 110 * time)), in_and_out(), 16 * RATE)[:, 0]
    turning = hilbert(rendered) * np.exp(-2j * np.pi * 110 * np.arange(len(rendered)) / RATE)
    phase = np.unwrap(np.angle(turning))
    detune = (phase[4410:] - phase[:-4410]) / (2 * np.pi * 0.1)
    assert np.abs(detune[RATE : 15 * RATE]).max() < 0.55
    assert np.abs(np.abs(turning[RATE : 15 * RATE]) - 0.5).max() < 0.01


@pytest.mark.parametrize("time_map", [in_and_out(), staircase()], ids=["in and out", "staircase"])
def test_untouched_audio_is_bit_exact_on_both_sides(time_map: TimeMap) -> None:
    rendered = render(MIX, time_map, 28 * RATE, BEATS.tolist())
    first, last = time_map.untouched_runs()
    before, after = int(first.stop) - ENTRY_FRAMES, int(last.start) + EXIT_FRAMES
    assert np.array_equal(rendered[:before], MIX[:before])
    assert np.array_equal(rendered[after:], MIX[after + last.shift : 28 * RATE + last.shift])
