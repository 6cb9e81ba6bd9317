"""One pass over a file: its samples as the analysers hear them, and what is measured while they go by.

Conventions: the mean of the channels at 22,050 Hz is kept as a whole; samples at the file's own rate are not kept.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from notorious.analysis.dynamics import DynamicsMeter
from notorious.analysis.mono import Growing, Mono
from notorious.analysis.spectrum import RATE_HZ
from notorious.audio.decode import open_audio
from notorious.audio.loudness import LoudnessMeter, LoudnessResult
from notorious.errors import UnusableAudio

SHORTEST_SECONDS = 1.0
LONGEST_SECONDS = 3600.0
_BLOCK_FRAMES = 1 << 16


@dataclass(frozen=True)
class Samples:
    """What one pass over the file leaves: mono [shape=(n,)] at 22,050 Hz, and facts."""

    mono: Mono
    duration_seconds: float
    sample_rate_hz: int
    channels: int
    notes: tuple[str, ...]
    loudness: LoudnessResult | None
    dynamic_range_db: float | None


def read_samples(path: Path, *, with_loudness: bool) -> Samples:
    """Decode, mix down, resample, and measure loudness where it is asked for.

    Raises UnreadableAudio where the file cannot be decoded, UnusableAudio where it is shorter than a second or longer
    than an hour.
    """
    import soxr

    with open_audio(path) as reader:
        rate = reader.rate_hz
        meter = LoudnessMeter(rate, reader.channels) if with_loudness else None
        dynamics = DynamicsMeter(rate, reader.channels)
        resampler = soxr.ResampleStream(rate, RATE_HZ, 1, dtype="float32", quality="HQ") if rate != RATE_HZ else None
        mono = Growing()
        frames = 0
        while len(block := reader.read(_BLOCK_FRAMES)):
            frames += len(block)
            if frames > LONGEST_SECONDS * rate:
                raise UnusableAudio(path, "it is longer than an hour", "a recorded set is no track; cut it into tracks")
            if meter is not None:
                meter.feed(block)
                dynamics.feed(block)
            mixed = _mean_of_channels(block)
            mono.append(resampler.resample_chunk(mixed) if resampler else mixed)
        if resampler is not None:
            mono.append(resampler.resample_chunk(np.zeros(0, np.float32), last=True))
        if frames < SHORTEST_SECONDS * rate:
            raise UnusableAudio(path, f"it lasts only {frames / rate:.2f} s", "a track needs at least a second")
        return Samples(
            mono=mono.whole(),
            duration_seconds=frames / rate,
            sample_rate_hz=rate,
            channels=reader.channels,
            notes=tuple(reader.notes),
            loudness=meter.result() if meter is not None else None,
            dynamic_range_db=dynamics.result_db(),
        )


def _mean_of_channels(block: NDArray[np.float32]) -> NDArray[np.float32]:
    """Mono [shape=(n,)] of a block [shape=(n, channels)]: by columns, eight times faster than a mean over rows."""
    mono = block[:, 0].copy()
    for channel in range(1, block.shape[1]):
        mono += block[:, channel]
    if block.shape[1] > 1:
        mono *= np.float32(1 / block.shape[1])
    return mono
