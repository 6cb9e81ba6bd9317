"""Voices on real recordings: found where somebody sings, and nowhere else. Half a minute: it decodes 27 recordings.

The weights were fitted on these recordings, too; docs/vocals.md says what is reached where they were not. So this holds
what is there and proves no more.
"""

import json
from pathlib import Path

import numpy as np
import pytest
import soxr

from notorious.analysis.model import Audible, Grid
from notorious.analysis.spectrum import RATE_HZ, hear_spectra
from notorious.analysis.vocals import hear_vocals
from notorious.audio.decode import open_audio

MUSIC = Path(__file__).resolve().parents[3] / "shared" / "music"
pytestmark = pytest.mark.music


@pytest.fixture(scope="module")
def judged():
    """Truth and what was heard of every recording of which it is stated whether somebody sings."""
    if not MUSIC.is_dir():
        pytest.skip(f"the recordings are not at {MUSIC}")
    told = [json.loads(line) for line in (MUSIC / "truth.jsonl").read_text().splitlines()]
    return [(one, heard(MUSIC / one["file"])) for one in told if one["vocals"] is not None]


def heard(path):
    with open_audio(path) as reader:
        blocks = []
        while len(block := reader.read(65536)):
            blocks.append(block.mean(axis=1))
        mono = soxr.resample(np.concatenate(blocks), reader.rate_hz, RATE_HZ).astype(np.float32)
    seconds = len(mono) / RATE_HZ
    grid = Grid(first_beat_seconds=0.0, bpm=120.0, beat_count=int(2 * seconds))
    return hear_vocals(hear_spectra(mono), grid, Audible(start=0.0, end=seconds), None)


def test_voice_or_none_is_right_nine_times_of_ten(judged):
    right = [bool(vocals.regions) == truth["vocals"] for truth, vocals in judged]
    assert np.mean(right) >= 0.9


def test_no_recording_with_a_voice_is_called_surely_instrumental(judged):
    assert all(vocals.regions or vocals.unsure for truth, vocals in judged if truth["vocals"])


def test_passages_lie_where_somebody_sings(judged):
    scores = []
    for truth, vocals in judged:
        if truth["vocal_regions"]:
            times = np.arange(0, truth["duration"], 0.1)
            sung, said = (
                np.any([(times >= start) & (times < end) for start, end in regions], axis=0)
                for regions in (truth["vocal_regions"], vocals.regions)
            )
            scores.append(2 * (sung & said).sum() / (sung.sum() + said.sum()))
    assert np.mean(scores) >= 0.65
