"""What holds for the tests of stems: under `make test-stems` none that needs torch may be skipped."""

import importlib.util
import os
from pathlib import Path

import numpy as np
import pytest
import soundfile

RATE = 44100


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    missing = [name for name in ("torch", "demucs", "safetensors") if importlib.util.find_spec(name) is None]
    if missing and not os.environ.get("NOTORIOUS_STEMS"):
        reason = f"{' and '.join(missing)} not installed: `make test-stems` brings what these tests need"
        for item in items:
            if item.get_closest_marker("torch"):
                item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(scope="session")
def song(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five seconds of a bass, a rattle and a bell, in stereo."""
    path = tmp_path_factory.mktemp("song") / "song.flac"
    random = np.random.default_rng(4)
    time = np.arange(5 * RATE) / RATE
    bass = 0.3 * np.sin(2 * np.pi * 55 * time)
    rattle = 0.2 * random.standard_normal(len(time)) * np.exp(-20 * (time % 0.5))
    bell = 0.2 * np.sin(2 * np.pi * 880 * time) * np.exp(-3 * (time % 1.0))
    # Soft, since a network with numbers of chance makes stems that are louder than the track.
    soundfile.write(path, 0.4 * np.stack([bass + rattle + 0.5 * bell, bass + 0.8 * rattle + bell], axis=1), RATE)
    return path
