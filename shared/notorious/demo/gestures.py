"""What happens once, at borders: risers, downlifters, impacts, crashes and reversed cymbals.

They lead the ear from one section into the next and are the reason why a drop feels like one.
"""

import numpy as np

from notorious.demo.arrangement import Arrangement, Gesture
from notorious.demo.drums import reversed_crash
from notorious.demo.effects import SWEEP_HOP, filtered, sweep
from notorious.demo.oscillators import SAMPLE_RATE_HZ, Signal, decay, soften_ends, supersaw
from notorious.demo.recipe import Recipe
from notorious.demo.timeline import Timeline, place


class GestureSounds:
    """The gestures of one track, added to a layer `[shape=(2, n)]` in place."""

    def __init__(self, recipe: Recipe, timeline: Timeline, arrangement: Arrangement, crash: Signal) -> None:
        self._recipe = recipe
        self._timeline = timeline
        self._arrangement = arrangement
        self._crash = crash

    def _span(self, gesture: Gesture) -> tuple[int, int]:
        start = self._timeline.sample(gesture.bar * 4)
        return start, self._timeline.sample((gesture.bar + gesture.bars) * 4) - start

    def add_cymbals(self, out: Signal, gain: float) -> None:
        """Crashes on the first beat of a section, reversed ones that end there."""
        for number, gesture in enumerate(self._arrangement.gestures):
            start, length = self._span(gesture)
            if gesture.kind == "crash":
                side = 0.3 if number % 2 else -0.3
                place(
                    out,
                    start,
                    np.stack([self._crash * np.float32(1 - side), self._crash * np.float32(1 + side)]),
                    0.8 * gain,
                )
            elif gesture.kind == "reverse":
                swell = reversed_crash(self._crash, length / SAMPLE_RATE_HZ)
                place(out, start + length - swell.size, np.stack([swell, swell]), 0.75 * gain)

    def add_effects(self, out: Signal, gain: float) -> None:
        """Risers, downlifters and impacts."""
        for number, gesture in enumerate(self._arrangement.gestures):
            start, length = self._span(gesture)
            rng = self._recipe.random(f"gesture {number}")
            if gesture.kind == "riser":
                place(out, start, self._riser(length, gesture.bars, rng), gain)
            elif gesture.kind == "downlifter":
                place(out, start, _downlifter(length, rng), 0.7 * gain)
            elif gesture.kind == "impact":
                place(out, start, self._impact(rng), gain)

    def _riser(self, length: int, bars: int, rng: np.random.Generator) -> Signal:
        """Noise whose band climbs five octaves, and the fifth of the key, trembling, under an opening filter."""
        blocks = -(-length // SWEEP_HOP)
        place = np.linspace(0, 1, length, dtype=np.float32)
        noise = sweep(
            rng.standard_normal((2, length)).astype(np.float32),
            "bandpass",
            np.geomspace(300.0, 9000.0, blocks),
            resonance=1.4,
        )
        key = self._recipe.key
        tone = supersaw(key.hertz(48 + key.tonic + 7), length, voices=5, detune_cents=16.0, rng=rng)
        tone = sweep(tone, "lowpass", np.geomspace(250.0, 9000.0, blocks), resonance=2.0)
        # The tremble runs in eighths at first and in sixteenths for the last half.
        beats = np.linspace(0, bars * 4, length)
        rate = np.where(place < 0.5, 2.0, 4.0)
        tremble = (0.55 + 0.45 * np.cos(2 * np.pi * beats * rate)).astype(np.float32)
        riser = (0.5 * noise + 0.28 * tone * tremble) * place**1.6
        return soften_ends(riser.astype(np.float32), 0.05, 0.02)

    def _impact(self, rng: np.random.Generator) -> Signal:
        """A boom that falls to the tonic, and a burst of dark noise, from its first sample on."""
        length = int(2.2 * SAMPLE_RATE_HZ)
        low = self._recipe.key.hertz(24 + self._recipe.key.tonic)
        low *= 2.0 if low < 42.0 else 1.0
        frequency = low * (1 + 1.4 * np.exp(-np.arange(length) / (0.06 * SAMPLE_RATE_HZ)))
        boom = np.sin(2 * np.pi * np.cumsum(frequency) / SAMPLE_RATE_HZ) * decay(length, 1.1)
        noise = filtered(rng.standard_normal((2, length)).astype(np.float32), "lowpass", 1800.0, order=1)
        out = 0.75 * boom[None, :] + 0.5 * noise * decay(length, 1.3)[None, :]
        return soften_ends(out.astype(np.float32), 0.0, 0.3)


def _downlifter(length: int, rng: np.random.Generator) -> Signal:
    """Noise that sinks from 9 kHz to 200 Hz as it dies."""
    blocks = -(-length // SWEEP_HOP)
    noise = sweep(
        rng.standard_normal((2, length)).astype(np.float32),
        "bandpass",
        np.geomspace(9000.0, 200.0, blocks),
        resonance=1.0,
    )
    fall = (1 - np.linspace(0, 1, length, dtype=np.float32)) ** 1.5
    return soften_ends(noise * fall, 0.003, 0.1)
