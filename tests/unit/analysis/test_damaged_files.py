"""However a file is damaged, it is heard or refused with a reason, and the rest of the folder is heard.

Slow because the whole engine hears hundreds of seconds of broken audio, in processes of its own.
"""

from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from notorious.analysis.pipeline import analyse_file
from notorious.audio.write import AudioWriter
from notorious.errors import AudioError
from notorious.library.crate import hear
from notorious.library.store import Store

RATE = 44100
ENDINGS = ("wav", "flac", "mp3", "ogg", "opus", "m4a", "aiff")


def music(seconds: float) -> NDArray[np.float32]:
    time = np.arange(int(seconds * RATE)) / RATE
    beat = np.exp(-25 * (time % 0.5)) * np.sin(2 * np.pi * 60 * time)
    noise = np.random.default_rng(3).standard_normal(len(time))
    sound = 0.5 * beat + 0.1 * np.sin(2 * np.pi * 330 * time) + 0.02 * noise
    return np.stack([sound, sound], axis=1).astype(np.float32)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Four seconds in every format."""
    pytest.importorskip("av", reason="M4A needs PyAV")
    folder = tmp_path_factory.mktemp("whole")
    for ending in ENDINGS:
        if ending == "aiff":
            soundfile.write(folder / "x.aiff", music(4), RATE)
        else:
            with AudioWriter(folder / f"x.{ending}", rate_hz=RATE, channels=2, format=ending) as writer:  # type: ignore[arg-type]
                writer.write(music(4))
    return {ending: (folder / f"x.{ending}").read_bytes() for ending in ENDINGS}


def damaged(sound: bytes, seed: int) -> bytes:
    """One of four accidents: cut off, its head overwritten here and there, bytes lost, another file's middle."""
    random = np.random.default_rng(seed)
    data = bytearray(sound)
    accident = seed % 4
    if accident == 0:
        return bytes(data[: int(len(data) * random.uniform(0.02, 0.98))])
    if accident == 1:
        for place in random.integers(0, min(len(data), 600), 20):
            data[place] = random.integers(256)
    elif accident == 2:
        start = int(random.integers(0, len(data)))
        del data[start : start + int(random.integers(1, 5000))]
    else:
        start = int(random.integers(0, len(data) // 2))
        data[start : start + 2000] = random.integers(0, 256, 2000, dtype=np.uint8).tobytes()
    return bytes(data)


@pytest.mark.slow
@pytest.mark.parametrize("ending", ENDINGS)
def test_a_damaged_file_is_heard_or_refused_with_a_reason(tmp_path: Path, whole: dict[str, bytes], ending: str) -> None:
    path = tmp_path / f"x.{ending}"
    for seed in range(8):
        path.write_bytes(damaged(whole[ending], seed))
        try:
            analysis, _ = analyse_file(path, "0" * 64, known={})
        except AudioError as refusal:
            assert refusal.reason  # noqa: PT017 - either outcome is right, an unnamed error is not
        else:
            assert 0 < analysis.duration_seconds < 60
            assert np.isfinite(analysis.grid.beats()).all()
            assert analysis.sections[-1].end <= analysis.duration_seconds + 0.01


@pytest.mark.slow
def test_a_folder_of_damaged_files_is_settled_to_the_last(tmp_path: Path, whole: dict[str, bytes]) -> None:
    folder = tmp_path / "music"
    folder.mkdir()
    for number, ending in enumerate(ENDINGS):
        (folder / f"damaged {number}.{ending}").write_bytes(damaged(whole[ending], 10 + number))
    (folder / "whole.flac").write_bytes(whole["flac"])
    with Store.open(tmp_path / "cache") as store:
        crate = hear([folder], jobs=2, store=store)
    names = {entry.path.name for entry in crate.entries} | {skipped.path.name for skipped in crate.skipped}
    assert names == {path.name for path in folder.iterdir()}
    assert "whole.flac" in {entry.path.name for entry in crate.entries}
    for skipped in crate.skipped:
        assert "please report" not in skipped.reason
