"""The authors' wheels, fetched once from the package index and kept in build/wheels (`make clean` forgets them)."""

import hashlib
import os
from pathlib import Path

import pytest

from notorious.networks.install import WHEELS, Wheel
from notorious.package_index import FetchFailed, fetch_wheel


@pytest.fixture(scope="session")
def wheels(repository: Path) -> Path:
    """A folder with both wheels."""
    folder = repository / "build" / "wheels"
    folder.mkdir(parents=True, exist_ok=True)
    for wheel in WHEELS.values():
        if not _is_there(folder / wheel.file, wheel):
            try:
                content = fetch_wheel(wheel.file, wheel.sha256)
            except FetchFailed as error:
                pytest.skip(f"the package index cannot be reached: {error}")
            part = folder / f"{wheel.file}.{os.getpid()}"
            part.write_bytes(content)
            part.replace(folder / wheel.file)
    return folder


def _is_there(path: Path, wheel: Wheel) -> bool:
    return path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == wheel.sha256


@pytest.fixture
def models_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder for networks, of this test alone."""
    folder = tmp_path / "networks"
    monkeypatch.setenv("NOTORIOUS_MODELS", str(folder))
    return folder
