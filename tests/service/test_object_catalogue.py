"""Objects are found on disk while they are already asked for."""

import json
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from notorious.embedded.object_catalogue import Catalogue, described, files_under


def lay(folder: Path, name: str, body: bytes, **meta: object) -> None:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(body)
    description = {
        "size": len(body),
        "etag": '"told"',
        "last_modified": "2026-01-01T00:00:00.000Z",
        "key": name,
        **meta,
    }
    (path.parent / f"{path.name}.meta.json").write_text(json.dumps(description))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for number in range(3):
        lay(tmp_path, f"tracks/local/{number}/audio.mp3", b"music" * number)
    return tmp_path


@pytest.fixture
def catalogue(folder: Path) -> Catalogue:
    return Catalogue(lambda key: str(folder / key))


def fill(catalogue: Catalogue, folder: Path) -> None:
    catalogue.fill(files_under(folder, encoded=".keys", key_of=str))


def test_everything_on_disk_is_found(catalogue: Catalogue, folder: Path) -> None:
    fill(catalogue, folder)
    assert sorted(catalogue) == [f"tracks/local/{number}/audio.mp3" for number in range(3)]
    assert catalogue["tracks/local/2/audio.mp3"]["size"] == 10


def test_one_key_is_found_before_all_are(catalogue: Catalogue) -> None:
    assert "tracks/local/1/audio.mp3" in catalogue
    assert catalogue["tracks/local/1/audio.mp3"]["etag"] == '"told"'
    assert catalogue.get("tracks/local/9/audio.mp3") is None


def test_whoever_wants_all_waits_until_they_are_there(catalogue: Catalogue, folder: Path) -> None:
    seen: list[list[str]] = []
    waiter = threading.Thread(target=lambda: seen.append(sorted(catalogue)))
    waiter.start()
    waiter.join(0.2)
    assert seen == []
    fill(catalogue, folder)
    waiter.join()
    assert len(seen[0]) == 3


@pytest.mark.parametrize("way", ["pop", "del"])
def test_what_was_deleted_meanwhile_does_not_come_back(catalogue: Catalogue, folder: Path, way: str) -> None:
    key = "tracks/local/1/audio.mp3"
    if way == "pop":
        catalogue.pop(key)
    else:
        del catalogue[key]
    fill(catalogue, folder)  # the file may be there a moment longer than the record
    assert key not in catalogue
    assert len(catalogue) == 2


def test_what_was_written_meanwhile_stays(catalogue: Catalogue, folder: Path) -> None:
    def files() -> Iterator[tuple[str, str]]:
        catalogue["tracks/local/1/audio.mp3"] = {"etag": '"new"'}
        yield from files_under(folder, encoded=".keys", key_of=str)

    catalogue.fill(files())
    assert catalogue["tracks/local/1/audio.mp3"] == {"etag": '"new"'}


def test_a_key_that_cannot_be_a_path_is_told_by_its_description(tmp_path: Path) -> None:
    lay(tmp_path / ".keys", "encoded", b"x", key="a//b")
    assert list(files_under(tmp_path, encoded=".keys", key_of=str)) == [(str(tmp_path / ".keys" / "encoded"), "a//b")]


def test_a_description_that_was_cut_off_by_a_crash_is_made_anew(tmp_path: Path) -> None:
    lay(tmp_path, "a", b"old", checksums={"CRC32": "of the old"})
    os.utime(tmp_path / "a.meta.json", ns=(1, 1))
    record = described(tmp_path / "a")
    assert record is not None
    assert record["etag"] == '"149603e6c03516362a8da23f624db945"'  # md5 of "old"
    assert record["checksums"] == {}


def test_an_unfinished_write_is_no_object(tmp_path: Path) -> None:
    (tmp_path / "a.tmp").write_bytes(b"half")
    assert list(files_under(tmp_path, encoded=".keys", key_of=str)) == []
