"""A track taken apart as a stream: windows with overlaps, and stems that sum to the track.

1. Two numbers of the whole track, the mean and the spread (standard deviation) of its mono, bring every window to the
   level that networks were trained at (as Demucs does it: Rouard, Massa and Défossez, ICASSP 2023).
2. Windows of a minute, each heard with some seconds of its neighbours; in the overlap one fades into the other, so that
   no border is heard. Memory is one window, whatever the length of the track.
3. What the stems lack of the track goes to `other` (their sum is then the track, to the rounding of float32): a lost
   breath is heard nowhere, a stray one not where it matters.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from notorious.stems.separator import STEMS, Separator, Stereo

WINDOW_SECONDS: Final = 60.0
OVERLAP_SECONDS: Final = 4.0
_QUIETEST_SPREAD: Final = 1e-5
"""A spread below -100 dBFS is silence, and is not lifted."""
_OTHER: Final = STEMS.index("other")


@dataclass(frozen=True)
class Statistics:
    """Of a whole track: its frames, and the mean and standard deviation of its mono."""

    frames: int
    mean: float
    spread: float


def statistics(blocks: Iterable[Stereo]) -> Statistics:
    """Measure a track in one pass over its blocks [shape=(n, 2)]."""
    frames, total, squares = 0, 0.0, 0.0
    for block in blocks:
        mono = block.mean(axis=1, dtype=np.float64)
        frames += len(mono)
        total += float(mono.sum())
        squares += float(np.square(mono).sum())
    if not frames:
        return Statistics(0, 0.0, 0.0)
    mean = total / frames
    return Statistics(frames, mean, float(np.sqrt(max(0.0, squares / frames - mean**2))))


def taken_apart(
    blocks: Iterable[Stereo],
    separator: Separator,
    whole: Statistics,
    *,
    window_seconds: float = WINDOW_SECONDS,
    overlap_seconds: float = OVERLAP_SECONDS,
    proceed: Callable[[int], None] | None = None,
) -> Iterator[NDArray[np.float32]]:
    """The stems of a track [shape=(4, n, 2)], piece by piece, together as long as the track.

    blocks : the track at the separator's rate, of any lengths
    proceed : told the number of frames done after every window; what it raises ends the work
    """
    window = max(2, round(window_seconds * separator.rate_hz))
    overlap = min(round(overlap_seconds * separator.rate_hz), window // 2)
    hop = window - overlap
    fade = ((np.arange(overlap, dtype=np.float32) + 0.5) / max(overlap, 1))[:, np.newaxis]
    held: NDArray[np.float32] | None = None  # the stems of the last overlap, waiting to be faded out
    done = 0
    for mix, is_last in _windows(blocks, window, hop):
        stems = _window_apart(mix, separator, whole)
        if held is not None:
            shared = held.shape[1]
            stems[:, :shared] = held * (1 - fade[:shared]) + stems[:, :shared] * fade[:shared]
        stop = len(mix) if is_last else hop
        piece = stems[:, :stop]
        piece[_OTHER] += mix[:stop] - piece.sum(axis=0)
        held = None if is_last else stems[:, hop:].copy()
        done += stop
        if proceed is not None:
            proceed(done)
        yield piece


def _window_apart(mix: Stereo, separator: Separator, whole: Statistics) -> NDArray[np.float32]:
    if whole.spread < _QUIETEST_SPREAD:
        return np.zeros((len(STEMS), *mix.shape), np.float32)
    mean, spread = np.float32(whole.mean), np.float32(whole.spread)
    stems = separator.separate((mix - mean) / spread)
    # The mean belongs to all stems together; each gets its share, so that none has a step where it begins.
    return np.asarray(stems * spread + mean / len(STEMS), dtype=np.float32)


def _windows(blocks: Iterable[Stereo], window: int, hop: int) -> Iterator[tuple[Stereo, bool]]:
    """Windows that begin every `hop` frames, and whether each is the last; that one may be shorter, but never so short
    that the window before it holds all of it."""
    held = np.zeros((0, 2), np.float32)
    for block in blocks:
        held = np.concatenate([held, block])
        while len(held) > window:
            yield held[:window].copy(), False
            held = held[hop:]
    if len(held):
        yield held.copy(), True
