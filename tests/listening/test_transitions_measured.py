"""Every technique on one rendered set of drum tracks of different tempos, measured in the file that came out.

The kicks of these tracks begin where arithmetic says; they are looked for with a matched filter of the kick's own shape
(and with the room's own meter in `rendering.verify`, which is held against it).
"""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
import soundfile
import soxr

sys.path.insert(0, str(Path(__file__).parents[1] / "unit" / "rendering"))

from small_sets import RATE, MadeTrack, kick, make_plan, make_track

from notorious.planning.plan import Plan, Technique
from notorious.rendering.clock import Clock
from notorious.rendering.master import RenderReport, render_mix
from notorious.rendering.techniques import handover_beat
from notorious.rendering.verify import (
    click_ratio,
    joins,
    kick_coincidence,
    kick_timing,
    measure_mix,
    transition_loudness,
)
from notorious.rendering.voice import VoiceSpan, voice_blocks, voice_span

TECHNIQUES: tuple[Technique, ...] = get_args(Technique)
TEMPOS = (124.0, 126.0, 122.5, 125.0, 121.3, 124.7, 127.3, 124.0)
BEATS, OVERLAP = 72, 32


@dataclass(frozen=True)
class Rendered:
    """A mix and what was measured while it was made; `sound` is what a decoder reads from the file."""

    plan: Plan
    path: Path
    report: RenderReport
    sound: np.ndarray


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> Rendered:
    folder = tmp_path_factory.mktemp("mix")
    made: list[MadeTrack] = [
        make_track(
            folder, f"t{n}", bpm=bpm, beats=BEATS, root_hz=200 + 13 * n, seed=n, first_beat_seconds=0.1 + 0.0137 * n
        )
        for n, bpm in enumerate(TEMPOS)
    ]
    plan = make_plan(made, technique=list(TECHNIQUES), overlap_beats=OVERLAP, gain_db=-3.0)
    report = render_mix(plan, folder / "mix.flac", jobs=2)
    sound, _ = soundfile.read(folder / "mix.flac", dtype="float32", always_2d=True)
    return Rendered(plan, folder / "mix.flac", report, sound)


def matched_offsets_ms(sound: np.ndarray, first_frame: int, plan: Plan, beats: np.ndarray) -> np.ndarray:
    """How late the kick's own shape is found around each beat: the top of its correlation, between frames too."""
    clock = Clock(plan.clock)
    mono = sound.mean(axis=1).astype(np.float64)
    found = []
    for beat in beats:
        expected = clock.seconds(float(beat)) * RATE - first_frame
        start = round(expected)
        shape = kick((np.arange(1600) - (expected - start)) / RATE)
        score = np.correlate(mono[start - 352 : start + 1600 + 352], shape, mode="valid")
        top = min(max(int(np.argmax(score)), 1), len(score) - 2)
        before, here, after = score[top - 1 : top + 2]
        between = 0.5 * (before - after) / (before - 2 * here + after)
        found.append(1000 * (top + between - 352) / RATE)
    return np.array(found)


@pytest.mark.parametrize("number", range(len(TECHNIQUES)), ids=TECHNIQUES)
def test_the_kicks_of_both_tracks_coincide(mixed: Rendered, number: int) -> None:
    transition = mixed.plan.transitions[number]
    beats = np.arange(transition.start_beat + 1, transition.start_beat + OVERLAP - 1)
    offsets = []
    for index in (number, number + 1):
        span = voice_span(mixed.plan, index)
        stop = round(Clock(mixed.plan.clock).seconds(float(beats[-1]) + 1) * RATE)
        part = VoiceSpan(span.first_frame, stop - span.first_frame)
        bare = np.concatenate(list(voice_blocks(mixed.plan, index, span=part, with_lanes=False)))
        offsets.append(matched_offsets_ms(bare, span.first_frame, mixed.plan, beats))
    assert np.percentile(np.abs(offsets[0] - offsets[1]), 95) < 1.0  # asked for are 5 ms
    assert max(np.abs(offsets[0]).max(), np.abs(offsets[1]).max()) < 3.0


def test_the_rooms_own_meter_finds_what_the_matched_filter_finds(mixed: Rendered) -> None:
    for number in range(len(TECHNIQUES)):
        coincidence = kick_coincidence(mixed.plan, number)
        assert len(coincidence.beats) >= OVERLAP - 2
        assert coincidence.p95_ms is not None
        # Melody and bass blur it by some milliseconds, where the matched filter knows the kick that it looks for.
        assert coincidence.p95_ms < 5.0


def test_the_rooms_own_meter_sees_a_track_that_is_late(mixed: Rendered) -> None:
    slot = mixed.plan.slots[0]
    late = slot.grid.model_copy(update={"first_beat_seconds": slot.grid.first_beat_seconds - 0.012})
    plan = mixed.plan.model_copy(update={"slots": (slot.model_copy(update={"grid": late}), *mixed.plan.slots[1:])})
    difference = kick_timing(plan, 0, 8, 24).offsets_ms - kick_timing(mixed.plan, 0, 8, 24).offsets_ms
    assert difference == pytest.approx(12.0, abs=0.1)


@pytest.mark.parametrize("number", range(len(TECHNIQUES)), ids=TECHNIQUES)
def test_one_kick_is_heard_on_every_beat_neither_doubled_nor_swallowed(mixed: Rendered, number: int) -> None:
    transition = mixed.plan.transitions[number]
    clock = Clock(mixed.plan.clock)
    mono = mixed.sound.mean(axis=1).astype(np.float64)
    beats = np.arange(transition.start_beat - 8, transition.start_beat + OVERLAP + 8)
    strength = []
    for beat in beats:
        at = clock.seconds(float(beat)) * RATE
        here = slice(round(at), round(at) + 3000)
        shape = kick((np.arange(here.start, here.stop) - at) / RATE)
        strength.append(float(np.dot(mono[here], shape) / np.dot(shape, shape)))
    level_db = 20 * np.log10(np.array(strength) / np.median(strength))
    if transition.technique == "filter_sweep":
        # The high-pass of the incoming track opens within the last beat, between two kicks.
        assert np.abs(level_db).max() < 2.5
    else:
        assert np.abs(level_db).max() < 1.5


@pytest.mark.parametrize("number", range(len(TECHNIQUES)), ids=TECHNIQUES)
def test_loudness_stays_within_2_lu_of_its_neighbours(mixed: Rendered, number: int) -> None:
    measured = measure_mix(mixed.plan, mixed.path).transitions[number]
    assert measured.excess_lu < 1.0  # these tracks are as even as tracks can be; asked for are 2
    assert measured.step_error_lu < 1.0


def test_what_the_master_measured_is_what_is_in_the_file(mixed: Rendered) -> None:
    check = measure_mix(mixed.plan, mixed.path)
    assert mixed.report.integrated_lufs == pytest.approx(check.loudness.integrated_lufs, abs=0.05)
    assert mixed.report.true_peak_dbtp == pytest.approx(check.loudness.true_peak_dbtp, abs=0.05)
    for one, other in zip(mixed.report.transitions, check.transitions, strict=True):
        assert one.highest_lufs == pytest.approx(other.highest_lufs, abs=0.1)


def test_a_hole_in_a_transition_is_seen(mixed: Rendered) -> None:
    seconds = int(mixed.plan.duration_seconds)
    levels = np.full(seconds, -14.0)
    middle = int(Clock(mixed.plan.clock).seconds(handover_beat(mixed.plan.transitions[0])))
    levels[middle - 2 : middle + 2] = -19.0
    measured = transition_loudness(mixed.plan, levels.tolist(), 1.0)
    assert measured[0].excess_lu == pytest.approx(5.0)
    assert not measured[0].is_even
    assert measured[1].is_even


@pytest.fixture(scope="module")
def soft(tmp_path_factory: pytest.TempPathFactory) -> Rendered:
    """Chords and soft basses, hats between the beats: nothing strikes where a join is, so that no click can hide."""
    folder = tmp_path_factory.mktemp("soft")
    made = [
        make_track(folder, f"t{n}", bpm=bpm, beats=36, root_hz=200 + 13 * n, seed=n, kicks=False)
        for n, bpm in enumerate(TEMPOS)
    ]
    plan = make_plan(made, technique=list(TECHNIQUES), overlap_beats=16, step=0.005)
    report = render_mix(plan, folder / "mix.flac", jobs=2)
    sound, _ = soundfile.read(folder / "mix.flac", dtype="float32", always_2d=True)
    return Rendered(plan, folder / "mix.flac", report, sound)


def test_nothing_clicks_at_any_join(soft: Rendered) -> None:
    ratios = [click_ratio(soft.sound, frame, RATE) for frame in joins(soft.plan)]
    assert len(ratios) > 20
    assert max(ratios) < 0.02  # of the sharpest hat nearby


def test_a_click_would_be_found(soft: Rendered) -> None:
    frame = joins(soft.plan)[len(joins(soft.plan)) // 2]
    broken = soft.sound[frame - RATE : frame + RATE].copy()
    broken[RATE:] += 0.02
    assert click_ratio(broken, RATE, RATE) > 0.03


def test_a_loud_set_stays_below_minus_1_dbtp(tmp_path: Path) -> None:
    made = [make_track(tmp_path, f"t{n}", bpm=124, beats=24, root_hz=200 + 40 * n, seed=n) for n in range(2)]
    plan = make_plan(made, overlap_beats=16, technique="blend", gain_db=9.0)
    report = render_mix(plan, tmp_path / "mix.wav", jobs=1)
    sound, _ = soundfile.read(tmp_path / "mix.wav", dtype="float64", always_2d=True)
    crest = np.abs(soxr.resample(sound, RATE, 8 * RATE, "VHQ")).max()  # a detector that the limiter does not know
    assert 20 * np.log10(crest) <= -1.0 + 0.02
    assert report.largest_reduction_db > 3.0
