import json
from pathlib import Path

import pytest

from notorious.stems.__main__ import main
from notorious.stems.demucs import DemucsSeparator, WeightsMissing, WeightsRefused, find_weights


def weights(path: Path, klass: str = "demucs.htdemucs.HTDemucs") -> Path:
    """The beginning of a file of weights, with no number in it."""
    header = json.dumps({"__metadata__": {"klass": klass, "args": "[]", "kwargs": "{}"}}).encode()
    path.write_bytes(len(header).to_bytes(8, "little") + header)
    return path


def test_one_file_alone_is_a_model(tmp_path: Path) -> None:
    file = weights(tmp_path / "htdemucs.safetensors")
    assert find_weights(tmp_path, "htdemucs") == [file]


def test_where_no_folder_is_named_the_message_names_the_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOTORIOUS_STEM_WEIGHTS", raising=False)
    with pytest.raises(WeightsMissing, match="NOTORIOUS_STEM_WEIGHTS names no folder"):
        DemucsSeparator.load("htdemucs")


def test_an_empty_folder_has_no_weights(tmp_path: Path) -> None:
    with pytest.raises(WeightsMissing, match=r"neither htdemucs\.yaml nor htdemucs\.safetensors"):
        find_weights(tmp_path, "htdemucs")


@pytest.mark.parametrize("name", ["../htdemucs", "", ".hidden", "a/b", "x" * 65])
def test_a_name_cannot_climb_out_of_the_folder(tmp_path: Path, name: str) -> None:
    with pytest.raises(WeightsMissing, match="is not the name of a model"):
        find_weights(tmp_path, name)


def test_pickled_weights_are_not_looked_at(tmp_path: Path) -> None:
    (tmp_path / "htdemucs.th").write_bytes(b"cos\nsystem\n(S'true'\ntR.")
    with pytest.raises(WeightsMissing):
        find_weights(tmp_path, "htdemucs")


@pytest.mark.torch
def test_only_networks_of_demucs_are_made_from_a_file(tmp_path: Path) -> None:
    weights(tmp_path / "evil.safetensors", klass="os.system")
    with pytest.raises(WeightsRefused, match=r"'os\.system', which is none of Demucs' networks"):
        DemucsSeparator.load("evil", tmp_path)


@pytest.mark.torch
@pytest.mark.parametrize("content", [b"", b"\xff" * 64, b"\x05\x00\x00\x00\x00\x00\x00\x00{}"])
def test_a_broken_file_is_refused_by_name(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "broken.safetensors").write_bytes(content)
    with pytest.raises(WeightsRefused, match=r"broken\.safetensors: this is no file of weights"):
        DemucsSeparator.load("broken", tmp_path)


@pytest.mark.torch
@pytest.mark.parametrize(
    ("bag", "error"), [("models: [a, b]", WeightsMissing), ("models: 7", WeightsRefused), ("{", WeightsRefused)]
)
def test_a_bag_without_its_networks_is_refused(tmp_path: Path, bag: str, error: type[Exception]) -> None:
    (tmp_path / "bag.yaml").write_text(bag)
    with pytest.raises(error, match="bag"):
        find_weights(tmp_path, "bag")


def test_the_job_says_what_is_missing_and_ends_with_its_code(
    song: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["separate", str(song), str(tmp_path / "out"), "--weights", str(tmp_path)]) == 6
    assert "there are no weights of htdemucs" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("words", [["separate"], ["separate", "--bucket", "b"], ["separate", "file"]])
def test_half_a_wish_is_refused(words: list[str]) -> None:
    assert main(words) == 2
