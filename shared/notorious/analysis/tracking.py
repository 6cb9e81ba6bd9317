"""Tracking: the course of a tempo that no constant grid explains: a drummer without a click, a tempo that changes.

1. A tempogram (autocorrelation of the onsets in windows of 10 s) and the smoothest strong path through it (Viterbi)
   give the course of the tempo to about a percent: enough to know how fast, too little to know where the beats are.
2. Folded by half a beat, the sound around each second shows where its onsets lie; the smoothest path through those
   places (Viterbi again; phase tracking in the spirit of Grosche & Müller 2011) is taken out of the course.
3. The same by the pattern of four beats, against the track's own mean pattern: it is nearly the same in every bar, and
   shows where the path of half beats had slipped.

Then a track has an even time in which all evidence can be summed, as if it were steady, and `levels` decides what the
beat is. `settle` finally moves each beat to its attacks.
"""

import numpy as np
from numpy.typing import NDArray

from notorious.analysis.alignment import LOUDEST_RISE, WEAKEST_RISE, nearest_attacks
from notorious.analysis.course import Course
from notorious.analysis.onsets import FLUX_LEAD_SECONDS

SHORTEST_SECONDS = 12.0
WINDOW_SECONDS = 10.0
STEP_SECONDS = 1.0
WINDOWS_AT_ONCE = 64
"""All of an hour at once would be 190 MB."""
PERIODS = 160
SLOWEST_PERIOD_SECONDS = 1.0
FASTEST_PERIOD_SECONDS = 0.3
PREFERRED_PERIOD_SECONDS = 0.5
PRIOR_OCTAVES = 0.6
STEP_SPREAD = 0.02
"""How much the period may change from one window to the next (standard deviation of its logarithm)."""
LARGEST_STEP = 0.2
"""More than this (of the logarithm) is another level, not another tempo."""
PULSE_BINS = 48
PULSE_WINDOW_SECONDS = 6.0
PATTERN_BEATS = 4
PATTERN_BINS = 192
PATTERN_WINDOW_SECONDS = 8.0
PATTERN_ROUNDS = 3
MOST_DRIFT = 0.04
"""What the rough course may be wrong by, so that a phase moves by at most this much of a second in a second."""
USUAL_DRIFT = 0.008
STRETCH_STEPS = 20
STIFFNESS = 1.0
NEIGHBOURS = 4
MET_SECONDS = 0.003
"""A beat meets an attack this near; within 12 ms of one line lie all beats of 70 s that drift by 0.3 %."""
EXPLAINED_RATIO = 1.15
"""How many times the attacks of a constant grid tracked beats must meet; on steady music they meet up to 1.2 times as
many, since they may follow strong sounds off the beat."""


def find_path(envelope: NDArray[np.float32], rate_hz: float) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
    """Beat periods [seconds] at seconds, to about a percent; None where the envelope is silent or shorter than 12 s.

    envelope: onset strength [shape=(n,)] as from `tempo.pulse`.
    """
    if len(envelope) < SHORTEST_SECONDS * rate_hz or not envelope.any():
        return None
    pooled = envelope[: len(envelope) // 2 * 2].reshape(-1, 2).max(axis=1)
    return _local_periods(pooled, rate_hz / 2)


def find_course(
    envelope: NDArray[np.float32], rate_hz: float, centres: NDArray[np.float64], periods: NDArray[np.float64]
) -> Course:
    """The course of a tempo whose path is as from `find_path`."""
    end = len(envelope) / rate_hz
    seconds = np.concatenate([[0.0], centres, [end]])
    usual = float(np.median(periods))
    pace = usual / np.concatenate([periods[:1], periods, periods[-1:]])
    course = Course(seconds, np.concatenate([[0.0], np.cumsum(np.diff(seconds) * (pace[1:] + pace[:-1]) / 2)]))
    for _ in range(2):
        course = _straighten(envelope, rate_hz, course, usual / 2, PULSE_BINS, PULSE_WINDOW_SECONDS, rounds=0)
    return _straighten(
        envelope, rate_hz, course, usual * PATTERN_BEATS, PATTERN_BINS, PATTERN_WINDOW_SECONDS, rounds=PATTERN_ROUNDS
    )


def _local_periods(envelope: NDArray[np.float32], rate: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Beat periods [seconds] at the middles of windows [seconds]."""
    import scipy.fft

    window = int(WINDOW_SECONDS * rate)
    step = int(STEP_SECONDS * rate)
    starts = np.arange(0, max(1, len(envelope) - window + 1), step)
    shape = np.hanning(window)
    correlation = np.empty((len(starts), window))
    for first in range(0, len(starts), WINDOWS_AT_ONCE):
        framed = np.stack([envelope[start : start + window] for start in starts[first : first + WINDOWS_AT_ONCE]])
        spectrum = scipy.fft.rfft((framed - framed.mean(axis=1, keepdims=True)) * shape, 2 * window, axis=1)
        inverse = scipy.fft.irfft(spectrum.real**2 + spectrum.imag**2, axis=1)
        correlation[first : first + len(framed)] = inverse[:, :window]
    # Windows that are quieter than most say less: in a breakdown the path keeps its tempo.
    own = correlation[:, :1].copy()
    correlation /= np.maximum(own, np.median(own)) + 1e-9
    grid = np.geomspace(FASTEST_PERIOD_SECONDS, SLOWEST_PERIOD_SECONDS, PERIODS)
    lags = np.arange(window) / rate
    salience = np.stack([sum(np.interp(grid * tooth, lags, row) for tooth in (1, 2, 3, 4)) for row in correlation])
    salience = salience - 0.25 * (np.log2(grid / PREFERRED_PERIOD_SECONDS) / PRIOR_OCTAVES) ** 2
    change = np.log(grid)[:, None] - np.log(grid)[None, :]
    penalty = np.where(np.abs(change) < LARGEST_STEP, np.minimum(0.2 * (change / STEP_SPREAD) ** 2, 4.0), np.inf)
    total = salience[0].copy()
    came_from = np.zeros(salience.shape, dtype=int)
    for index in range(1, len(salience)):
        options = total[None, :] - penalty
        came_from[index] = options.argmax(axis=1)
        total = options.max(axis=1) + salience[index]
    path = _walk_back(came_from, int(total.argmax()))
    # In a breakdown nothing says how fast: there the tempo goes evenly from what it was before to what it is after.
    said = np.clip(own[:, 0] / (np.median(own) + 1e-9), 0.0, 1.0) ** 2
    return starts / rate + WINDOW_SECONDS / 2, np.exp(_bridged(np.log(grid[path]), said, STIFFNESS))


def _straighten(
    envelope: NDArray[np.float32],
    rate_hz: float,
    course: Course,
    period: float,
    bins: int,
    window_seconds: float,
    *,
    rounds: int,
) -> Course:
    """Take out of a course how the places of the onsets in a period [even seconds] move over the track.

    With no rounds the onsets of each place speak for themselves; with some, the mean pattern is sought in each place.
    """
    even = course.even_envelope(envelope, rate_hz)
    folds = _local_folds(even, rate_hz, period, bins, window_seconds)
    freedom = max(1, int(np.ceil(MOST_DRIFT * STEP_SECONDS / period * bins)))
    usual = USUAL_DRIFT * STEP_SECONDS / period * bins
    evidence = folds / (folds.max(axis=1).mean() + 1e-9)
    path = _smoothest(evidence, freedom, usual)[0] if not rounds else _along_pattern(folds, freedom, usual, rounds)
    said = np.clip((evidence.max(axis=1) - evidence.mean(axis=1)) / 0.5, 0.0, 1.0) ** 2
    moved = _bridged(path, said, STIFFNESS) / bins * period
    places = np.arange(len(folds), dtype=np.float64) * STEP_SECONDS + STEP_SECONDS / 2
    straight = places - moved
    return Course(course.to_seconds(places), np.maximum.accumulate(straight + 1e-6 * np.arange(len(straight))))


def _along_pattern(folds: NDArray[np.float64], freedom: int, usual: float, rounds: int) -> NDArray[np.float64]:
    """The path on which each row of folds [shape=(steps, bins)] is most like one pattern.

    The pattern is that of some stretch at first (of several, that which then explains most), since the mean over the
    whole track would mix what lies before and after a slip; in the end it is the mean along the path."""
    bins = folds.shape[1]
    spectra = np.fft.rfft(folds - folds.mean(axis=1, keepdims=True), axis=1)
    loudness = np.abs(spectra).sum(axis=1)

    def follow(pattern: NDArray[np.complex128]) -> tuple[NDArray[np.float64], float]:
        evidence = np.fft.irfft(spectra * np.conj(pattern), bins, axis=1)
        return _smoothest(evidence / (evidence.max(axis=1).mean() + 1e-9), freedom, usual)

    tried = []
    for part in np.array_split(np.arange(len(folds)), max(1, len(folds) // STRETCH_STEPS)):
        if loudness[part].mean() > 0.5 * np.median(loudness):
            path, _ = follow(spectra[part].mean(axis=0))
            tried.append(_pattern_score(spectra, path, bins))
    path = max(tried, key=lambda found: found[0])[1] if tried else np.zeros(len(folds))
    for _ in range(rounds):
        path, _ = follow(_mean_pattern(spectra, path, bins))
    return path


def _mean_pattern(spectra: NDArray[np.complex128], path: NDArray[np.float64], bins: int) -> NDArray[np.complex128]:
    turn = np.exp(2j * np.pi * path[:, None] * np.arange(spectra.shape[1]) / bins)
    return np.asarray((spectra * turn).mean(axis=0))


def _pattern_score(
    spectra: NDArray[np.complex128], path: NDArray[np.float64], bins: int
) -> tuple[float, NDArray[np.float64]]:
    """How much of the rows' power their mean along a path keeps: all of it where they are alike."""
    return float((np.abs(_mean_pattern(spectra, path, bins)) ** 2).sum()), path


def _bridged(values: NDArray[np.float64], weight: NDArray[np.float64], stiffness: float) -> NDArray[np.float64]:
    """Values [shape=(n,)] made smooth, and straight where they have no weight (Whittaker's smoother, 1923)."""
    from scipy.linalg import solveh_banded

    count = len(values)
    if count < 3:
        return values
    bands = np.zeros((3, count))
    bands[2] = weight + 1e-6
    for offset, factors in ((0, (1.0, 4.0, 1.0)),):
        for place, factor in enumerate(factors):
            bands[2 - offset, place : count - 2 + place] += stiffness * factor
    bands[1, 1:-1] -= 2.0 * stiffness
    bands[1, 2:] -= 2.0 * stiffness
    bands[0, 2:] += stiffness
    return np.asarray(solveh_banded(bands, (weight + 1e-6) * values))


def _local_folds(
    even: NDArray[np.float32], rate_hz: float, period: float, bins: int, window_seconds: float
) -> NDArray[np.float64]:
    """Onset strength by place in the period [shape=(steps, bins)], each row over a window about its step."""
    times = np.arange(len(even)) / rate_hz + FLUX_LEAD_SECONDS
    step = (times / STEP_SECONDS).astype(int)
    place = ((times / period) % 1.0 * bins).astype(int) % bins
    count = int(step[-1]) + 1
    cells = np.bincount(step * bins + place, even, count * bins).reshape(count, bins)
    width = int(window_seconds / STEP_SECONDS) // 2 * 2 + 1
    kernel = np.hanning(width + 2)[1:-1]
    folds = np.zeros_like(cells)
    for shift, weight in enumerate(kernel, start=-(width // 2)):
        if shift < 0:
            folds[:shift] += weight * cells[-shift:]
        else:
            folds[shift:] += weight * cells[: count - shift]
    return np.asarray(folds + 0.7 * (np.roll(folds, 1, axis=1) + np.roll(folds, -1, axis=1)))


def _smoothest(evidence: NDArray[np.float64], freedom: int, usual: float) -> tuple[NDArray[np.float64], float]:
    """The path of strong evidence [shape=(steps, bins), bins in a circle] that moves least, in bins, unwrapped."""
    moves = np.arange(-freedom, freedom + 1)
    penalty = 0.1 * (moves / usual) ** 2
    bins = evidence.shape[1]
    index = (np.arange(bins)[None, :] - moves[:, None]) % bins
    total = evidence[0].copy()
    came_by = np.zeros(evidence.shape, dtype=int)
    for step in range(1, len(evidence)):
        options = total[index] - penalty[:, None]
        came_by[step] = options.argmax(axis=0)
        total = options.max(axis=0) + evidence[step]
    place = int(total.argmax())
    best = float(total.max())
    path = np.empty(len(evidence))
    path[-1] = place
    for step in range(len(evidence) - 1, 0, -1):
        move = int(moves[came_by[step, place % bins]])
        place -= move
        path[step - 1] = place
    return path, best


def _walk_back(came_from: NDArray[np.int64], last: int) -> NDArray[np.int64]:
    path = np.empty(len(came_from), dtype=np.int64)
    path[-1] = last
    for index in range(len(came_from) - 1, 0, -1):
        path[index - 1] = came_from[index, path[index]]
    return path


def met_strength(attacks: NDArray[np.float32], rate_hz: float, beats: NDArray[np.float64]) -> float:
    """Mean strength of the attacks that beats [seconds] meet, very loud ones counting as loud."""
    _, strength = nearest_attacks(attacks, rate_hz, beats, MET_SECONDS)
    return float(np.minimum(strength, LOUDEST_RISE).mean())


def settle(times: NDArray[np.float64], attacks: NDArray[np.float32], rate_hz: float) -> NDArray[np.float64]:
    """Beats on their attacks, each on the robust line through the attacks of the nine beats around it."""
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
