"""What a network said of a track, read at beats: p(beat that is no downbeat) and p(downbeat), fifty times a second."""

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

RATE_HZ = 50.0
FAINT = 0.02
"""Added to probabilities before their logarithms."""

Activations: TypeAlias = NDArray[np.float32]
"""[shape=(frames, 2)]"""
AskNetwork: TypeAlias = Callable[[], Activations | None]
"""Gives them, or None where the network is not installed. Asking costs more than all the rest of the grid."""


def downbeat_probability(activations: Activations, times: NDArray[np.float64]) -> NDArray[np.float64]:
    """p(downbeat) at times [seconds, shape=(n,)], or a frame (20 ms) beside them where it is larger there."""
    downbeat = activations[:, 1]
    widened = np.maximum(downbeat, np.maximum(np.roll(downbeat, 1), np.roll(downbeat, -1)))
    frames = np.clip(np.rint(times * RATE_HZ).astype(int), 0, len(widened) - 1)
    return np.asarray(widened[frames], np.float64)
