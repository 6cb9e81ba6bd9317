"""The master's chain: the sum of the voices, limited and measured, block by block.

    voices ─▶ sum ─▶ limiter ─┬─▶ whoever writes
                              └─▶ loudness, band levels

Voices are added in the order of their slots in float32, so that the mix does not depend on who rendered what when. A
voice is a stream of raw float32 stereo frames, read once from its beginning to its end.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from notorious.audio.limiter import Limiter
from notorious.audio.loudness import LoudnessMeter, LoudnessResult
from notorious.errors import OutputFailed
from notorious.planning.plan import Plan
from notorious.rendering.band_levels import BandLevels, BandMeter
from notorious.rendering.voice import VoiceSpan

BYTES_PER_FRAME = 8
"""Two channels of float32."""
Block = NDArray[np.float32]


@dataclass(frozen=True)
class Measured:
    """What the chain measured of what it passed on."""

    loudness: LoudnessResult
    levels: BandLevels
    largest_reduction_db: float


class Chain:
    """Limits and measures a mix of `frames` frames; use it once."""

    def __init__(self, plan: Plan, frames: int) -> None:
        rate_hz = plan.master.sample_rate_hz
        self._frames = frames
        self._limiter = Limiter(rate_hz, 2, ceiling_dbtp=plan.master.true_peak_ceiling_dbtp)
        self._meter = LoudnessMeter(rate_hz, 2)
        self._bands = BandMeter(rate_hz)

    def mastered(self, summed: Iterable[Block]) -> Iterator[Block]:
        """The finished blocks [shape=(n, 2)], together as long as the mix."""
        left = self._frames
        for block in self._limited(summed):
            block = block[:left]
            left -= len(block)
            self._meter.feed(block)
            self._bands.feed(block)
            yield block

    def _limited(self, summed: Iterable[Block]) -> Iterator[Block]:
        for block in summed:
            yield self._limiter.feed(block)
        yield self._limiter.finish()

    def measured(self) -> Measured:
        """To be asked for after the last block."""
        return Measured(self._meter.result(), self._bands.result(), self._limiter.largest_reduction_db)


def add_voice(block: Block, start: int, voice: BinaryIO, span: VoiceSpan, name: str) -> None:
    """Add to `block`, which begins at frame `start` of the mix, what a voice has in it.

    `voice` stands where the voice's next frame is. Raises OutputFailed where the stream ends too early.
    """
    first = max(start, span.first_frame)
    last = min(start + len(block), span.first_frame + span.frames)
    if last <= first:
        return
    wanted = (last - first) * BYTES_PER_FRAME
    data = voice.read(wanted)
    if len(data) != wanted:
        raise OutputFailed(f"the rendered voice of {name} is cut off; render it again")
    block[first - start : last - start] += np.frombuffer(data, np.float32).reshape(-1, 2)
