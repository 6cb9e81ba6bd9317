"""The keys of parts: what intro and outro are in, and where the key changes, on pieces made of known chords."""

import numpy as np
import pytest
from numpy.typing import NDArray

from notorious.analysis.key import KeyListener
from notorious.analysis.model import KeyEstimate
from notorious.theory.keys import Key

RATE_HZ = 22050
BAR_SECONDS = 1.0


def spectra(samples: NDArray[np.float64]) -> NDArray[np.float32]:
    window = np.hanning(4097)[:-1]
    padded = np.pad(samples, 2048)
    frames = np.lib.stride_tricks.sliding_window_view(padded, 4096)[::2048]
    return (np.abs(np.fft.rfft(frames * window, axis=1)) ** 2).astype(np.float32)


def bars_in(key: Key, bars: int) -> NDArray[np.float64]:
    """Tonic, fourth, fifth and tonic, a bar each, over their roots in the bass."""
    time = np.arange(int(BAR_SECONDS * RATE_HZ)) / RATE_HZ
    out = []
    for bar in range(bars):
        place = (0, 3, 4, 0)[bar % 4]
        notes = [60 + key.pitch_classes[(place + step) % 7] for step in (0, 2, 4)]
        notes.append(36 + key.pitch_classes[place])
        hertz = [440 * 2 ** ((note - 69) / 12) for note in notes]
        out.append(sum(np.sin(2 * np.pi * f * n * time) / n**2 for f in hertz for n in (1, 2, 3)))
    return 0.1 * np.concatenate(out)


def drums(bars: int) -> NDArray[np.float64]:
    """Clicks of noise: nothing tonal."""
    noise = np.random.default_rng(4).standard_normal(int(bars * BAR_SECONDS * RATE_HZ))
    since = np.arange(len(noise)) % (RATE_HZ // 4)
    return 0.3 * noise * np.exp(-since / 300)


def heard(*parts: NDArray[np.float64]) -> KeyEstimate:
    samples = np.concatenate(parts)
    bars = int(len(samples) / RATE_HZ / BAR_SECONDS)
    listener = KeyListener([BAR_SECONDS * bar for bar in range(bars)], grid_confidence=1.0)
    listener.hear(spectra(samples))
    return listener.estimate()


A_MINOR, B_MINOR = Key.parse("A minor"), Key.parse("B minor")


def test_a_piece_in_one_key_has_it_at_both_ends_and_never_changes() -> None:
    key = heard(bars_in(A_MINOR, 96))
    assert key.intro is not None
    assert key.outro is not None
    assert (key.intro.name, key.outro.name) == ("A minor", "A minor")
    assert key.modulations == ()


def test_a_last_third_a_tone_higher_is_a_modulation_and_the_key_of_the_outro() -> None:
    key = heard(bars_in(A_MINOR, 64), bars_in(B_MINOR, 32))
    assert key.name == "A minor"
    assert key.intro is not None
    assert key.outro is not None
    assert (key.intro.name, key.outro.name) == ("A minor", "B minor")
    assert [part.name for part in key.modulations] == ["B minor"]
    assert key.modulations[0].start == pytest.approx(64 * BAR_SECONDS, abs=4.5 * BAR_SECONDS)
    assert key.modulations[0].end == pytest.approx(96 * BAR_SECONDS, abs=0.2)


def test_an_intro_of_drums_alone_has_no_key() -> None:
    key = heard(drums(32), bars_in(A_MINOR, 96))
    assert key.name == "A minor"
    assert key.intro is None
    assert key.outro is not None


def test_a_short_piece_has_no_parts() -> None:
    key = heard(bars_in(A_MINOR, 12))
    assert (key.intro, key.outro, key.modulations) == (None, None, ())


def test_without_bars_the_parts_are_heard_by_the_clock() -> None:
    samples = np.concatenate([bars_in(A_MINOR, 128), bars_in(B_MINOR, 64)])
    listener = KeyListener()
    listener.hear(spectra(samples))
    key = listener.estimate()
    assert key.outro is not None
    assert key.outro.name == "B minor"


def test_the_runner_up_is_another_key_and_less_likely() -> None:
    key = heard(bars_in(A_MINOR, 32))
    assert key.runner_up is not None
    assert key.runner_up.name != key.name
    assert key.runner_up.confidence < key.confidence


def test_a_part_in_the_key_of_the_whole_is_at_most_half_way_surer() -> None:
    key = heard(bars_in(A_MINOR, 64))
    assert key.intro is not None
    assert key.intro.confidence <= 0.5 + 0.5 * key.confidence + 1e-3


def test_a_stretch_is_in_the_key_of_the_part_that_covers_most_of_it() -> None:
    key = heard(bars_in(A_MINOR, 64), bars_in(B_MINOR, 32))
    assert key.between(2.0, 10.0).name == "A minor"
    assert key.between(40.0, 44.0).name == "A minor"
    assert key.between(80.0, 95.0).name == "B minor"
