"""Tempos that change, as a player would play them: how many times faster than written each row of a score goes.

Shares and scatters are in the ranges that the kinds have in music: a band without a click sways by 0.8 to 2 % and its
hands scatter by 4 to 10 ms; medleys and live sets step by 4 to 12 %; tapes and old drum machines drift by tenths of a
percent. What is drawn comes from the generator that is given, so that a seed makes the same performance again.
"""

import numpy as np
from numpy.typing import NDArray

KINDS = ("live", "step", "break", "ramp", "drift", "ritardando")
SWAY = (0.008, 0.02)
HAND_SECONDS = (0.004, 0.010)
STEP = (0.04, 0.12)
RAMP = (0.02, 0.08)
DRIFT = (0.0015, 0.006)
RITARDANDO = 0.30
BARS_OF_RITARDANDO = 4


def paces(kind: str, rows: int, rows_a_beat: int, row_seconds: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """Pace of each row [shape=(rows,)], 1 is as written.

    live: the tempo wanders smoothly, and each row is early or late by itself. step: faster or slower from a bar line
    on. break: a step there and back again. ramp, drift: evenly from the first row to the last. ritardando: evenly
    slower over the last four bars. Raises ValueError for another kind.
    """
    place = np.linspace(0.0, 1.0, rows)
    bar = 4 * rows_a_beat

    def share(span: tuple[float, float]) -> float:
        return float(rng.uniform(*span) * rng.choice((-1.0, 1.0)))

    def border(low: float, high: float) -> int:
        return round(float(rng.uniform(low, high)) * rows / bar) * bar

    if kind == "live":
        beats = rows // rows_a_beat + 2
        walk = np.convolve(np.cumsum(rng.standard_normal(beats + 32)), np.hanning(35)[1:-1] / 17.0, "valid")
        sway = (walk - walk.mean()) / max(float(walk.std()), 1e-9) * rng.uniform(*SWAY)
        pace = np.exp(np.interp(np.arange(rows) / rows_a_beat, np.arange(len(sway)), sway))
        late = rng.standard_normal(rows + 1) * rng.uniform(*HAND_SECONDS)
        late = np.clip(late, -0.3 * row_seconds, 0.3 * row_seconds)
        return np.asarray(row_seconds / (row_seconds / pace + np.diff(late)))
    if kind == "step":
        return np.where(np.arange(rows) < border(0.3, 0.7), 1.0, 1.0 + share(STEP))
    if kind == "break":
        first, second = border(0.2, 0.4), border(0.6, 0.8)
        inside = (np.arange(rows) >= first) & (np.arange(rows) < second)
        return np.where(inside, 1.0 + share(STEP), 1.0)
    if kind == "ramp":
        return np.asarray(1.0 + share(RAMP) * place)
    if kind == "drift":
        return np.asarray(1.0 + share(DRIFT) * place)
    if kind == "ritardando":
        slowing = np.clip((np.arange(rows) - (rows - BARS_OF_RITARDANDO * bar)) / (BARS_OF_RITARDANDO * bar), 0.0, 1.0)
        return np.asarray(1.0 - RITARDANDO * slowing)
    raise ValueError(f"there is no kind of tempo named {kind!r}: one of {', '.join(KINDS)}")
