"""A voice's time map: its track's grid held against the clock.

Wherever the voice sounds, the track's beat lies on its mix beat, by construction. Three things are settled here
beside that: knots lie on whole output frames; a slope of all but 1 is made exactly 1; and a run of slope 1 is shifted
to a whole number of frames, at most half a frame from where it was, so that the audio there is copied as it is. The
stretched segments beside the run take up that half frame.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from notorious.audio.timeline import TimeMap
from notorious.planning.plan import Slot
from notorious.rendering.clock import Clock

Floats = NDArray[np.float64]

_SAME_SPEED = 1e-7
"""A slope this near to 1 means 1: what is left of a tempo after it was written down and read again."""
_SAME_PLACE_FRAMES = 0.05
"""A segment that strays less than this from slope 1 (a microsecond, the rounding of times in plans) means slope 1."""
_RUN_STRAYS_FRAMES = 0.9
"""What a run of slope 1 may stray in sum: half of it and the half frame of the shift stay below one frame."""


@dataclass(frozen=True)
class VoiceTiming:
    """Where a voice lies in the mix and how its source runs along it, all in frames at one rate.

    The voice sounds from output frame `first_frame` for `frames`; `attacks` are the source frames of the beats inside.
    """

    time_map: TimeMap
    first_frame: int
    frames: int
    attacks: tuple[float, ...]


def voice_time_map(slot: Slot, clock: Clock, *, rate_hz: int) -> VoiceTiming:
    """Hold a slot's grid against the clock.

    Output frames are counted from the mix's second 0, source frames from the first decoded sample at `rate_hz`. At
    every beat the map is less than one frame from where grid and clock put it. Raises `ValueError` where the track
    would have to be played at less than a quarter or more than four times its speed.
    """
    first_frame = round(clock.seconds(slot.mix_start_beat) * rate_hz)
    stop_frame = max(round(clock.seconds(slot.mix_end_beat) * rate_hz), first_frame + 1)
    output = _knots(slot, clock, rate_hz, first_frame, stop_frame)
    source = _source_frames(slot, clock, rate_hz, output)
    _snap_runs(output, source)
    time_map = TimeMap(tuple(output.tolist()), tuple(source.tolist()))
    low, high = float(source[0]), float(source[-1])
    first_beat, last_beat = slot.grid.beat(low / rate_hz), slot.grid.beat(high / rate_hz)
    beats = range(int(np.ceil(first_beat - 1e-6)), int(np.floor(last_beat + 1e-6)) + 1)
    attacks = tuple(slot.grid.seconds(beat) * rate_hz for beat in beats)
    return VoiceTiming(time_map, first_frame, stop_frame - first_frame, attacks)


def _knots(slot: Slot, clock: Clock, rate_hz: int, first_frame: int, stop_frame: int) -> Floats:
    """The whole output frames where the slope may change: the ends, the clock's knots, and an unsteady grid's beats."""
    beats = clock.knot_beats
    if slot.grid.beat_seconds is not None:
        source_beats = np.arange(len(slot.grid.beat_seconds), dtype=np.float64)
        ratio = slot.mix_beats_per_source_beat
        beats = np.concatenate([beats, slot.mix_start_beat + (source_beats - slot.source_start_beat) * ratio])
    inner = np.round(clock.seconds(beats) * rate_hz)
    inner = inner[(inner > first_frame) & (inner < stop_frame)]
    return np.unique(np.concatenate([[float(first_frame), float(stop_frame)], inner]))


def _source_frames(slot: Slot, clock: Clock, rate_hz: int, output: Floats) -> Floats:
    """Where the source is at each output frame, through mix seconds, mix beats, source beats and source seconds."""
    mix_beats = clock.beat(output / rate_hz)
    source_beats = slot.source_start_beat + (mix_beats - slot.mix_start_beat) / slot.mix_beats_per_source_beat
    return np.array([slot.grid.seconds(beat) for beat in source_beats.tolist()]) * rate_hz


def _snap_runs(output: Floats, source: Floats) -> None:
    """Give each run of slope 1 one whole shift, in place."""
    shifts = source - output
    straying = np.abs(np.diff(shifts))
    straight = (straying <= _SAME_SPEED * np.diff(output)) | (straying <= _SAME_PLACE_FRAMES)
    begin = 0
    while begin < len(output) - 1:
        if not straight[begin]:
            begin += 1
            continue
        end = begin + 1
        low, high = min(shifts[begin], shifts[end]), max(shifts[begin], shifts[end])
        while end < len(output) - 1 and straight[end]:
            low, high = min(low, shifts[end + 1]), max(high, shifts[end + 1])
            if high - low > _RUN_STRAYS_FRAMES:
                break
            end += 1
        run = shifts[begin : end + 1]
        source[begin : end + 1] = output[begin : end + 1] + np.round((run.min() + run.max()) / 2)
        begin = end + 1  # the segment between two runs takes up what separates their shifts
