"""Our own key profiles, and how well each of the 24 keys fits what was heard.

For each key a weighted sum of five chromas and of what first bars of phrases have more, turned to the tonic. The
weights are our own fit, because the published profiles describe one chroma and do not know where the bass is;
docs/key.md has the figures.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_WEIGHTS: NDArray[np.float64] = np.array(
    [
        [  # major; from the tonic upwards: bass, middle, top, entries in the bass, entries above
            [2.43, -0.56, -1.49, -0.30, -0.83, 0.95, -0.28, 0.99, -0.15, -0.35, -0.67, -0.23],
            [2.21, -0.60, -0.81, -1.27, 1.96, 1.05, -1.50, 1.04, -1.19, 0.13, -1.65, 0.12],
            [0.99, -0.93, -0.51, -1.90, 3.60, 0.30, -1.27, 1.30, -0.52, -0.52, -1.63, 0.44],
            [1.40, -0.31, 0.72, -0.14, -0.42, 0.12, -0.66, 0.09, 0.00, -0.34, -0.28, -0.29],
            [1.28, -0.98, 0.41, -1.35, 1.74, 0.15, -0.89, 1.31, -0.49, -0.49, -1.15, 0.18],
        ],
        [  # minor
            [3.12, -0.98, -0.70, -0.58, -0.01, -0.43, -0.30, 0.33, 0.40, -0.44, 0.80, -0.74],
            [1.61, -1.11, 0.63, 1.21, -0.73, 0.55, -1.07, 1.50, -0.03, -1.93, 0.69, -0.79],
            [1.07, -2.08, 0.18, 4.78, -1.28, -0.46, -0.83, 1.27, -0.47, -0.92, 0.00, -0.60],
            [1.78, -0.38, 0.00, -0.50, -0.21, 0.15, -0.59, 0.45, 0.34, -0.59, -0.04, -0.34],
            [1.82, -0.93, 0.39, 2.21, -0.55, -0.20, -0.94, 1.62, -1.04, -1.27, -0.57, -0.26],
        ],
    ]
)
"""Softmax regression on 2000 renderings (seeds 0-1999 of tests/listening/key_renderings.py) and 120 tracks of the demo
(seeds 100-103 at half length, 110-115), counted three times each; docs/key.md has the figures. Fitted to no
recording."""
_BIAS: NDArray[np.float64] = np.array([0.27, -0.27])
_FIRST_BAR_WEIGHTS = (0.87, 0.16, 1.15)
"""Of tonic, third and fifth in the first bars of phrases; fitted together with `_WEIGHTS`."""
_SURENESS = 1.0
"""1.4 would be calibrated on the renderings; recordings are further from what was fitted, so less is claimed."""


@dataclass(frozen=True)
class Chroma:
    """What was heard, folded to pitch classes; see also `PhraseBorders.contrast`.

    `bands` has shape (5, 12), pitch classes from C: bass (below 130 Hz), middle (to 500 Hz), top; then what entered,
    in the bass (below 200 Hz) and above. The squares of a row sum to 1, or all are 0 where nothing tonal was heard in
    it. `first_bars` has shape (12,): what sounds more in the first bars of phrases than in others (180 to 900 Hz),
    between -2 and 2, scaled by the trust in the grid.
    """

    bands: NDArray[np.float64]
    first_bars: NDArray[np.float64]
    tuning_cents: float


def key_scores(chroma: Chroma) -> NDArray[np.float64]:
    """How well each key fits, shape (24,), at the places that `Key.index` names; only differences mean something."""
    scores = scores_of_bands(chroma.bands[None]).reshape(2, 12)
    scores += triads_in_first_bars(chroma) @ np.array(_FIRST_BAR_WEIGHTS)
    return scores.reshape(24)


def scores_of_bands(bands: NDArray[np.float64]) -> NDArray[np.float64]:
    """The same for many stretches without regard to bars: bands of shape (n, 5, 12), scores of shape (n, 24)."""
    turned = np.stack([np.roll(bands, -tonic, axis=-1) for tonic in range(12)], axis=1)
    scores: NDArray[np.float64] = np.einsum("ntbp,mbp->nmt", turned, _WEIGHTS, optimize=True) + _BIAS[:, None]
    return scores.reshape(len(bands), 24)


def key_probabilities(chroma: Chroma) -> NDArray[np.float64]:
    """The probability of each key, shape (24,)."""
    scores = key_scores(chroma)
    odds = np.exp(_SURENESS * (scores - scores.max()))
    probabilities: NDArray[np.float64] = odds / odds.sum()
    return probabilities


def triads_in_first_bars(chroma: Chroma) -> NDArray[np.float64]:
    """How much more first bars have of each key's tonic, third and fifth, shape (2, 12, 3)."""
    return np.array(
        [
            np.stack([np.roll(chroma.first_bars, -step) for step in (0, third, 7)], axis=1)
            for third in (4, 3)  # major, minor
        ]
    )
