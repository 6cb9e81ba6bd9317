"""What a separator is, whoever made it."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Stereo = NDArray[np.float32]
"""Frames of two channels [shape=(n, 2)], float32, full scale 1."""

STEMS = ("vocals", "drums", "bass", "other")
"""What a track is taken apart into."""


class Separator(Protocol):
    """Takes a stretch of music apart. What it returns need not sum to what it was given: `apart` sees to that."""

    @property
    def name(self) -> str:
        """The model, by the name under which its stems are kept."""
        ...

    @property
    def rate_hz(self) -> int:
        """The rate that it was trained at, and takes."""
        ...

    def separate(self, mix: Stereo) -> NDArray[np.float32]:
        """The stems of a stretch [shape=(4, n, 2)], float32, in the order of `STEMS`.

        mix : np.ndarray [shape=(n, 2)], float32, with the mean and the spread of the whole track (see `apart`) already
            taken out
        """
        ...
