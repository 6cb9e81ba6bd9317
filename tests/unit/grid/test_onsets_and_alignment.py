"""Attacks are found where they are, with every latency taken out."""

import numpy as np
import pytest
from synthetic_tracks import RATE_HZ, _sounds

from notorious.analysis.alignment import align, attack_envelope, nearest_attacks
from notorious.analysis.onsets import find_onsets


@pytest.mark.parametrize(("name", "limit"), [("kick", 0.001), ("snare", 0.001), ("hat", 0.002)])
def test_attacks_are_found_without_latency(name: str, limit: float) -> None:
    rng = np.random.default_rng(4)
    starts = np.arange(20) * RATE_HZ // 2 + rng.integers(2000, 4000, 20)
    sound = _sounds(rng)[name]
    mono = 1e-4 * rng.standard_normal(12 * RATE_HZ)
    for start in starts:
        mono[start : start + len(sound)] += sound
    onsets = find_onsets(mono.astype(np.float32))
    found, _ = nearest_attacks(attack_envelope(onsets), onsets.attack_rate_hz, starts / RATE_HZ, 0.02)
    assert abs(np.median(found - starts / RATE_HZ)) < limit
    assert np.abs(found - starts / RATE_HZ).max() < 0.003


def test_a_rough_grid_is_brought_onto_its_attacks() -> None:
    period, offset = 60 / 123.456, 0.2
    rng = np.random.default_rng(5)
    kick = _sounds(rng)["kick"]
    mono = 1e-4 * rng.standard_normal(70 * RATE_HZ)
    for number in range(140):
        start = round((offset + number * period) * RATE_HZ)
        mono[start : start + len(kick)] += kick[: len(mono) - start]
    onsets = find_onsets(mono.astype(np.float32))
    fit = align(attack_envelope(onsets), onsets.attack_rate_hz, period * 1.0003, offset + 0.015)
    assert 60 / fit.period_seconds == pytest.approx(123.456, abs=0.005)
    assert fit.offset_seconds == pytest.approx(offset, abs=0.0015)


def test_silence_begins_nowhere() -> None:
    onsets = find_onsets(np.zeros(5 * RATE_HZ, dtype=np.float32))
    assert not onsets.flux.any()
    assert not onsets.attacks.any()
