"""Tracks whose beats are known exactly, because they are made here.

A track is a style (patterns of sixteenths for kick, snare, hats; a bass; chords that change on bars), a tempo, and an
arrangement: which layers play in which bars. Everything is placed by arithmetic to the sample; noise comes from a seed.
Deliberately unlike the development music: it is to find what the fit assumes, not to flatter it.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

RATE_HZ = 22050


@dataclass(frozen=True)
class Style:
    """Sixteenths at which each layer plays, over one or two bars; loudness of each layer; swing of odd sixteenths."""

    bpm: float
    kick: tuple[int, ...]
    snare: tuple[int, ...]
    hat: tuple[int, ...]
    open_hat: tuple[int, ...] = ()
    bass: tuple[int, ...] = (0, 3, 6, 8, 11, 14)
    bars: int = 1
    swing: float = 0.0
    """How late odd sixteenths are, in sixteenths: 0.33 is a triplet feel."""
    gains: dict[str, float] = field(default_factory=dict)
    bar_beats: int = 4
    chord_bars: int = 2


STYLES: dict[str, Style] = {
    "house": Style(124.37, (0, 4, 8, 12), (4, 12), (), (2, 6, 10, 14), gains={"open_hat": 0.5}),
    "loud off-beat hats": Style(126.0, (0, 4, 8, 12), (), (), (2, 6, 10, 14), gains={"open_hat": 1.6, "kick": 0.7}),
    "off-beat bass": Style(138.04, (0, 4, 8, 12), (4, 12), (2, 6, 10, 14), bass=(2, 6, 10, 14), gains={"bass": 0.9}),
    "techno": Style(132.5, (0, 4, 8, 12), (), (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15), (2, 6, 10, 14)),
    "rolling bass trance": Style(
        139.99, (0, 4, 8, 12), (4, 12), (), (2, 6, 10, 14), bass=(1, 2, 3, 5, 6, 7, 9, 10, 11, 13, 14, 15)
    ),
    "breakbeat": Style(174.0, (0, 10), (4, 12), (0, 2, 4, 6, 8, 10, 12, 14), bass=(0, 10, 16, 22), bars=1),
    "drum and bass, ghosts": Style(
        172.31,
        (0, 10, 16, 21, 26),
        (4, 7, 9, 12, 20, 23, 25, 28),
        (0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30),
        bars=2,
    ),
    "hip-hop": Style(92.5, (0, 7, 10), (4, 12), (0, 2, 4, 6, 8, 10, 12, 14), swing=0.25, bass=(0, 7, 10)),
    "slow hip-hop, lazy": Style(84.2, (0, 3, 8, 11), (4, 12), (0, 2, 4, 6, 8, 10, 12, 14), swing=0.33, bass=(0, 8)),
    "half-time": Style(140.0, (0, 6), (8,), (0, 2, 4, 6, 8, 10, 11, 12, 14), bass=(0, 6)),
    "two-step": Style(131.17, (0, 10), (4, 12), (2, 5, 6, 10, 13, 14), (), swing=0.2),
    "dembow": Style(95.6, (0, 4, 8, 12), (3, 6, 11, 14), (0, 2, 4, 6, 8, 10, 12, 14), bass=(0, 3, 6, 8, 11, 14)),
    "tresillo pop": Style(104.71, (0, 6, 12), (4, 12), (0, 2, 4, 6, 8, 10, 12, 14), bass=(0, 6, 12)),
    "disco": Style(
        117.23, (0, 4, 8, 12), (4, 12), (0, 2, 4, 6, 8, 10, 12, 14), (2, 6, 10, 14), bass=(0, 2, 4, 6, 8, 10, 12, 14)
    ),
    "swung house": Style(121.9, (0, 4, 8, 12), (4, 12), (1, 3, 5, 7, 9, 11, 13, 15), (2, 6, 10, 14), swing=0.3),
    "rock": Style(113.4, (0, 8, 10), (4, 12), (0, 2, 4, 6, 8, 10, 12, 14), bass=(0, 2, 4, 6, 8, 10, 12, 14)),
    "slow house": Style(99.95, (0, 4, 8, 12), (4, 12), (), (2, 6, 10, 14)),
    "waltz": Style(160.0, (0,), (4, 8), (0, 2, 4, 6, 8, 10), bass=(0,), bar_beats=3, chord_bars=1),
}

ALL = frozenset({"kick", "snare", "hat", "open_hat", "bass", "chords"})
DRUMS = frozenset({"kick", "snare", "hat", "open_hat"})
CLUB = (
    (8, DRUMS),
    (8, DRUMS | {"bass"}),
    (16, ALL),
    (8, frozenset({"chords"})),
    (16, ALL),
    (4, DRUMS),
)
"""Intro of drums, bass, all, a breakdown without drums, all, an outro."""
NO_DRUM_INTRO = (
    (8, frozenset({"chords"})),
    (4, frozenset({"chords", "bass"})),
    (28, ALL),
    (8, frozenset({"chords", "hat"})),
)


@dataclass(frozen=True)
class Synthetic:
    """A track with its truth: exact beats [seconds], downbeats, tempo."""

    mono: NDArray[np.float32]
    bpm: float
    beats: NDArray[np.float64]
    downbeats: NDArray[np.float64]


def _decay(seconds: float, time_constant: float) -> NDArray[np.float64]:
    return np.exp(-np.arange(int(seconds * RATE_HZ)) / RATE_HZ / time_constant)


def _sounds(rng: np.random.Generator) -> dict[str, NDArray[np.float64]]:
    time = np.arange(int(0.35 * RATE_HZ)) / RATE_HZ
    sweep = 2 * np.pi * (48 * time + 110 * 0.04 * (1 - np.exp(-time / 0.04)))
    kick = np.cos(sweep) * np.exp(-time / 0.12)
    snare = (rng.standard_normal(len(time)) * 0.5 + 0.5 * np.sin(2 * np.pi * 190 * time)) * np.exp(-time / 0.07)
    bright = np.diff(rng.standard_normal(int(0.05 * RATE_HZ) + 1)) * _decay(0.05, 0.012)
    opened = np.diff(rng.standard_normal(int(0.2 * RATE_HZ) + 1)) * _decay(0.2, 0.08)
    return {"kick": kick, "snare": snare, "hat": 0.3 * bright, "open_hat": 0.4 * opened}


def _note(hz: float, seconds: float, attack_seconds: float, harmonics: int) -> NDArray[np.float64]:
    count = int(seconds * RATE_HZ)
    time = np.arange(count) / RATE_HZ
    tone = sum(np.sin(2 * np.pi * hz * k * time) / k for k in range(1, harmonics + 1) if hz * k < RATE_HZ / 2)
    attack = np.minimum(1.0, time / attack_seconds)
    release = np.minimum(1.0, (seconds - time) / 0.02)
    return np.asarray(tone * attack * release)


def render(
    style: Style,
    *,
    bpm: float | None = None,
    arrangement: tuple[tuple[int, frozenset[str]], ...] = CLUB,
    start_seconds: float = 0.35,
    cut_seconds: float = 0.0,
    seed: int = 0,
    tempo_curve: tuple[float, float] | None = None,
    beat_lengths: NDArray[np.float64] | None = None,
    jitter_seconds: float = 0.0,
) -> Synthetic:
    """Make a track.

    start_seconds: silence before the first bar. cut_seconds: taken off the start, so that it begins anywhere.
    tempo_curve: tempo at start and end, changing evenly with the beats. beat_lengths: seconds of each beat instead.
    jitter_seconds: spread of a drummer's hand.
    """
    rng = np.random.default_rng(seed)
    tempo = bpm or style.bpm
    bars = sum(length for length, _ in arrangement)
    per_bar = style.bar_beats
    beat_numbers = np.arange(bars * per_bar + 1)
    if beat_lengths is not None:
        beats = start_seconds + np.concatenate([[0.0], np.cumsum(beat_lengths)])
    elif tempo_curve is None:
        beats = start_seconds + beat_numbers * 60.0 / tempo
    else:
        lengths = 60.0 / np.linspace(tempo_curve[0], tempo_curve[1], len(beat_numbers) - 1)
        beats = start_seconds + np.concatenate([[0.0], np.cumsum(lengths)])
    track = np.zeros(int((beats[-1] + 1.0) * RATE_HZ))
    sounds = _sounds(rng)
    roots = (0, -4, 3, -2, 5, 0, -5, 2)
    layers = [name for length, name in arrangement for _ in range(length)]
    sixteenths = 4 * per_bar

    def place(sound: NDArray[np.float64], beat: float, gain: float) -> None:
        seconds = float(np.interp(beat, beat_numbers, beats)) + jitter_seconds * float(rng.standard_normal())
        start = max(0, round(seconds * RATE_HZ))
        end = min(len(track), start + len(sound))
        track[start:end] += gain * sound[: end - start]

    for bar, playing in enumerate(layers):
        root = 45 + roots[bar // style.chord_bars % len(roots)]
        half = bar % style.bars
        for name, steps in (
            ("kick", style.kick),
            ("snare", style.snare),
            ("hat", style.hat),
            ("open_hat", style.open_hat),
        ):
            if name not in playing:
                continue
            for step in steps:
                if not half * sixteenths <= step < (half + 1) * sixteenths:
                    continue
                inside = step - half * sixteenths
                late = style.swing if inside % 2 else 0.0
                ghost = 0.35 if name == "snare" and inside % 4 else 1.0
                level = style.gains.get(name, 1.0) * ghost * (1 + 0.1 * float(rng.standard_normal()))
                place(sounds[name], bar * per_bar + (inside + late) / 4, level)
        if "bass" in playing:
            for step in style.bass:
                if step < sixteenths:
                    hz = 440 * 2 ** ((root - 12 - 69) / 12)
                    note = _note(hz, 60 / tempo / 4 * 0.9, 0.004, 6)
                    place(note, bar * per_bar + step / 4, style.gains.get("bass", 0.4))
        if "chords" in playing and bar % style.chord_bars == 0:
            for interval in (12, 15, 19):
                length = style.chord_bars * per_bar * 60 / tempo
                place(_note(440 * 2 ** ((root + interval - 69) / 12), length, 0.02, 8), bar * per_bar, 0.08)
    track += 2e-4 * rng.standard_normal(len(track))
    mono = (track * (0.7 / max(float(np.abs(track).max()), 1e-9))).astype(np.float32)
    mono = mono[round(cut_seconds * RATE_HZ) :]
    cut = round(cut_seconds * RATE_HZ) / RATE_HZ
    heard = beats[:-1] - cut
    downs = heard[::per_bar]
    return Synthetic(mono, tempo, heard[heard >= 0], downs[downs >= 0])
