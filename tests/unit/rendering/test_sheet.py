import re
from pathlib import Path

import pytest
from small_sets import MadeTrack, make_plan, make_track

from notorious.planning.plan import Plan
from notorious.rendering.sheet import cue_sheet, entries, playlist, sheet_paths, track_list

ODD = 'He said "now",\nshe said "later" 🎛️ \u2028終わり'


@pytest.fixture(scope="module")
def tracks(tmp_path_factory: pytest.TempPathFactory) -> list[MadeTrack]:
    folder = tmp_path_factory.mktemp("tracks")
    return [make_track(folder, name, bpm=120, beats=64, kicks=False) for name in ("one", "two", "three")]


@pytest.fixture(scope="module")
def plan(tracks: list[MadeTrack]) -> Plan:
    return make_plan(tracks, overlap_beats=16, title=ODD)


def test_a_track_begins_where_it_takes_over(plan: Plan) -> None:
    # 64 beats a track, overlaps of 16 swapped in their middle, half a second a beat: 48 + 8 and 96 + 8 beats.
    assert [entry.start_seconds for entry in entries(plan)] == pytest.approx([0.0, 28.0, 52.0])


def test_cue_times_count_75_frames_a_second(tracks: list[MadeTrack]) -> None:
    plan = make_plan([tracks[0], tracks[1]], overlap_beats=16)
    moved = plan.model_copy(
        update={"clock": tuple(knot.model_copy(update={"seconds": knot.seconds * 1.01}) for knot in plan.clock)}
    )
    # 28.28 s are 28 s and 21 frames of 1/75 s.
    assert re.findall(r"INDEX 01 (\S+)", cue_sheet(moved, "mix.flac")) == ["00:00:00", "00:28:21"]


def test_a_cue_string_holds_neither_quotes_nor_line_breaks(plan: Plan) -> None:
    sheet = cue_sheet(plan, 'my "best".flac')
    assert all(line.count('"') in (0, 2) for line in sheet.splitlines())
    assert "TITLE “" not in sheet
    assert 'TITLE "He said “now”, she said “later” 🎛️ 終わり"' in sheet
    assert 'FILE "my “best”.flac" WAVE' in sheet


def test_a_cue_sheet_numbers_no_more_than_99_tracks(plan: Plan) -> None:
    many = plan.model_copy(
        update={
            "slots": tuple(plan.slots[0].model_copy(update={"index": n}) for n in range(120)),
            "transitions": tuple(plan.transitions[0].model_copy(update={"index": n}) for n in range(119)),
        }
    )
    sheet = cue_sheet(many, "mix.wav")
    assert sheet.count("  TRACK ") == 99
    assert sheet.count("\nREM 00:") == 21


def test_a_playlist_line_is_a_path_whatever_the_name(plan: Plan) -> None:
    slot = plan.slots[0]
    odd = slot.model_copy(
        update={"track": slot.track.model_copy(update={"path": "/music/new\nline.mp3", "title": ODD})}
    )
    lines = playlist(plan.model_copy(update={"slots": (odd, *plan.slots[1:])})).split("\n")
    assert lines[0] == "#EXTM3U"
    assert lines[2].startswith("#EXTINF:32,The Synthesisers - He said")
    assert lines[3] == "file:///music/new%0Aline.mp3"
    assert lines[5] == plan.slots[1].track.path


def test_the_track_list_tells_times_keys_and_reasons(plan: Plan) -> None:
    text = track_list(plan)
    assert "  1    0:00  The Synthesisers - one" in text
    assert "8A (A minor), 120.00 BPM" in text
    assert "↓  0:24-0:32  bass swap, 16 beats at 120.00 BPM" in text
    assert "· the outro lies under the intro" in text


def test_the_sheet_lies_beside_the_mix() -> None:
    assert [path.name for path in sheet_paths(Path("/a/my.mix.flac")).all()] == [
        "my.mix.plan.json",
        "my.mix.cue",
        "my.mix.m3u8",
        "my.mix.tracklist.txt",
        "my.mix.png",
    ]
