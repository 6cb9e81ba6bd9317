"""Tracking: beats that no constant grid explains: a drummer without a click, a tempo that changes, a worn belt.

1. A tempogram (autocorrelation of the onsets in windows of 10 s) and the smoothest strong path through it
   (Viterbi) give the beat period at every time.
2. Dynamic programming chooses the beats that gather most onset strength while keeping to that period (Ellis 2007).
3. Each beat moves to the attacks: a robust line through those of the nine beats around it gives its instant, so that
   single beats without attack are carried by their neighbours and a hand's jitter is evened out.
"""

import numpy as np
from numpy.typing import NDArray

from notorious.analysis.alignment import LOUDEST_RISE, WEAKEST_RISE, nearest_attacks
from notorious.analysis.onsets import FLUX_LEAD_SECONDS

WINDOW_SECONDS = 10.0
STEP_SECONDS = 2.0
PERIODS = 160
SLOWEST_PERIOD_SECONDS = 1.0
FASTEST_PERIOD_SECONDS = 0.3
PREFERRED_PERIOD_SECONDS = 0.5
PRIOR_OCTAVES = 0.6
STEP_SPREAD = 0.02
"""How much the period may change from one window to the next (standard deviation of its logarithm)."""
TIGHTNESS = 600.0
"""Weight of the squared log deviation of an interval from the period (Ellis: 400; here the period is local)."""
NEIGHBOURS = 4
EXPLAINED_RATIO = 1.15
"""How many times the attacks of a constant grid tracked beats must meet; on steady music they meet up to 1.2 times as
many, since they may follow strong sounds off the beat."""
PARTS = 8
HELD_SHARE = 0.75
HELD_APART = 5
HELD_PARTS = 5


def track_beats(
    envelope: NDArray[np.float32], rate_hz: float, attacks: NDArray[np.float32], attack_rate_hz: float
) -> NDArray[np.float64]:
    """Beats [seconds, shape=(n,)], strictly rising; empty where the envelope is too short (under 12 s) or silent.

    envelope: onset strength, as from `tempo.pulse`. attacks: as from `alignment.attack_envelope`.
    """
    if len(envelope) < 12 * rate_hz or not envelope.any():
        return np.empty(0)
    pooled = envelope[: len(envelope) // 2 * 2].reshape(-1, 2).max(axis=1)
    rate = rate_hz / 2
    periods = _local_periods(pooled, rate)
    frames = _follow(pooled / (pooled.std() + 1e-9), periods * rate)
    if len(frames) < 8:
        return np.empty(0)
    # A pooled frame stands for two; its middle lies half a fine frame after its start.
    times = (2.0 * frames.astype(np.float64) + 0.5) / rate_hz + FLUX_LEAD_SECONDS
    return _settle(times, attacks, attack_rate_hz)


def wanders(
    attacks: NDArray[np.float32], rate_hz: float, constant: NDArray[np.float64], tracked: NDArray[np.float64]
) -> bool:
    """Whether tracked beats [seconds] show that a constant grid [seconds] does not hold.

    They must meet clearly more attacks, and the constant grid must hold neither in most places nor at two far apart: a
    tempo that wanders does not come back to the same line, while a steady track whose off-beats drown its beats now
    and then does."""
    _, by_tracked = nearest_attacks(attacks, rate_hz, tracked, 0.012)
    _, by_constant = nearest_attacks(attacks, rate_hz, constant, 0.012)
    by_tracked, by_constant = np.minimum(by_tracked, LOUDEST_RISE), np.minimum(by_constant, LOUDEST_RISE)
    if by_tracked.mean() < EXPLAINED_RATIO * by_constant.mean():
        return False
    borders = np.linspace(tracked[0], tracked[-1] + 1e-6, PARTS + 1)
    held = []
    for part in range(PARTS):
        ours = by_tracked[(tracked >= borders[part]) & (tracked < borders[part + 1])]
        theirs = by_constant[(constant >= borders[part]) & (constant < borders[part + 1])]
        if len(ours) and len(theirs) and theirs.mean() >= HELD_SHARE * ours.mean() and ours.mean() > WEAKEST_RISE:
            held.append(part)
    return not (len(held) >= HELD_PARTS or (held and held[-1] - held[0] >= HELD_APART))


def _local_periods(envelope: NDArray[np.float32], rate: float) -> NDArray[np.float64]:
    """The beat period [seconds] at every frame."""
    import scipy.fft

    window = int(WINDOW_SECONDS * rate)
    step = int(STEP_SECONDS * rate)
    starts = np.arange(0, max(1, len(envelope) - window + 1), step)
    framed = np.stack([envelope[start : start + window] for start in starts])
    framed = (framed - framed.mean(axis=1, keepdims=True)) * np.hanning(window)
    spectrum = scipy.fft.rfft(framed, 2 * window, axis=1)
    correlation = scipy.fft.irfft(spectrum.real**2 + spectrum.imag**2, axis=1)[:, :window]
    # Windows that are quieter than most say less: in a breakdown the path keeps its tempo.
    own = correlation[:, :1]
    correlation = correlation / (np.maximum(own, np.median(own)) + 1e-9)
    grid = np.geomspace(FASTEST_PERIOD_SECONDS, SLOWEST_PERIOD_SECONDS, PERIODS)
    lags = np.arange(window) / rate
    salience = np.stack([sum(np.interp(grid * tooth, lags, row) for tooth in (1, 2, 3, 4)) for row in correlation])
    salience = salience - 0.5 * (np.log2(grid / PREFERRED_PERIOD_SECONDS) / PRIOR_OCTAVES) ** 2 * 0.5
    change = (np.log(grid)[:, None] - np.log(grid)[None, :]) / STEP_SPREAD
    penalty = np.minimum(0.2 * change**2, 4.0)
    total = salience[0].copy()
    came_from = np.zeros(salience.shape, dtype=int)
    for index in range(1, len(salience)):
        options = total[None, :] - penalty
        came_from[index] = options.argmax(axis=1)
        total = options.max(axis=1) + salience[index]
    path = np.empty(len(salience), dtype=int)
    path[-1] = int(total.argmax())
    for index in range(len(salience) - 1, 0, -1):
        path[index - 1] = came_from[index, path[index]]
    return np.interp(np.arange(len(envelope)), starts + window / 2, grid[path])


def _follow(strength: NDArray[np.float32], period_frames: NDArray[np.float64]) -> NDArray[np.int64]:
    """Ellis's dynamic programme: the frames of the beats."""
    frames = len(strength)
    longest = int(1.25 * period_frames.max()) + 1
    smooth = np.convolve(strength, [0.25, 0.5, 0.25], mode="same").astype(np.float64)
    total = np.concatenate([np.zeros(longest), smooth])
    came_from = np.full(frames, -1, dtype=np.int64)
    log_lag = np.log(np.arange(1, longest + 1))
    for frame in range(frames):
        period = period_frames[frame]
        low, high = int(0.8 * period), int(1.25 * period) + 1
        lag = np.arange(low, high)
        gain = total[frame + longest - lag] - TIGHTNESS * (log_lag[low - 1 : high - 1] - np.log(period)) ** 2
        best = int(gain.argmax())
        total[frame + longest] += gain[best]
        came_from[frame] = frame - lag[best]
    last_period = int(period_frames[-1]) + 1
    frame = frames - last_period + int(total[-last_period:].argmax())
    beats = []
    while frame >= 0:
        beats.append(frame)
        frame = int(came_from[frame])
    return np.array(beats[::-1], dtype=np.int64)


def _settle(times: NDArray[np.float64], attacks: NDArray[np.float32], rate_hz: float) -> NDArray[np.float64]:
    """Beats on their attacks, each on the line through the attacks of its neighbours."""
    for reach in (0.035, 0.025):
        found, strength = nearest_attacks(attacks, rate_hz, times, reach)
        weight = np.where(strength > WEAKEST_RISE, strength, 0.02)
        error = found - times
        settled = times.copy()
        for index in range(len(times)):
            near = slice(max(0, index - NEIGHBOURS), min(len(times), index + NEIGHBOURS + 1))
            place = np.arange(near.start, near.stop) - index
            own = weight[near] * np.where(place == 0, 1.5, 1.0)
            own = own * (np.abs(error[near] - np.median(error[near])) < 0.02)
            if own.sum() <= 0.5:
                continue
            middle = (own * place).sum() / own.sum()
            mean = (own * error[near]).sum() / own.sum()
            variance = (own * (place - middle) ** 2).sum()
            slope = (own * (place - middle) * (error[near] - mean)).sum() / variance if variance > 1e-9 else 0.0
            settled[index] = times[index] + mean - slope * middle
        rising = np.concatenate([[True], np.diff(settled) > 0.1])
        times = settled[rising]
    return times
