"""The echo that a track leaves through: a feedback delay in time with the beat.

Each repeat comes three quarters of a beat after the one before, the dotted eighth of dub: it falls between the kicks
of the track that follows. Only mids and highs are sent (the voice sees to it), so that the bass stays one track's.
"""

import numpy as np
from numpy.typing import NDArray

DELAY_BEATS = 0.75
TAIL_DEPTH_DB = 50.0
"""How far the repeats have died away when the transition ends."""
LEAST_FEEDBACK, MOST_FEEDBACK = 0.2, 0.75
_SILENCE = np.float32(1e-6)


def feedback_for(tail_beats: float) -> float:
    """The gain from repeat to repeat that brings the tail down by 50 dB within so many beats, from 0.2 to 0.75."""
    repeats = max(tail_beats / DELAY_BEATS, 1.0)
    return float(np.clip(10.0 ** (-TAIL_DEPTH_DB / 20.0 / repeats), LEAST_FEEDBACK, MOST_FEEDBACK))


class Echo:
    """y[n] = x[n] + feedback * y[n - delay], of which feedback * y[n - delay] is heard: the repeats alone."""

    def __init__(self, *, delay_frames: int, feedback: float, channels: int = 2) -> None:
        if delay_frames < 1:
            raise ValueError(f"an echo comes after its sound: a delay of {delay_frames} frames is none")
        self._line = np.zeros((delay_frames, channels), np.float32)
        self._feedback = np.float32(feedback)
        self._position = 0

    @property
    def is_silent(self) -> bool:
        """Whether the tail has died away (below -120 dB)."""
        return not bool(np.any(np.abs(self._line) > _SILENCE))

    def process(self, send: NDArray[np.float32]) -> NDArray[np.float32]:
        """The repeats that sound while `send` [shape=(n, channels)] goes in; same shape."""
        out = np.empty_like(send)
        delay = len(self._line)
        done = 0
        while done < len(send):
            count = min(len(send) - done, delay - self._position)
            line = self._line[self._position : self._position + count]
            out[done : done + count] = line * self._feedback
            line[:] = out[done : done + count] + send[done : done + count]
            self._position = (self._position + count) % delay
            done += count
        return out
