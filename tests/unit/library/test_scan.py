"""Audio files are found wherever they lie, once each, in an order that does not depend on the file system."""

import os
from pathlib import Path

import pytest

from notorious.library.scan import find_audio_files


def touch(*paths: Path) -> None:
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")


def test_folders_are_walked_in_sorted_order(tmp_path: Path) -> None:
    touch(tmp_path / "b.MP3", tmp_path / "a.flac", tmp_path / "sub" / "c.ogg", tmp_path / "sub" / "cover.jpg")
    found = find_audio_files([tmp_path])
    assert found.files == (tmp_path / "a.flac", tmp_path / "b.MP3", tmp_path / "sub" / "c.ogg")
    assert found.skipped == ()


def test_an_empty_folder_holds_nothing(tmp_path: Path) -> None:
    assert find_audio_files([tmp_path]).files == ()


def test_a_named_file_is_taken_whatever_its_ending(tmp_path: Path) -> None:
    touch(tmp_path / "recording.bin")
    assert find_audio_files([tmp_path / "recording.bin"]).files == (tmp_path / "recording.bin",)


def test_hidden_files_are_passed_over_unless_named(tmp_path: Path) -> None:
    touch(tmp_path / "._a.mp3", tmp_path / ".trash" / "b.mp3")
    assert find_audio_files([tmp_path]).files == ()
    assert find_audio_files([tmp_path / "._a.mp3"]).files == (tmp_path / "._a.mp3",)


def test_a_file_reached_twice_counts_once(tmp_path: Path) -> None:
    touch(tmp_path / "a.mp3")
    assert find_audio_files([tmp_path / "a.mp3", tmp_path, tmp_path]).files == (tmp_path / "a.mp3",)


def test_a_link_back_to_a_parent_ends_nowhere(tmp_path: Path) -> None:
    touch(tmp_path / "a.mp3", tmp_path / "sub" / "b.mp3")
    (tmp_path / "sub" / "loop").symlink_to(tmp_path)
    assert find_audio_files([tmp_path]).files == (tmp_path / "a.mp3", tmp_path / "sub" / "b.mp3")


def test_a_link_to_nothing_is_said(tmp_path: Path) -> None:
    (tmp_path / "gone.mp3").symlink_to(tmp_path / "nowhere.mp3")
    found = find_audio_files([tmp_path])
    assert found.files == ()
    assert found.skipped[0].path == tmp_path / "gone.mp3"
    assert "link" in found.skipped[0].reason


def test_what_is_not_there_is_said(tmp_path: Path) -> None:
    found = find_audio_files([tmp_path / "nowhere"])
    assert found.files == ()
    assert found.skipped[0].reason == "there is no such file or folder"


def test_a_pipe_is_not_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.mp3")
    assert "neither" in find_audio_files([tmp_path / "pipe.mp3"]).skipped[0].reason
    assert "not a file" in find_audio_files([tmp_path]).skipped[0].reason


def test_a_folder_that_may_not_be_read_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    touch(tmp_path / "closed" / "a.mp3", tmp_path / "b.mp3")
    scandir = os.scandir

    def refuse(path: Path) -> object:
        # Root may read every folder, so that permissions alone would show nothing there.
        if Path(path).name == "closed":
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    found = find_audio_files([tmp_path])
    assert found.files == (tmp_path / "b.mp3",)
    assert "permission" in found.skipped[0].reason


def test_odd_names_are_names(tmp_path: Path) -> None:
    names = ['say "hi".mp3', "new\nline.mp3", "🎧 emoji.mp3", "it's.mp3", "-dash.mp3"]
    touch(*(tmp_path / name for name in names))
    assert {path.name for path in find_audio_files([tmp_path]).files} == set(names)


def test_a_name_that_is_not_text_is_said(tmp_path: Path) -> None:
    with open(os.fsencode(tmp_path) + b"/caf\xe9.mp3", "wb") as file:
        file.write(b"x")
    found = find_audio_files([tmp_path])
    assert found.files == ()
    assert "UTF-8" in found.skipped[0].reason


def test_the_stems_of_a_track_are_no_tracks_unless_named(tmp_path: Path) -> None:
    touch(tmp_path / "a.flac", tmp_path / "a.stems" / "drums.flac")
    assert find_audio_files([tmp_path]).files == (tmp_path / "a.flac",)
    assert find_audio_files([tmp_path / "a.stems"]).files == (tmp_path / "a.stems" / "drums.flac",)
