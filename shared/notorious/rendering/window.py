"""A window that slides over a stream: ranges of a long signal, with no more of it in memory than is asked for."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Block = NDArray[np.float32]


class Window:
    """Random access to a stream within a sliding range.

    `open_at(frame)` starts the stream at a frame that is not negative; it is called once, on the first read. The starts
    of the ranges must not fall. What lies before frame `first_frame`, and after the stream's end, is silence.
    """

    def __init__(self, open_at: Callable[[int], Iterator[Block]], *, channels: int = 2, first_frame: int = 0) -> None:
        self._open_at = open_at
        self._channels = channels
        self._first_frame = first_frame
        self._stream: Iterator[Block] | None = None
        self._held: list[Block] = []
        self._held_start = 0
        self._held_stop = 0
        self._ended = False

    def read(self, start: int, frames: int) -> Block:
        """The range [shape=(frames, channels)], float32: a fresh array that the caller may change."""
        stop = start + frames
        if self._stream is None:
            self._held_start = self._held_stop = max(start, self._first_frame)
            self._stream = self._open_at(self._held_start)
        while self._held_stop < stop and not self._ended:
            block = next(self._stream, None)
            if block is None:
                self._ended = True
                break
            self._held.append(block)
            self._held_stop += len(block)
            self._forget_before(start)
        self._forget_before(start)
        out = np.zeros((frames, self._channels), np.float32)
        position = self._held_start
        for block in self._held:
            left, right = max(start, position), min(stop, position + len(block))
            if right > left:
                out[left - start : right - start] = block[left - position : right - position]
            position += len(block)
        return out

    def _forget_before(self, start: int) -> None:
        while self._held and self._held_start + len(self._held[0]) <= start:
            self._held_start += len(self._held.pop(0))


def source_window(path: Path | str, *, rate_hz: int) -> Window:
    """A window over a file's audio in stereo at a rate; the file is opened on the first read, at its place.

    Raises UnreadableAudio on the first read.
    """

    def open_at(frame: int) -> Iterator[Block]:
        from notorious.audio.decode import decode_blocks

        return decode_blocks(path, rate_hz=rate_hz, channels=2, start_frame=frame)

    return Window(open_at)
