"""The master's last stage: a look-ahead limiter that holds a true-peak ceiling.

Conventions: arrays are float32 (frames, channels), levels in dB, the ceiling in dBTP. Channels share one gain, so that
the stereo image stays. What comes out is aligned with what went in and as long.

Method (the usual design of look-ahead peak limiters: Giannoulis, Massberg and Reiss, "Digital Dynamic Range Compressor
Design", J. Audio Eng. Soc. 60 (6), 2012, for gain computed in decibels and side-chain smoothing):

1. the reduction that each frame needs, from its samples and from the interpolated crests beside them (`true_peak`);
2. the largest need from `hold` before to `attack / 2` after each frame: the hold is longer than half a period of the
   lowest bass, so that the gain stands still while a bass tone swings, instead of bending its shape;
3. an exponential release in decibels;
4. three moving averages in a row, as long together as the attack: a smooth curve that has reached the need when the
   crest comes.

Where nothing exceeds the ceiling, and the release of what did has ended, samples pass to the last bit. Work goes in
chunks of fixed length, so that the output does not depend on how the stream was cut.
"""

import numpy as np
from numpy.typing import NDArray

from notorious.audio.true_peak import HALF_TAPS, crests

CEILING_DBTP = -1.0
ATTACK_SECONDS = 0.006
HOLD_SECONDS = 0.025  # half a period of 20 Hz
RELEASE_SECONDS = 0.15  # time constant
# Detectors differ in how they end at half the sample rate, and the gain moves under their taps: reduced peaks land this
# much below the ceiling, and what stays below by half of it is not touched. Chosen on white noise, music and noise
# clipped by 12 dB and tones up to 0.43 of the rate: the worst, clipped noise, came out 0.13 dB above its target by soxr
# VHQ at eight times the rate; music 0.00 to 0.05 dB.
_MARGIN_DB = 0.15
_RELEASED_DB = 0.005
_CHUNK_FRAMES = 16384
# Needs are rounded up to this grid: the last bit of a matrix product may differ between machines, the gain must not.
_GRID_DB = 0.001


class Limiter:
    """A stream through the limiter; feed blocks of any length, then finish.

    Args:
        rate_hz, channels: of the stream.
        ceiling_dbtp: highest true peak that may come out.

    Attributes:
        largest_reduction_db: how far the gain went down, so far.
    """

    def __init__(self, rate_hz: int, channels: int, *, ceiling_dbtp: float = CEILING_DBTP) -> None:
        self._target = 10 ** ((ceiling_dbtp - _MARGIN_DB) / 20)
        self._trigger = 10 ** ((ceiling_dbtp - _MARGIN_DB / 2) / 20)
        self._box = 2 * round(ATTACK_SECONDS * rate_hz / 6) + 1  # odd, so that three in a row have a middle
        self._reach = 3 * (self._box - 1) // 2  # of the three averages, to either side
        self._ahead = self._reach + HALF_TAPS
        self._hold = max(round(HOLD_SECONDS * rate_hz), self._ahead)
        self._fall = 1.0 / (RELEASE_SECONDS * rate_hz)  # nepers a frame
        self._channels = channels
        self.largest_reduction_db = 0.0

        self._waiting: list[NDArray[np.float32]] = []
        self._waiting_frames = 0
        # What each stage keeps of its input for the frames to come; before the stream lies silence.
        self._heard = np.zeros((HALF_TAPS, channels), np.float32)
        self._needs = np.zeros(self._hold)
        self._released = np.zeros(self._reach)
        self._level_db = 0.0
        self._late = np.zeros((0, channels), np.float32)

    def feed(self, block: NDArray[np.float32]) -> NDArray[np.float32]:
        """Take the next frames [shape=(n, channels)], float32, and return those that are ready (often none)."""
        self._waiting.append(np.asarray(block, np.float32))
        self._waiting_frames += len(block)
        if self._waiting_frames < _CHUNK_FRAMES:
            return np.zeros((0, self._channels), np.float32)
        joined = np.concatenate(self._waiting)
        made: list[NDArray[np.float32]] = []
        start = 0
        while len(joined) - start >= _CHUNK_FRAMES:
            made.append(self._limit(joined[start : start + _CHUNK_FRAMES]))
            start += _CHUNK_FRAMES
        self._waiting = [joined[start:].copy()]
        self._waiting_frames = len(joined) - start
        return np.concatenate(made)

    def finish(self) -> NDArray[np.float32]:
        """The rest of the stream, which ends here."""
        silence = np.zeros((HALF_TAPS + self._ahead + self._reach, self._channels), np.float32)
        rest = np.concatenate([*self._waiting, silence]) if self._waiting else silence
        made = [self._limit(rest[start : start + _CHUNK_FRAMES]) for start in range(0, len(rest), _CHUNK_FRAMES)]
        self._waiting, self._waiting_frames = [], 0
        return np.concatenate(made)

    def _limit(self, chunk: NDArray[np.float32]) -> NDArray[np.float32]:
        heard = np.concatenate([self._heard, chunk])
        self._heard = heard[-2 * HALF_TAPS :]
        needs = np.concatenate([self._needs, self._needs_db(heard)])
        held = _sliding_maximum(needs, self._hold + self._ahead + 1)
        self._needs = needs[len(held) :]
        released = np.concatenate([self._released, self._release(held)])
        reduction_db = released
        for _ in range(3):
            reduction_db = _moving_average(reduction_db, self._box)
        self._released = released[len(reduction_db) :]
        late = np.concatenate([self._late, chunk])
        ready, self._late = late[: len(reduction_db)], late[len(reduction_db) :]
        if not reduction_db.any():
            return ready
        self.largest_reduction_db = max(self.largest_reduction_db, float(reduction_db.max()))
        gain = (10 ** (reduction_db / -20)).astype(np.float32)
        return np.asarray(ready * gain[:, None], np.float32)

    def _needs_db(self, heard: NDArray[np.float32]) -> NDArray[np.float64]:
        """The reduction each frame needs, for all frames that have `HALF_TAPS` of context on both sides."""
        frames = max(0, len(heard) - 2 * HALF_TAPS)
        height = np.zeros(frames, np.float32)
        if not frames:
            return height.astype(np.float64)
        for channel in np.ascontiguousarray(heard.T):
            np.maximum(height, np.abs(channel[HALF_TAPS:-HALF_TAPS]), out=height)
            at, crest = crests(channel, self._trigger)
            np.maximum.at(height, at, crest)
        needs = np.zeros(frames)
        over = np.flatnonzero(height > self._trigger)
        exact = 20 * np.log10(height[over].astype(np.float64) / self._target)
        needs[over] = np.ceil(exact / _GRID_DB) * _GRID_DB
        return needs

    def _release(self, held: NDArray[np.float64]) -> NDArray[np.float64]:
        """`made[k] = max(held[k], made[k - 1] * e ** -fall)`, as a running maximum of logarithms."""
        if not len(held) or (self._level_db == 0 and not held.any()):
            return held
        time = self._fall * np.arange(1, len(held) + 1)
        with np.errstate(divide="ignore"):
            floor = np.log(self._level_db) if self._level_db > 0 else -np.inf
            rising = np.maximum.accumulate(np.maximum(np.log(held) + time, floor))
        made = np.exp(rising - time)
        made[made < _RELEASED_DB] = 0.0
        np.maximum(made, held, out=made)
        self._level_db = float(made[-1])
        return np.asarray(made, np.float64)


def limit(x: NDArray[np.float32], rate_hz: int, *, ceiling_dbtp: float = CEILING_DBTP) -> NDArray[np.float32]:
    """A whole array [shape=(frames, channels)], float32, through the limiter."""
    limiter = Limiter(rate_hz, x.shape[1], ceiling_dbtp=ceiling_dbtp)
    return np.concatenate([limiter.feed(x), limiter.finish()])


def _sliding_maximum(values: NDArray[np.float64], width: int) -> NDArray[np.float64]:
    """Maximum of every window of so many values, by doubling."""
    if len(values) < width:
        return np.zeros(0)
    if not values.any():
        return np.zeros(len(values) - width + 1)
    span = 1
    while 2 * span <= width:
        values = np.maximum(values[:-span], values[span:])
        span *= 2
    rest = width - span
    return np.maximum(values[: len(values) - rest], values[rest:])


def _moving_average(values: NDArray[np.float64], width: int) -> NDArray[np.float64]:
    """Mean of every window of so many values; exactly 0 where all of them are 0."""
    if len(values) < width:
        return np.zeros(0)
    sums = np.concatenate([[0.0], np.cumsum(values)])
    return np.asarray((sums[width:] - sums[:-width]) / width)
