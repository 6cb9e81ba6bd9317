"""The key listener on rendered dance music with a known key that it was not fitted to.

The weights were fitted on other seeds (see fit_key_weights.py); these seeds were used for nothing else. Over 1020
unseen renderings 91 % are right; 120 alone stray by 2.5 % either way (88 % here), hence the limits below.
"""

import numpy as np
import pytest
from key_renderings import Rendering, power_spectra, render

from notorious.analysis.grid import fit_grid
from notorious.analysis.key import KeyListener
from notorious.analysis.model import KeyEstimate
from notorious.theory.keys import Key

SEEDS = range(20000, 20120)


@pytest.fixture(scope="module")
def heard() -> list[tuple[Rendering, KeyEstimate]]:
    pairs = []
    for seed in SEEDS:
        rendering = render(seed)
        fit = fit_grid(rendering.samples)
        trust = fit.tempo.confidence if fit.tempo.steady else 0.0
        listener = KeyListener(fit.grid.downbeats(), grid_confidence=trust)
        listener.hear(power_spectra(rendering.samples))
        pairs.append((rendering, listener.estimate()))
    return pairs


def _right(rendering: Rendering, estimate: KeyEstimate) -> bool:
    return Key.parse(estimate.name) == Key(rendering.tonic, rendering.mode)  # type: ignore[arg-type]


def test_about_nine_keys_of_ten_are_right(heard: list[tuple[Rendering, KeyEstimate]]) -> None:
    assert np.mean([_right(*pair) for pair in heard]) >= 0.87


def test_both_modes_are_heard(heard: list[tuple[Rendering, KeyEstimate]]) -> None:
    for mode in ("major", "minor"):
        assert np.mean([_right(*pair) for pair in heard if pair[0].mode == mode]) >= 0.8


def test_the_tuning_is_right_within_five_cents_nearly_always(heard: list[tuple[Rendering, KeyEstimate]]) -> None:
    off = [abs((estimate.tuning_cents - rendering.detune_cents + 50) % 100 - 50) for rendering, estimate in heard]
    assert np.percentile(off, 90) < 5


def test_a_confident_answer_is_right_more_often_than_a_doubtful_one(
    heard: list[tuple[Rendering, KeyEstimate]],
) -> None:
    confident = [_right(*pair) for pair in heard if pair[1].confidence >= 0.8]
    doubtful = [_right(*pair) for pair in heard if pair[1].confidence < 0.8]
    assert np.mean(confident) >= 0.93
    assert len(doubtful) < 5 or np.mean(doubtful) < np.mean(confident)
