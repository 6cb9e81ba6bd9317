"""The grid: the beats of a track, heard in its decoded sound.

Onsets, then the periods that run through the whole track, then which of them is the beat, then one global fit of
(tempo, phase) to the attacks, then the bars. See docs/analysis-grid.md for the method, its sources and its numbers.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from notorious.analysis.accents import find_accents
from notorious.analysis.activations import AskNetwork
from notorious.analysis.alignment import attack_envelope
from notorious.analysis.beats import Heard, Sound, hear_beats
from notorious.analysis.downbeats import find_bars
from notorious.analysis.model import Grid, GridPiece, Tempo, TempoAlternative
from notorious.analysis.mono import Mono
from notorious.analysis.onsets import RATE_HZ, find_onsets
from notorious.analysis.tempo import pulse

NAME = "grid"
VERSION = 7
FALLBACK_BPM = 120.0
"""What is laid over sound without any pulse, so that it can still be counted; the confidence is then near zero."""

CLEAR_ACCENT = 0.6
"""By how much beats must stand out of the track's mean onset strength before their odds are believed in full: music
with a beat has 0.5 to 5, strings without drums 0.2, noise 0.03."""
LIVELY_FLUX = 0.05
"""Mean flux below which nothing really begins (music: 0.16 to 0.46; a steady tone: none)."""
SUREST = 0.97


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
    ask_network: AskNetwork | None = None,
) -> GridFit:
    """Fit the grid of a track.

    mono: NDArray [shape=(n,)], float32, the mean of the channels at `rate_hz`, which must be 22,050.
    ask_network: called once or more where half-beat phase or bars are in doubt; without it they rest on signal
        processing alone.
    """
    if rate_hz != RATE_HZ:
        raise ValueError(f"the grid is fitted at {RATE_HZ} Hz, not at {rate_hz}: resample first (soxr, no delay)")
    if isinstance(mono, np.ndarray):
        mono = np.ascontiguousarray(mono, dtype=np.float32)
    onsets = find_onsets(mono)
    envelope = pulse(onsets)
    duration = len(mono) / rate_hz
    accents = find_accents(mono, onsets)
    heard = hear_beats(Sound(onsets, envelope, accents, attack_envelope(onsets), duration, ask_network))
    if heard is None:
        bpm, first = FALLBACK_BPM, 0.0
        count = int(duration * bpm / 60.0) + 1
        grid = Grid(first_beat_seconds=first, bpm=bpm, beat_count=count)
        strength = np.zeros(count, dtype=np.float32)
        return GridFit(Tempo(bpm=bpm, confidence=0.0, steady=True), grid, strength, envelope, onsets.flux_rate_hz)
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


def _notes(heard: Heard) -> tuple[str, ...]:
    if heard.steady:
        return ()
    notes: tuple[str, ...] = ()
    if heard.pieces:
        notes = (f"the tempo is not steady: it changes in {len(heard.pieces) - 1} step(s)",)
    elif heard.slows_from is None:
        notes = ("the tempo is not steady: every beat is kept by itself",)
    if heard.slows_from is not None:
        notes += (f"it slows down at its end, from {heard.beats[heard.slows_from]:.1f} s on",)
    return notes
