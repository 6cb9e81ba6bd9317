"""Tones through the stretcher: pure, in tune, where they were in the room, as loud as they were."""

import numpy as np
import pytest
from stretch_material import (
    RATE,
    Samples,
    beat_frames,
    chord,
    constant,
    hat,
    kick,
    level_db,
    placed,
    render,
    sinad_db,
    stereo,
)

from notorious.audio.stretch import TimeMap


def sine(hertz: float, seconds: float) -> Samples:
    return stereo(0.5 * np.sin(2 * np.pi * hertz * np.arange(int(seconds * RATE)) / RATE))


def cents_off(sound: np.ndarray, hertz: float) -> float:
    """How far a sine is from a pitch: the slope of its phase against that pitch."""
    from scipy.signal import hilbert

    turning = hilbert(sound) * np.exp(-2j * np.pi * hertz * np.arange(len(sound)) / RATE)
    phase = np.unwrap(np.angle(turning))[RATE // 4 : -RATE // 4]
    slope = np.polyfit(np.arange(len(phase)) / RATE, phase, 1)[0] / (2 * np.pi)
    return float(1200 * np.log2((hertz + slope) / hertz))


@pytest.mark.parametrize(
    ("hertz", "at_least"), [(55.0, 60.0), (110.0, 70.0), (440.0, 80.0), (997.0, 80.0), (5000.0, 80.0), (12000.0, 80.0)]
)
def test_a_sine_stays_pure_and_in_tune(hertz: float, at_least: float) -> None:
    rendered = render(sine(hertz, 7), constant(1.03, 6 * RATE), 6 * RATE)[RATE : 5 * RATE, 0]
    assert sinad_db(rendered, [hertz]) > at_least
    assert abs(cents_off(rendered, hertz)) < 0.1


def test_a_sine_stays_pure_while_the_map_holds_still_on_beats() -> None:
    """Beats are given though nothing is struck: the local ratio goes up and down, the pitch must not."""
    beats = beat_frames(124, 7.0).tolist()
    rendered = render(sine(440, 7), constant(1.03, 6 * RATE), 6 * RATE, beats)[RATE : 5 * RATE, 0]
    assert sinad_db(rendered, [440.0]) > 60
    assert abs(cents_off(rendered, 440)) < 1


def test_a_chord_keeps_its_notes_and_no_others() -> None:
    notes = [hertz * overtone for hertz in (220.0, 261.63, 329.63, 441.3, 659.2) for overtone in (1, 2)]
    rendered = render(stereo(chord(7.0)), constant(0.97, 6 * RATE), 6 * RATE, beat_frames(124, 7.0).tolist())
    for channel in (0, 1):
        pieces = [rendered[start : start + RATE // 2, channel] for start in range(RATE, 5 * RATE, RATE // 2)]
        assert np.median([sinad_db(piece, notes) for piece in pieces]) > 30


def test_two_tones_in_one_peak_beat_as_slowly_as_they_should() -> None:
    """55 and 62 Hz share a peak of the spectrum: their sum keeps its level, which a torn peak would not."""
    time = np.arange(7 * RATE) / RATE
    source = stereo(0.3 * np.sin(2 * np.pi * 55 * time) + 0.3 * np.sin(2 * np.pi * 62 * time))
    rendered = render(source, constant(1.03, 6 * RATE), 6 * RATE)
    assert abs(level_db(rendered, RATE, 0, 4000) - level_db(source, RATE, 0, 4000)) < 0.3


@pytest.mark.parametrize("ratio", [0.95, 1.03])
def test_the_stereo_image_is_kept(ratio: float) -> None:
    random = np.random.default_rng(11)
    length = 8 * RATE
    beats = beat_frames(124, 8.0)
    wide = 0.03 * random.standard_normal((length, 2)) + chord(8.0)
    source = stereo(
        wide, placed(kick(), beats, length), placed(hat(3), beats[:-1] + 10000, length)[:, None] * [1.3, 0.7]
    )
    frames = int(length / ratio) - RATE
    rendered = render(source, constant(ratio, frames), frames, beats.tolist())

    def side_against_mid_db(sound: Samples) -> float:
        return level_db(sound[:, 0] - sound[:, 1], 0, 0, 5000) - level_db(sound[:, 0] + sound[:, 1], 0, 0, 5000)

    assert abs(side_against_mid_db(rendered[: 5 * RATE]) - side_against_mid_db(source[: int(5 * RATE * ratio)])) < 0.5


def test_channels_that_cancel_each_other_come_through_whole() -> None:
    tone = 0.4 * np.sin(2 * np.pi * 330 * np.arange(6 * RATE) / RATE)
    source = np.column_stack([tone, -tone]).astype(np.float32)
    rendered = render(source, constant(1.03, 5 * RATE), 5 * RATE)
    assert sinad_db(rendered[RATE : 4 * RATE, 0], [330.0]) > 70
    assert np.abs(rendered[:, 0] + rendered[:, 1]).max() < 1e-4


def test_noise_keeps_its_level() -> None:
    source = (0.1 * np.random.default_rng(2).standard_normal((8 * RATE, 2))).astype(np.float32)
    for ratio in (0.94, 1.03):
        rendered = render(source, constant(ratio, 6 * RATE), 6 * RATE)
        assert abs(level_db(rendered, RATE, 0, 4000) - level_db(source, RATE, 0, 4000)) < 1


def test_a_sweep_keeps_its_level_and_has_no_clicks() -> None:
    time = np.arange(9 * RATE) / RATE
    source = stereo(0.5 * np.sin(2 * np.pi * 40 * 9 / np.log(250) * (np.exp(time / 9 * np.log(250)) - 1)))
    rendered = render(source, TimeMap((0.0, 8.0 * RATE), (0.0, 8.24 * RATE)), 8 * RATE)
    levels = [level_db(rendered, start, 0, 100) for start in range(RATE, 7 * RATE, RATE // 10)]
    assert max(levels) - min(levels) < 0.6
