"""The grid: the beats of a track, heard in its decoded sound.

Onsets, then the periods that run through the whole track, then which of them is the beat, then one global fit of
(tempo, phase) to the attacks, then the bars. See docs/analysis-grid.md for the method, its sources and its numbers.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from notorious.analysis.accents import Accents, find_accents
from notorious.analysis.alignment import WEAKEST_RISE, align, attack_envelope, nearest_attacks
from notorious.analysis.downbeats import Activations, find_bars
from notorious.analysis.drift import Drift, find_drift, leaves_its_line
from notorious.analysis.levels import Hypothesis, alternatives, beat_hypotheses, odds
from notorious.analysis.model import Grid, GridPiece, Tempo, TempoAlternative
from notorious.analysis.mono import Mono
from notorious.analysis.onsets import RATE_HZ, Onsets, find_onsets
from notorious.analysis.pieces import Piece, find_pieces
from notorious.analysis.tempo import pulse
from notorious.analysis.tracking import EXPLAINED_RATIO, find_course, met_strength, settle

NAME = "grid"
VERSION = 4
FALLBACK_BPM = 120.0
"""What is laid over sound without any pulse, so that it can still be counted; the confidence is then near zero."""

DOUBTFUL_HIT_SHARE = 0.78
"""Where fewer beats of any third of the track have an attack, the constant grid is doubted and beats are tracked: in
one steady track of eight. A tempo that changes in steps holds up to 84 % of its beats, but not in each third."""
CLEAR_ACCENT = 0.6
"""By how much beats must stand out of the track's mean onset strength before their odds are believed in full: music
with a beat has 0.5 to 5, strings without drums 0.2, noise 0.03."""
LIVELY_FLUX = 0.05
"""Mean flux below which nothing really begins (music: 0.16 to 0.46; a steady tone: none)."""
SUREST = 0.97
SPARE_BEATS = 8
"""Even time may end before the audio does: as many beats more are laid out, and cut off where the audio ends."""
FEWEST_TRACKED = 16
MET_SECONDS = 0.012
CLEAR_RISE = 2 * WEAKEST_RISE
ROUNDING_SECONDS = 0.002
"""A beat this little before the audio's start is the start."""


@dataclass(frozen=True)
class GridFit:
    """What this room hears.

    beat_strength: NDArray [shape=(grid.beat_count,)], float32: how much begins at each beat; 1 is the track's mean.
    onset_envelope: NDArray [shape=(n,)], float32, >= 0: onsets of all bands together at `envelope_rate_hz`.
    notes: what is degraded, in words.
    """

    tempo: Tempo
    grid: Grid
    beat_strength: NDArray[np.float32]
    onset_envelope: NDArray[np.float32]
    envelope_rate_hz: float
    notes: tuple[str, ...] = ()


def fit_grid(
    mono: Mono,
    rate_hz: int = RATE_HZ,
    *,
    ask_network: Callable[[], Activations | None] | None = None,
) -> GridFit:
    """Fit the grid of a track.

    mono: NDArray [shape=(n,)], float32, the mean of the channels at `rate_hz`, which must be 22,050.
    ask_network: see `downbeats.find_bars`; without it the bars rest on signal processing alone.
    """
    if rate_hz != RATE_HZ:
        raise ValueError(f"the grid is fitted at {RATE_HZ} Hz, not at {rate_hz}: resample first (soxr, no delay)")
    if isinstance(mono, np.ndarray):
        mono = np.ascontiguousarray(mono, dtype=np.float32)
    onsets = find_onsets(mono)
    envelope = pulse(onsets)
    duration = len(mono) / rate_hz
    accents = find_accents(mono, onsets)
    hypotheses = beat_hypotheses(envelope, onsets.flux_rate_hz, accents)
    if not hypotheses:
        bpm, first = FALLBACK_BPM, 0.0
        count = int(duration * bpm / 60.0) + 1
        grid = Grid(first_beat_seconds=first, bpm=bpm, beat_count=count)
        strength = np.zeros(count, dtype=np.float32)
        return GridFit(Tempo(bpm=bpm, confidence=0.0, steady=True), grid, strength, envelope, onsets.flux_rate_hz)
    attacks = attack_envelope(onsets)
    heard = _constant(hypotheses, attacks, onsets.attack_rate_hz, duration)
    drift = find_drift(attacks, onsets.attack_rate_hz, heard.beats)
    if drift.is_likely or _worst_third(attacks, onsets.attack_rate_hz, heard.beats) < DOUBTFUL_HIT_SHARE:
        rivals = [_tracked(envelope, onsets, accents, attacks, duration)]
        if drift.is_likely:
            rivals.append(_shifted(heard, drift, attacks, onsets.attack_rate_hz))
        heard = _best_explained(heard, [rival for rival in rivals if rival], attacks, onsets.attack_rate_hz)
    beats = heard.beats
    bars = find_bars(accents, onsets, beats, ask_network)
    bpm = 60.0 / heard.period_seconds
    grid = Grid(
        first_beat_seconds=float(beats[0]),
        bpm=bpm,
        beat_count=len(beats),
        beats_per_bar=bars.beats_per_bar,
        first_downbeat=bars.first_downbeat,
        beat_seconds=None if heard.steady else tuple(float(beat) for beat in beats),
        pieces=tuple(GridPiece(first_beat=piece.first_beat, bpm=60.0 / piece.period_seconds) for piece in heard.pieces),
    )
    strength = accents.strength(beats).mean(axis=0)
    clarity = min(1.0, max(0.0, float(strength.mean()) - 1.0) / CLEAR_ACCENT) * min(
        1.0, float(onsets.flux.mean()) / LIVELY_FLUX
    )
    confidence = min(heard.confidence, SUREST) * clarity
    tempo = Tempo(
        bpm=bpm,
        confidence=round(confidence, 3),
        steady=heard.steady,
        bar_confidence=round(confidence * bars.confidence, 3),
        alternatives=tuple(
            TempoAlternative(bpm=60.0 / period, probability=round(share, 3)) for period, share in heard.others
        ),
    )
    return GridFit(tempo, grid, strength.astype(np.float32), envelope, onsets.flux_rate_hz, _notes(heard))


@dataclass(frozen=True)
class _Heard:
    """Beats [seconds, shape=(n,)] and what is known of them. others: periods that the beat could have, with odds."""

    beats: NDArray[np.float64]
    period_seconds: float
    confidence: float
    others: list[tuple[float, float]]
    steady: bool = True
    pieces: tuple[Piece, ...] = ()


def _constant(hypotheses: list[Hypothesis], attacks: NDArray[np.float32], rate_hz: float, duration: float) -> _Heard:
    """The best hypothesis as one constant grid over the whole track."""
    best = hypotheses[0]
    fit = align(attacks, rate_hz, best.period_seconds, best.offset_seconds)
    period = fit.period_seconds
    first = fit.offset_seconds % period
    if period - first < ROUNDING_SECONDS:
        first = 0.0
    count = max(1, int((duration - first) / period) + 1)
    beats = first + period * np.arange(count, dtype=np.float64)
    return _Heard(beats, period, odds(hypotheses), alternatives(hypotheses, period))


def _shifted(heard: _Heard, drift: Drift, attacks: NDArray[np.float32], rate_hz: float) -> _Heard | None:
    """A constant grid moved along its small drift."""
    number = np.arange(len(heard.beats))
    beats = settle(heard.beats + np.interp(number, drift.beats, drift.shift_seconds), attacks, rate_hz)
    return _unsteady(beats, heard.confidence, heard.others, attacks, rate_hz)


def _tracked(
    envelope: NDArray[np.float32],
    onsets: Onsets,
    accents: Accents,
    attacks: NDArray[np.float32],
    duration: float,
) -> _Heard | None:
    """Beats that follow the course of the tempo, level and phase chosen in its even time; None where there are none."""
    course = find_course(envelope, onsets.flux_rate_hz)
    if course is None:
        return None
    even = course.even_envelope(envelope, onsets.flux_rate_hz)
    hypotheses = beat_hypotheses(even, onsets.flux_rate_hz, accents, course)
    if not hypotheses:
        return None
    best = hypotheses[0]
    last = float(course.to_even(np.array([duration]))[0])
    first = -int(best.offset_seconds / best.period_seconds) - SPARE_BEATS
    number = np.arange(first, int(last / best.period_seconds) + SPARE_BEATS, dtype=np.float64)
    beats = course.to_seconds(best.offset_seconds + number * best.period_seconds)
    beats = settle(beats[(beats >= 0) & (beats <= duration)], attacks, onsets.attack_rate_hz)
    beats = beats[(beats >= 0) & (beats <= duration)]
    if len(beats) < FEWEST_TRACKED:
        return None
    period = float(np.median(np.diff(beats)))
    return _unsteady(beats, odds(hypotheses), alternatives(hypotheses, period), attacks, onsets.attack_rate_hz)


def _unsteady(
    beats: NDArray[np.float64],
    confidence: float,
    others: list[tuple[float, float]],
    attacks: NDArray[np.float32],
    rate_hz: float,
) -> _Heard:
    beats, pieces = find_pieces(beats, attacks, rate_hz)
    # The odds compare levels and phases of the same beats; that these are the beats, only attacks can say.
    met = _met_share(attacks, rate_hz, beats)
    return _Heard(beats, float(np.median(np.diff(beats))), confidence * met, others, steady=False, pieces=pieces)


def _best_explained(constant: _Heard, rivals: list[_Heard], attacks: NDArray[np.float32], rate_hz: float) -> _Heard:
    """The rival that meets most attacks, if it meets clearly more than the constant grid and leaves every line."""
    strengths = [met_strength(attacks, rate_hz, rival.beats) for rival in rivals]
    if not rivals or max(strengths) < EXPLAINED_RATIO * met_strength(attacks, rate_hz, constant.beats):
        return constant
    best = rivals[int(np.argmax(strengths))]
    return best if leaves_its_line(best.beats) else constant


def _notes(heard: _Heard) -> tuple[str, ...]:
    if heard.steady:
        return ()
    if heard.pieces:
        return (f"the tempo is not steady: it changes in {len(heard.pieces) - 1} step(s)",)
    return ("the tempo is not steady: every beat is kept by itself",)


def _worst_third(attacks: NDArray[np.float32], rate_hz: float, beats: NDArray[np.float64]) -> float:
    """The share of the beats [seconds] with an attack in that third of the track where it is least."""
    _, strength = nearest_attacks(attacks, rate_hz, beats, MET_SECONDS)
    return min(float(np.mean(third > CLEAR_RISE)) for third in np.array_split(strength, 3) if len(third))


def _met_share(attacks: NDArray[np.float32], rate_hz: float, beats: NDArray[np.float64]) -> float:
    """Share of tracked beats [seconds] that have an attack where they lie, not merely one near by."""
    found, strength = nearest_attacks(attacks, rate_hz, beats, MET_SECONDS)
    return float(np.mean((np.abs(found - beats) < MET_SECONDS) & (strength > CLEAR_RISE)))
