"""The numbers that were fitted on music and are too many to write into code: `learned.npz`, beside this file.

What is in it, and what it was fitted on: docs/genre.md and docs/similarity.md; made by tests/listening/fit_likeness.py.
"""

from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray


@lru_cache(maxsize=1)
def learned_numbers() -> dict[str, NDArray[np.float64]]:
    """All arrays by name, float64."""
    with np.load(Path(__file__).with_name("learned.npz")) as kept:
        return {name: kept[name].astype(np.float64) for name in kept.files}
