"""The accuracy figures, against pairs of truth and answer whose figures are known by arithmetic."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from measures import measure, summary
from truth import Truth, read_truth

BEATS = np.arange(0.5, 60.0, 0.5)
TRUTH = Truth(
    file="a.flac",
    tempo_bpm=120.0,
    other_bpm=(60.0,),
    beats=BEATS,
    downbeats=BEATS[::4],
    onset_lag_seconds=0.008,
    audible=(0.0, 60.0),
    key="A minor",
    vocals=True,
    vocal_regions=((10.0, 20.0),),
    section_borders=(16.5, 32.5),
)
RIGHT: dict[str, Any] = {
    "bpm": 120.0,
    "beats": BEATS.tolist(),
    "downbeats": BEATS[::4].tolist(),
    "key": {"name": "A minor"},
    "vocals": {"regions": [[10.0, 20.0]]},
    "sections": [{"start": 0.0}, {"start": 16.5}, {"start": 32.5}],
}
LINE = {
    "file": "b.ogg",
    "duration": 10.0,
    "tempo_bpm": 120,
    "first_beat_s": 0.25,
    "beats_known": True,
    "beats_per_bar": 4,
    "first_downbeat_s": 1.25,
    "audible": [0.0, 9.0],
    "vocals": None,
}


def test_the_right_answer_is_right_in_everything() -> None:
    found = measure(TRUTH, RIGHT)
    lagging = found.pop("beats_10ms_lag")
    assert found.pop("beat_error_ms") == 0
    assert set(found.values()) == {1.0}
    assert lagging == 1.0  # 8 ms are within ten


def test_a_file_without_an_answer_counts_as_wrong() -> None:
    assert set(measure(TRUTH, None).values()) == {0.0}


def test_what_is_not_known_is_not_scored() -> None:
    unknown = Truth("c.flac", None, (), None, None, 0.0, (0.0, 9.0), None, None, None, None)
    assert measure(unknown, RIGHT) == {}


@pytest.mark.parametrize(
    ("bpm", "exact", "level", "fine", "near"),
    [
        (120.02, 1, 1, 1, 1),
        (120.03, 0, 0, 1, 1),
        (120.11, 0, 0, 0, 1),
        (60.0, 0, 1, 0, 0),
        (60.02, 0, 0, 0, 0),
        (240.0, 0, 0, 0, 0),
    ],
)
def test_tempo_is_exact_to_a_fiftieth_at_the_notated_or_a_listed_level(
    bpm: float, exact: int, level: int, fine: int, near: int
) -> None:
    found = measure(TRUTH, RIGHT | {"bpm": bpm})
    assert [found[f"tempo_{name}"] for name in ("exact", "exact_level", "fine", "near")] == [exact, level, fine, near]


def test_late_beats_are_measured_in_milliseconds() -> None:
    found = measure(TRUTH, RIGHT | {"beats": (BEATS + 0.007).tolist()})
    assert found["beat_error_ms"] == pytest.approx(7.0)
    assert (found["beats_5ms"], found["beats_10ms"]) == (0, 1)


@pytest.mark.parametrize(("late", "hit"), [(0.024, 1), (0.026, 0)])
def test_a_beat_is_hit_roughly_within_25_milliseconds(late: float, hit: int) -> None:
    assert measure(TRUTH, RIGHT | {"beats": (BEATS + late).tolist()})["beats_25ms"] == hit


def test_beats_half_a_beat_off_are_found_at_no_level_but_the_double() -> None:
    found = measure(TRUTH, RIGHT | {"beats": (BEATS + 0.25).tolist()})
    assert found["beat_f"] == 0
    assert 0.6 < found["beat_f_level"] < 0.7


def test_a_relative_key_is_worth_three_tenths() -> None:
    found = measure(TRUTH, RIGHT | {"key": {"name": "C major"}})
    assert (found["key_exact"], found["key_weighted"]) == (0, pytest.approx(0.3))


def test_under_two_seconds_of_voice_is_no_voice() -> None:
    assert measure(TRUTH, RIGHT | {"vocals": {"regions": [[10.0, 11.9]]}})["vocals_right"] == 0


def test_errors_are_summed_up_by_their_median_and_shares_by_their_mean() -> None:
    found = summary([{"beat_error_ms": value, "beat_f": value} for value in (0.0, 0.1, 5.0)])
    assert found["beat_error_ms"] == (0.1, 3)
    assert found["beat_f"][0] == pytest.approx(1.7)


def test_lines_of_truth_become_beats_inside_what_can_be_heard(tmp_path: Path) -> None:
    (tmp_path / "truth.jsonl").write_text(json.dumps(LINE) + "\n", encoding="utf-8")
    (truth,) = read_truth(tmp_path)
    assert truth.beats == pytest.approx(np.arange(0.25, 9.0, 0.5))
    assert truth.downbeats == pytest.approx(np.arange(1.25, 9.0, 2.0))


def test_a_folder_without_truth_is_refused_with_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="notorious demo"):
        read_truth(tmp_path)


def test_borders_are_held_against_phrases_and_changes_of_arrangement() -> None:
    truth = replace(TRUTH, phrase_starts=(8.5, 16.5, 24.5, 32.5), arrangement_changes=(16.5, 32.5))
    found = measure(truth, RIGHT | {"sections": [{"start": 0.0}, {"start": 16.6}, {"start": 20.5}]})
    assert found["borders_on_phrases"] == found["changes_found"] == 0.5
    assert found["borders_by_chance"] == pytest.approx(4 / len(BEATS[::4]))
