"""The channel strip: three-band EQ, filter, echo send and fader of one voice, block by block.

    audio ─ EQ (low, mid, high) ─ filter ─┬─ fader ──────────┬─ out
                                          └─ send, no bass ─ echo ┘

The send is taken before the fader, so that repeats go on when the fader is shut. Filters are linear in phase and need
context on both sides; where a block's parameters all rest at neutral they are not run and the samples pass as they are,
to the last bit. Lanes are read at every sample, through the clock.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from notorious.audio.filters import context_frames, filter_sweep, three_band_eq
from notorious.rendering.clock import Clock
from notorious.rendering.echo import DELAY_BEATS, Echo, feedback_for
from notorious.rendering.lanes import BANDS, Automation
from notorious.rendering.window import Block, Window

_EQ_AND_FILTER: Final = 2


def strip_context_frames(rate_hz: int) -> int:
    """How far around a block a strip looks: the EQ and the filter after it, one context each."""
    return _EQ_AND_FILTER * context_frames(rate_hz)


class ChannelStrip:
    """One voice's strip; blocks must be asked for in order. The echo keeps to `bpm` and has gone after `tail_beats`."""

    def __init__(self, automation: Automation, clock: Clock, *, rate_hz: int, bpm: float, tail_beats: float) -> None:
        self._automation = automation
        self._clock = clock
        self._rate_hz = rate_hz
        self._context = context_frames(rate_hz)
        self._delay_frames = max(1, round(DELAY_BEATS * 60.0 / bpm * rate_hz))
        self._feedback = feedback_for(tail_beats)
        self._echo: Echo | None = None

    def block(self, audio: Window, start: int, frames: int) -> Block:
        """The frames [shape=(frames, 2)] of the mix from `start`: a fresh float32 array."""
        first, last = self._beat(start), self._beat(start + frames - 1)
        sends = self._automation.moves("echo", first, last)
        silent = self._automation.is_silent(first, last)
        if silent and not sends and self._echo is None:
            return np.zeros((frames, 2), np.float32)
        beats = self._beats(start, frames)
        out = np.zeros((frames, 2), np.float32) if silent else self._filtered(audio, start, frames)
        repeats = self._repeats(audio, start, beats, sends=sends)
        if not silent and self._automation.moves("fader", first, last):
            out *= self._automation.values("fader", beats)[:, np.newaxis]
        if repeats is not None:
            out += repeats
        return out

    def _repeats(self, audio: Window, start: int, beats: NDArray[np.float64], *, sends: bool) -> Block | None:
        """What the echo gives during a block; None while there is none."""
        if self._echo is None:
            if not sends:
                return None
            self._echo = Echo(delay_frames=self._delay_frames, feedback=self._feedback)
        send = np.zeros((len(beats), 2), np.float32)
        if sends:
            level = self._automation.values("echo", beats)[:, np.newaxis]
            send = level * self._filtered(audio, start, len(beats), bass=False)
        repeats = self._echo.process(send)
        if self._echo.is_silent:
            self._echo = None
        return repeats

    def _filtered(self, audio: Window, start: int, frames: int, *, bass: bool = True) -> Block:
        """The block behind EQ and filter, with or without its low band."""
        automation, rate_hz = self._automation, self._rate_hz
        sweeps = automation.moves("filter", self._beat(start), self._beat(start + frames - 1))
        around = self._context if sweeps else 0
        first, count = start - around, frames + 2 * around
        moving = any(automation.moves(band, self._beat(first), self._beat(first + count - 1)) for band in BANDS)
        if moving or not bass:
            beats = self._beats(first, count)
            low, mid, high = (automation.values(band, beats) for band in BANDS)
            x = audio.read(first - self._context, count + 2 * self._context)
            x = three_band_eq(
                x,
                rate_hz,
                low_gain=low if bass else 0.0,
                mid_gain=mid,
                high_gain=high,
                context=self._context,
            )
        else:
            x = audio.read(first, count)
        if sweeps:
            position = automation.values("filter", self._beats(start, frames))
            x = filter_sweep(x, rate_hz, position, context=around)
        return x

    def _beat(self, frame: int) -> float:
        return self._clock.beat(frame / self._rate_hz)

    def _beats(self, start: int, frames: int) -> NDArray[np.float64]:
        return self._clock.beat(np.arange(start, start + frames, dtype=np.float64) / self._rate_hz)
