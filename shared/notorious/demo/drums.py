"""The drum kit: every hit is synthesised once a track and then placed as a copy.

A hit is mono, `float32 [shape=(n,)]`, at most about unit peak, and **its first sample is its attack**: nothing fades
in, so that a hit placed on a beat begins on that beat to the sample.
"""

from dataclasses import dataclass

import numpy as np

from notorious.demo.effects import filtered, saturate
from notorious.demo.oscillators import SAMPLE_RATE_HZ, Signal, decay, soften_ends

METAL_HZ = (205.3, 304.4, 369.6, 522.7, 540.0, 800.0)
"""Six squares out of tune with one another, as the Roland TR-808 makes its cymbals (Werner, Abel, Smith 2014)."""


@dataclass(frozen=True)
class KickShape:
    """What makes one kick differ from another; the defaults are a round house kick."""

    tail_hz: float = 49.0
    sweep_hz: float = 220.0
    sweep_seconds: float = 0.028
    decay_seconds: float = 0.42
    click: float = 0.35
    drive: float = 1.6


def kick(shape: KickShape, rng: np.random.Generator) -> Signal:
    """A sine that falls in pitch, with a click on its first samples, driven into soft clipping.

    The phase starts at a fifth of a radian and the click at full strength, so that sample 0 already speaks.
    """
    length = int(min(shape.decay_seconds * 1.05, 0.6) * SAMPLE_RATE_HZ)
    time = np.arange(length) / SAMPLE_RATE_HZ
    # Two sweeps: a fast one for the knock, a slow one for the body.
    frequency = (
        shape.tail_hz
        + shape.sweep_hz * np.exp(-time / shape.sweep_seconds)
        + 4.5 * shape.sweep_hz * np.exp(-time / (shape.sweep_seconds * 0.14))
    )
    phase = 0.2 + 2 * np.pi * (np.cumsum(frequency) - frequency[0]) / SAMPLE_RATE_HZ
    # The body stays full for a while before it dies: a plain exponential sounds like a tom.
    body = np.sin(phase) * (
        0.35 * decay(length, shape.decay_seconds * 0.55) + 0.65 * _plateau(length, shape.decay_seconds)
    )
    noise = rng.standard_normal(length).astype(np.float32)
    click = filtered(noise, "highpass", 1500.0, order=1) * decay(length, 0.018)
    click[0] = np.max(np.abs(click[:32]))
    hit = saturate((shape.drive * (body + 0.5 * shape.click * click)).astype(np.float32), 1.0)
    return soften_ends(hit / np.max(np.abs(hit)), 0.0, 0.03)


def _plateau(length: int, seconds: float) -> Signal:
    """Full for the first fifth, then a cosine down to nothing at `seconds`."""
    place = np.clip((np.arange(length) / SAMPLE_RATE_HZ / seconds - 0.2) / 0.8, 0, 1)
    return (0.5 + 0.5 * np.cos(np.pi * place)).astype(np.float32)


def thin_kick(full: Signal) -> Signal:
    """The same kick without its low end, for buildups; a one-pole filter, whose first sample is an attack too."""
    return filtered(full, "highpass", 170.0, order=1) * np.float32(0.8)


def snare(rng: np.random.Generator, *, tone_hz: float = 190.0, seconds: float = 0.22, crack: float = 0.8) -> Signal:
    """Two modes of a skin that fall a little in pitch, and the wires: noise around 2 to 9 kHz."""
    length = int(seconds * 1.2 * SAMPLE_RATE_HZ)
    time = np.arange(length) / SAMPLE_RATE_HZ
    bend = 0.35 * np.exp(-time / 0.012)
    skin = np.zeros(length)
    for ratio, strength, ring in ((1.0, 0.8, 0.16), (1.78, 0.45, 0.10)):
        phase = 2 * np.pi * tone_hz * ratio * np.cumsum(1 + bend) / SAMPLE_RATE_HZ + 0.3
        skin += strength * np.sin(phase) * decay(length, ring * 1.6)
    noise = rng.standard_normal(length).astype(np.float32)
    wires = filtered(noise, "bandpass", (1400.0, 9500.0), order=1) * (
        0.7 * decay(length, seconds) + 0.9 * decay(length, 0.03)
    )
    hit = saturate((0.9 * skin + crack * wires).astype(np.float32), 1.4)
    return soften_ends(hit / np.max(np.abs(hit)), 0.0, 0.01)


def clap(rng: np.random.Generator, *, seconds: float = 0.24) -> Signal:
    """Four palms within 30 ms and the room after them; the first palm is the attack."""
    length = int(seconds * 1.2 * SAMPLE_RATE_HZ)
    envelope = np.zeros(length)
    for start, strength in ((0.0, 0.75), (0.0097, 0.7), (0.0193, 0.85), (0.0295, 1.0)):
        begin = int(start * SAMPLE_RATE_HZ)
        envelope[begin:] = np.maximum(envelope[begin:], strength * decay(length - begin, 0.035))
    begin = int(0.0295 * SAMPLE_RATE_HZ)
    envelope[begin:] += 0.4 * decay(length - begin, seconds)
    noise = rng.standard_normal(length).astype(np.float32)
    hit = filtered(noise, "bandpass", (820.0, 3400.0), order=1) * envelope
    hit = (hit + 0.25 * filtered(noise, "highpass", 6000.0, order=1) * envelope).astype(np.float32)
    return soften_ends(hit / np.max(np.abs(hit)), 0.0, 0.01)


def _metal(length: int, rng: np.random.Generator, *, pitch: float) -> Signal:
    """The clangour of six squares, from their signs: what aliases lies among partials that are inharmonic anyway."""
    time = np.arange(length) / SAMPLE_RATE_HZ
    total = np.zeros(length)
    for frequency in METAL_HZ:
        total += np.sign(np.sin(2 * np.pi * (frequency * pitch * time + rng.random())))
    return (total / len(METAL_HZ)).astype(np.float32)


def hat(rng: np.random.Generator, *, seconds: float, pitch: float = 2.1, noise: float = 0.6) -> Signal:
    """A hi-hat: metal and noise above 7 kHz; 40 ms is closed, 300 ms open."""
    length = int(seconds * 1.3 * SAMPLE_RATE_HZ)
    source = (1 - noise) * 2 * _metal(length, rng, pitch=pitch) + noise * rng.standard_normal(length).astype(np.float32)
    bright = filtered(source.astype(np.float32), "highpass", 7200.0, order=4)
    hit = (bright * (0.75 * decay(length, seconds) + 0.25 * decay(length, seconds * 0.25))).astype(np.float32)
    return soften_ends(hit / np.max(np.abs(hit)), 0.0, 0.008)


def ride(rng: np.random.Generator) -> Signal:
    """A ride cymbal: a ping of metal over a long wash."""
    length = int(0.9 * SAMPLE_RATE_HZ)
    metal = filtered(_metal(length, rng, pitch=2.6), "bandpass", (3500.0, 12000.0), order=2)
    wash = filtered(rng.standard_normal(length).astype(np.float32), "highpass", 6000.0)
    hit = (metal * decay(length, 0.55) + 0.3 * wash * decay(length, 0.9) + 0.6 * metal * decay(length, 0.05)).astype(
        np.float32
    )
    return soften_ends(hit / np.max(np.abs(hit)), 0.0, 0.05)


def crash(rng: np.random.Generator, *, seconds: float = 2.6) -> Signal:
    """A crash cymbal: noise that is broad at first and high as it dies."""
    length = int(seconds * SAMPLE_RATE_HZ)
    noise = rng.standard_normal(length).astype(np.float32)
    metal = _metal(length, rng, pitch=3.1)
    high = filtered(noise + metal, "highpass", 4500.0)
    broad = filtered(noise, "bandpass", (900.0, 6000.0), order=1)
    hit = (high * decay(length, seconds * 0.9) + 0.55 * broad * decay(length, seconds * 0.35)).astype(np.float32)
    return soften_ends(hit / np.max(np.abs(hit)), 0.0, 0.2)


def shaker(rng: np.random.Generator) -> Signal:
    """Seeds in a tube: a soft burst of noise around 6 kHz. The one hit whose attack is not sharp, as in life."""
    length = int(0.09 * SAMPLE_RATE_HZ)
    noise = filtered(rng.standard_normal(length).astype(np.float32), "bandpass", (4200.0, 10500.0), order=1)
    hit = (noise * decay(length, 0.085)).astype(np.float32)
    return soften_ends(hit / np.max(np.abs(hit)), 0.012, 0.01)


def rim(rng: np.random.Generator, *, tone_hz: float = 1650.0) -> Signal:
    """A stick on the rim: two short, high modes and a tick."""
    length = int(0.07 * SAMPLE_RATE_HZ)
    time = np.arange(length) / SAMPLE_RATE_HZ
    tone = np.sin(2 * np.pi * tone_hz * time + 0.8) + 0.7 * np.sin(2 * np.pi * tone_hz * 0.31 * time + 0.8)
    tick = rng.standard_normal(length) * decay(length, 0.006)
    hit = ((tone * decay(length, 0.05)) + 0.8 * tick).astype(np.float32)
    return soften_ends(hit / np.max(np.abs(hit)), 0.0, 0.008)


def tom(tone_hz: float, rng: np.random.Generator) -> Signal:
    """A tom: a skin that falls a third in pitch."""
    length = int(0.36 * SAMPLE_RATE_HZ)
    time = np.arange(length) / SAMPLE_RATE_HZ
    phase = 2 * np.pi * tone_hz * np.cumsum(1 + 0.5 * np.exp(-time / 0.05)) / SAMPLE_RATE_HZ + 0.3
    stick = filtered(rng.standard_normal(length).astype(np.float32), "lowpass", 4000.0, order=1) * decay(length, 0.03)
    hit = (np.sin(phase) * decay(length, 0.4) + 0.5 * stick).astype(np.float32)
    return soften_ends(hit / np.max(np.abs(hit)), 0.0, 0.02)


def reversed_crash(hit: Signal, seconds: float) -> Signal:
    """A crash played backwards, `seconds` long, that swells up to its last sample."""
    length = min(int(seconds * SAMPLE_RATE_HZ), hit.size)
    return soften_ends(hit[:length][::-1].copy(), 0.3 * seconds, 0.004)
