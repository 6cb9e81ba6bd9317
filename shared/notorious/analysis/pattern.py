"""The pattern of four beats: what begins where in it, heard in one stretch and sought in another."""

import numpy as np
from numpy.typing import NDArray

BEATS = 4
BINS = 192


def fold(values: NDArray[np.floating], beats: NDArray[np.float64]) -> NDArray[np.float64]:
    """Values above their mean, summed by place in four beats [shape=(BINS,)]; beats: where each value lies."""
    if not len(values):
        return np.zeros(BINS)
    return np.bincount(place(beats), values - values.mean(), BINS).astype(np.float64)


def place(beats: NDArray[np.float64]) -> NDArray[np.int64]:
    """The bin of each beat number."""
    return np.asarray(((beats / BEATS) % 1.0 * BINS).astype(np.int64) % BINS)


def unit(pattern: NDArray[np.float64]) -> NDArray[np.float64]:
    """A pattern without its mean, of length 1, so that what is held against it is only weighed."""
    centred = pattern - pattern.mean()
    return np.asarray(centred / (np.linalg.norm(centred) + 1e-12))


def rows_between(envelope: NDArray[np.float32], rate_hz: float, start: float, stop: float) -> NDArray[np.int64]:
    """The rows of an envelope from one second to another."""
    return np.arange(max(0, int(np.ceil(start * rate_hz))), max(0, min(len(envelope), int(stop * rate_hz))))
