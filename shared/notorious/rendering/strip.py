"""The channel strip: three-band EQ, filter, echo send and fader of one voice, block by block.

    audio ─ EQ (low, mid, high) ─ filter ─┬─ fader ──────────┬─ out
                                          └─ send, no bass ─ echo ┘

The send is taken before the fader, so that repeats go on when the fader is shut. Filters are linear in phase and need
context on both sides; where a block's parameters all rest at neutral they are not run and the samples pass as they are,
to the last bit. Lanes are read at every sample, through the clock.
"""

from typing import Final

import numpy as np

from notorious.audio.filters import context_frames, filter_sweep, three_band_eq
from notorious.rendering.echo import DELAY_BEATS, Echo, feedback_for
from notorious.rendering.lanes import BANDS, Automation
from notorious.rendering.window import Block, Window

_EQ_AND_FILTER: Final = 2


def strip_context_frames(rate_hz: int) -> int:
    """How far around a block a strip looks: the EQ and the filter after it, one context each."""
    return _EQ_AND_FILTER * context_frames(rate_hz)


class ChannelStrip:
    """One voice's strip; blocks must be asked for in order. The echo keeps to `bpm` and has gone after `tail_beats`."""

    def __init__(self, automation: Automation, *, rate_hz: int, bpm: float, tail_beats: float) -> None:
        self._automation = automation
        self._rate_hz = rate_hz
        self._context = context_frames(rate_hz)
        self._delay_frames = max(1, round(DELAY_BEATS * 60.0 / bpm * rate_hz))
        self._feedback = feedback_for(tail_beats)
        self._echo: Echo | None = None

    def block(self, audio: Window, start: int, frames: int) -> Block:
        """The frames [shape=(frames, 2)] of the mix from `start`: a fresh float32 array."""
        automation = self._automation
        silent = automation.is_silent(start, frames)
        out = np.zeros((frames, 2), np.float32) if silent else self._filtered(audio, start, frames)
        repeats = self._repeats(audio, start, frames)
        if not silent and automation.moves("fader", start, frames):
            out *= automation.values("fader", start, frames)[:, np.newaxis]
        if repeats is not None:
            out += repeats
        return out

    def _repeats(self, audio: Window, start: int, frames: int) -> Block | None:
        """What the echo gives during a block; None while there is none."""
        sends = self._automation.moves("echo", start, frames)
        if self._echo is None:
            if not sends:
                return None
            self._echo = Echo(delay_frames=self._delay_frames, feedback=self._feedback)
        send = np.zeros((frames, 2), np.float32)
        if sends:
            level = self._automation.values("echo", start, frames)[:, np.newaxis]
            send = level * self._filtered(audio, start, frames, bass=False)
        repeats = self._echo.process(send)
        if self._echo.is_silent:
            self._echo = None
        return repeats

    def _filtered(self, audio: Window, start: int, frames: int, *, bass: bool = True) -> Block:
        """The block behind EQ and filter, with or without its low band."""
        automation, rate_hz = self._automation, self._rate_hz
        sweeps = automation.moves("filter", start, frames)
        around = self._context if sweeps else 0
        first, count = start - around, frames + 2 * around
        if not bass or any(automation.moves(band, first, count) for band in BANDS):
            low, mid, high = (automation.values(band, first, count) for band in BANDS)
            x = three_band_eq(
                audio.read(first - self._context, count + 2 * self._context),
                rate_hz,
                low_gain=low if bass else 0.0,
                mid_gain=mid,
                high_gain=high,
                context=self._context,
            )
        else:
            x = audio.read(first, count)
        if sweeps:
            x = filter_sweep(x, rate_hz, automation.values("filter", start, frames), context=around)
        return x
