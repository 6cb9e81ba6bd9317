"""The synthesiser's patches: how a note of each melodic layer sounds.

A patch is a function of (frequency in Hz, written length in samples, random generator) to about unit peak, mono
`[shape=(n,)]` or stereo `[shape=(2, n)]`; what it returns beyond the written length is its release.
"""

from collections.abc import Callable

import numpy as np

from notorious.demo.effects import filtered, saturate, widened
from notorious.demo.oscillators import (
    SAMPLE_RATE_HZ,
    Signal,
    control_points,
    decay,
    frequency_modulated,
    partials,
    saw_through_filter,
    soften_ends,
    supersaw,
    wave,
)

Patch = Callable[[float, int, np.random.Generator], Signal]


def _samples(seconds: float) -> int:
    return int(seconds * SAMPLE_RATE_HZ)


# --- pads ------------------------------------------------------------------------------------------------------------


def wide_pad(frequency_hz: float, length: int, rng: np.random.Generator) -> Signal:
    """Five detuned saws behind a gentle low-pass, slow to come and to go."""
    tone = supersaw(frequency_hz, length + _samples(0.5), voices=5, detune_cents=13.0, rng=rng)
    return soften_ends(filtered(tone, "lowpass", 5200.0, order=1), 0.22, 0.55)


def glass_pad(frequency_hz: float, length: int, rng: np.random.Generator) -> Signal:
    """Six partials that swell one after another, slightly different left and right."""
    full = length + _samples(0.7)
    points = control_points(full)
    sides = []
    for cents in (-4.0, 4.0):
        number = np.arange(1, 7)[:, None]
        breath = 0.6 + 0.4 * np.sin(2 * np.pi * (points[None, :] * (0.11 + 0.07 * number) + rng.random((6, 1))))
        sides.append(
            partials(frequency_hz * 2 ** (cents / 1200), full, breath / number**1.35, phase=float(rng.random() * 6))
        )
    return soften_ends(np.stack(sides) * np.float32(0.6), 0.35, 0.7)


def string_pad(frequency_hz: float, length: int, rng: np.random.Generator) -> Signal:
    """A string machine: saws with a slow chorus, brighter than a pad, thin below."""
    tone = supersaw(frequency_hz, length + _samples(0.4), voices=6, detune_cents=22.0, rng=rng)
    return soften_ends(filtered(tone, "bandpass", (220.0, 8000.0), order=1), 0.12, 0.45)


# --- chords ----------------------------------------------------------------------------------------------------------


def electric_piano(frequency_hz: float, length: int, rng: np.random.Generator) -> Signal:
    """Two FM pairs, as on the Yamaha DX7: a soft body, and a tine fourteen times higher that dies at once."""
    full = length + _samples(0.35)
    ring = decay(full, 2.2)
    body = frequency_modulated(frequency_hz, full, ratio=1.0, index=1.5 * decay(full, 1.1)) * ring
    tine = frequency_modulated(frequency_hz, full, ratio=14.0, index=0.9 * decay(full, 0.25)) * decay(full, 0.5)
    tone = soften_ends((0.75 * body + 0.25 * tine).astype(np.float32), 0.002, 0.3)
    return widened(tone, milliseconds=7.0 + 4.0 * float(rng.random()), amount=0.35)


def organ_stab(frequency_hz: float, length: int, rng: np.random.Generator) -> Signal:
    """Drawbars 16', 8', 5 1/3', 4' with a percussive third, the sound of garage and early house."""
    full = length + _samples(0.12)
    points = control_points(full)
    strength = np.zeros((6, points.size))
    for harmonic, level in ((1, 0.9), (2, 0.7), (3, 0.55), (4, 0.35), (6, 0.2)):
        strength[harmonic - 1] = level
    strength[2] += 0.8 * np.exp(-points / 0.08)
    tone = soften_ends(partials(frequency_hz, full, strength) * np.float32(0.45), 0.003, 0.1)
    return widened(tone, milliseconds=9.0, amount=0.4)


def dub_stab(frequency_hz: float, length: int, rng: np.random.Generator) -> Signal:
    """A saw chord through a filter that shuts within a fifth of a second: the dub techno stab."""
    full = length + _samples(0.5)
    cutoff = 260.0 + 2300.0 * np.exp(-control_points(full) / 0.09)
    tone = saw_through_filter(frequency_hz, full, cutoff, resonance=1.6) * decay(full, 0.8).astype(np.float32)
    return widened(soften_ends(tone * np.float32(0.8), 0.002, 0.2), milliseconds=13.0, amount=0.6)


def supersaw_chord(frequency_hz: float, length: int, rng: np.random.Generator) -> Signal:
    """Seven bright saws: the trance chord."""
    tone = supersaw(frequency_hz, length + _samples(0.18), voices=7, detune_cents=19.0, rng=rng)
    return soften_ends(filtered(tone, "highpass", 160.0, order=1), 0.004, 0.2)


# --- plucks ----------------------------------------------------------------------------------------------------------


def saw_pluck(frequency_hz: float, length: int, rng: np.random.Generator) -> Signal:
    """A saw whose filter falls from 6 kHz within a tenth of a second."""
    full = length + _samples(0.3)
    cutoff = 320.0 + frequency_hz + 5600.0 * np.exp(-control_points(full) / 0.055)
    tone = saw_through_filter(frequency_hz, full, cutoff, resonance=1.2) * decay(full, 0.75).astype(np.float32)
    return soften_ends(tone * np.float32(0.8), 0.001, 0.15)


def bell_pluck(frequency_hz: float, length: int, rng: np.random.Generator) -> Signal:
    """An FM bell: ratio 3.5, bright for a moment."""
    full = length + _samples(0.6)
    tone = frequency_modulated(frequency_hz, full, ratio=3.5, index=1.7 * decay(full, 0.45)) * decay(full, 1.1)
    return soften_ends(tone.astype(np.float32) * np.float32(0.7), 0.001, 0.3)


def hollow_pluck(frequency_hz: float, length: int, rng: np.random.Generator) -> Signal:
    """A square through the same filter: wood rather than wire."""
    full = length + _samples(0.25)
    cutoff = 250.0 + frequency_hz + 3200.0 * np.exp(-control_points(full) / 0.07)
    tone = saw_through_filter(frequency_hz, full, cutoff, resonance=0.9, odd_only=True)
    return soften_ends(tone * decay(full, 0.6).astype(np.float32), 0.001, 0.12)


# --- leads -----------------------------------------------------------------------------------------------------------


def anthem_lead(frequency_hz: float, length: int, rng: np.random.Generator) -> Signal:
    """A supersaw with an octave below it."""
    full = length + _samples(0.15)
    tone = supersaw(frequency_hz, full, voices=7, detune_cents=17.0, rng=rng)
    tone += np.float32(0.35) * supersaw(frequency_hz / 2, full, voices=3, detune_cents=8.0, rng=rng)
    return soften_ends(filtered(tone, "bandpass", (200.0, 9000.0), order=1), 0.006, 0.15)


def square_lead(frequency_hz: float, length: int, rng: np.random.Generator) -> Signal:
    """Two squares a few cents apart, with the filter opening on the note."""
    full = length + _samples(0.12)
    cutoff = 900.0 + frequency_hz + 2600.0 * (1 - np.exp(-control_points(full) / 0.08))
    one = saw_through_filter(frequency_hz * 2 ** (5 / 1200), full, cutoff, odd_only=True)
    two = saw_through_filter(frequency_hz * 2 ** (-5 / 1200), full, cutoff, odd_only=True)
    return soften_ends(np.stack([one + 0.4 * two, two + 0.4 * one]) * np.float32(0.6), 0.004, 0.12)


def flute_lead(frequency_hz: float, length: int, rng: np.random.Generator) -> Signal:
    """Few partials, breath, and a vibrato that comes late."""
    full = length + _samples(0.15)
    time = np.arange(full) / SAMPLE_RATE_HZ
    vibrato = 0.004 * np.minimum(time / 0.4, 1.0) ** 2 * np.sin(2 * np.pi * 5.1 * time)
    points = control_points(full)
    strength = (
        np.array([1.0, 0.42, 0.25, 0.1, 0.05, 0.03])[:, None]
        * (0.85 + 0.15 * np.sin(2 * np.pi * 5.1 * points))[None, :]
    )
    tone = partials(frequency_hz * (1 + vibrato), full, strength)
    breath = filtered(rng.standard_normal(full).astype(np.float32), "bandpass", (1500.0, 6000.0), order=1)
    mixed = (0.75 * tone + 0.03 * breath).astype(np.float32)
    return widened(soften_ends(mixed, 0.025, 0.14), milliseconds=12.0, amount=0.3)


def bell_lead(frequency_hz: float, length: int, rng: np.random.Generator) -> Signal:
    """A struck bell over a sine an octave below."""
    full = length + _samples(0.8)
    bell = frequency_modulated(frequency_hz, full, ratio=2.0, index=2.2 * decay(full, 0.6)) * decay(full, 1.8)
    low = np.sin(np.pi * frequency_hz / SAMPLE_RATE_HZ * np.arange(full)) * decay(full, 0.9)
    return widened(soften_ends((0.65 * bell + 0.2 * low).astype(np.float32), 0.001, 0.4), milliseconds=9.0, amount=0.4)


def acid_lead(frequency_hz: float, length: int, rng: np.random.Generator) -> Signal:
    """A saw through a screaming filter, two octaves below where a lead would play: the TB-303's trick."""
    frequency_hz /= 4
    full = length + _samples(0.05)
    peak = 700.0 + 2600.0 * float(rng.random())
    cutoff = 220.0 + peak * np.exp(-control_points(full) / 0.11)
    tone = saturate(saw_through_filter(frequency_hz, full, cutoff, resonance=7.0) * np.float32(0.8), 1.5)
    return soften_ends(tone, 0.002, 0.04)


# --- basses ----------------------------------------------------------------------------------------------------------


def round_bass(frequency_hz: float, length: int, rng: np.random.Generator) -> Signal:
    """A sine with a few harmonics that close quickly: deep house."""
    full = length + _samples(0.08)
    cutoff = 140.0 + 900.0 * np.exp(-control_points(full) / 0.07)
    upper = saw_through_filter(frequency_hz, full, cutoff, resonance=1.1)
    low = np.sin(2 * np.pi * frequency_hz / SAMPLE_RATE_HZ * np.arange(full)).astype(np.float32)
    return soften_ends(saturate(0.65 * low + 0.5 * upper, 1.3), 0.003, 0.07)


def rolling_bass(frequency_hz: float, length: int, rng: np.random.Generator) -> Signal:
    """A short saw with a bite, over a sine: trance sixteenths."""
    full = length + _samples(0.03)
    cutoff = 170.0 + 2100.0 * np.exp(-control_points(full) / 0.045)
    upper = saw_through_filter(frequency_hz, full, cutoff, resonance=1.4)
    low = np.sin(2 * np.pi * frequency_hz / SAMPLE_RATE_HZ * np.arange(full)).astype(np.float32)
    return soften_ends(saturate(0.55 * low + 0.55 * upper, 1.5), 0.003, 0.03)


def organ_bass(frequency_hz: float, length: int, rng: np.random.Generator) -> Signal:
    """An FM bass with a knock at its start, the "M1" kind."""
    full = length + _samples(0.05)
    tone = frequency_modulated(frequency_hz, full, ratio=2.0, index=0.6 + 1.8 * decay(full, 0.16))
    return soften_ends(saturate(tone * (0.55 + 0.45 * decay(full, 0.9)).astype(np.float32), 1.2), 0.003, 0.05)


def reese_bass(frequency_hz: float, length: int, rng: np.random.Generator) -> Signal:
    """Three saws that beat against each other behind a filter that yawns, an octave up so that the sub stays alone."""
    full = length + _samples(0.06)
    frequency_hz *= 2
    beat = sum(
        (
            wave("saw", frequency_hz * 2 ** (cents / 1200), full, phase=float(rng.random()))
            for cents in (-16.0, 0.0, 16.0)
        ),
        np.zeros(full, dtype=np.float32),
    )
    dark = filtered(beat, "lowpass", 420.0)
    bright = filtered(beat, "bandpass", (300.0, 2600.0), order=1)
    yawn = (0.5 - 0.5 * np.cos(np.pi * np.minimum(np.arange(full) / (0.55 * SAMPLE_RATE_HZ), 2.0))).astype(np.float32)
    tone = saturate(0.45 * dark + 0.3 * bright * yawn, 2.2)
    return widened(soften_ends(filtered(tone, "highpass", 90.0), 0.006, 0.05), milliseconds=5.0, amount=0.3)


def sub_bass(frequency_hz: float, length: int, rng: np.random.Generator) -> Signal:
    """A sine with just enough second and third harmonic to be heard on small speakers."""
    full = length + _samples(0.04)
    angle = 2 * np.pi * frequency_hz / SAMPLE_RATE_HZ * np.arange(full)
    tone = np.sin(angle) + 0.16 * np.sin(2 * angle) + 0.07 * np.sin(3 * angle)
    return soften_ends(tone.astype(np.float32) * np.float32(0.85), 0.006, 0.04)


def drone(frequency_hz: float, length: int, rng: np.random.Generator) -> Signal:
    """A held tone that breathes, with air around it: what fills a room while nothing happens."""
    full = length + _samples(0.6)
    points = control_points(full)
    number = np.arange(1, 10)[:, None]
    breath = 0.5 + 0.5 * np.sin(2 * np.pi * (points[None, :] * 0.037 * number + rng.random((9, 1))))
    left = partials(frequency_hz * 1.0012, full, breath / number**1.2)
    right = partials(frequency_hz * 0.9988, full, breath[::-1] / number**1.2)
    air = filtered(rng.standard_normal((2, full)).astype(np.float32), "bandpass", (900.0, 5000.0), order=1)
    return soften_ends(np.stack([left, right]) * np.float32(0.35) + np.float32(0.035) * air, 0.5, 0.6)


PATCHES: dict[str, Patch] = {
    "wide_pad": wide_pad,
    "glass_pad": glass_pad,
    "string_pad": string_pad,
    "electric_piano": electric_piano,
    "organ_stab": organ_stab,
    "dub_stab": dub_stab,
    "supersaw_chord": supersaw_chord,
    "saw_pluck": saw_pluck,
    "bell_pluck": bell_pluck,
    "hollow_pluck": hollow_pluck,
    "anthem_lead": anthem_lead,
    "square_lead": square_lead,
    "flute_lead": flute_lead,
    "bell_lead": bell_lead,
    "acid_lead": acid_lead,
    "round_bass": round_bass,
    "rolling_bass": rolling_bass,
    "organ_bass": organ_bass,
    "reese_bass": reese_bass,
    "sub_bass": sub_bass,
    "drone": drone,
}
