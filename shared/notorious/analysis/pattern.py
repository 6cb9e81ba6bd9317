"""The pattern of four beats: what begins where in it, heard in one stretch and sought in another."""

import numpy as np
from numpy.typing import NDArray

from notorious.analysis.onsets import FLUX_LEAD_SECONDS

BEATS = 4
BINS = 192
ROW_BINS = 64
PHRASE_ROWS = (8, 16)
"""Of four beats each: what is alike 32 and 64 beats later was counted rightly in between."""
FEWEST_PAIRS = 4


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


def phrase_likeness(envelope: NDArray[np.float32], rate_hz: float, beats: NDArray[np.float64]) -> float | None:
    """How like (correlation) the onsets of four beats are to those 32 and 64 beats later; None under 48 beats.

    beats: seconds [shape=(n,)]. Where they slip against the music, or follow what is no beat, likeness is lost; beats
    that are free to meet any attack gain nothing by it.
    """
    rows = (len(beats) - 1) // BEATS
    lags = [lag for lag in PHRASE_ROWS if rows >= lag + FEWEST_PAIRS]
    if not lags:
        return None
    numbers = np.arange(rows * ROW_BINS) * BEATS / ROW_BINS
    seconds = np.interp(numbers, np.arange(len(beats)), beats)
    smooth = np.convolve(envelope, (0.25, 0.5, 0.25), mode="same")
    heard = np.interp(seconds - FLUX_LEAD_SECONDS, np.arange(len(envelope)) / rate_hz, smooth).reshape(rows, ROW_BINS)
    heard -= heard.mean(axis=1, keepdims=True)
    heard /= np.linalg.norm(heard, axis=1, keepdims=True) + 1e-9
    return float(np.mean([(heard[lag:] * heard[:-lag]).sum(axis=1).mean() for lag in lags]))
