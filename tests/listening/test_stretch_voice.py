"""From slot and clock to sound: a voice's kicks fall on the clock's beats, through ramps and at its own tempo."""

import numpy as np
from stretch_material import RATE, bass, beat_frames, chord, kick, lag_ms, placed, render, stereo

from notorious.analysis.model import Grid
from notorious.audio.stretch import ENTRY_FRAMES, EXIT_FRAMES
from notorious.planning.plan import ClockKnot, Score, Slot, TrackReference
from notorious.rendering.clock import Clock
from notorious.rendering.time_map import voice_time_map

BPM = 126.3
FIRST_BEAT = 0.2
SECONDS = 64.0
KICKS = beat_frames(BPM, SECONDS, offset=FIRST_BEAT)
SOURCE = stereo(placed(kick(), KICKS, int(SECONDS * RATE)), bass(SECONDS), chord(SECONDS))


def slot() -> Slot:
    track = TrackReference(
        sha256="0" * 64,
        path="a.wav",
        title="A",
        duration_seconds=SECONDS,
        bpm=BPM,
        camelot="8A",
        key_name="A minor",
        energy_level=5.0,
        integrated_lufs=-10.0,
    )
    return Slot(
        index=0,
        track=track,
        grid=Grid(first_beat_seconds=FIRST_BEAT, bpm=BPM, beat_count=len(KICKS)),
        mix_start_beat=0.0,
        mix_end_beat=120.0,
        source_start_beat=4.0,
        gain_db=0.0,
        target_energy=0.5,
        reached_energy=0.5,
        score=Score(total=50, components=()),
    )


def clock() -> Clock:
    """16 beats at 122 BPM, eight bars up to the track's own tempo, eight bars of it, four bars down again."""
    spans = [(16, 122.0), *((4, 122.0 + (BPM - 122.0) * step / 9) for step in range(1, 9)), (32, BPM), (40, 124.0)]
    knots = [ClockKnot(beat=0, seconds=0)]
    for beats, bpm in spans:
        knots.append(ClockKnot(beat=knots[-1].beat + beats, seconds=knots[-1].seconds + beats * 60 / bpm))
    return Clock(knots)


def test_a_voices_kicks_fall_on_the_clocks_beats() -> None:
    timing = voice_time_map(slot(), clock(), rate_hz=RATE)
    rendered = render(SOURCE, timing.time_map, timing.frames, timing.attacks)
    late = np.abs(
        [
            lag_ms(SOURCE[:, 0], rendered[:, 0], KICKS[beat + 4], clock().seconds(float(beat)) * RATE)
            for beat in range(2, 118)
        ]
    )
    assert np.percentile(late, 95) < 0.5
    assert late.max() < 1


def test_at_its_own_tempo_the_voice_is_its_source_to_the_last_bit() -> None:
    timing = voice_time_map(slot(), clock(), rate_hz=RATE)
    rendered = render(SOURCE, timing.time_map, timing.frames, timing.attacks)
    run = max(timing.time_map.untouched_runs(), key=lambda run: min(run.stop, 1e9) - max(run.start, 0))
    assert (run.start, run.stop) == (round(clock().seconds(48) * RATE), round(clock().seconds(80) * RATE))
    start, stop = int(run.start) + EXIT_FRAMES, int(run.stop) - ENTRY_FRAMES
    assert stop - start > 12 * RATE
    assert np.array_equal(rendered[start:stop], SOURCE[start + run.shift : stop + run.shift])
