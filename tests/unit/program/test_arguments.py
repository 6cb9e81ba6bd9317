"""What is typed becomes a brief, or a message that says what is wrong, before anything is heard."""

from pathlib import Path
from typing import get_args

import pytest

from notorious.cli import exit_codes, options
from notorious.cli.main import run
from notorious.cli.wishes import Wishes, parse_bpm, parse_plateau
from notorious.errors import BriefError, NotoriousError
from notorious.planning import brief as planning_brief


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("0.4-0.6:0.9", (0.4, 0.6, 0.9, "")),
        ("0.4-0.6:0.9:peak hour", (0.4, 0.6, 0.9, "peak hour")),
        ("40%-60%:.9:a:b", (0.4, 0.6, 0.9, "a:b")),
        (" 0 - 1 : 1 ", (0.0, 1.0, 1.0, "")),
    ],
)
def test_a_plateau_is_read(typed: str, meant: tuple[float, float, float, str]) -> None:
    wish = parse_plateau(typed)
    assert (wish.start, wish.end, wish.energy, wish.purpose) == meant


@pytest.mark.parametrize(
    "typed", ["", "0.4", "0.4-0.6", "0.6-0.4:0.9", "0.4-0.6:9", "a-b:c", "-0.1-0.6:0.9", "0.4-140%:1"]
)
def test_what_is_no_plateau_is_said(typed: str) -> None:
    with pytest.raises(BriefError, match="plateau"):
        parse_plateau(typed)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("120-128", (120, 128)), ("119.5 - 120.5", (119.5, 120.5)), ("120-", (120, None)), ("-128", (None, 128))],
)
def test_a_tempo_range_is_read(typed: str, meant: tuple[float | None, float | None]) -> None:
    assert parse_bpm(typed) == meant


@pytest.mark.parametrize("typed", ["", "-", "120", "fast", "120-128-130", "nan-128"])
def test_what_is_no_tempo_range_is_said(typed: str) -> None:
    with pytest.raises(BriefError, match="MIN-MAX"):
        parse_bpm(typed)


def test_a_range_that_ends_below_its_start_is_said() -> None:
    with pytest.raises(BriefError, match="ends below its start"):
        Wishes(bpm="128-120").brief()


def test_names_of_tracks_become_hashes() -> None:
    wishes = Wishes(settings={"minutes": 30.0}, start="dawn", exclude=["dusk"])
    brief = wishes.brief(lambda name: f"hash of {name}")
    assert brief.start == "hash of dawn"
    assert brief.end is None
    assert brief.exclude == ("hash of dusk",)
    assert brief.minutes == 30


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (options.CurveName, planning_brief.CurveName),
        (options.TimeName, planning_brief.TimeOfDay),
        (options.VenueName, planning_brief.Venue),
        (options.RuleName, planning_brief.TransitionRule),
    ],
)
def test_the_choices_of_the_program_are_those_of_the_brief(ours: object, theirs: object) -> None:
    assert get_args(ours) == get_args(theirs)


def all_errors(kind: type[NotoriousError]) -> list[type[NotoriousError]]:
    return [kind, *(deeper for sub in kind.__subclasses__() for deeper in all_errors(sub))]


def test_every_error_has_an_exit_code_with_a_meaning() -> None:
    assert {kind.exit_code for kind in all_errors(NotoriousError)} <= set(exit_codes.MEANINGS)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["mix", "x", "--curve", "banana"], "banana"),
        (["mix"], "PATH"),
        (["plan", "x", "--minutes", "0"], "minutes"),
        (["plan", "x", "--minutes", "nan"], "minutes"),
        (["plan", "x", "--bpm", "fast"], "MIN-MAX"),
        (["plan", "x", "--plateau", "all of it"], "START-END"),
        (["plan", "x", "--jobs", "0"], "jobs"),
        (["dance"], "dance"),
        (["mix", "x", "-o", "mix.txt"], "ending"),
        (["mix", "x", "-o", "mix.mp3", "--format", "flac"], "mp3"),
        (["show", "nowhere.json"], "nowhere.json"),
        (["mix", "nowhere.json"], "nowhere.json"),
        (["mix", "plan.json", "music"], "alone"),
        (["mix", "plan.json", "--minutes", "30"], "--minutes"),
    ],
)
def test_what_cannot_be_meant_ends_with_2_and_says_why(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(arguments) == exit_codes.INPUT
    printed = capsys.readouterr()
    assert said in printed.err
    assert "Traceback" not in printed.err
    assert printed.out == ""


def test_an_empty_folder_ends_with_4(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "music").mkdir()
    assert run(["analyze", "music"]) == exit_codes.NOTHING_TO_MIX
    assert run(["plan", "music"]) == exit_codes.NOTHING_TO_MIX
    assert run(["mix", "music"]) == exit_codes.NOTHING_TO_MIX
    assert "no audio files" in capsys.readouterr().err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["music"]


@pytest.mark.parametrize("there", ["mix.flac", "mix.plan.json", "mix.cue", "mix.m3u8", "mix.tracklist.txt", "mix.png"])
def test_an_output_that_exists_is_refused_before_the_work(
    there: str, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / there).write_text("precious")
    # The folder of music does not exist: had it been looked for first, the code would be another.
    assert run(["mix", "nowhere", "-o", "mix.flac"]) == exit_codes.OUTPUT
    assert "--force" in capsys.readouterr().err
    assert (tmp_path / there).read_text() == "precious"


def test_an_output_folder_that_is_missing_is_said_before_the_work(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["mix", "nowhere", "-o", "/no/such/folder/mix.flac"]) == exit_codes.OUTPUT
    assert run(["plan", "nowhere", "-o", "/no/such/folder/plan.json"]) == exit_codes.OUTPUT
    assert "/no/such/folder" in capsys.readouterr().err


def test_m4a_without_its_library_is_refused_before_the_work(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert run(["mix", "nowhere", "-o", "mix.m4a"]) == exit_codes.INPUT
    assert "notorious[m4a]" in capsys.readouterr().err


def test_ctrl_c_ends_with_130(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("notorious.api.analyze", interrupted)
    assert run(["analyze", "somewhere"]) == exit_codes.STOPPED
    assert "Traceback" not in capsys.readouterr().err


def test_what_nobody_foresaw_ends_with_1_and_asks_for_a_report(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("of course")

    monkeypatch.setattr("notorious.api.analyze", broken)
    assert run(["analyze", "somewhere"]) == exit_codes.UNEXPECTED
    printed = capsys.readouterr().err
    assert "ZeroDivisionError: of course" in printed
    assert "report" in printed
    monkeypatch.setenv("NOTORIOUS_DEBUG", "1")
    with pytest.raises(ZeroDivisionError):
        run(["analyze", "somewhere"])
