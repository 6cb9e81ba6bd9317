"""The grid: the beats of a track, heard in its decoded sound.

Onsets, then the periods that run through the whole track, then which of them is the beat, then one global fit of
(tempo, phase) to the attacks, then the bars. See docs/analysis-grid.md for the method, its sources and its numbers.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from notorious.analysis.accents import find_accents
from notorious.analysis.alignment import WEAKEST_RISE, align, attack_envelope, nearest_attacks
from notorious.analysis.downbeats import find_bars
from notorious.analysis.levels import beat_hypotheses, choose_level, odds
from notorious.analysis.model import Grid, Tempo
from notorious.analysis.onsets import RATE_HZ, find_onsets
from notorious.analysis.tempo import pulse
from notorious.analysis.tracking import track_beats, wanders

NAME = "grid"
VERSION = 2
FALLBACK_BPM = 120.0
"""What is laid over sound without any pulse, so that it can still be counted; the confidence is then near zero."""

DOUBTFUL_HIT_SHARE = 0.78
"""Below this share of beats with an attack the constant grid is doubted, and beats are tracked to compare."""
CLEAR_ACCENT = 0.6
"""By how much beats must stand out of the track's mean onset strength before their odds are believed in full: music
with a beat has 0.5 to 5, strings without drums 0.2, noise 0.03."""
LIVELY_FLUX = 0.05
"""Mean flux below which nothing really begins (music: 0.16 to 0.46; a steady tone: none)."""
SUREST = 0.97
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


def fit_grid(mono: NDArray[np.float32], rate_hz: int = RATE_HZ) -> GridFit:
    """Fit the grid of a track.

    mono: NDArray [shape=(n,)], float32, the mean of the channels at `rate_hz`, which must be 22,050.
    """
    if rate_hz != RATE_HZ:
        raise ValueError(f"the grid is fitted at {RATE_HZ} Hz, not at {rate_hz}: resample first (soxr, no delay)")
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
    best = hypotheses[0]
    fit = align(attacks, onsets.attack_rate_hz, best.period_seconds, best.offset_seconds)
    confidence = odds(hypotheses)
    steady = True
    notes: tuple[str, ...] = ()
    first = fit.offset_seconds % fit.period_seconds
    if fit.period_seconds - first < ROUNDING_SECONDS:
        first = 0.0
    count = max(1, int((duration - first) / fit.period_seconds) + 1)
    beats = first + fit.period_seconds * np.arange(count, dtype=np.float64)
    if fit.hit_share < DOUBTFUL_HIT_SHARE:
        tracked = track_beats(envelope, onsets.flux_rate_hz, attacks, onsets.attack_rate_hz)
        if len(tracked) >= 16 and wanders(attacks, onsets.attack_rate_hz, beats, tracked):
            beats, confidence = choose_level(envelope, onsets.flux_rate_hz, accents, tracked)
            beats = beats[(beats >= 0) & (beats <= duration)]
            # The odds compare levels and phases of the same beats; that these are the beats, only attacks can say.
            confidence *= _met_share(attacks, onsets.attack_rate_hz, beats)
            steady, notes = False, ("the tempo is not steady: every beat is kept by itself",)
    bars = find_bars(accents, onsets, beats)
    bpm = 60.0 / fit.period_seconds if steady else 60.0 / float(np.median(np.diff(beats)))
    grid = Grid(
        first_beat_seconds=float(beats[0]),
        bpm=bpm,
        beat_count=len(beats),
        beats_per_bar=bars.beats_per_bar,
        first_downbeat=bars.first_downbeat,
        beat_seconds=None if steady else tuple(float(beat) for beat in beats),
    )
    strength = accents.strength(beats).mean(axis=0)
    clarity = min(1.0, max(0.0, float(strength.mean()) - 1.0) / CLEAR_ACCENT) * min(
        1.0, float(onsets.flux.mean()) / LIVELY_FLUX
    )
    tempo = Tempo(bpm=bpm, confidence=round(min(confidence, SUREST) * clarity, 3), steady=steady)
    return GridFit(tempo, grid, strength.astype(np.float32), envelope, onsets.flux_rate_hz, notes)


def _met_share(attacks: NDArray[np.float32], rate_hz: float, beats: NDArray[np.float64]) -> float:
    """Share of tracked beats [seconds] that have an attack where they lie, not merely one near by."""
    found, strength = nearest_attacks(attacks, rate_hz, beats, MET_SECONDS)
    return float(np.mean((np.abs(found - beats) < MET_SECONDS) & (strength > CLEAR_RISE)))
