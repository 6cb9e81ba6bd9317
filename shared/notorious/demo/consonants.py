"""The consonants of the computed voice: how long each keeps the mouth closed or narrow, and the noise that it makes.

Places of formants at the moment of opening ("loci") and lengths are usual values of phonetics (Stevens, *Acoustic
Phonetics*, 1998), rounded; a singer holds them for less than a speaker.
"""

from dataclasses import dataclass

import numpy as np

from notorious.demo.effects import filtered
from notorious.demo.oscillators import SAMPLE_RATE_HZ, Signal


@dataclass(frozen=True)
class Consonant:
    """What precedes a vowel.

    For `seconds` the voice has the strength `voiced` (0: silent) and the first two formants lie at `locus_hz`. Noise in
    the band `noise_hz` with the level `noise` (of the loudest partial sum of a vowel) sounds over that time, or, where
    `burst_seconds` is given, over that last part of it alone, when a closed mouth opens.
    """

    seconds: float
    voiced: float
    locus_hz: tuple[float, float]
    noise_hz: tuple[float, float] = (0.0, 0.0)
    noise: float = 0.0
    burst_seconds: float | None = None


CONSONANTS: dict[str, Consonant] = {
    "b": Consonant(0.05, 0.10, (260.0, 850.0), (500.0, 3000.0), 0.15, 0.012),
    "c": Consonant(0.11, 0.0, (330.0, 1950.0), (2200.0, 7000.0), 0.30),  # as in "she"
    "d": Consonant(0.05, 0.10, (270.0, 1700.0), (2500.0, 8000.0), 0.20, 0.015),
    "f": Consonant(0.09, 0.0, (320.0, 900.0), (3500.0, 12000.0), 0.12),
    "h": Consonant(0.07, 0.10, (600.0, 1500.0), (900.0, 5000.0), 0.12),
    "k": Consonant(0.08, 0.0, (300.0, 2200.0), (1500.0, 4500.0), 0.30, 0.03),
    "l": Consonant(0.07, 0.45, (360.0, 1300.0)),
    "m": Consonant(0.09, 0.30, (260.0, 950.0)),
    "n": Consonant(0.08, 0.30, (270.0, 1650.0)),
    "s": Consonant(0.12, 0.0, (320.0, 1750.0), (5000.0, 13000.0), 0.30),
    "t": Consonant(0.07, 0.0, (320.0, 1800.0), (3000.0, 9000.0), 0.35, 0.03),
    "w": Consonant(0.07, 0.40, (300.0, 610.0)),
    "y": Consonant(0.07, 0.45, (290.0, 2500.0)),
}


def consonant_noise(consonant: Consonant, seconds: float, length: int, rng: np.random.Generator) -> Signal:
    """The noise of a consonant that takes `seconds`, in `length` samples from the beginning of its syllable, mono."""
    out: Signal = np.zeros(length, np.float32)
    stop = min(int(seconds * SAMPLE_RATE_HZ), length)
    share = 1.0 if consonant.burst_seconds is None else min(consonant.burst_seconds / consonant.seconds, 1.0)
    start = int(stop * (1 - share))
    if consonant.noise == 0.0 or stop - start < 8:
        return out
    raw = rng.standard_normal(stop - start).astype(np.float32)
    shaped = filtered(raw, "bandpass", consonant.noise_hz) * np.hanning(stop - start).astype(np.float32)
    out[start:stop] = shaped * np.float32(consonant.noise / max(float(np.max(np.abs(shaped))), 1e-9))
    return out
