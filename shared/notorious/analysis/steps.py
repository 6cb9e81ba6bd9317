"""Steps: a tempo that jumps, between stretches in which it is constant.

A producer's tempo track changes at one instant and is exact before and after. The path of the tempogram shows how fast
it is on either side, and to a few seconds when it changed. The tempo on either side then comes from that side alone,
and the instant is sought: each one puts all that follows at another place of the pattern of four beats that was heard
before, and only near the right one does what sounds about the jump itself fit that pattern too.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from notorious.analysis.course import Course
from notorious.analysis.pattern import BEATS, BINS, fold, place, rows_between, unit
from notorious.analysis.tempo import Lines

FLAT = 0.004
"""By how much (of its logarithm) the period of a plateau may change within two seconds."""
SHORTEST_PLATEAU = 8.0
SHORTEST_AT_AN_END = 3.0
"""Seconds of the path, which begins and ends five seconds inside the track."""
SMALLEST_STEP = 0.012
"""Less than this is found by following the beats, and more exactly."""
LEAST_SHARE = 0.6
"""Of a track in plateaus, or its tempo does not go in steps."""
MOST_PLATEAUS = 8
SEARCH_SECONDS = 5.0
"""About the middle between two plateaus; the path jumps where a window of ten seconds holds as much of either."""
INSTANT_SECONDS = 0.01
_INSTANTS_AT_ONCE = 1024
LEAST_TO_REFINE_SECONDS = 8.0
REFINE_WITHIN = 0.008


@dataclass(frozen=True)
class Plateau:
    """A stretch of one tempo: from when to when it surely lasts [seconds], and the beat's period [seconds]."""

    first: float
    last: float
    period_seconds: float


def find_plateaus(seconds: NDArray[np.float64], periods: NDArray[np.float64]) -> list[Plateau]:
    """The plateaus of a path of periods at evenly spaced seconds [shape=(n,)]; none where it does not go in steps."""
    logs = np.log(periods)
    if len(logs) < 5:
        return []
    change = np.abs(np.concatenate([[0.0], logs[2:] - logs[:-2], [0.0]]))
    edges = np.flatnonzero(np.diff(np.concatenate([[0], (change < FLAT).astype(int), [0]])))
    found: list[Plateau] = []
    covered = 0.0
    for first, end in edges.reshape(-1, 2):
        run = Plateau(float(seconds[first]), float(seconds[end - 1]), float(np.exp(np.median(logs[first:end]))))
        if found:  # a jump by an octave is the path's change of mind, not the music's
            octaves = np.round(np.log2(run.period_seconds / found[-1].period_seconds))
            run = replace(run, period_seconds=run.period_seconds * float(2.0**-octaves))
        if found and abs(np.log(run.period_seconds / found[-1].period_seconds)) < SMALLEST_STEP:
            longer = max((found[-1], run), key=lambda one: one.last - one.first)
            covered += run.last - run.first
            found[-1] = Plateau(found[-1].first, run.last, longer.period_seconds)
        elif run.last - run.first >= (SHORTEST_AT_AN_END if first == 0 or end == len(logs) else SHORTEST_PLATEAU):
            covered += run.last - run.first
            found.append(run)
    if not 2 <= len(found) <= MOST_PLATEAUS or covered < LEAST_SHARE * (seconds[-1] - seconds[0]):
        return []
    return found


def course_of_steps(plateaus: list[Plateau], envelope: NDArray[np.float32], rate_hz: float) -> Course:
    """The course that jumps between plateaus (two or more), each jump at the instant that explains most.

    envelope: onset strength [shape=(n,)] as from `tempo.pulse`.
    """
    end = len(envelope) / rate_hz
    spans = [
        (min(one.last, middle - SEARCH_SECONDS), max(other.first, middle + SEARCH_SECONDS))
        for one, other in zip(plateaus[:-1], plateaus[1:], strict=True)
        for middle in ((one.last + other.first) / 2,)
    ]
    starts = [0.0, *(late for _, late in spans)]
    stops = [*(early for early, _ in spans), end]
    periods = [
        _refined(envelope, rate_hz, start, stop, plateau.period_seconds)
        for plateau, start, stop in zip(plateaus, starts, stops, strict=True)
    ]
    seconds, even = [0.0], [0.0]
    pattern = _folded(envelope, rate_hz, 0.0, stops[0], periods[0])
    for index, (early, late) in enumerate(spans):
        before, after = periods[index], periods[index + 1]
        at_early = even[-1] + (early - seconds[-1]) / before
        following = _folded(envelope, rate_hz, late, stops[index + 1], after)
        instants = np.arange(early, late, INSTANT_SECONDS)
        beats_at_late = at_early + (instants - early) / before + (late - instants) / after
        score = _likeness(pattern, following, beats_at_late)
        score += _within(pattern, envelope, rate_hz, (early, late), instants, at_early, before, after)
        best = int(np.argmax(score))
        even.append(at_early + (float(instants[best]) - early) / before)
        seconds.append(float(instants[best]))
        pattern = pattern + np.roll(following, round(float(beats_at_late[best]) / BEATS * BINS))
    even.append(even[-1] + (end - seconds[-1]) / periods[-1])
    seconds.append(end)
    return Course(np.array(seconds), np.array(even) * periods[0])


def _refined(envelope: NDArray[np.float32], rate_hz: float, start: float, stop: float, period: float) -> float:
    """The period [seconds] near the given one that runs through a stretch."""
    stretch = envelope[max(0, int(start * rate_hz)) : max(0, int(stop * rate_hz))]
    if len(stretch) < LEAST_TO_REFINE_SECONDS * rate_hz or not stretch.any():
        return period
    return Lines(stretch, rate_hz).refine(period, within=REFINE_WITHIN)[0]


def _folded(
    envelope: NDArray[np.float32], rate_hz: float, start: float, stop: float, period: float
) -> NDArray[np.float64]:
    """The pattern of a stretch of one tempo that begins on a beat."""
    rows = rows_between(envelope, rate_hz, start, stop)
    return fold(envelope[rows], (rows / rate_hz - start) / period)


def _likeness(
    pattern: NDArray[np.float64], other: NDArray[np.float64], beats: NDArray[np.float64]
) -> NDArray[np.float64]:
    """How alike two patterns are where the other is moved by beats [shape=(n,)]."""
    spectrum = np.fft.rfft(unit(pattern)) * np.conj(np.fft.rfft(other))
    turned = np.fft.irfft(spectrum, BINS)
    return np.asarray(np.interp(beats / BEATS * BINS % BINS, np.arange(BINS + 1), np.append(turned, turned[0])))


def _within(
    pattern: NDArray[np.float64],
    envelope: NDArray[np.float32],
    rate_hz: float,
    span: tuple[float, float],
    instants: NDArray[np.float64],
    at_early: float,
    before: float,
    after: float,
) -> NDArray[np.float64]:
    """How well what sounds in the span [seconds] fits the pattern where the tempo jumps at each of the instants.

    What sounds before an instant lies at the same beats whichever instant it is: a running sum. What sounds after it
    is folded at the second tempo and turned by the beats that have gone by, so that a span of minutes costs no more
    memory than one of seconds.
    """
    rows = rows_between(envelope, rate_hz, *span)
    if not len(rows):
        return np.zeros(len(instants))
    values = envelope[rows] - envelope[rows].astype(np.float64).mean()
    times = rows / rate_hz
    wanted = unit(pattern)
    numbers = np.searchsorted(times, instants)  # the first row after each instant
    meets = wanted[place(at_early + (times - span[0]) / before)] * values
    score = np.concatenate([[0.0], np.cumsum(meets)])[numbers]

    bins = place(times / after)
    turns = (at_early + (instants - span[0]) / before - instants / after) / BEATS * BINS
    still = np.zeros(BINS)  # the folded values of the rows that come after
    stop = len(rows)
    for last in range(len(instants), 0, -_INSTANTS_AT_ONCE):
        some = slice(max(0, last - _INSTANTS_AT_ONCE), last)
        start = numbers[some.start]
        folded = np.zeros((some.stop - some.start + 1, BINS))
        # Each row belongs to the last instant that it comes after, and to all before that one.
        owner = np.searchsorted(numbers[some], np.arange(start, stop), side="right") - 1
        np.add.at(folded, (owner, bins[start:stop]), values[start:stop])
        folded[-1] = still
        folded = np.cumsum(folded[::-1], axis=0)[::-1]
        still, stop = folded[0], start
        turned = np.interp(
            (np.arange(BINS) + turns[some, None]) % BINS, np.arange(BINS + 1), np.append(wanted, wanted[0])
        )
        score[some] += (turned * folded[:-1]).sum(axis=1)
    return score
