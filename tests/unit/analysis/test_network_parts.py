"""What networks say is kept small, read again without them, and made new when they come or go."""

import base64
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from notorious.analysis import network_parts
from notorious.analysis.network_parts import BEATS, PATCHES, beat_activations, networks_in, patches
from notorious.analysis.pipeline import ANALYSERS, missing_analysers
from notorious.networks import BEATNET, beatnet, musicnn


def test_without_networks_the_parts_say_so_and_have_version_0() -> None:
    assert (ANALYSERS[BEATS], ANALYSERS[PATCHES]) == (0, 0)
    silence = np.zeros(22050, np.float32)
    assert network_parts.hear_beats(silence) == {"absent": "BeatNet is not installed"}
    assert network_parts.hear_patches(silence, 22050) == {"absent": "musicnn is not installed"}


def test_an_absent_part_is_read_as_nothing() -> None:
    absent = {"absent": "BeatNet is not installed"}
    assert beat_activations(absent) is None
    assert patches(absent) is None
    assert networks_in(absent) == {}


@pytest.fixture
def with_networks(monkeypatch: pytest.MonkeyPatch) -> np.ndarray:
    """Networks that say what they are told."""
    said = np.array([[0.9, 0.0], [0.002, 0.5], [0.004, 1.0]], np.float32)
    logits = np.linspace(-9, 3, 100, dtype=np.float32).reshape(2, 50)
    embedding = np.linspace(-4, 7, 400, dtype=np.float32).reshape(2, 200)
    heard = musicnn.Heard(
        msd=musicnn.Patches(np.array([2.992, 8.976]), logits, embedding),
        mtt=musicnn.Patches(np.array([0.0, 5.984]), -logits, -embedding),
    )
    monkeypatch.setattr(network_parts, "BEATS_VERSION", 1)
    monkeypatch.setattr(network_parts, "PATCHES_VERSION", 1)
    monkeypatch.setattr(beatnet, "activations", lambda _: said)
    monkeypatch.setattr(musicnn, "hear_blocks", lambda _: heard)
    monkeypatch.setattr("notorious.networks.catalogue.digest", lambda name: f"hash of {name}")
    return said


def test_small_probabilities_are_told_apart_after_packing(with_networks: np.ndarray) -> None:
    part = network_parts.hear_beats(np.zeros(3, np.float32))
    read = beat_activations(part)
    assert read == pytest.approx(with_networks, abs=0.004)
    assert read[1, 0] < read[2, 0]
    assert len(base64.b64decode(part["data"])) == 6


def test_a_part_names_the_networks_and_their_hashes(with_networks: np.ndarray) -> None:
    part = network_parts.hear_beats(np.zeros(3, np.float32))
    assert networks_in(part) == {f"beatnet_{n}": f"hash of beatnet_{n}.onnx" for n in (1, 2, 3)}


def test_patches_are_read_with_their_places(with_networks: np.ndarray) -> None:
    heard = patches(network_parts.hear_patches(np.zeros(16000, np.float32), 16000))
    assert heard is not None
    assert heard.msd.start_seconds.tolist() == [2.992, 8.976]
    assert heard.mtt.start_seconds.tolist() == [0.0, 5.984]
    assert heard.msd.logits.ravel() == pytest.approx(np.linspace(-9, 3, 100), abs=0.005)
    assert heard.mtt.embedding.ravel() == pytest.approx(-np.linspace(-4, 7, 400), abs=0.005)


@pytest.mark.parametrize("part", [BEATS, PATCHES])
def test_a_network_that_comes_makes_what_rests_on_it_new(part: str) -> None:
    """The part of the old version is not among those that are known."""
    known = dict.fromkeys(set(ANALYSERS) - {part})
    missing = missing_analysers(known)
    assert part in missing
    assert "file" not in missing
    if part == PATCHES:
        assert {"genre", "descriptors", "embedding"} <= missing


def test_networks_that_lie_in_the_folder_are_used_by_the_next_process(tmp_path: Path) -> None:
    for name in BEATNET.files:
        (tmp_path / name).touch()
    program = "from notorious.analysis.pipeline import ANALYSERS; print(ANALYSERS['beatnet'], ANALYSERS['musicnn'])"
    environment = {"NOTORIOUS_MODELS": str(tmp_path), "PATH": ""}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["1", "0"]
