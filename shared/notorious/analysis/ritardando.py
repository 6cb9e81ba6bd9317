"""A final ritardando: the last bars slow down, and the grid before them says nothing of it.

Its beats are sought as a pace that falls evenly from some beat on (a first model of final ritards; Friberg & Sundberg,
J. Acoust. Soc. Am. 105, 1999, discuss others): the one on which the sound is most like the pattern of four beats that
was heard before.
"""

import itertools

import numpy as np
from numpy.typing import NDArray

from notorious.analysis.alignment import BRIGHT_LEAD_SECONDS, WEAKEST_RISE
from notorious.analysis.onsets import FLUX_LEAD_SECONDS
from notorious.analysis.pattern import fold, place, rows_between, unit
from notorious.analysis.tracking import settle

LAST_BEATS = 32
"""The slowing is sought within as many beats before the last attack."""
FEWEST_BEATS = 6
BEATS_BEFORE = 64
FALLS = np.geomspace(0.004, 0.1, 40)
"""By how much of the first pace each beat is slower than the one before."""
NEAR_BEATS = np.linspace(-1.0, 1.0, 9)
NEAR_FALLS = np.linspace(0.92, 1.08, 17)
SLOWEST = 0.4
GAIN = 1.3
"""How many times as like the pattern the end must be when it slows down: of 61 modules played with a ritardando of
30 % nine in ten are; of 95 steady pieces none gains 1.05 and keeps a fifth of its likeness."""
LIKENESS = 0.35
"""And how like it, against what was heard just before: an end without drums is no ritardando that could be heard."""
LIKE_ENOUGH = 0.7
"""An end as like the pattern as this, against what was heard just before, is not looked at further."""
ROUGH_ROWS = 3
"""The search begins with the means of as many rows of the envelope (17 ms)."""
CLEAR_RISE = 2 * WEAKEST_RISE
SOUNDING_SECONDS = 0.05


def slow_down(
    beats: NDArray[np.float64],
    envelope: NDArray[np.float32],
    rate_hz: float,
    attacks: NDArray[np.float32],
    attack_rate_hz: float,
) -> tuple[NDArray[np.float64], int] | None:
    """The beats [seconds, shape=(n,)] with the last ones slowed down, and the number of the first of these; None where
    they do not slow down.

    envelope: onset strength as from `tempo.pulse`; attacks: as from `alignment.attack_envelope`.
    """
    loud = np.flatnonzero(attacks > CLEAR_RISE)
    if not len(loud):
        return None
    end = float(loud[-1]) / attack_rate_hz + BRIGHT_LEAD_SECONDS + SOUNDING_SECONDS
    first = int(np.searchsorted(beats, end)) - LAST_BEATS
    if first < BEATS_BEFORE:
        return None
    period = float(beats[first] - beats[first - LAST_BEATS]) / LAST_BEATS

    def heard(start: float, stop: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        rows = rows_between(envelope, rate_hz, start, stop)
        return rows / rate_hz + FLUX_LEAD_SECONDS, np.asarray(envelope[rows] - envelope[rows].mean(), dtype=np.float64)

    number = np.arange(len(beats), dtype=np.float64)
    before, values = heard(float(beats[first - BEATS_BEFORE]), float(beats[first]))
    on_beats = np.interp(before, beats, number)
    pattern = unit(fold(values, on_beats))
    usual = float(pattern[place(on_beats)] @ values) / (float(np.linalg.norm(values)) + 1e-12)
    times, values = heard(float(beats[first]), end)
    values = values / (float(np.linalg.norm(values)) + 1e-12)
    unchanged = float(pattern[place(np.interp(times, beats, number))] @ values)
    if unchanged > LIKE_ENOUGH * usual:
        return None
    count = np.arange(LAST_BEATS + 1)

    def slowed(begin: float, fall: float) -> NDArray[np.float64]:
        pace = np.maximum(1.0 - fall * np.maximum(count[:-1] - begin + 0.5, 0.0), SLOWEST)
        return np.asarray(beats[first] + np.concatenate([[0.0], np.cumsum(period / pace)]))

    def likeness(begin: float, fall: float, rows: int = 1) -> float:
        there = first + np.interp(pooled[rows][0], slowed(begin, fall), count)
        return float(pattern[place(there)] @ pooled[rows][1])

    whole = len(times) // ROUGH_ROWS * ROUGH_ROWS
    means = [row[:whole].reshape(-1, ROUGH_ROWS).mean(axis=1) for row in (times, values)]
    pooled = {1: (times, values), ROUGH_ROWS: (means[0], means[1])}
    rough = itertools.product(range(LAST_BEATS - FEWEST_BEATS), FALLS)
    begin, fall = max(rough, key=lambda model: likeness(model[0], model[1], ROUGH_ROWS))
    near = itertools.product(begin + NEAR_BEATS, fall * NEAR_FALLS)
    begin, fall = max(near, key=lambda model: likeness(*model))
    like = likeness(begin, fall)
    if like < GAIN * max(unchanged, 0.0) or like < LIKENESS * usual:
        return None
    turn = first + max(0, int(begin))
    found = slowed(begin, fall)
    together = np.concatenate([beats[:first], found[found <= end]])
    settled = settle(together[first - LAST_BEATS :], attacks, attack_rate_hz)
    kept = beats[:turn]
    slow = settled[settled > kept[-1] + period / 2]
    return (np.concatenate([kept, slow]), turn) if len(slow) > 1 else None
