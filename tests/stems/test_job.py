import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from stand_in_separators import Shares

from notorious.errors import Cancelled, NotoriousError, UnreadableAudio
from notorious.stems.demucs import WeightsMissing
from notorious.stems.job import run_job
from notorious.stems.separator import STEMS
from notorious.stems.track import separate_file


class Shelf:
    """Objects in memory."""

    def __init__(self, **objects: bytes) -> None:
        self.objects: dict[str, bytes] = dict(objects)
        self.downloads = 0

    def find(self, key: str) -> Any | None:
        return key if key in self.objects else None

    def get(self, key: str) -> bytes:
        return self.objects[key]

    def put(self, key: str, data: bytes, *, content_type: str = "") -> None:
        self.objects[key] = data

    def download(self, key: str, path: Path) -> None:
        self.downloads += 1
        path.write_bytes(self.objects[key])

    def upload(self, path: Path, key: str, *, content_type: str = "") -> None:
        self.objects[key] = path.read_bytes()

    def delete(self, key: str) -> None:
        self.objects.pop(key, None)


@pytest.fixture
def shelf(song: Path) -> Shelf:
    return Shelf(**{"tracks/me/abc/audio.flac": song.read_bytes()})


def run(shelf: Shelf, load: Any = Shares, **options: Any) -> bool:
    return run_job(shelf, source="tracks/me/abc/audio.flac", destination="stems/me/abc/m", load=load, **options)


def test_stems_appear_under_the_prefix_and_the_list_of_them_last(shelf: Shelf) -> None:
    assert run(shelf)
    assert list(shelf.objects)[-1] == "stems/me/abc/m/stems.json"
    named = json.loads(shelf.objects["stems/me/abc/m/stems.json"])
    assert set(named) == set(STEMS)
    for name, stem in named.items():
        assert stem["key"] == f"stems/me/abc/m/{name}.flac"
        assert stem["size_bytes"] == len(shelf.objects[stem["key"]])
    details = json.loads(shelf.objects["stems/me/abc/m/separation.json"])
    assert (details["model"], details["clipped_samples"]) == ("shares", 0)


def test_a_separation_that_is_there_is_not_done_again(shelf: Shelf) -> None:
    run(shelf)
    before = dict(shelf.objects)
    assert run(shelf, load=None) is False
    assert shelf.objects == before
    assert shelf.downloads == 1


@pytest.mark.parametrize("damage", ["a stem is gone", "the list cannot be read"])
def test_what_is_no_longer_whole_is_made_anew(shelf: Shelf, damage: str) -> None:
    run(shelf)
    if damage == "a stem is gone":
        del shelf.objects["stems/me/abc/m/drums.flac"]
    else:
        shelf.objects["stems/me/abc/m/stems.json"] = b"[1, 2"
    assert run(shelf)
    assert "stems/me/abc/m/drums.flac" in shelf.objects


def test_without_weights_the_reason_is_written_down_and_no_track_is_fetched(shelf: Shelf) -> None:
    def load() -> Shares:
        raise WeightsMissing("there are no weights of m; put them there")

    with pytest.raises(WeightsMissing):
        run(shelf, load)
    told = json.loads(shelf.objects["stems/me/abc/m/failure.json"])
    assert told == {"reason": "there are no weights of m", "remedy": "put them there"}
    assert shelf.downloads == 0
    assert "stems/me/abc/m/stems.json" not in shelf.objects


def test_a_track_that_cannot_be_read_is_a_reason_too_and_success_takes_it_back(shelf: Shelf, song: Path) -> None:
    shelf.objects["tracks/me/abc/audio.flac"] = b"no music"
    with pytest.raises(UnreadableAudio):
        run(shelf)
    assert "stems/me/abc/m/failure.json" in shelf.objects
    shelf.objects["tracks/me/abc/audio.flac"] = song.read_bytes()
    assert run(shelf)
    assert "stems/me/abc/m/failure.json" not in shelf.objects


def test_files_of_24_bits_sum_to_the_track(song: Path, tmp_path: Path) -> None:
    separated = separate_file(song, tmp_path, Shares())
    total = sum(soundfile.read(stem.path)[0] for stem in separated.stems.values())
    assert soundfile.info(separated.stems["bass"].path).subtype == "PCM_24"
    assert np.abs(total - soundfile.read(song)[0]).max() < 4 / (1 << 23)


def test_a_stem_that_is_louder_than_full_scale_is_cut_off_and_counted(song: Path, tmp_path: Path) -> None:
    separated = separate_file(song, tmp_path, Shares(vocals=9.0))
    assert separated.clipped_samples > 0
    assert np.abs(soundfile.read(separated.stems["vocals"].path)[0]).max() == pytest.approx(1.0, abs=1e-6)


def test_stopping_leaves_nothing_behind(song: Path, tmp_path: Path) -> None:
    asked = iter([False] * 3 + [True] * 1000)
    with pytest.raises(Cancelled):
        separate_file(song, tmp_path, Shares(), cancelled=lambda: next(asked))
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_named(song: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(NotoriousError, match=r"file.*cannot be written"):
        separate_file(song, tmp_path / "file", Shares())


def test_progress_is_told_in_seconds_up_to_the_end(song: Path, tmp_path: Path) -> None:
    told: list[tuple[float, float]] = []
    separate_file(song, tmp_path, Shares(), report=lambda done, total: told.append((done, total)))
    assert told[-1] == (pytest.approx(5.0), pytest.approx(5.0))
