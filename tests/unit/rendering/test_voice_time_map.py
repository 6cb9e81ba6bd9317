"""A voice's time map: every beat on its place, and slope 1 where a track plays at its own tempo."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from notorious.analysis.model import Grid
from notorious.planning.plan import ClockKnot, Score, Slot, TrackReference
from notorious.rendering.clock import Clock
from notorious.rendering.time_map import VoiceTiming, voice_time_map

RATE = 44100


def slot_of(grid: Grid, mix_start: float, mix_end: float, source_start: float, ratio: float = 1.0) -> Slot:
    track = TrackReference(
        sha256="0" * 64,
        path="a.wav",
        title="A",
        duration_seconds=600.0,
        bpm=grid.bpm,
        camelot="8A",
        key_name="A minor",
        energy_level=5.0,
        integrated_lufs=-10.0,
    )
    return Slot(
        index=0,
        track=track,
        grid=grid,
        mix_start_beat=mix_start,
        mix_end_beat=mix_end,
        source_start_beat=source_start,
        mix_beats_per_source_beat=ratio,
        gain_db=0.0,
        target_energy=0.5,
        reached_energy=0.5,
        score=Score(total=50, components=()),
    )


def clock_of_tempos(*spans: tuple[float, float]) -> Clock:
    """Spans of (beats, BPM), one after the other from mix beat 0."""
    knots = [ClockKnot(beat=0, seconds=0)]
    for beats, bpm in spans:
        last = knots[-1]
        knots.append(ClockKnot(beat=last.beat + beats, seconds=last.seconds + beats * 60 / bpm))
    return Clock(knots)


def greatest_error_at_beats(timing: VoiceTiming, slot: Slot, clock: Clock) -> float:
    """In source frames: where the map is at each mix beat against where grid and clock want it."""
    mix_beats = np.arange(np.ceil(slot.mix_start_beat), slot.mix_end_beat)
    wanted = [
        slot.grid.seconds(slot.source_start_beat + (beat - slot.mix_start_beat) / slot.mix_beats_per_source_beat) * RATE
        for beat in mix_beats.tolist()
    ]
    mapped = timing.time_map.source(clock.seconds(mix_beats) * RATE)
    return float(np.abs(mapped - wanted).max())


def test_a_track_at_its_own_tempo_is_untouched_from_end_to_end() -> None:
    slot = slot_of(Grid(first_beat_seconds=0.3217, bpm=127.3, beat_count=900), 32.0, 300.0, 16.0)
    clock = clock_of_tempos((400.0, 127.3))
    timing = voice_time_map(slot, clock, rate_hz=RATE)
    assert timing.time_map.is_untouched(timing.first_frame, timing.first_frame + timing.frames)
    assert greatest_error_at_beats(timing, slot, clock) <= 0.5 + 1e-3


def test_a_clock_written_to_the_microsecond_still_leaves_a_track_untouched() -> None:
    exact = clock_of_tempos((64.0, 126.0), (64.0, 127.3), (64.0, 127.3), (200.0, 127.3))
    written = Clock([ClockKnot(beat=beat, seconds=round(exact.seconds(beat), 6)) for beat in exact.knot_beats.tolist()])
    slot = slot_of(Grid(first_beat_seconds=0.3217, bpm=127.3, beat_count=900), 0.0, 380.0, 16.0)
    timing = voice_time_map(slot, written, rate_hz=RATE)
    begin = round(written.seconds(64.0) * RATE)
    assert timing.time_map.is_untouched(begin, timing.first_frame + timing.frames)
    assert not timing.time_map.is_untouched(begin - 100, begin)
    assert greatest_error_at_beats(timing, slot, written) < 1


def test_the_voice_spans_its_mix_beats() -> None:
    clock = clock_of_tempos((64.0, 120.0), (64.0, 125.0))
    timing = voice_time_map(
        slot_of(Grid(first_beat_seconds=1.0, bpm=120.0, beat_count=500), 8.0, 128.0, 0.0), clock, rate_hz=RATE
    )
    assert timing.first_frame == round(4.0 * RATE)
    assert timing.first_frame + timing.frames == round((32.0 + 64 * 60 / 125) * RATE)


def test_a_track_counted_at_half_tempo_plays_one_beat_for_two_of_the_mix() -> None:
    clock = clock_of_tempos((128.0, 174.0))
    slot = slot_of(Grid(first_beat_seconds=0.5, bpm=87.0, beat_count=300), 0.0, 128.0, 4.0, ratio=2.0)
    timing = voice_time_map(slot, clock, rate_hz=RATE)
    assert timing.time_map.is_untouched(timing.first_frame, timing.first_frame + timing.frames)
    assert len(timing.attacks) == 65  # beats 4 to 68, both ends


def test_the_attacks_are_the_beats_that_are_played() -> None:
    grid = Grid(first_beat_seconds=0.25, bpm=120.0, beat_count=400)
    timing = voice_time_map(slot_of(grid, 0.0, 8.0, 10.0), clock_of_tempos((100.0, 123.0)), rate_hz=RATE)
    assert timing.attacks == pytest.approx([(0.25 + beat * 0.5) * RATE for beat in range(10, 19)])


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(4, 64), st.floats(120, 132)), min_size=1, max_size=8),
    st.floats(120, 132),
    st.floats(0, 2),
    st.booleans(),
)
def test_at_every_beat_the_map_is_within_a_frame_of_grid_and_clock(
    spans: list[tuple[int, float]], bpm: float, first_beat: float, own_tempo_first: bool
) -> None:
    tempos = [(float(beats), tempo) for beats, tempo in spans]
    if own_tempo_first:
        tempos = [(32.0, bpm), *tempos, (32.0, bpm)]
    clock = clock_of_tempos(*tempos)
    slot = slot_of(Grid(first_beat_seconds=first_beat, bpm=bpm, beat_count=2000), 1.0, sum(b for b, _ in tempos), 3.0)
    assert greatest_error_at_beats(voice_time_map(slot, clock, rate_hz=RATE), slot, clock) < 1


@settings(max_examples=40, deadline=None)
@given(st.lists(st.floats(-0.02, 0.02), min_size=40, max_size=40), st.floats(118, 122))
def test_an_unsteady_grid_is_followed_beat_by_beat(wander: list[float], bpm: float) -> None:
    times = [0.4]
    for change in wander:
        times.append(times[-1] + 0.5 * (1 + change))
    grid = Grid(first_beat_seconds=times[0], bpm=120.0, beat_count=len(times), beat_seconds=tuple(times))
    clock = clock_of_tempos((100.0, bpm))
    slot = slot_of(grid, 2.0, 38.0, 2.0)
    timing = voice_time_map(slot, clock, rate_hz=RATE)
    assert greatest_error_at_beats(timing, slot, clock) < 1
    assert all(after > before for before, after in pairwise(timing.time_map.source_frames))
