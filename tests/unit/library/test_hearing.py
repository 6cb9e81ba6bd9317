"""A folder is heard once, whatever its files do to the process that hears them."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from notorious.errors import Cancelled, NotoriousError
from notorious.library.crate import Progress, hear
from notorious.library.store import Store

Music = Callable[..., Path]
Heard = Callable[[], list[str]]


def reasons(crate: object) -> dict[str, str]:
    return {skipped.path.name: skipped.reason for skipped in crate.skipped}  # type: ignore[attr-defined]


def test_tracks_come_in_the_order_of_their_names(music: Music, store: Store, standin: str) -> None:
    crate = hear([music(c="3", a="1", b="2")], jobs=2, store=store, engine=standin)
    assert [Path(track.path).name for track in crate] == ["a.mp3", "b.mp3", "c.mp3"]
    assert [track.title for track in crate] == ["A", "B", "C"]
    assert crate.heard == 3
    assert crate.skipped == ()


def test_a_second_run_hears_nothing(music: Music, store: Store, standin: str, heard: Heard) -> None:
    folder = music(a="1", b="2")
    hear([folder], jobs=1, store=store, engine=standin)
    again = hear([folder], jobs=1, store=store, engine=standin)
    assert heard() == ["a.mp3", "b.mp3"]
    assert again.heard == 0
    assert len(again) == 2


def test_a_file_that_moved_is_not_heard_again(music: Music, store: Store, standin: str, heard: Heard) -> None:
    folder = music(a="1")
    hear([folder], jobs=1, store=store, engine=standin)
    (folder / "a.mp3").rename(folder / "z.mp3")
    crate = hear([folder], jobs=1, store=store, engine=standin)
    assert heard() == ["a.mp3"]
    assert [Path(track.path).name for track in crate] == ["z.mp3"]


def test_a_file_that_changed_is_heard_again(music: Music, store: Store, standin: str, heard: Heard) -> None:
    hear([music(a="1")], jobs=1, store=store, engine=standin)
    hear([music(a="another")], jobs=1, store=store, engine=standin)
    assert heard() == ["a.mp3", "a.mp3"]


def test_a_new_version_of_one_analyser_repeats_that_one_only(
    music: Music, store: Store, standin: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = music(a="1")
    hear([folder], jobs=1, store=store, engine=standin)
    import standin_engine

    monkeypatch.setenv("STANDIN_TEMPO_VERSION", "2")
    monkeypatch.setitem(standin_engine.ANALYSERS, "tempo", 2)
    crate = hear([folder], jobs=1, store=store, engine=standin)
    assert (tmp_path / "heard.log").read_text().splitlines() == ["a.mp3 ", "a.mp3 rest"]
    assert crate.track(crate.entries[0].sha256).analysis.tempo.bpm == 120


def test_the_same_content_under_two_names_counts_once(music: Music, store: Store, standin: str, heard: Heard) -> None:
    crate = hear([music(a="same", b="same", c="other")], jobs=2, store=store, engine=standin)
    assert [entry.path.name for entry in crate.entries] == ["a.mp3", "c.mp3"]
    assert "same file as" in reasons(crate)["b.mp3"]
    assert sorted(name[0] for name in heard()) in (["a", "c"], ["b", "c"])


@pytest.mark.parametrize("jobs", [1, 3])
def test_bad_files_are_skipped_with_their_reason_and_the_rest_is_heard(
    music: Music, store: Store, standin: str, jobs: int
) -> None:
    folder = music(a="1", b="crash", c="text", d="bug", e="exit", f="2", g="shout", h="crash again")
    crate = hear([folder], jobs=jobs, store=store, engine=standin)
    assert [entry.path.name for entry in crate.entries] == ["a.mp3", "f.mp3", "g.mp3"]
    said = reasons(crate)
    assert "SIGSEGV" in said["b.mp3"]
    assert said["c.mp3"] == "it is text, not audio (remove it)"
    assert "ZeroDivisionError" in said["d.mp3"]
    assert "exit status 7" in said["e.mp3"]
    assert "SIGSEGV" in said["h.mp3"]


def test_a_file_that_hangs_is_stopped(music: Music, store: Store, standin: str) -> None:
    crate = hear([music(a="hang", b="1")], jobs=1, store=store, engine=standin, patience=lambda task: 1.0)
    assert [entry.path.name for entry in crate.entries] == ["b.mp3"]
    assert "too long" in reasons(crate)["a.mp3"]


def test_an_engine_that_cannot_start_is_an_error_and_not_a_row_of_bad_files(
    music: Music, store: Store, standin: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STANDIN_TEMPO_VERSION", "not a number")
    with pytest.raises(NotoriousError, match="not a number"):
        hear([music(a="1")], jobs=1, store=store, engine=standin)


def test_an_empty_folder_gives_an_empty_crate_and_starts_no_process(store: Store, standin: str, tmp_path: Path) -> None:
    crate = hear([tmp_path], store=store, engine=standin)
    assert len(crate) == 0
    assert list(crate) == []


def test_progress_counts_to_the_end(music: Music, store: Store, standin: str) -> None:
    seen: list[Progress] = []
    hear([music(a="1", b="same", c="same", d="text")], jobs=2, store=store, engine=standin, report=seen.append)
    assert seen[0].done == 0
    assert [now.done for now in seen] == sorted(now.done for now in seen)
    assert seen[-1].done == seen[-1].total == 4
    assert seen[-1].seconds_left == 0
    assert seen[-1].tracks_per_minute is not None


def test_what_was_heard_before_a_cancel_is_kept(music: Music, store: Store, standin: str, heard: Heard) -> None:
    folder = music(**{f"t{number}": f"slow {number}" for number in range(6)})
    with pytest.raises(Cancelled):
        hear([folder], jobs=1, store=store, engine=standin, cancelled=lambda: len(heard()) >= 3)
    before = len(heard())
    crate = hear([folder], jobs=1, store=store, engine=standin)
    assert len(crate) == 6
    assert 2 <= before < 6
    assert crate.heard == 6 - (before - 1)


_RUN = """
import sys
from pathlib import Path
from notorious.library.crate import hear
from notorious.library.store import Store
hear([sys.argv[1]], jobs=2, store=Store.open(Path(sys.argv[2])), engine="standin_engine")
"""


def children_of(pid: int) -> list[int]:
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.skipif(sys.platform != "linux", reason="looks for children in /proc")
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_no_child_outlives_a_parent_that_is_stopped(
    music: Music, standin: str, heard: Heard, tmp_path: Path, how: signal.Signals
) -> None:
    folder = music(a="hang", b="hang 2", c="1")
    parent = subprocess.Popen(
        [sys.executable, "-c", _RUN, str(folder), str(tmp_path / "cache")], env=os.environ, stderr=subprocess.DEVNULL
    )
    waited = 0.0
    while len(heard()) < 2 and waited < 30:
        time.sleep(0.05)
        waited += 0.05
    children = children_of(parent.pid)
    assert len(children) == 2
    parent.send_signal(how)
    parent.wait()
    waited = 0.0
    while any(is_alive(child) for child in children) and waited < 10:
        time.sleep(0.05)
        waited += 0.05
    assert not any(is_alive(child) for child in children)


def test_digests_are_made_once(music: Music, store: Store, standin: str) -> None:
    crate = hear([music(a="1", b="2")], jobs=1, store=store, engine=standin)
    made: list[str] = []

    def digest(track: object) -> dict[str, object]:
        made.append(track.title)  # type: ignore[attr-defined]
        return {"title": made[-1]}

    assert crate.digests("test", "1", digest) == [{"title": "A"}, {"title": "B"}]
    assert crate.digests("test", "1", digest) == [{"title": "A"}, {"title": "B"}]
    assert made == ["A", "B"]
    crate.digests("test", "2", digest)
    assert made == ["A", "B", "A", "B"]
