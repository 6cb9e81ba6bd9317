"""The course of a tempo: the even time in which a track's beats are equally long.

Where a tempo wanders, evidence cannot be summed over the whole track at one period; in even time it can. A steady track
is its own even time.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Course:
    """Second against even second at knots, straight lines between them, real time beyond both ends.

    seconds, even: NDArray [shape=(k,)], strictly rising; none at all where even time is real time.
    """

    seconds: NDArray[np.float64]
    even: NDArray[np.float64]

    def to_seconds(self, even: NDArray[np.float64]) -> NDArray[np.float64]:
        return _through(even, self.even, self.seconds)

    def to_even(self, seconds: NDArray[np.float64]) -> NDArray[np.float64]:
        return _through(seconds, self.seconds, self.even)

    def even_envelope(self, envelope: NDArray[np.float32], rate_hz: float) -> NDArray[np.float32]:
        """An envelope [shape=(n,), row i at i / rate_hz seconds] read in even time, from even second 0 on."""
        if not len(self.even):
            return envelope
        last = float(self.to_even(np.array([len(envelope) / rate_hz]))[0])
        rows = self.to_seconds(np.arange(max(1, int(last * rate_hz))) / rate_hz) * rate_hz
        return np.interp(rows, np.arange(len(envelope)), envelope, left=0.0, right=0.0).astype(np.float32)


STEADY = Course(np.empty(0), np.empty(0))


def _through(
    values: NDArray[np.float64], given: NDArray[np.float64], wanted: NDArray[np.float64]
) -> NDArray[np.float64]:
    if not len(given):
        return values
    inside = np.interp(values, given, wanted)
    return np.asarray(inside + np.minimum(values - given[0], 0.0) + np.maximum(values - given[-1], 0.0))
