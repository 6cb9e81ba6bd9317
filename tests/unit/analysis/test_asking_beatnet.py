"""BeatNet is part of an analysis only where the grid had need of it."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from notorious.analysis import network_parts
from notorious.analysis.pipeline import analyse_file

RATE_HZ = 22050
BEAT = RATE_HZ // 2


def write_track(path: Path, *, chords: bool) -> Path:
    """Forty seconds of kicks at 120 BPM; with chords, which change on every fourth of them, the bars are clear."""
    time = np.arange(BEAT) / RATE_HZ
    kick = np.cos(2 * np.pi * 55 * time) * np.exp(-time / 0.08)
    mono = np.tile(kick, 80) * 0.5
    if chords:
        for bar in range(20):
            root = 220.0 * 2 ** ((0, 5, 3, 7)[bar % 4] / 12)
            long = np.arange(4 * BEAT) / RATE_HZ
            start = bar * 4 * BEAT
            mono[start : start + 4 * BEAT] += 0.1 * sum(np.sin(2 * np.pi * root * k * long) for k in (1, 1.26, 1.5))
    soundfile.write(path, np.concatenate([np.zeros(BEAT // 3), mono]).astype(np.float32), RATE_HZ)
    return path


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The lengths of all sounds that BeatNet was run on."""
    heard: list[int] = []

    def run(mono: np.ndarray) -> Any:
        heard.append(len(mono))
        return {"absent": "made so by the test"}

    monkeypatch.setattr(network_parts, "hear_beats", run)
    return heard


def test_clear_bars_need_no_network(tmp_path: Path, runs: list[int]) -> None:
    _, parts = analyse_file(write_track(tmp_path / "clear.wav", chords=True), "0" * 64, known={})
    assert parts[network_parts.BEATS] == network_parts.NOT_ASKED
    assert not runs


def test_bars_in_doubt_are_asked_of_it_once(tmp_path: Path, runs: list[int]) -> None:
    _, parts = analyse_file(write_track(tmp_path / "kicks.wav", chords=False), "0" * 64, known={})
    assert parts[network_parts.BEATS] == {"absent": "made so by the test"}
    assert len(runs) == 1


def test_a_grid_that_is_heard_again_reads_what_the_network_said_before(tmp_path: Path, runs: list[int]) -> None:
    path = write_track(tmp_path / "kicks.wav", chords=False)
    first, parts = analyse_file(path, "0" * 64, known={})
    without_grid = {name: part for name, part in parts.items() if name != "grid"}
    again, _ = analyse_file(path, "0" * 64, known=without_grid)
    assert len(runs) == 1
    assert again == first
