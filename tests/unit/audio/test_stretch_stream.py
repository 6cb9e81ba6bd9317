"""The stretcher as a stream: copies, blocks, what it reads, what it refuses."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from notorious.audio.stretch import ENTRY_FRAMES, EXIT_FRAMES, TimeMap, stretch

Samples = NDArray[np.float32]
RATE = 44100


def noise(seconds: float, channels: int = 2) -> Samples:
    random = np.random.default_rng(5)
    return (0.1 * random.standard_normal((int(seconds * RATE), channels))).astype(np.float32)


def reader_of(source: Samples, asked: list[tuple[int, int]] | None = None) -> Callable[[int, int], Samples]:
    def read(start: int, count: int) -> Samples:
        if asked is not None:
            asked.append((start, count))
        given = np.zeros((count, source.shape[1]), dtype=np.float32)
        low, high = max(start, 0), min(start + count, len(source))
        if high > low:
            given[low - start : high - start] = source[low:high]
        return given

    return read


def render(source: Samples, time_map: TimeMap, first: int, frames: int, block: int = 65536) -> Samples:
    blocks = stretch(reader_of(source), time_map, first_frame=first, frames=frames, rate_hz=RATE, block_frames=block)
    return np.concatenate(list(blocks))


def out_and_back() -> TimeMap:
    """Untouched for 3 s, 4 % faster for 3 s, untouched again."""
    return TimeMap((0.0, 3.0 * RATE, 6.0 * RATE), (0.0, 3.0 * RATE, 6.12 * RATE))


def test_an_untouched_voice_is_a_copy() -> None:
    source = noise(3)
    rendered = render(source, TimeMap((0.0,), (1234.0,)), 100, 90000)
    assert np.array_equal(rendered, source[1334:91334])


def test_untouched_audio_is_a_copy_to_the_last_bit_before_and_after_a_stretch() -> None:
    source = noise(12)
    rendered = render(source, out_and_back(), 0, 11 * RATE)
    before, after, shift = 3 * RATE - ENTRY_FRAMES, 6 * RATE + EXIT_FRAMES, round(0.12 * RATE)
    assert np.array_equal(rendered[:before], source[:before])
    assert np.array_equal(rendered[after:], source[after + shift : 11 * RATE + shift])


def test_copy_and_vocoder_give_the_same_samples_where_one_takes_over() -> None:
    source = noise(12)
    rendered = render(source, out_and_back(), 0, 11 * RATE)
    entry, leave, shift = 3 * RATE - ENTRY_FRAMES, 6 * RATE + EXIT_FRAMES, round(0.12 * RATE)
    for start, stop, offset in ((entry, entry + 300, 0), (leave - 1024, leave, shift)):
        # The first samples under a stretched frame differ by the foot of its window only.
        assert np.abs(rendered[start:stop] - source[start + offset : stop + offset]).max() < 2e-4


@pytest.mark.parametrize("block", [1, 777, 4096, 10**7])
def test_the_samples_do_not_depend_on_the_block_length(block: int) -> None:
    source = noise(2)
    time_map = TimeMap((0.0, 1.5 * RATE), (0.0, 1.45 * RATE))
    frames = 9000 if block == 1 else RATE
    assert np.array_equal(render(source, time_map, 500, frames, block), render(source, time_map, 500, frames))


def test_blocks_are_of_the_length_asked_for() -> None:
    blocks = list(
        stretch(reader_of(noise(12)), out_and_back(), first_frame=0, frames=400001, rate_hz=RATE, block_frames=30000)
    )
    assert [len(block) for block in blocks] == [30000] * 13 + [10001]
    assert {block.dtype for block in blocks} == {np.dtype(np.float32)}


def test_the_source_is_read_forwards_in_bounded_pieces() -> None:
    asked: list[tuple[int, int]] = []
    time_map = TimeMap((0.0, 3.0 * RATE, 40.0 * RATE), (0.0, 3.0 * RATE, 41.0 * RATE))
    for _ in stretch(reader_of(noise(1), asked), time_map, first_frame=0, frames=45 * RATE, rate_hz=RATE):
        pass
    reached = 0
    for start, count in asked:
        assert start >= reached - 3 * RATE, "a range begins at most a few seconds before what was read last"
        assert count <= 5 * RATE
        reached = start + count


def test_a_voice_that_begins_stretched_begins_with_the_source_in_its_own_phase() -> None:
    """At its first frame a voice in the middle of a stretch sounds as the source does there."""
    seconds = np.arange(6 * RATE) / RATE
    source = (0.5 * np.sin(2 * np.pi * 440 * seconds))[:, None].astype(np.float32)
    rendered = render(source, TimeMap((0.0, 5.0 * RATE), (0.0, 5.1 * RATE)), 1000, 1000)
    wanted = source[1020 : 1020 + 400]
    assert np.abs(rendered[:400] - wanted).max() < 0.12


@pytest.mark.parametrize("channels", [1, 2, 6])
def test_any_number_of_channels_goes_through(channels: int) -> None:
    rendered = render(noise(2, channels), TimeMap((0.0, RATE), (0.0, 1.02 * RATE)), 0, RATE)
    assert rendered.shape == (RATE, channels)


def test_silence_stays_silent() -> None:
    rendered = render(np.zeros((RATE, 2), dtype=np.float32), TimeMap((0.0, RATE), (0.0, 1.1 * RATE)), 0, RATE)
    assert not rendered.any()


@pytest.mark.parametrize("slope", [0.5, 0.75, 1.5, 3.0])
def test_far_from_one_the_level_still_holds(slope: float) -> None:
    source = noise(12)
    rendered = render(source, TimeMap((0.0, 3.0 * RATE), (0.0, 3.0 * slope * RATE)), 0, 3 * RATE)
    middle = rendered[RATE : 2 * RATE]
    assert np.isfinite(middle).all()
    assert abs(20 * np.log10(middle.std() / 0.1)) < 4


def test_impossible_wishes_are_refused() -> None:
    with pytest.raises(ValueError, match="cannot stretch"):
        stretch(reader_of(noise(1)), TimeMap((0.0,), (0.0,)), first_frame=0, frames=-1, rate_hz=RATE)
