"""What is heard in the demo crate, against its exact truth.

Slow (about a minute): it synthesises twelve whole tracks and analyses them, since accuracy is a figure over a crate.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from notorious.analysis.model import Analysis
from notorious.analysis.pipeline import analyse_file
from notorious.demo.crate import make_crate

pytestmark = pytest.mark.slow

Heard = list[tuple[dict[str, Any], Analysis]]


@pytest.fixture(scope="module", params=[0, 7], ids=["the crate that users get", "another seed"])
def heard(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Heard:
    folder = tmp_path_factory.mktemp(f"crate{request.param}")
    found = []
    for path in make_crate(folder, seed=request.param, jobs=2):
        truth = json.loads(Path(path).with_suffix(".json").read_text(encoding="utf-8"))
        analysis, _ = analyse_file(Path(path), "0" * 64, known={})
        found.append((truth, analysis))
    return found


def test_the_tempo_of_every_steady_track_is_within_a_fiftieth_of_a_beat_a_minute(heard: Heard) -> None:
    errors = {truth["title"]: analysis.tempo.bpm - truth["bpm"] for truth, analysis in heard}
    assert {title: error for title, error in errors.items() if abs(error) > 0.02} == {}
    assert all(analysis.tempo.steady for _, analysis in heard)


def test_beats_lie_within_five_milliseconds_of_the_kicks(heard: Heard) -> None:
    late = {}
    for truth, analysis in heard:
        beats = np.array(truth["beats"])
        found = np.array(analysis.grid.beats())
        distance = np.abs(found[np.abs(found[None, :] - beats[:, None]).argmin(axis=1)] - beats)
        inside = (beats > found[0] - 0.05) & (beats < found[-1] + 0.05)
        late[truth["title"]] = float(distance[inside].max())
    assert {title: worst for title, worst in late.items() if worst > 0.005} == {}


def test_bars_begin_where_they_were_written(heard: Heard) -> None:
    right = [
        np.abs(np.array(analysis.grid.downbeats())[:, None] - np.array(truth["downbeats"])[None, :]).min(axis=1).max()
        < 0.02
        for truth, analysis in heard
    ]
    assert np.mean(right) >= 0.9


def test_nine_keys_of_ten_are_right(heard: Heard) -> None:
    wrong = [
        (truth["title"], truth["key"]["camelot"], analysis.key.camelot)
        for truth, analysis in heard
        if truth["key"]["camelot"] != analysis.key.camelot
    ]
    assert len(wrong) <= 0.1 * len(heard), wrong


def test_nine_section_borders_of_ten_are_found_within_a_bar(heard: Heard) -> None:
    found, total = 0, 0
    for truth, analysis in heard:
        bar = 60 / truth["bpm"] * truth["beats_per_bar"]
        borders = np.array([section.start for section in analysis.sections])
        for section in truth["sections"][1:]:
            total += 1
            found += bool(np.abs(borders - section["start"]).min() <= bar)
    assert found >= 0.9 * total, f"{found} of {total}"


def test_borders_are_not_bought_by_guessing_everywhere(heard: Heard) -> None:
    for truth, analysis in heard:
        assert len(analysis.sections) <= 1.6 * len(truth["sections"]) + 2, truth["title"]


def test_drops_and_breakdowns_are_told_apart(heard: Heard) -> None:
    right, total = 0, 0
    for truth, analysis in heard:
        for section in truth["sections"]:
            if section["kind"] not in ("drop", "breakdown", "intro", "outro"):
                continue
            middle = (section["start"] + section["end"]) / 2
            kind = next((s.kind for s in analysis.sections if s.start <= middle < s.end), None)
            total += 1
            right += kind == section["kind"]
    assert right >= 0.8 * total, f"{right} of {total}"
