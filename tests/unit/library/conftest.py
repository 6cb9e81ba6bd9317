import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from notorious.library.store import Store

HERE = Path(__file__).parent


@pytest.fixture
def standin(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    """Name of the engine that does what files say; child processes find it too."""
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(HERE), os.environ.get("PYTHONPATH", "")]))
    monkeypatch.setenv("STANDIN_LOG", str(tmp_path / "heard.log"))
    return "standin_engine"


@pytest.fixture
def heard(tmp_path: Path) -> Callable[[], list[str]]:
    """The names of the files that were analysed so far, in order."""

    def names() -> list[str]:
        log = tmp_path / "heard.log"
        return [line.split()[0] for line in log.read_text().splitlines()] if log.exists() else []

    return names


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "cache") as opened:
        yield opened


@pytest.fixture
def music(tmp_path: Path) -> Callable[..., Path]:
    """Make a folder of files: `music(one="fine 1", two="crash")` gives one.mp3 and two.mp3."""

    def make(**contents: str) -> Path:
        folder = tmp_path / "music"
        folder.mkdir(exist_ok=True)
        for name, content in contents.items():
            (folder / f"{name}.mp3").write_text(content)
        return folder

    return make
