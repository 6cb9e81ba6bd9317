"""What is put into the drop folder is handed over once, whole, and under whatever circumstances."""

import os
from pathlib import Path

import pytest
from running import eventually, start

from notorious.embedded.drop_folder import FULL_SCAN_SECONDS, SETTLE_SECONDS, DropFolder, Found, is_being_written
from notorious.embedded.uploads import drop_key


class Watched:
    """A drop folder whose clock is ours."""

    def __init__(self, root: Path) -> None:
        self.folder = root / "drop"
        self.folder.mkdir()
        self.memory = root / "drop.sqlite"
        self.taken: list[tuple[str, bytes]] = []
        self.now = 100.0
        self.watcher = self.watch()

    def watch(self) -> DropFolder:
        return DropFolder(self.folder, memory=self.memory, hand_over=self._take)

    def _take(self, path: Path, found: Found) -> None:
        self.taken.append((found.path, path.read_bytes()))

    def pass_time(self, seconds: float = SETTLE_SECONDS) -> None:
        """One look now, and one after some seconds."""
        self.watcher.step(self.now)
        self.now += seconds
        self.watcher.step(self.now)

    @property
    def names(self) -> list[str]:
        return sorted(name for name, _ in self.taken)


@pytest.fixture
def drop(tmp_path: Path) -> Watched:
    return Watched(tmp_path)


def test_a_file_is_handed_over_once(drop: Watched) -> None:
    (drop.folder / "a.wav").write_bytes(b"music")
    for _ in range(3):
        drop.pass_time()
    assert drop.taken == [("a.wav", b"music")]


def test_a_file_that_grows_is_waited_for(drop: Watched) -> None:
    path = drop.folder / "a.wav"
    path.write_bytes(b"mu")
    drop.pass_time(SETTLE_SECONDS / 2)
    with path.open("ab") as file:
        file.write(b"sic")
    drop.pass_time(SETTLE_SECONDS * 0.9)
    assert drop.taken == []
    drop.pass_time()
    assert drop.taken == [("a.wav", b"music")]


def test_a_file_that_is_open_for_writing_is_waited_for(drop: Watched) -> None:
    with (drop.folder / "a.wav").open("wb") as file:
        file.write(b"mu")
        file.flush()
        drop.pass_time()
        drop.pass_time()
        assert drop.taken == []
        file.write(b"sic")
    drop.pass_time()
    assert drop.taken == [("a.wav", b"music")]


def test_the_system_tells_whether_a_file_is_open_for_writing(tmp_path: Path) -> None:
    path = tmp_path / "a"
    with path.open("wb"):
        assert is_being_written(path)
    assert not is_being_written(path)


def test_files_in_folders_below_are_found_also_later(drop: Watched) -> None:
    (drop.folder / "one" / "two").mkdir(parents=True)
    (drop.folder / "one" / "two" / "a.wav").write_bytes(b"a")
    drop.pass_time()
    (drop.folder / "one" / "two" / "b.wav").write_bytes(b"b")
    drop.pass_time()
    assert drop.names == ["one/two/a.wav", "one/two/b.wav"]


def test_a_renamed_file_is_not_handed_over_again(drop: Watched) -> None:
    (drop.folder / "a.wav").write_bytes(b"music")
    drop.pass_time()
    (drop.folder / "sorted").mkdir()
    (drop.folder / "a.wav").rename(drop.folder / "sorted" / "b.wav")
    drop.pass_time()
    assert drop.names == ["a.wav"]
    drop.watcher = drop.watch()
    drop.pass_time()
    assert drop.names == ["a.wav"]


def test_a_file_that_was_renamed_after_its_download_is_handed_over_under_its_name(drop: Watched) -> None:
    (drop.folder / "a.wav.part").write_bytes(b"music")
    drop.pass_time()
    assert drop.taken == []
    (drop.folder / "a.wav.part").rename(drop.folder / "a.wav")
    drop.pass_time()
    assert drop.taken == [("a.wav", b"music")]


def test_after_a_restart_only_what_is_new_is_handed_over(drop: Watched) -> None:
    (drop.folder / "a.wav").write_bytes(b"a")
    drop.pass_time()
    (drop.folder / "b.wav").write_bytes(b"b")
    drop.watcher = drop.watch()
    drop.pass_time()
    assert drop.names == ["a.wav", "b.wav"]


def test_a_file_that_has_changed_is_handed_over_again(drop: Watched) -> None:
    (drop.folder / "a.wav").write_bytes(b"music")
    drop.pass_time()
    (drop.folder / "a.wav").write_bytes(b"other music")
    # Its folder does not tell: it is seen by the next full look.
    drop.now += FULL_SCAN_SECONDS
    drop.pass_time()
    assert drop.taken == [("a.wav", b"music"), ("a.wav", b"other music")]


@pytest.mark.parametrize("name", [".hidden.wav", "a.mp3.crdownload", "a.tmp", "cover.jpg", "set.cue", "~$a.wav"])
def test_what_is_unfinished_or_no_music_is_passed_over(drop: Watched, name: str) -> None:
    (drop.folder / name).write_bytes(b"x")
    drop.pass_time()
    assert drop.taken == []


def test_one_file_that_cannot_be_handed_over_does_not_stop_the_others(drop: Watched) -> None:
    def take(path: Path, found: Found) -> None:
        if found.path == "a.wav" and not drop.taken:
            raise OSError("no space left")
        drop._take(path, found)

    drop.watcher = DropFolder(drop.folder, memory=drop.memory, hand_over=take)
    (drop.folder / "a.wav").write_bytes(b"a")
    (drop.folder / "b.wav").write_bytes(b"b")
    drop.pass_time()
    drop.pass_time()
    assert drop.names == ["a.wav", "b.wav"]


def test_a_file_that_vanishes_is_forgotten(drop: Watched) -> None:
    (drop.folder / "a.wav").write_bytes(b"a")
    drop.watcher.step(drop.now)
    (drop.folder / "a.wav").unlink()
    drop.pass_time()
    assert drop.taken == []


def test_a_folder_that_cannot_be_read_does_not_stop_the_others(drop: Watched) -> None:
    (drop.folder / "loop").symlink_to(drop.folder)
    (drop.folder / "gone.wav").symlink_to(drop.folder / "nowhere")
    (drop.folder / "a.wav").write_bytes(b"a")
    drop.pass_time()
    assert drop.names == ["a.wav"]


def test_a_name_that_is_no_text_is_handed_over(drop: Watched) -> None:
    name = os.fsdecode(b"caf\xe9.wav")
    (drop.folder / name).write_bytes(b"music")
    drop.pass_time()
    drop.watcher = drop.watch()
    drop.pass_time()
    assert drop.names == [name]
    assert drop_key("local", "1", name) == "drop/local/1/caf%E9.wav"


def test_a_huge_folder_at_rest_is_not_listed_again(drop: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    old = 1_000_000_000
    for number in range(30):
        folder = drop.folder / str(number)
        folder.mkdir()
        (folder / "a.wav").write_bytes(b"a")
        os.utime(folder, (old, old))
    os.utime(drop.folder, (old, old))
    drop.pass_time()
    listed = []
    scandir = os.scandir
    monkeypatch.setattr(os, "scandir", lambda path: listed.append(path) or scandir(path))
    drop.pass_time()
    assert listed == []


def test_files_that_are_dropped_arrive_in_the_service(tmp_path: Path, template: Path) -> None:
    (tmp_path / "drop" / "album").mkdir(parents=True)
    (tmp_path / "drop" / "album" / "one.wav").write_bytes(b"12345")
    service = start(tmp_path / "data", template, "--drop", str(tmp_path / "drop"))
    try:
        (tmp_path / "drop" / "two.wav").write_bytes(b"1234567")
        arrived = eventually(lambda: sizes(service) if len(sizes(service)) == 2 else None)
        assert arrived == {"one.wav": "5", "two.wav": "7"}
    finally:
        service.stop()


def sizes(service) -> dict[str, str]:  # type: ignore[no-untyped-def]
    items = service.client("dynamodb").scan(TableName=service.output("ViewsTable"))["Items"]
    return {item["id"]["S"].rsplit("/", 1)[1]: item["size"]["N"] for item in items if "size" in item}
