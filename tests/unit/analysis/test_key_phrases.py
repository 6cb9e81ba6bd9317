"""What first bars of phrases say about the key, on loops whose order is known."""

import numpy as np
import pytest
from numpy.typing import NDArray

from notorious.analysis.key import KeyListener
from notorious.analysis.key_profiles import Chroma, key_scores
from notorious.theory.keys import Key

RATE_HZ = 22050
BAR_SECONDS = 1.5
RELATIVES = (0, 5, 7, 9)  # roots of C, F, G and A minor: a loop of both C major and A minor
NO_KNOWLEDGE = np.zeros(12)


def spectra(samples: NDArray[np.float64]) -> NDArray[np.float32]:
    window = np.hanning(4097)[:-1]
    padded = np.pad(samples, 2048)
    frames = np.array([padded[start : start + 4096] * window for start in range(0, len(padded) - 4095, 2048)])
    return (np.abs(np.fft.rfft(frames, axis=1)) ** 2).astype(np.float32)


def loop(roots: tuple[int, ...], *, bars: int, gain: float = 0.1, thin_bars: int = 4) -> NDArray[np.float64]:
    """Triads of C major's scale, a bar each; the first bars without the upper octave, which enters on a phrase."""
    time = np.arange(int(BAR_SECONDS * RATE_HZ)) / RATE_HZ
    scale = (0, 2, 4, 5, 7, 9, 11)
    out = []
    for bar in range(bars):
        place = scale.index(roots[bar % len(roots)])
        notes = [60 + scale[(place + step) % 7] for step in (0, 2, 4)]
        notes += [] if bar < thin_bars else [72 + note - 60 for note in notes]
        out.append(sum(np.sin(2 * np.pi * 440 * 2 ** ((note - 69) / 12) * time) for note in notes))
    return gain * np.concatenate(out)


def downbeats(bars: int, *, first: float = 0.0) -> list[float]:
    return [first + BAR_SECONDS * bar for bar in range(bars)]


def listening(samples: NDArray[np.float64], bars: list[float], confidence: float) -> KeyListener:
    listener = KeyListener(bars, grid_confidence=confidence)
    listener.hear(spectra(samples))
    return listener


def first_bars(roots: tuple[int, ...], *, bars: int = 24, confidence: float = 1.0) -> NDArray[np.float64]:
    return listening(loop(roots, bars=bars), downbeats(bars), confidence).chroma().first_bars


@pytest.mark.parametrize(
    ("roots", "tonic", "other"),
    [((0, 7, 9, 5), "C major", "A minor"), ((9, 5, 0, 7), "A minor", "C major")],
)
def test_the_same_chords_in_another_order_lean_to_where_the_phrase_begins(
    roots: tuple[int, ...], tonic: str, other: str
) -> None:
    contrast = first_bars(roots)
    scores = key_scores(Chroma(np.zeros((5, 12)), contrast, 0.0)) - key_scores(
        Chroma(np.zeros((5, 12)), NO_KNOWLEDGE, 0.0)
    )
    assert scores[Key.parse(tonic).index] > scores[Key.parse(other).index] + 0.1


def test_what_never_changes_says_nothing() -> None:
    assert first_bars((0,)) == pytest.approx(NO_KNOWLEDGE, abs=0.02)


def test_music_that_does_not_go_round_in_four_or_eight_bars_says_little() -> None:
    order = np.random.default_rng(3).choice(RELATIVES, size=64)
    wandering = first_bars(tuple(int(root) for root in order), bars=64)
    assert np.abs(wandering).max() < 0.25 * np.abs(first_bars((0, 7, 9, 5), bars=64)).max()


def test_a_doubtful_grid_counts_less_and_one_without_confidence_not_at_all() -> None:
    full, doubtful, none = (first_bars((0, 7, 9, 5), confidence=confidence) for confidence in (1.0, 0.25, 0.0))
    assert doubtful == pytest.approx(0.5 * full)
    assert np.abs(full).max() > 0.1
    assert not none.any()


def test_without_bar_lines_the_key_is_heard_as_before() -> None:
    samples = loop((0, 7, 9, 5), bars=8)
    assert listening(samples, [], 1.0).estimate() == listening(samples, downbeats(8), 0.0).estimate()


@pytest.mark.parametrize("gain", [1e-3, 1.0])
def test_loudness_makes_no_difference_to_phrases(gain: float) -> None:
    quiet = listening(loop((0, 7, 9, 5), bars=16, gain=0.1 * gain), downbeats(16), 1.0).chroma().first_bars
    assert quiet == pytest.approx(first_bars((0, 7, 9, 5), bars=16), abs=0.01)


def test_where_the_blocks_are_cut_makes_no_difference_to_phrases() -> None:
    samples = loop((0, 7, 9, 5), bars=16)
    whole, pieces = listening(samples, downbeats(16), 1.0), KeyListener(downbeats(16), grid_confidence=1.0)
    power = spectra(samples)
    for start in range(0, len(power), 7):
        pieces.hear(power[start : start + 7])
    assert pieces.chroma().first_bars == pytest.approx(whole.chroma().first_bars, rel=1e-9, abs=1e-12)
    assert pieces.estimate() == whole.estimate()


def test_bar_lines_beyond_the_sound_or_in_silence_do_no_harm() -> None:
    assert np.isfinite(first_bars((0, 7, 9, 5), bars=2)).all()
    late = listening(loop((0,), bars=2), downbeats(40, first=100.0), 1.0)
    assert not late.chroma().first_bars.any()
    silent = listening(np.zeros(RATE_HZ * 20), downbeats(12), 1.0)
    assert silent.estimate().confidence == 0
