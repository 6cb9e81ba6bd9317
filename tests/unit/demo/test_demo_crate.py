"""The demo crate's files: they are whole, tagged, the same for the same seed, and as their truth says."""

import hashlib
import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from notorious.demo import make_crate
from notorious.errors import InputError, OutputExists, OutputFailed

SEED = 7
SHORT = 0.1


def digests(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.fixture(scope="module")
def crate(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Four short tracks, one of each genre, with stems."""
    return make_crate(tmp_path_factory.mktemp("crate"), seed=SEED, tracks=4, shorten=SHORT, stems=True)


@pytest.fixture(scope="module")
def truths(crate: list[Path]) -> list[dict[str, Any]]:
    return [json.loads(path.with_suffix(".json").read_text()) for path in crate]


def test_tracks_are_flac_at_44100_hz_stereo_16_bit(crate: list[Path]) -> None:
    for path in crate:
        info = soundfile.info(path)
        assert (info.format, info.subtype, info.samplerate, info.channels) == ("FLAC", "PCM_16", 44100, 2)


def test_the_crate_spans_four_genres(truths: list[dict[str, Any]]) -> None:
    assert len({truth["genre"] for truth in truths}) == 4


def test_the_first_sound_of_a_track_is_its_first_beat_to_the_sample(
    crate: list[Path], truths: list[dict[str, Any]]
) -> None:
    for path, truth in zip(crate, truths, strict=True):
        drums, rate = soundfile.read(path.with_suffix(".stems") / "drums.flac", dtype="int16")
        first = int(np.flatnonzero(np.abs(drums).max(axis=1) > 300)[0])
        assert first == round(truth["first_beat_seconds"] * rate)


def test_beats_are_one_grid(truths: list[dict[str, Any]]) -> None:
    for truth in truths:
        beats = np.array(truth["beats"])
        expected = truth["first_beat_seconds"] + np.arange(len(beats)) * 60 / truth["bpm"]
        assert np.abs(beats - expected).max() < 1e-6
        assert truth["downbeats"] == truth["beats"][::4]
        assert truth["duration_seconds"] - 60 / truth["bpm"] <= beats[-1] < truth["duration_seconds"]


def test_the_length_in_the_truth_is_the_length_of_the_file(crate: list[Path], truths: list[dict[str, Any]]) -> None:
    for path, truth in zip(crate, truths, strict=True):
        assert soundfile.info(path).frames == round(truth["duration_seconds"] * 44100)


def test_stems_sum_to_the_track_sample_by_sample(crate: list[Path]) -> None:
    for path in crate:
        track, _ = soundfile.read(path, dtype="int16")
        stems = [soundfile.read(stem, dtype="int16")[0] for stem in sorted(path.with_suffix(".stems").iterdir())]
        assert len(stems) == 4
        assert np.array_equal(np.sum([stem.astype(np.int32) for stem in stems], axis=0), track)


def test_no_stem_is_clipped(crate: list[Path]) -> None:
    for path in crate:
        for stem in path.with_suffix(".stems").iterdir():
            samples, _ = soundfile.read(stem)
            assert np.abs(samples).max() < 10 ** (-0.5 / 20)


def test_peaks_stay_below_half_a_db_under_full_scale(crate: list[Path]) -> None:
    for path in crate:
        track, _ = soundfile.read(path)
        assert 20 * np.log10(np.abs(track).max()) < -0.5


def test_sections_follow_each_other_on_bar_lines(truths: list[dict[str, Any]]) -> None:
    for truth in truths:
        sections = truth["sections"]
        assert sections[0]["kind"] == "intro"
        assert sections[-1]["kind"] == "outro"
        assert {"buildup", "drop", "breakdown"} <= {section["kind"] for section in sections}
        for left, right in pairwise(sections):
            assert left["end"] == right["start"]
        for section in sections:
            assert min(abs(section["start"] - downbeat) for downbeat in truth["downbeats"]) < 1e-6
            assert section["end"] - section["start"] == pytest.approx(section["bars"] * 240 / truth["bpm"], abs=1e-6)


def test_a_drop_has_at_least_4_db_more_low_end_than_a_breakdown(
    crate: list[Path], truths: list[dict[str, Any]]
) -> None:
    def low_band_db(samples: np.ndarray) -> float:
        power = np.abs(np.fft.rfft(samples)) ** 2
        hertz = np.fft.rfftfreq(samples.size, 1 / 44100)
        return float(10 * np.log10(power[(hertz > 20) & (hertz < 150)].sum() / samples.size**2))

    for path, truth in zip(crate, truths, strict=True):
        track, rate = soundfile.read(path)
        mono = track.mean(axis=1)
        levels: dict[str, list[float]] = {"drop": [], "breakdown": []}
        for section in truth["sections"]:
            if section["kind"] in levels:
                levels[section["kind"]].append(
                    low_band_db(mono[int(section["start"] * rate) : int(section["end"] * rate)])
                )
        assert min(levels["drop"]) > max(levels["breakdown"]) + 4


def test_the_voice_is_silent_outside_the_vocal_regions(crate: list[Path], truths: list[dict[str, Any]]) -> None:
    assert any(truth["vocals"]["regions"] for truth in truths)
    for path, truth in zip(crate, truths, strict=True):
        vocals, rate = soundfile.read(path.with_suffix(".stems") / "vocals.flac", dtype="int16")
        level = np.abs(vocals).max(axis=1)
        if not truth["vocals"]["regions"]:
            assert level.max() == 0
            continue
        first = truth["vocals"]["regions"][0]["start"]
        assert level[: round(first * rate)].max() == 0
        for region in truth["vocals"]["regions"]:
            assert level[round(region["start"] * rate) : round(region["end"] * rate)].max() > 1000


def test_zones_lie_around_drops(truths: list[dict[str, Any]]) -> None:
    for truth in truths:
        drops = [section["start"] for section in truth["sections"] if section["kind"] == "drop"]
        assert [zone["end"] for zone in truth["zones"] if zone["kind"] == "pre_drop"] == drops
        assert [zone["start"] for zone in truth["zones"] if zone["kind"] == "post_drop"] == drops


def test_tags_can_be_read_by_another_reader(crate: list[Path], truths: list[dict[str, Any]]) -> None:
    for path, truth in zip(crate, truths, strict=True):
        with soundfile.SoundFile(path) as file:
            assert file.title == truth["title"]
            assert file.artist == truth["artist"]
            assert file.genre == truth["tags"].get("GENRE", "")


def test_one_track_bears_a_wrong_key_and_some_bear_no_tempo(truths: list[dict[str, Any]]) -> None:
    assert sum("key" in truth["wrong_tags"] for truth in truths) == 1
    assert any("BPM" not in truth["tags"] for truth in truths)


def test_the_same_seed_gives_the_same_files_however_many_processes_make_them(tmp_path: Path) -> None:
    make_crate(tmp_path / "one", seed=3, tracks=2, shorten=0.05)
    make_crate(tmp_path / "two", seed=3, tracks=2, shorten=0.05, jobs=2)
    assert digests(tmp_path / "one") == digests(tmp_path / "two")


def test_progress_is_reported_track_by_track(tmp_path: Path) -> None:
    heard: list[tuple[str, int, int]] = []
    paths = make_crate(
        tmp_path, seed=1, tracks=1, shorten=0.1, report=lambda name, done, of: heard.append((name, done, of))
    )
    assert heard == [(paths[0].stem, 1, 1)]


def test_existing_files_are_refused_unless_forced(tmp_path: Path) -> None:
    (path,) = make_crate(tmp_path, seed=1, tracks=1, shorten=0.1)
    before = path.read_bytes()
    path.write_bytes(b"mine")
    with pytest.raises(OutputExists, match="already"):
        make_crate(tmp_path, seed=1, tracks=1, shorten=0.1)
    assert path.read_bytes() == b"mine"
    make_crate(tmp_path, seed=1, tracks=1, shorten=0.1, force=True)
    assert path.read_bytes() == before


def test_a_folder_that_is_a_file_is_reported(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(OutputFailed, match="taken"):
        make_crate(tmp_path / "taken" / "crate", tracks=1, shorten=0.1)


@pytest.mark.parametrize(
    "wish", [{"tracks": 0}, {"tracks": -3}, {"shorten": 0.0}, {"shorten": 1.5}, {"shorten": float("nan")}, {"jobs": 0}]
)
def test_numbers_that_mean_nothing_are_refused(tmp_path: Path, wish: dict[str, Any]) -> None:
    with pytest.raises(InputError):
        make_crate(tmp_path, **wish)
