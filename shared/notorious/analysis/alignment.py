"""Alignment: a grid laid onto the attacks themselves, to a hundredth of a BPM and about a millisecond.

The tempo lines of `tempo` are right to a few tens of milliseconds over a track. Here

1. a comb of beats is slid and stretched over the attack envelope (0.73 ms a row) until most energy rises at its teeth;
2. each tooth takes the strongest attack near it, and a weighted least-squares line through them, outliers
   trimmed three times, gives period and offset (a robust fit in the manner of iteratively reweighted least squares).

Times in seconds. "The attack" is where the rise begins: the detectors' own lead, measured on synthetic sounds, is
added.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from notorious.analysis.onsets import Onsets

BRIGHT_LEAD_SECONDS = 0.0006
"""By how much the bright attack row peaks before the attack (synthetic kicks, hats, tones: 0.54 to 0.62 ms)."""
LOW_LEAD_ROWS = 1
"""By how many rows the low row leads the bright one (1.5 ms against 0.6 ms)."""
LOUDEST_RISE = 3.0
"""A rise beyond e^3 (13 dB) says no more about when; the rest counts little, so that few
loud beats do not outvote the others."""
BEYOND_LOUDEST = 0.15
WEAKEST_RISE = 0.3
SEARCH_OFFSET_SECONDS = 0.032
SEARCH_DRIFT_SECONDS = 0.045
"""How far the end of the track may move against its middle."""


@dataclass(frozen=True)
class Alignment:
    """A constant grid on its attacks.

    residual_seconds: spread (1.48 x median absolute deviation) of the attacks about the grid.
    hit_share: share of teeth that have an attack within 12 ms.
    """

    period_seconds: float
    offset_seconds: float
    residual_seconds: float
    hit_share: float


def attack_envelope(onsets: Onsets) -> NDArray[np.float32]:
    """Low and bright attacks as one envelope [shape=(m,)], float32; it leads the attacks by `BRIGHT_LEAD_SECONDS`."""
    rises = onsets.attacks
    # Not cut off flat: where a kick leaves silence the summit, which says when, lies far above the limit.
    low, bright = np.minimum(rises, LOUDEST_RISE) + BEYOND_LOUDEST * np.maximum(rises - LOUDEST_RISE, 0.0)
    together = bright.copy()
    together[LOW_LEAD_ROWS:] += low[: len(low) - LOW_LEAD_ROWS]
    return np.asarray(together, dtype=np.float32)


def align(envelope: NDArray[np.float32], rate_hz: float, period_seconds: float, offset_seconds: float) -> Alignment:
    """Lay a grid onto the attacks, starting from one that is right to about 30 ms."""
    duration = len(envelope) / rate_hz
    count = int((duration - offset_seconds) / period_seconds) + 1
    if count < 8:
        return Alignment(period_seconds, offset_seconds, 0.0, 0.0)
    number = np.arange(count, dtype=np.float64)
    middle = (count - 1) / 2.0
    kernel = np.array([1, 2, 3, 2, 1], dtype=np.float32) / 9
    smooth = np.convolve(envelope, kernel, mode="same")
    times = offset_seconds + number * period_seconds - BRIGHT_LEAD_SECONDS
    lean = (number - middle) / max(middle, 1.0)
    shift, drift = 0.0, 0.0
    for reach, span, steps in ((SEARCH_OFFSET_SECONDS, SEARCH_DRIFT_SECONDS, 23), (0.003, 0.005, 9)):
        best = -1.0
        centre = (shift, drift)
        slides = centre[0] + np.linspace(-reach, reach, 2 * steps - 1)
        for stretch in centre[1] + np.linspace(-span, span, steps):
            index = np.rint((times + stretch * lean + slides[:, None]) * rate_hz).astype(np.int64)
            values = smooth[np.clip(index, 0, len(smooth) - 1)].sum(axis=1)
            top = int(values.argmax())
            if values[top] > best:
                best, shift, drift = float(values[top]), float(slides[top]), float(stretch)
    period = period_seconds + drift / max(middle, 1.0)
    offset = offset_seconds + shift - drift
    residual, hits = 0.0, 0.0
    for reach in (0.014, 0.010, 0.008):
        period, offset, residual, hits = lay_line(envelope, rate_hz, period, offset, number, reach)
    return Alignment(period, offset, residual, hits)


def nearest_attacks(
    envelope: NDArray[np.float32], rate_hz: float, times: NDArray[np.float64], reach_seconds: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The strongest attack within reach of each time: its instant (between rows, by a parabola) and its strength."""
    rows = int(np.ceil(reach_seconds * rate_hz))
    centre = np.rint((times - BRIGHT_LEAD_SECONDS) * rate_hz).astype(np.int64)
    window = centre[:, None] + np.arange(-rows, rows + 1)
    values = np.where((window >= 0) & (window < len(envelope)), envelope[np.clip(window, 0, len(envelope) - 1)], 0.0)
    # Nearer is likelier: of two equal attacks the one beside the grid is another instrument's.
    taper = 1.0 - 0.3 * np.abs(np.arange(-rows, rows + 1)) / max(rows, 1)
    top = np.argmax(values * taper, axis=1)
    pick = np.arange(len(times))
    left = values[pick, np.maximum(top - 1, 0)]
    peak = values[pick, top]
    right = values[pick, np.minimum(top + 1, values.shape[1] - 1)]
    curve = left - 2 * peak + right
    bend = np.where(curve < -1e-6, 0.5 * (left - right) / np.where(curve < -1e-6, curve, 1.0), 0.0)
    found = (window[pick, top] + np.clip(bend, -0.5, 0.5)) / rate_hz + BRIGHT_LEAD_SECONDS
    return found, peak


def lay_line(
    envelope: NDArray[np.float32],
    rate_hz: float,
    period: float,
    offset: float,
    number: NDArray[np.float64],
    reach_seconds: float,
) -> tuple[float, float, float, float]:
    """A line through the attacks near a grid: its period, offset, residual and hit share, as in `Alignment`.

    number: NDArray [shape=(n,)], float64: the numbers of the beats that are looked at.
    """
    times = offset + period * number
    found, strength = nearest_attacks(envelope, rate_hz, times, reach_seconds)
    weight = np.where(strength > WEAKEST_RISE, strength, 0.0)
    hits = float(np.mean((np.abs(found - times) < 0.012) & (strength > 2 * WEAKEST_RISE)))
    residual = 0.0
    for _ in range(3):
        total = weight.sum()
        if np.count_nonzero(weight) < 6 or total <= 0:
            return period, offset, residual, hits
        mean_number = float((weight * number).sum() / total)
        mean_found = float((weight * found).sum() / total)
        variance = float((weight * (number - mean_number) ** 2).sum())
        period = float((weight * (number - mean_number) * (found - mean_found)).sum()) / variance
        offset = mean_found - period * mean_number
        error = found - (offset + period * number)
        kept = weight > 0
        residual = 1.48 * float(np.median(np.abs(error[kept])))
        weight = np.where(np.abs(error) > max(2.5 * residual, 0.0015), 0.0, weight)
    return period, offset, residual, hits
