"""The whole way, from files to a mix, with what people's folders really hold."""

import json
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile
from small_tracks import RATE, music, track, write

import notorious
from notorious.cli import exit_codes
from notorious.cli.main import run

# Slow because each test hears and renders real audio with the whole engine, in processes of its own.
pytestmark = pytest.mark.slow

PROGRAM = [sys.executable, "-c", "from notorious.cli.main import main; main()"]
BESIDE = ["mix.cue", "mix.flac", "mix.m3u8", "mix.plan.json", "mix.png", "mix.tracklist.txt"]


@pytest.fixture(scope="module", autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """One cache for this file: what one test has heard the next one knows."""
    folder = tmp_path_factory.mktemp("program-cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NOTORIOUS_CACHE", str(folder))
        yield folder


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("good")
    track(folder / "Dawn.flac", 124.0)
    track(folder / "Noon.wav", 125.0, root_hz=246.94)
    track(folder / "Dusk.ogg", 126.0, root_hz=220.0)
    return folder


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to work in."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def lines(capsys: pytest.CaptureFixture[str]) -> tuple[list[dict[str, object]], str]:
    printed = capsys.readouterr()
    return [json.loads(line) for line in printed.out.splitlines()], printed.err


def test_analyze_prints_one_object_a_line_in_the_order_of_the_files(
    good: Path, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["analyze", str(good), "--json"]) == exit_codes.OK
    objects, _ = lines(capsys)
    assert [Path(str(row["path"])).name for row in objects] == ["Dawn.flac", "Dusk.ogg", "Noon.wav"]
    assert [row["bpm"] for row in objects] == pytest.approx([124, 126, 125], abs=0.02)
    keys = {"path", "sha256", "duration_seconds", "bpm", "tempo", "beats", "downbeats", "key", "energy", "sections"}
    keys |= {"genre", "descriptors", "embedding", "networks"}
    assert all(keys | {"loudness", "spectrum", "analysers", "tags"} <= set(row) for row in objects)
    assert all(row["networks"] == {} for row in objects)
    assert run(["analyze", str(good), "--json"]) == exit_codes.OK
    again, _ = lines(capsys)
    assert again == objects


def test_similar_lists_the_others_with_reasons(good: Path, here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["similar", "noon", str(good), "--json"]) == exit_codes.OK
    found = lines(capsys)[0][0]
    assert found["track"]["title"] == "Noon"  # type: ignore[index]
    neighbours = found["neighbours"]
    assert {one["title"] for one in neighbours} == {"Dawn", "Dusk"}  # type: ignore[attr-defined]
    likenesses = [one["likeness"] for one in neighbours]  # type: ignore[attr-defined]
    assert likenesses == sorted(likenesses, reverse=True)
    assert run(["similar", "noon", str(good), "--count", "1"]) == exit_codes.OK
    shown = capsys.readouterr().out
    assert "sounds" in shown
    assert run(["similar", "evening", str(good)]) == exit_codes.INPUT


def test_plan_show_and_mix_agree(good: Path, here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["plan", str(good), "-o", "set.json", "--start", "noon", "--seed", "3"]) == exit_codes.OK
    assert "Noon" in capsys.readouterr().out.splitlines()[0]
    assert run(["show", "set.json", "--json"]) == exit_codes.OK
    shown = lines(capsys)[0][0]
    assert shown["slots"][0]["title"] == "Noon"  # type: ignore[index]
    assert run(["mix", "set.json", "-o", "mix.flac", "--json"]) == exit_codes.OK
    mixed = lines(capsys)[0][0]
    assert mixed["set"] == shown
    assert names(here) == sorted([*BESIDE, "set.json"])
    assert sorted(Path(name).name for name in mixed["files"]) == BESIDE  # type: ignore[attr-defined]
    assert soundfile.info("mix.flac").duration == pytest.approx(shown["duration_seconds"], abs=0.01)  # type: ignore[arg-type]
    assert (here / "mix.png").read_bytes().startswith(b"\x89PNG")


def test_the_same_from_python_gives_the_same_mix(good: Path, here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["mix", str(good), "-o", "mix.wav", "--jobs", "2"]) == exit_codes.OK
    crate = notorious.analyze(good)
    report = notorious.mix(notorious.plan(crate, notorious.Brief()), here / "api.wav", jobs=1)
    assert crate.heard == 0
    assert report.output == here / "api.wav"
    assert (here / "api.wav").read_bytes() == (here / "mix.wav").read_bytes()


def test_one_track_only_is_a_set(good: Path, here: Path) -> None:
    assert run(["mix", str(good / "Dawn.flac"), "-o", "mix.flac"]) == exit_codes.OK
    assert soundfile.info("mix.flac").duration == pytest.approx(50, abs=1)


def test_nothing_compatible_is_still_a_set(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    track(here / "music" / "slow.flac", 84.0, seconds=40, root_hz=220.0)
    track(here / "music" / "fast.flac", 147.0, seconds=40, root_hz=311.13)
    assert run(["mix", "music", "-o", "mix.flac", "--json"]) == exit_codes.OK
    mixed = lines(capsys)[0][0]
    assert len(mixed["set"]["slots"]) == 2  # type: ignore[call-overload,index]
    assert mixed["set"]["slots"][0]["transition"]["reasons"]  # type: ignore[call-overload,index]


ODD_NAMES = ['say "hi".wav', "new\nline.wav", "🎧 [bold]emoji.wav", "it's.wav", "-o.wav", "%s {0} $HOME.wav"]


def test_odd_names_survive_everything(good: Path, here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for number, name in enumerate(ODD_NAMES[:3]):
        track(here / "music" / name, 120.0 + number, seconds=30)
    for name in ODD_NAMES[3:]:
        shutil.copy(good / "Dawn.flac", here / "music" / name.replace(".wav", ".flac"))
    assert run(["mix", "music", "-o", 'my "mix".flac']) == exit_codes.OK
    assert run(["show", 'my "mix".plan.json']) == exit_codes.OK
    printed = capsys.readouterr()
    assert "new\\nline" in printed.out
    assert "🎧 [bold]emoji" in printed.out
    assert printed.err.count("it is the same file as") == 2


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of what cannot be mixed, what is strange but can, and one good track."""
    folder = tmp_path_factory.mktemp("hostile")
    good = music(124.0, 30)
    write(folder / "good.flac", good)
    shutil.copy(folder / "good.flac", folder / "same again.flac")
    (folder / "text.mp3").write_text("this is not audio " * 500)
    (folder / "empty.wav").write_bytes(b"")
    (folder / "noise.m4p").write_bytes(b"\x00\x00\x00\x20ftypM4P " + os.urandom(5000))
    write(folder / "silence.wav", np.zeros(RATE * 20, dtype=np.float32))
    write(folder / "half a second.wav", music(124.0, 0.5))
    write(folder / "five seconds.wav", music(124.0, 5))
    write(folder / "telephone.wav", music(124.0, 30, rate=8000), rate=8000)
    write(folder / "studio.wav", music(124.0, 30, rate=96000), rate=96000, subtype="PCM_24")
    surround = np.stack([music(124.0, 30) * level for level in (0.5, 0.5, 0.4, 0.3, 0.2, 0.2)], axis=1)
    write(folder / "surround.wav", surround)
    write(folder / "whole.flac", music(126.0, 30))
    whole = (folder / "whole.flac").read_bytes()
    (folder / "whole.flac").unlink()
    (folder / "cut off.flac").write_bytes(whole[: len(whole) // 2])
    return folder


USABLE = {"good.flac", "five seconds.wav", "telephone.wav", "studio.wav", "surround.wav", "cut off.flac"}
SKIPPED = {"same again.flac", "text.mp3", "empty.wav", "noise.m4p", "silence.wav", "half a second.wav"}


def test_bad_files_are_listed_with_reasons_and_the_rest_is_heard(
    hostile: Path, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["analyze", str(hostile), "--json"]) == exit_codes.OK
    objects, said = lines(capsys)
    assert {Path(str(row["path"])).name for row in objects} == USABLE
    for name in SKIPPED:
        line = next(line for line in said.splitlines() if f"/{name}: " in line)
        assert len(line.split(": ", 1)[1]) > 10
        assert "please report" not in line
    cut = next(row for row in objects if str(row["path"]).endswith("cut off.flac"))
    assert cut["notes"]


def test_a_mix_of_a_hostile_folder_is_made_of_what_is_good(
    hostile: Path, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["mix", str(hostile), "-o", "mix.flac"]) == exit_codes.OK
    assert f"Skipped {len(SKIPPED)} files" in capsys.readouterr().err
    assert names(here) == BESIDE


def test_only_bad_files_end_with_3_or_4(hostile: Path, here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bad = [str(hostile / name) for name in ("text.mp3", "silence.wav")]
    assert run(["analyze", *bad]) == exit_codes.NO_USABLE_AUDIO
    assert run(["mix", *bad, "-o", "mix.flac"]) == exit_codes.NOTHING_TO_MIX
    assert "text.mp3" in capsys.readouterr().err
    assert names(here) == []


def test_a_plan_whose_file_has_changed_is_refused(good: Path, here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copytree(good, here / "music")
    assert run(["plan", "music"]) == exit_codes.OK
    (here / "music" / "Dawn.flac").unlink()
    assert run(["mix", "plan.json"]) == exit_codes.INPUT
    assert "Dawn.flac" in capsys.readouterr().err
    assert names(here) == ["music", "plan.json"]


def test_a_disk_that_fills_up_leaves_nothing_behind(good: Path, here: Path) -> None:
    assert run(["plan", str(good)]) == exit_codes.OK

    def small_disk() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))

    done = subprocess.run(
        [*PROGRAM, "mix", "plan.json", "-o", "mix.flac"],
        preexec_fn=small_disk,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == exit_codes.OUTPUT, done.stderr
    assert "Traceback" not in done.stderr
    assert names(here) == ["plan.json"]


def ignore_ctrl_c() -> None:
    """As a shell does it for what runs in the background."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


@pytest.mark.parametrize(
    ("how", "prepare"), [(signal.SIGINT, None), (signal.SIGTERM, None), (signal.SIGTERM, ignore_ctrl_c)]
)
def test_ctrl_c_while_rendering_leaves_nothing_behind_and_the_next_run_goes_on(
    here: Path, how: signal.Signals, prepare: Callable[[], None] | None, capsys: pytest.CaptureFixture[str]
) -> None:
    for number in range(3):
        track(here / "music" / f"{number}.flac", 122.0 + number, seconds=90)
    assert run(["plan", "music"]) == exit_codes.OK
    before = names(here)
    program = subprocess.Popen(
        [*PROGRAM, "mix", "plan.json", "-o", "mix.wav"],
        stderr=subprocess.PIPE,
        start_new_session=True,
        preexec_fn=prepare,
    )
    waited = 0.0
    while names(here) == before and program.poll() is None and waited < 60:
        time.sleep(0.02)
        waited += 0.02
    # A terminal sends Ctrl-C to all processes of the group, `kill` to one.
    if how is signal.SIGINT:
        os.killpg(program.pid, how)
    else:
        program.send_signal(how)
    _, said = program.communicate(timeout=60)
    assert program.returncode == exit_codes.STOPPED, said.decode()
    assert b"Traceback" not in said
    assert names(here) == before
    capsys.readouterr()
    assert run(["mix", "plan.json", "-o", "mix.wav"]) == exit_codes.OK


def test_a_reader_that_goes_away_is_no_error_message(good: Path, here: Path) -> None:
    # A small pipe: what is printed does not fit, so that the program is still writing when the reader goes.
    program = subprocess.Popen(
        [*PROGRAM, "analyze", str(good), "--json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, pipesize=4096
    )
    assert program.stdout is not None
    assert program.stderr is not None
    program.stdout.read(10)
    program.stdout.close()
    said = program.stderr.read()
    program.stderr.close()
    assert program.wait() == exit_codes.PIPE_CLOSED
    assert b"Traceback" not in said
    assert b"Broken" not in said


def python_blocks(page: Path) -> list[str]:
    return re.findall(r"^```python\n(.*?)^```", page.read_text(), re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("page", ["README.md", "docs/api.md"])
def test_what_the_pages_show_runs_as_it_stands(
    page: str, good: Path, here: Path, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (here / "Music").mkdir()
    shutil.copy(good / "Dawn.flac", here / "Music")
    monkeypatch.setenv("HOME", str(here))
    blocks = python_blocks(repository / page)
    assert blocks
    for block in blocks:
        exec(compile(block, page, "exec"), {})
    assert (here / "mix.flac").exists()


def test_a_preview_is_rendered_from_a_plan_alone(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for number in range(2):
        track(here / "music" / f"{number}.flac", 122.0 + number, seconds=60)
    assert run(["plan", "music"]) == exit_codes.OK
    capsys.readouterr()
    assert run(["preview", "plan.json", "--seconds", "8", "-o", "taste.flac", "--json"]) == exit_codes.OK
    said = json.loads(capsys.readouterr().out)
    assert said["transition"] == 1
    assert soundfile.info("taste.flac").duration == pytest.approx(8.0, abs=0.01)
    assert run(["preview", "plan.json", "--at", "0:05", "--seconds", "2", "-o", "taste.wav"]) == exit_codes.OK
    assert soundfile.info("taste.wav").duration == pytest.approx(2.0, abs=0.01)


@pytest.mark.parametrize(
    ("wish", "complaint"),
    [
        (["--at", "1:75"], "this is no moment of a mix"),
        (["--at", "5", "--transition", "1"], "give one of them"),
        (["--transition", "7"], "no transition 6"),
    ],
)
def test_a_preview_that_cannot_be_meant_is_refused_in_words(
    here: Path, wish: list[str], complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    for number in range(2):
        track(here / "music" / f"{number}.flac", 122.0 + number, seconds=60)
    assert run(["plan", "music"]) == exit_codes.OK
    assert run(["preview", "plan.json", *wish]) == exit_codes.INPUT
    assert complaint in capsys.readouterr().err
    assert not (here / "preview.mp3").exists()


def test_a_track_is_explained_by_a_picture(good: Path, here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["analyze", "--explain", str(good / "Dawn.flac"), "-o", "dawn.png"]) == exit_codes.OK
    assert names(here) == ["dawn.png"]
    assert (here / "dawn.png").read_bytes().startswith(b"\x89PNG")
    assert "dawn.png" in capsys.readouterr().err
    assert run(["analyze", "--explain", str(good / "Dawn.flac"), "-o", "dawn.png"]) == exit_codes.OUTPUT
    assert run(["analyze", "--explain", str(good)]) == exit_codes.INPUT
    assert run(["analyze", "--explain", str(good / "Dawn.flac"), "-o", "dawn.jpg"]) == exit_codes.INPUT
