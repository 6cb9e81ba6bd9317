"""Time stretching along a time map, pitch locked; untouched audio is copied.

Between the untouched runs of the map (slope 1, whole shift) lie regions that a phase vocoder renders. Its frames
start in untouched audio with their own phases and end with them (see `vocoder`), so that copy and vocoder give the
same samples where one takes over from the other: there is no crossfade and no join.

What is copied to the last bit: an untouched run, from `EXIT_FRAMES` after its beginning (the time in which the phases
come home) to `ENTRY_FRAMES` before its end (the first stretched frame reaches back that far). Runs too short for that
are rendered.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from notorious.audio.placement import FRAME, HOP, ReadSource
from notorious.audio.timeline import TimeMap, UntouchedRun
from notorious.audio.vocoder import HOMING_FRAMES, vocode

__all__ = ["ENTRY_FRAMES", "EXIT_FRAMES", "TimeMap", "stretch"]

Samples = NDArray[np.float32]

ENTRY_FRAMES = FRAME // 2
"""Output frames at the end of an untouched run that the vocoder renders already, as the first stretched frame needs."""
EXIT_FRAMES = (HOMING_FRAMES + 1) * HOP + FRAME // 2
"""Output frames at the beginning of an untouched run in which the vocoder leads its phases home."""


@dataclass(frozen=True)
class _Part:
    """Output frames from `start` to `stop`: a copy at a whole shift, or a region for the vocoder (`shift` is None)."""

    start: int
    stop: int
    shift: int | None


def stretch(
    read_source: ReadSource,
    time_map: TimeMap,
    *,
    first_frame: int,
    frames: int,
    rate_hz: int,
    attacks: Sequence[float] = (),
    block_frames: int = 65536,
) -> Iterator[Samples]:
    """Render output frames `first_frame` to `first_frame + frames` of a source that is heard along a time map.

    `read_source(start, count)` gives source frames [shape=(count, channels), float32], zeros outside of the file; it
    is called with ranges that rise and overlap by a few frames of the vocoder. `attacks` are source frames
    (fractional) where something is struck: there the map is bent to slope 1 for a moment, so that the attack keeps
    its shape and lands exactly where the map puts it.

    Yields blocks [shape=(block_frames, channels), float32], the last one shorter, `frames` in sum. The samples do not
    depend on `block_frames`. Memory is bounded, whatever the length. Raises `ValueError` for impossible arguments.
    """
    if frames < 0 or block_frames < 1 or rate_hz < 1:
        raise ValueError(f"cannot stretch to {frames} frames in blocks of {block_frames} at {rate_hz} Hz")
    return _in_blocks(_parts_rendered(read_source, time_map, first_frame, frames, rate_hz, attacks), block_frames)


def _parts_rendered(
    read_source: ReadSource, time_map: TimeMap, first_frame: int, frames: int, rate_hz: int, attacks: Sequence[float]
) -> Iterator[Samples]:
    for part in _parts(time_map, first_frame, first_frame + frames):
        if part.shift is None:
            yield from vocode(read_source, time_map, start=part.start, stop=part.stop, rate_hz=rate_hz, attacks=attacks)
        else:
            for start in range(part.start, part.stop, 65536):
                yield read_source(start + part.shift, min(65536, part.stop - start))


def _parts(time_map: TimeMap, start: int, stop: int) -> list[_Part]:
    """Cut the output into copies and regions for the vocoder, in order and without gaps."""
    parts: list[_Part] = []
    reached = start
    for run in time_map.untouched_runs():
        copy_start, copy_stop = _copied(run, start)
        copy_start, copy_stop = max(copy_start, reached), min(copy_stop, stop)
        if copy_stop <= copy_start:
            continue
        if copy_start > reached:
            parts.append(_Part(reached, copy_start, None))
        parts.append(_Part(copy_start, copy_stop, run.shift))
        reached = copy_stop
    if reached < stop:
        parts.append(_Part(reached, stop, None))
    return parts


def _copied(run: UntouchedRun, start: int) -> tuple[int, int]:
    """The output frames of a run that can be copied, where rendering begins at output frame `start`."""
    if run.start <= start:
        begin = start  # nothing sounded before: there are no phases to lead home
    else:
        begin = -(-int(np.ceil(run.start)) // HOP) * HOP + EXIT_FRAMES - HOP
    end = 2**62 if run.stop == np.inf else int(np.floor(run.stop)) - ENTRY_FRAMES
    return begin, end


def _in_blocks(pieces: Iterator[Samples], block_frames: int) -> Iterator[Samples]:
    """Cut a stream of pieces into blocks of one length."""
    waiting: list[Samples] = []
    held = 0
    for piece in pieces:
        waiting.append(piece)
        held += len(piece)
        if held < block_frames:
            continue
        joined = np.concatenate(waiting) if len(waiting) > 1 else waiting[0]
        whole = held - held % block_frames
        for begin in range(0, whole, block_frames):
            yield joined[begin : begin + block_frames]
        waiting, held = [joined[whole:]], held - whole
    if held:
        yield np.concatenate(waiting) if len(waiting) > 1 else waiting[0]
