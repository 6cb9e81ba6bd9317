"""Our conversions compute what independent conversions of the same weights compute, on noise and on music."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from notorious.audio.decode import decode_blocks
from notorious.networks import BEATNET, MUSICNN, beatnet, musicnn
from notorious.networks.install import install
from notorious.networks.session import Session

pytestmark = [pytest.mark.wheels, pytest.mark.music]

SHARED = Path(__file__).resolve().parents[4] / "shared"


@pytest.fixture(scope="module")
def references() -> Path:
    folder = SHARED / "models"
    if not folder.is_dir():
        pytest.skip(f"there are no networks to compare with in {folder}")
    return folder


@pytest.fixture(scope="module")
def ours(wheels: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("networks")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NOTORIOUS_MODELS", str(folder))
        for family in (BEATNET, MUSICNN):
            install(family, wheels=wheels)
    return folder


def music(rate_hz: int) -> np.ndarray:
    path = SHARED / "music" / "progressive_house_pluck_128.mp3"
    if not path.is_file():
        pytest.skip(f"there is no music in {path.parent}")
    blocks = decode_blocks(path, rate_hz=rate_hz, channels=1)
    return np.concatenate(list(blocks))[: 12 * rate_hz, 0]


def within(found: np.ndarray, expected: np.ndarray) -> float:
    """The largest difference, in units of the values where they are greater than one."""
    return float(np.max(np.abs(found - expected) / np.maximum(1, np.abs(expected))))


@pytest.mark.parametrize("name", BEATNET.files)
@pytest.mark.parametrize("kind", ["noise", "music"])
def test_beatnet_equals_its_reference(name: str, kind: str, ours: Path, references: Path) -> None:
    draw = np.random.default_rng(3)
    if kind == "noise":
        x = draw.random((200, 272), dtype=np.float32)
        h, c = draw.standard_normal((2, 2, 1, 150)).astype(np.float32)
    else:
        x = beatnet.features(music(beatnet.RATE_HZ))
        h = c = np.zeros((2, 1, 150), np.float32)
    outputs = ("p", "h1", "c1")
    expected = Session(references / name).run(outputs, x=x, h=h, c=c)
    for output, found, value in zip(outputs, Session(ours / name).run(outputs, x=x, h=h, c=c), expected, strict=True):
        assert within(found, value) < 1e-5, output


@pytest.mark.parametrize("name", MUSICNN.files)
@pytest.mark.parametrize("kind", ["noise", "music"])
def test_musicnn_equals_its_reference(name: str, kind: str, ours: Path, references: Path) -> None:
    if kind == "noise":
        mel = np.random.default_rng(3).random((2, 187, 96), dtype=np.float32) * 4
    else:
        signal = music(musicnn.RATE_HZ)
        mel = np.stack([musicnn.log_mel(signal, first, musicnn.PATCH_FRAMES) for first in (0, 300)])
    outputs = ("tags", "emb", "meanpool")
    expected = Session(references / name).run(outputs, mel=mel)
    for output, found, value in zip(outputs, Session(ours / name).run(outputs, mel=mel), expected, strict=True):
        assert within(found, value) < 1e-5, output


HEAR = """
import json, sys
from pathlib import Path
import numpy as np
from notorious.analysis.network_parts import beat_activations, hear_beats
from notorious.analysis.pipeline import analyse_file
from notorious.audio.decode import decode_blocks
path = Path(sys.argv[1])
analysis, _ = analyse_file(path, "0" * 64, known={})
mono = np.concatenate(list(decode_blocks(path, rate_hz=22050, channels=1)))[:, 0]
print(json.dumps({
    "networks": analysis.networks, "versions": analysis.analysers, "embedding": analysis.embedding.name,
    "voices": analysis.vocals.source, "beats": beat_activations(hear_beats(mono)).sum(axis=1).tolist(),
}))
"""


def test_an_analysis_uses_the_installed_networks_and_names_them(ours: Path) -> None:
    path = SHARED / "music" / "progressive_house_pluck_128.mp3"
    if not path.is_file():
        pytest.skip(f"there is no music in {path.parent}")
    done = subprocess.run(
        [sys.executable, "-c", HEAR, str(path)],
        env={**os.environ, "NOTORIOUS_MODELS": str(ours)},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    heard = json.loads(done.stdout)
    # BeatNet is asked only where the bars are in doubt, musicnn always.
    assert (
        heard["networks"].items()
        >= {name.removesuffix(".onnx"): sha256 for name, sha256 in MUSICNN.files.items()}.items()
    )
    assert (heard["versions"]["beatnet"], heard["versions"]["musicnn"]) == (1, 1)
    assert (heard["embedding"], heard["voices"]) == ("musicnn-1", "networks")
    rows = map(json.loads, (SHARED / "music" / "truth.jsonl").read_text().splitlines())
    truth = next(row for row in rows if row["file"] == path.name)
    beats = np.arange(truth["first_beat_s"], truth["audible"][1] - 1, 60 / truth["tempo_bpm"])
    activations = np.array(heard["beats"])
    on, between = (
        np.array([activations[round(50 * (beat + shift)) - 1 :][:3].max() for beat in beats])
        for shift in (0.0, 30 / truth["tempo_bpm"])
    )
    assert np.median(on) > 3 * np.median(between)
