"""What is kept is found again, whatever happens to the file."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from notorious.library.store import FileStamp, Store, default_cache_folder

STAMP = FileStamp(10, 20, 30)


def test_a_file_is_known_until_its_stamp_changes(store: Store) -> None:
    path = Path("/music/a.mp3")
    store.remember_file(path, STAMP, "abc")
    assert store.sha256_of(path, STAMP) == "abc"
    assert store.sha256_of(path, STAMP._replace(mtime_ns=21)) is None
    assert store.sha256_of(path, STAMP._replace(size=11)) is None
    assert store.sha256_of(path, STAMP._replace(inode=31)) is None


@pytest.mark.parametrize("name", ['quote".mp3', "new\nline.mp3", "🎧.mp3", os.fsdecode(b"latin-\xe9.mp3")])
def test_any_name_can_be_kept(store: Store, name: str) -> None:
    store.remember_file(Path("/music") / name, STAMP, "abc")
    assert store.sha256_of(Path("/music") / name, STAMP) == "abc"


def test_parts_come_back_in_the_version_that_is_asked_for(store: Store) -> None:
    store.keep_parts("abc", {"key": {"camelot": "8A"}, "tempo": [1, 2.5, None]}, {"key": 1, "tempo": 3})
    assert store.parts("abc", {"key": 1, "tempo": 3}) == {"key": {"camelot": "8A"}, "tempo": [1, 2.5, None]}
    assert store.parts("abc", {"key": 2, "tempo": 3}) == {"tempo": [1, 2.5, None]}
    assert store.versions(["abc", "def"]) == {"abc": {("key", 1), ("tempo", 3)}, "def": set()}


def test_a_newer_part_takes_the_place_of_the_older(store: Store) -> None:
    store.keep_parts("abc", {"key": "old"}, {"key": 1})
    store.keep_parts("abc", {"key": "new"}, {"key": 2})
    assert store.versions(["abc"]) == {"abc": {("key", 2)}}


def test_more_recordings_can_be_asked_for_than_one_statement_takes(store: Store) -> None:
    hashes = [f"{number:064x}" for number in range(2500)]
    store.keep_parts(hashes[-1], {"key": 1}, {"key": 1})
    kept = store.versions(hashes)
    assert len(kept) == 2500
    assert kept[hashes[-1]] == {("key", 1)}


def test_digests_are_kept_by_track_and_go_with_their_signature(store: Store) -> None:
    store.keep_digests("profile", "v1", {("abc", "/a.mp3"): {"bpm": 120}, ("def", "/b.mp3"): {"bpm": 130}})
    assert store.digests("profile", "v1") == {("abc", "/a.mp3"): {"bpm": 120}, ("def", "/b.mp3"): {"bpm": 130}}
    assert store.digests("profile", "v2") == {}
    store.keep_digests("profile", "v2", {("abc", "/a.mp3"): {"bpm": 121}})
    assert store.digests("profile", "v1") == {("def", "/b.mp3"): {"bpm": 130}}


def test_a_part_takes_the_place_of_every_other_version(store: Store) -> None:
    """Networks may come, go and come again: what was heard before they went must not be found once they are back."""
    store.keep_parts("abc", {"musicnn": "with"}, {"musicnn": 1})
    store.keep_parts("abc", {"musicnn": "without"}, {"musicnn": 0})
    assert store.parts("abc", {"musicnn": 1}) == {}
    assert store.parts("abc", {"musicnn": 0}) == {"musicnn": "without"}


def test_a_second_opening_finds_what_the_first_kept(tmp_path: Path) -> None:
    with Store.open(tmp_path) as store:
        store.keep_parts("abc", {"key": 1}, {"key": 1})
    with Store.open(tmp_path) as store:
        assert store.parts("abc", {"key": 1}) == {"key": 1}
        assert store.notes == []


def test_a_broken_cache_is_set_aside_and_said_so(tmp_path: Path) -> None:
    with Store.open(tmp_path) as store:
        path = store.path
    assert path is not None
    path.write_bytes(b"this was a database once " * 1000)
    with Store.open(tmp_path) as store:
        store.keep_parts("abc", {"key": 1}, {"key": 1})
        assert store.parts("abc", {"key": 1}) == {"key": 1}
        assert "broken" in store.notes[0]
    assert (tmp_path / "library-1.broken-1").read_bytes().startswith(b"this was a database once")


def test_a_cache_that_breaks_while_it_is_open_is_set_aside(tmp_path: Path) -> None:
    with Store.open(tmp_path) as store:
        for number in range(300):
            store.keep_parts(f"{number}", {"key": os.urandom(2000).hex()}, {"key": 1})
        path = store.path
    assert path is not None
    with Store.open(tmp_path) as store:
        with path.open("r+b") as file:
            file.seek(8192)
            file.write(b"\xff" * (path.stat().st_size - 8192))
        store.keep_parts("abc", {"key": 1}, {"key": 1})
        store.versions([str(number) for number in range(300)])
        store.keep_parts("abc", {"key": 1}, {"key": 1})
        assert store.parts("abc", {"key": 1}) == {"key": 1}
        assert any("broken" in note for note in store.notes)


def test_a_folder_that_cannot_be_made_leaves_the_results_in_memory(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with Store.open(tmp_path / "file" / "cache") as store:
        store.keep_parts("abc", {"key": 1}, {"key": 1})
        assert store.parts("abc", {"key": 1}) == {"key": 1}
        assert "forgotten" in store.notes[0]


def test_a_full_disk_leaves_new_results_in_memory_and_old_ones_readable(store: Store) -> None:
    store.keep_parts("old", {"key": 1}, {"key": 1})
    pages = store._connection.execute("PRAGMA page_count").fetchone()[0]
    store._connection.execute(f"PRAGMA max_page_count = {pages}")  # SQLite then says what it says on a full disk
    store.keep_parts("new", {"key": "x" * 10, "rest": os.urandom(100_000).hex()}, {"key": 1, "rest": 1})
    assert "full" in store.notes[0]
    assert store.parts("old", {"key": 1}) == {"key": 1}
    assert store.parts("new", {"key": 1}) == {"key": "x" * 10}
    assert store.versions(["old", "new"]) == {"old": {("key", 1)}, "new": {("key", 1), ("rest", 1)}}


_WRITER = """
import sys
from pathlib import Path
from notorious.library.store import Store
store = Store.open(Path(sys.argv[1]))
number = 0
while True:
    store.keep_parts(f"{sys.argv[2]}-{number}", {"key": number, "rest": "x" * 2000}, {"key": 1, "rest": 1})
    print(number, flush=True)
    number += 1
"""


def test_killed_writers_lose_nothing_that_they_had_kept(tmp_path: Path) -> None:
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", _WRITER, str(tmp_path), name], stdout=subprocess.PIPE, text=True, env=os.environ
        )
        for name in ("one", "two")
    ]
    counts = {}
    for name, writer in zip(("one", "two"), writers, strict=True):
        assert writer.stdout is not None
        for _ in range(20):
            counts[name] = int(writer.stdout.readline())
    time.sleep(0.05)
    for writer in writers:
        writer.send_signal(signal.SIGKILL)
        writer.communicate()
    with Store.open(tmp_path) as store:
        assert store.notes == []
        for name, count in counts.items():
            for number in range(count + 1):
                assert store.parts(f"{name}-{number}", {"key": 1, "rest": 1}) == {"key": number, "rest": "x" * 2000}
        integrity = sqlite3.connect(store.path or "")
        assert integrity.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        integrity.close()


def test_the_cache_lies_where_the_environment_says(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("NOTORIOUS_CACHE", raising=False)
    monkeypatch.setenv("HOME", "/home/someone")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert default_cache_folder() == tmp_path / "xdg" / "notorious"
    monkeypatch.setenv("NOTORIOUS_CACHE", str(tmp_path / "mine"))
    assert default_cache_folder() == tmp_path / "mine"
    monkeypatch.delenv("NOTORIOUS_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", "relative/is/ignored")
    assert default_cache_folder().is_relative_to("/home/someone")


_OPENER = """
import sys, time
from pathlib import Path
from notorious.library.store import Store

while time.time() < float(sys.argv[2]):
    pass
print(Store.open(Path(sys.argv[1])).notes)
"""


def test_programs_that_begin_at_once_share_a_new_cache(tmp_path: Path) -> None:
    for attempt in range(4):
        start = str(time.time() + 1.0)
        openers = [
            subprocess.Popen(
                [sys.executable, "-c", _OPENER, str(tmp_path / str(attempt)), start],
                stdout=subprocess.PIPE,
                text=True,
                env=os.environ,
            )
            for _ in range(6)
        ]
        assert [opener.communicate()[0].strip() for opener in openers] == ["[]"] * 6
