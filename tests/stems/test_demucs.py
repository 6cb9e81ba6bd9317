"""A small HTDemucs with numbers of its own, through the real code of Demucs: it separates nothing well, but all of the
way is the real one."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from notorious.stems.demucs import DemucsSeparator
from notorious.stems.separator import STEMS
from notorious.stems.track import separate_file

pytestmark = pytest.mark.torch

SMALL = {
    "sources": ["drums", "bass", "other", "vocals"],
    "channels": 8,
    "depth": 4,
    "t_layers": 1,
    "t_heads": 2,
    "bottom_channels": 16,
    "segment": 2,
}


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    import torch
    from demucs.htdemucs import HTDemucs
    from safetensors.torch import save_file

    place = tmp_path_factory.mktemp("weights")
    for number, name in enumerate(("small", "one", "two")):
        torch.manual_seed(number)
        network = HTDemucs(**SMALL)
        save_file(
            {key: value.contiguous() for key, value in network.state_dict().items()},
            place / f"{name}.safetensors",
            metadata={"klass": "demucs.htdemucs.HTDemucs", "args": "[]", "kwargs": json.dumps(SMALL)},
        )
    (place / "pair.yaml").write_text("models: [one, two]\n")
    return place


def test_the_stems_of_the_real_code_sum_to_the_track(folder: Path, song: Path, tmp_path: Path) -> None:
    separated = separate_file(song, tmp_path, DemucsSeparator.load("small", folder))
    sound = {name: soundfile.read(stem.path)[0] for name, stem in separated.stems.items()}
    assert set(sound) == set(STEMS)
    assert separated.clipped_samples == 0
    assert np.abs(sum(sound.values()) - soundfile.read(song)[0]).max() < 4 / (1 << 23)
    assert all(np.abs(stem).max() > 0 for stem in sound.values())


def test_the_same_track_gives_the_same_stems(folder: Path, song: Path, tmp_path: Path) -> None:
    separator = DemucsSeparator.load("small", folder)
    once = separate_file(song, tmp_path / "once", separator)
    again = separate_file(song, tmp_path / "again", DemucsSeparator.load("small", folder))
    assert {n: s.sha256 for n, s in once.stems.items()} == {n: s.sha256 for n, s in again.stems.items()}


def test_stems_come_in_our_order_not_in_the_networks(folder: Path) -> None:
    import torch
    from demucs.apply import apply_model
    from demucs.hf import load_safetensors_model

    mix = np.random.default_rng(2).standard_normal((44100, 2)).astype(np.float32)
    ours = DemucsSeparator.load("small", folder).separate(mix)
    with torch.inference_mode():
        network = load_safetensors_model(folder / "small.safetensors").eval()
        theirs = apply_model(network, torch.from_numpy(mix.T.copy())[None], shifts=0)[0]
    for place, name in enumerate(STEMS):
        expected = theirs[SMALL["sources"].index(name)].numpy().T  # type: ignore[attr-defined]
        assert np.abs(ours[place] - expected).max() < 1e-6


def test_a_bag_is_the_mean_of_its_networks(folder: Path) -> None:
    mix = np.random.default_rng(3).standard_normal((22050, 2)).astype(np.float32)
    one, two, pair = (DemucsSeparator.load(name, folder).separate(mix) for name in ("one", "two", "pair"))
    assert np.abs((one + two) / 2 - pair).max() < 1e-5


def test_the_job_runs_as_a_program(folder: Path, song: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "notorious.stems", "separate", song, tmp_path / "out", "--model", "small"],
        env={"NOTORIOUS_STEM_WEIGHTS": str(folder), "PATH": "", "PYTHONPATH": ":".join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == sorted(f"{name}.flac" for name in STEMS)
    assert "100 % (5 of 5 s)" in done.stderr
