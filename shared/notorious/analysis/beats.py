"""The beats: one constant grid over the whole track or, where that is doubted, beats that follow what changes.

A constant grid is the rule, and exact. It is doubted where the attacks drift against it, where part of the track does
not meet it, or where the path of the tempo leaves it; then others stand against it: beats that follow the path, beats
moved along a small drift, and straight pieces between steps. Whoever is to replace it has to meet clearly more attacks.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from notorious.analysis.accents import Accents
from notorious.analysis.activations import AskNetwork
from notorious.analysis.alignment import WEAKEST_RISE, align, nearest_attacks
from notorious.analysis.course import Course
from notorious.analysis.drift import Drift, find_drift, leaves_its_line
from notorious.analysis.levels import Hypothesis, alternatives, beat_hypotheses, odds
from notorious.analysis.onsets import Onsets
from notorious.analysis.pattern import phrase_likeness
from notorious.analysis.pieces import Piece, find_pieces, lay_pieces
from notorious.analysis.ritardando import slow_down
from notorious.analysis.steps import Plateau, course_of_steps, find_plateaus
from notorious.analysis.tracking import EXPLAINED_RATIO, find_course, find_path, met_strength, settle

DOUBTFUL_HIT_SHARE = 0.78
"""Where fewer beats of any third of the track have an attack, the constant grid is doubted and beats are tracked: in
one steady track of six (modules) to two of five (music with breakdowns). Dense sixteenths meet any grid; so the path
counts too."""
PATH_RATIOS = (1 / 3, 1 / 2, 2 / 3, 3 / 4, 1.0, 4 / 3, 3 / 2, 2.0, 3.0)
"""The path may run at another level than the grid."""
OTHER_METRES = (2 / 3, 3 / 4, 4 / 3, 3 / 2)
"""Where a part of the track heard alone has its beat in such a ratio to the path, the path ran beside it there."""
LEAST_TO_LEVEL_SECONDS = 12.0
"""Six bars at 120: a shorter part tells too little of its metre. A judgement."""
STRAY = 0.01
STRAY_SHARE = 0.15
"""Of the path further than `STRAY` (of its logarithm) from the grid: so on 3 of 95 steady tracks, on all but one of 61
that sway by 0.8 to 2 % and on all of 61 with a step of 4 to 12 %."""
END_BEATS = 16
END_MET_SHARE = 0.85
"""An end that meets more of what the rest of the beats meet needs no other beats."""
SPARE_BEATS = 8
"""Even time may end before the audio does: as many beats more are laid out, and cut off where the audio ends."""
FEWEST_TRACKED = 16
FEWEST_IN_PIECE = 8
MET_SECONDS = 0.012
CLEAR_RISE = 2 * WEAKEST_RISE
JOINT_SECONDS = 0.03
"""A beat this little before a step is the first after it."""
LIKER = 0.05
MUCH_LIKER = 0.15
"""By how much phrases must be more alike on other beats than on the constant grid: on 240 performances of modules with
tempos that change they are by 0.08 and more, on four steady tracks whose attacks would have drawn the beats away by at
most 0.01. Where they are much more alike, the beats need not meet more attacks."""
MUCH_MORE = 1.4
"""Straight pieces that meet so many times the attacks of the constant grid need not make phrases more alike: a grid
that slips by whole beats within a phrase (128 beats a minute over 120) finds them alike. On 300 steady tracks such
pieces meet 1.09 times as many at most."""
PREFERENCE_FOR_PIECES = 1.1
"""Beats that are free to go where the attacks are meet a few percent more of them than the right lines do."""
ROUNDING_SECONDS = 0.002
"""A beat this little before the audio's start is the start."""


@dataclass(frozen=True)
class Sound:
    """What the beats of one track are heard by.

    envelope: as from `tempo.pulse`; attacks: as from `alignment.attack_envelope`. duration: seconds.
    """

    onsets: Onsets
    envelope: NDArray[np.float32]
    accents: Accents
    attacks: NDArray[np.float32]
    duration: float
    ask_network: AskNetwork | None = None

    @property
    def flux_rate_hz(self) -> float:
        return self.onsets.flux_rate_hz

    @property
    def attack_rate_hz(self) -> float:
        return self.onsets.attack_rate_hz

    def met(self, beats: NDArray[np.float64]) -> float:
        """Mean strength of the attacks that beats [seconds] meet."""
        return met_strength(self.attacks, self.attack_rate_hz, beats)

    def met_share(self, beats: NDArray[np.float64]) -> float:
        """Share of beats [seconds] that have an attack where they lie, not merely one near by."""
        found, strength = nearest_attacks(self.attacks, self.attack_rate_hz, beats, MET_SECONDS)
        return float(np.mean((np.abs(found - beats) < MET_SECONDS) & (strength > CLEAR_RISE)))

    def worst_third(self, beats: NDArray[np.float64]) -> float:
        """The share of the beats [seconds] with an attack in that third of the track where it is least."""
        _, strength = nearest_attacks(self.attacks, self.attack_rate_hz, beats, MET_SECONDS)
        return min(float(np.mean(third > CLEAR_RISE)) for third in np.array_split(strength, 3) if len(third))

    def phrase_likeness(self, beats: NDArray[np.float64]) -> float | None:
        """How like phrases are to each other on beats [seconds]; None where there are too few."""
        return phrase_likeness(self.envelope, self.flux_rate_hz, beats)

    def inside(self, beats: NDArray[np.float64]) -> NDArray[np.float64]:
        return beats[(beats >= 0) & (beats <= self.duration)]


@dataclass(frozen=True)
class Heard:
    """Beats [seconds, shape=(n,)] and what is known of them. others: periods that the beat could have, with odds."""

    beats: NDArray[np.float64]
    period_seconds: float
    confidence: float
    others: list[tuple[float, float]]
    steady: bool = True
    pieces: tuple[Piece, ...] = ()
    slows_from: int | None = None
    """The number of the beat from which the end slows down."""


def hear_beats(sound: Sound) -> Heard | None:
    """The beats of a track; None where nothing repeats."""
    heard = _throughout(sound)
    return _with_its_end(heard, sound) if heard else None


def _throughout(sound: Sound) -> Heard | None:
    """The beats of a track as if its end went on like the rest of it."""
    hypotheses = beat_hypotheses(sound.envelope, sound.flux_rate_hz, sound.accents, ask_network=sound.ask_network)
    if not hypotheses:
        return None
    constant = _constant(hypotheses, sound)
    path = find_path(sound.envelope, sound.flux_rate_hz)
    if path is None:
        return constant
    drift = find_drift(sound.attacks, sound.attack_rate_hz, constant.beats)
    doubted = drift.is_likely or sound.worst_third(constant.beats) < DOUBTFUL_HIT_SHARE
    if not doubted and not _strays(path[1], constant.period_seconds):
        return constant
    rivals = [_followed(find_course(sound.envelope, sound.flux_rate_hz, *path), sound)]
    if drift.is_likely:
        rivals.append(_shifted(constant, drift, sound))
    plateaus = find_plateaus(*path)
    if plateaus:
        rivals.append(_stepped(course_of_steps(plateaus, sound.envelope, sound.flux_rate_hz), sound))
    levelled = _levelled(plateaus, sound)
    by_themselves = None
    if levelled != plateaus:
        by_themselves = _stepped(course_of_steps(levelled, sound.envelope, sound.flux_rate_hz), sound)
    return _best_explained(constant, [rival for rival in rivals if rival], sound, by_themselves)


def _with_its_end(heard: Heard, sound: Sound) -> Heard:
    """The same beats, the last of them slowed down where the track has a final ritardando."""
    rest, end = heard.beats[:-END_BEATS], heard.beats[-END_BEATS:]
    straight = heard.steady or heard.pieces
    if not straight or not len(rest) or sound.met(end) > END_MET_SHARE * sound.met(rest):
        return heard
    slowed = slow_down(heard.beats, sound.envelope, sound.flux_rate_hz, sound.attacks, sound.attack_rate_hz)
    if slowed is None:
        return heard
    beats, turn = slowed
    return replace(heard, beats=beats, steady=False, slows_from=turn)


def _constant(hypotheses: list[Hypothesis], sound: Sound) -> Heard:
    """The best hypothesis as one constant grid over the whole track."""
    best = hypotheses[0]
    fit = align(sound.attacks, sound.attack_rate_hz, best.period_seconds, best.offset_seconds)
    period = fit.period_seconds
    first = fit.offset_seconds % period
    if period - first < ROUNDING_SECONDS:
        first = 0.0
    count = max(1, int((sound.duration - first) / period) + 1)
    beats = first + period * np.arange(count, dtype=np.float64)
    return Heard(beats, period, odds(hypotheses), alternatives(hypotheses, period))


def _shifted(heard: Heard, drift: Drift, sound: Sound) -> Heard:
    """A constant grid moved along its small drift."""
    number = np.arange(len(heard.beats))
    moved = heard.beats + np.interp(number, drift.beats, drift.shift_seconds)
    return _unsteady(settle(moved, sound.attacks, sound.attack_rate_hz), heard.confidence, heard.others, sound)


def _followed(course: Course, sound: Sound) -> Heard | None:
    """Beats that follow a course and then their attacks; None where there are too few."""
    beats, hypotheses = _along(course, sound)
    if len(beats) < FEWEST_TRACKED:
        return None
    beats = sound.inside(settle(beats, sound.attacks, sound.attack_rate_hz))
    if len(beats) < FEWEST_TRACKED:
        return None
    others = alternatives(hypotheses, float(np.median(np.diff(beats))))
    return _unsteady(beats, odds(hypotheses), others, sound)


def _levelled(plateaus: list[Plateau], sound: Sound) -> list[Plateau]:
    """The same plateaus, each with the beat that it has by itself: the path of the tempo may run on the beat in one
    part and on two thirds of it in another. Octaves stay: they are chosen for the whole track."""
    found = []
    for plateau in plateaus:
        alike = [one for one in plateaus if abs(one.period_seconds / plateau.period_seconds - 1.0) < STRAY]
        own = _own_period(max(alike, key=lambda one: one.last - one.first), sound)
        ratio = own / plateau.period_seconds
        if min(abs(ratio / other - 1.0) for other in OTHER_METRES) < STRAY:
            plateau = replace(plateau, period_seconds=own)
        found.append(plateau)
    return found


def _own_period(plateau: Plateau, sound: Sound) -> float:
    """The beat's period [seconds] that a plateau has if it is heard alone; the path's where it is short."""
    length = plateau.last - plateau.first
    if length < LEAST_TO_LEVEL_SECONDS:
        return plateau.period_seconds
    first, last = (round(second * sound.flux_rate_hz) for second in (plateau.first, plateau.last))
    alone = Course(np.array([plateau.first, plateau.last]), np.array([0.0, length]))
    heard = beat_hypotheses(sound.envelope[first:last], sound.flux_rate_hz, sound.accents, alone)
    return heard[0].period_seconds if heard else plateau.period_seconds


def _stepped(course: Course, sound: Sound) -> Heard | None:
    """Beats on one line between each two knots of a course; None where a piece would hold too few, or lines overlap."""
    beats, hypotheses = _along(course, sound)
    inner = np.searchsorted(beats, course.seconds[1:-1] - JOINT_SECONDS)
    borders = [0, *(int(border) for border in inner), len(beats)]
    if min(np.diff(borders)) < FEWEST_IN_PIECE:
        return None
    laid, pieces, _ = lay_pieces(beats, borders, sound.attacks, sound.attack_rate_hz)
    if np.diff(laid).min() <= 0:
        return None
    before = int(np.count_nonzero(laid < -ROUNDING_SECONDS))
    beats = np.maximum(laid[before:][laid[before:] <= sound.duration], 0.0)
    pieces = tuple(replace(piece, first_beat=max(0, piece.first_beat - before)) for piece in pieces)
    period = float(np.median(np.diff(beats)))
    confidence = odds(hypotheses) * sound.met_share(beats)
    return Heard(beats, period, confidence, alternatives(hypotheses, period), steady=False, pieces=pieces)


def _along(course: Course, sound: Sound) -> tuple[NDArray[np.float64], list[Hypothesis]]:
    """Beats [seconds] that are evenly spaced in the even time of a course, level and phase chosen there; maybe none."""
    even = course.even_envelope(sound.envelope, sound.flux_rate_hz)
    hypotheses = beat_hypotheses(even, sound.flux_rate_hz, sound.accents, course, sound.ask_network)
    if not hypotheses:
        return np.empty(0), []
    best = hypotheses[0]
    last = float(course.to_even(np.array([sound.duration]))[0])
    first = -int(best.offset_seconds / best.period_seconds) - SPARE_BEATS
    number = np.arange(first, int(last / best.period_seconds) + SPARE_BEATS, dtype=np.float64)
    return sound.inside(course.to_seconds(best.offset_seconds + number * best.period_seconds)), hypotheses


def _unsteady(beats: NDArray[np.float64], confidence: float, others: list[tuple[float, float]], sound: Sound) -> Heard:
    beats, pieces = find_pieces(beats, sound.attacks, sound.attack_rate_hz)
    # The odds compare levels and phases of the same beats; that these are the beats, only attacks can say.
    sure = confidence * sound.met_share(beats)
    return Heard(beats, float(np.median(np.diff(beats))), sure, others, steady=False, pieces=pieces)


def _best_explained(constant: Heard, rivals: list[Heard], sound: Sound, by_themselves: Heard | None) -> Heard:
    """The rival that meets most attacks, if it meets clearly more than the constant grid, leaves every line, and makes
    phrases more alike (or is straight, and meets much more).

    Straight pieces, which are far less free than beats that go where they find something, are held against the constant
    grid piece by piece, and go before what meets hardly more than they do. Those whose levels their parts chose
    `by_themselves` go before what does not meet clearly more."""
    usual = max(sound.met(constant.beats), 1e-9)

    def gain(rival: Heard) -> float:
        whole = sound.met(rival.beats) / usual
        if not rival.pieces or whole < 1.0:
            return whole
        edges = [float(rival.beats[piece.first_beat]) for piece in rival.pieces[1:]]
        parts = [
            1.0 + (sound.met(own) - sound.met(other)) / usual
            for own, other in zip(_cut(rival.beats, edges), _cut(constant.beats, edges), strict=True)
            if len(own) and len(other)
        ]
        return max(whole, *parts)

    alike = sound.phrase_likeness(constant.beats)

    def is_believed(rival: Heard) -> bool:
        if not leaves_its_line(rival.beats):
            return False
        liker = sound.phrase_likeness(rival.beats)
        if alike is None or liker is None:
            return gain(rival) >= EXPLAINED_RATIO
        if rival.pieces and sound.met(rival.beats) >= MUCH_MORE * usual:
            return liker - alike > -LIKER
        needed = 1.0 if liker - alike >= MUCH_LIKER else EXPLAINED_RATIO
        return liker - alike >= LIKER and gain(rival) >= needed

    believed = [rival for rival in rivals if is_believed(rival)]
    best = max(
        believed,
        key=lambda rival: sound.met(rival.beats) * (PREFERENCE_FOR_PIECES if rival.pieces else 1.0),
        default=constant,
    )
    if by_themselves is None or not is_believed(by_themselves):
        return best
    return by_themselves if sound.met(best.beats) < EXPLAINED_RATIO * sound.met(by_themselves.beats) else best


def _cut(beats: NDArray[np.float64], edges: list[float]) -> list[NDArray[np.float64]]:
    """Beats [seconds] parted before each edge."""
    return np.split(beats, np.searchsorted(beats, np.array(edges) - JOINT_SECONDS))


def _strays(periods: NDArray[np.float64], period: float) -> bool:
    """Whether the path of the tempo [seconds] lies off the constant period, and off simple ratios to it, for long."""
    away = np.abs(np.log(periods[:, None] / period / np.array(PATH_RATIOS))).min(axis=1)
    return float(np.mean(away > STRAY)) > STRAY_SHARE
