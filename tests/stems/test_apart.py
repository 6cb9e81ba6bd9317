from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from stand_in_separators import Counting, Shares

from notorious.stems.apart import Statistics, statistics, taken_apart
from notorious.stems.separator import STEMS

VOCALS, OTHER = STEMS.index("vocals"), STEMS.index("other")


def music(frames: int, seed: int = 1) -> NDArray[np.float32]:
    return (0.2 * np.random.default_rng(seed).standard_normal((frames, 2)) + 0.01).astype(np.float32)


def cut(sound: NDArray[np.float32], length: int) -> Iterator[NDArray[np.float32]]:
    for start in range(0, len(sound), length):
        yield sound[start : start + length]


def apart(
    sound: NDArray[np.float32], separator: Shares, *, block: int = 1000, window: float = 0.1, overlap: float = 0.02
) -> NDArray[np.float32]:
    whole = statistics(cut(sound, block))
    pieces = list(taken_apart(cut(sound, block), separator, whole, window_seconds=window, overlap_seconds=overlap))
    return np.concatenate(pieces, axis=1)


@settings(max_examples=40, deadline=None)
@given(frames=st.integers(1, 20_000), block=st.integers(37, 9000), overlap=st.floats(0.0, 0.05))
def test_stems_sum_to_the_track_whatever_the_separator_leaves_out(frames: int, block: int, overlap: float) -> None:
    sound = music(frames)
    stems = apart(sound, Shares(), block=block, overlap=overlap)
    assert stems.shape == (4, frames, 2)
    assert np.abs(stems.sum(axis=0) - sound).max() < 1e-6


def test_a_separator_without_memory_gives_the_same_with_any_window() -> None:
    sound = music(30_000)
    one = apart(sound, Shares(), window=10.0)
    many = apart(sound, Shares(), window=0.05, overlap=0.01)
    assert np.abs(one - many).max() < 1e-6
    assert one[VOCALS] == pytest.approx(0.4 * (sound - sound.mean()) + sound.mean() / 4, abs=1e-4)


def test_in_an_overlap_one_window_fades_into_the_next() -> None:
    sound = np.ones((8000, 2), np.float32)
    whole = Statistics(len(sound), 0.0, 1.0)
    pieces = taken_apart([sound], Counting(), whole, window_seconds=4410 / 44100, overlap_seconds=441 / 44100)
    vocals = np.concatenate(list(pieces), axis=1)[VOCALS, :, 0]
    hop = 4410 - 441
    assert np.all(vocals[:hop] == 1.0)
    assert np.all(np.diff(vocals[hop:4410]) < 0)
    assert vocals[hop:4410].mean() == pytest.approx(0.5, abs=1e-6)
    assert np.all(vocals[4410 : 2 * hop] == 0.0)


def test_no_window_is_longer_than_asked_for() -> None:
    separator = Shares()
    apart(music(50_000), separator, window=0.1)
    assert max(separator.lengths) == 4410
    assert len(separator.lengths) == int(np.ceil((50_000 - 882) / (4410 - 882)))


def test_the_separator_hears_every_track_at_the_same_level() -> None:
    heard: list[NDArray[np.float32]] = []

    class Listening(Shares):
        def separate(self, mix: NDArray[np.float32]) -> NDArray[np.float32]:
            heard.append(mix)
            return super().separate(mix)

    apart(music(20_000) * 0.01, Listening(), window=10)
    mono = heard[0].mean(axis=1)
    assert mono.mean() == pytest.approx(0.0, abs=1e-3)
    assert mono.std() == pytest.approx(1.0, abs=1e-3)


def test_silence_is_not_lifted_to_noise() -> None:
    silence = np.zeros((10_000, 2), np.float32)
    separator = Shares()
    assert not apart(silence, separator).any()
    assert separator.lengths == []


def test_statistics_are_those_of_the_whole_mono() -> None:
    sound = music(12_345)
    found = statistics(cut(sound, 777))
    mono = sound.astype(np.float64).mean(axis=1)
    assert found.frames == 12_345
    assert found.mean == pytest.approx(mono.mean(), rel=1e-6)
    assert found.spread == pytest.approx(mono.std(), rel=1e-6)
    assert statistics([]) == Statistics(0, 0.0, 0.0)


def test_whoever_watches_hears_of_every_window_and_may_stop() -> None:
    sound = music(20_000)
    whole = statistics([sound])
    told: list[int] = []

    def proceed(frames: int) -> None:
        told.append(frames)
        if len(told) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        list(taken_apart([sound], Shares(), whole, window_seconds=0.1, overlap_seconds=0.0, proceed=proceed))
    assert told == [4410, 8820]
