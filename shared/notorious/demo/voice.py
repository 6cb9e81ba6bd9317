"""A voice that is computed: a glottal source behind the resonances of a mouth that moves.

The source is a row of harmonics that fall by about 12 dB an octave; the mouth is five resonances (formants) whose
places are those of the vowel, gliding from one vowel to the next; consonants are shaped noise and a fall of the first
formant. Vowel formants are for a female voice, after Peterson and Barney (1952), with the upper ones at usual places.
"""

import numpy as np
from numpy.typing import NDArray

from notorious.demo.composition import Key, Note
from notorious.demo.effects import filtered
from notorious.demo.oscillators import SAMPLE_RATE_HZ, Signal, control_points, partials, soften_ends

VOWELS: dict[str, tuple[float, float, float]] = {
    "a": (850.0, 1220.0, 2810.0),
    "e": (610.0, 2100.0, 2900.0),
    "i": (310.0, 2700.0, 3300.0),
    "o": (500.0, 900.0, 2700.0),
    "u": (370.0, 750.0, 2670.0),
}
UPPER_FORMANTS_HZ = (3900.0, 4950.0)
BANDWIDTHS_HZ = (90.0, 110.0, 170.0, 250.0, 300.0)
SPELLING = {"oo": "u", "oh": "ou", "ah": "a", "ay": "ai", "ee": "i", "ey": "ei"}
NOISY = {"d": 0.02, "h": 0.07, "t": 0.03}
VOICED_CONSONANTS = "dlmnwy"


def _mouth(syllable: str) -> tuple[str, str]:
    """The consonant (or none) and the vowels, one letter each, that a syllable passes through."""
    letters = syllable.split()
    last = SPELLING.get(letters[-1], letters[-1])
    if len(letters) == 1:
        return "", last
    first = letters[0]
    return first[0], first[1] + last if first[1] != last[0] else last


def _formants(syllable: str, times: NDArray[np.float64], seconds: float) -> NDArray[np.float64]:
    """The five formant frequencies, `[shape=(5, points)]`, along a syllable."""
    consonant, vowels = _mouth(syllable)
    places = np.array([VOWELS[vowel] for vowel in vowels])
    # The first vowel is held for half the note; the glide into the last takes the rest, as singers do.
    if len(places) == 1:
        anchors = np.array([0.0, 1.0])
        places = np.repeat(places, 2, axis=0)
    else:
        anchors = np.linspace(0.45, 0.85, len(places))
    line = np.array([np.interp(times / seconds, anchors, places[:, number]) for number in range(3)])
    if consonant and consonant in VOICED_CONSONANTS:
        closing = np.exp(-times / 0.045)
        target = {"w": (300.0, 610.0), "y": (290.0, 2500.0), "l": (360.0, 1300.0)}.get(consonant, (270.0, 1650.0))
        for number in range(2):
            line[number] += (target[number] - line[number]) * closing
    upper = np.repeat(np.array(UPPER_FORMANTS_HZ)[:, None], times.size, axis=1)
    return np.concatenate([line, upper])


def _mouth_gain(frequency_hz: NDArray[np.float64], formants: NDArray[np.float64]) -> NDArray[np.float64]:
    """The magnitude of the resonances in parallel, each weaker than the one below, `[shape=frequency_hz.shape]`."""
    gain = np.zeros(np.broadcast_shapes(frequency_hz.shape, formants[0][None, :].shape))
    for number, strength in enumerate((1.0, 0.62, 0.34, 0.2, 0.12)):
        distance = (frequency_hz - formants[number][None, :]) / (BANDWIDTHS_HZ[number] / 2)
        gain += strength / np.sqrt(1 + distance**2)
    return gain


def sung_note(note: Note, seconds: float, key: Key, *, glide_from: float | None, rng: np.random.Generator) -> Signal:
    """One syllable on one note, mono. The pitch slides in from `glide_from` [MIDI] and then wavers at 5.4 Hz."""
    length = int(seconds * SAMPLE_RATE_HZ)
    time = np.arange(length) / SAMPLE_RATE_HZ
    start = note.midi - 1.2 if glide_from is None else glide_from
    pitch = note.midi + (start - note.midi) * np.exp(-time / 0.035)
    pitch += 0.28 * np.minimum(time / 0.5, 1.0) ** 2 * np.sin(2 * np.pi * (5.4 * time + rng.random()))
    # A slow wander of a few cents: without it the voice is an organ.
    pitch += 0.06 * np.sin(2 * np.pi * (1.7 * time + rng.random()))
    frequency = 440.0 * 2 ** ((pitch - 69) / 12 + key.tuning_cents / 1200)

    points = control_points(length)
    middle = np.interp(points, time, frequency)
    formants = _formants(note.syllable, points, seconds)
    count = int(9000 / float(frequency.min()))
    number = np.arange(1, count + 1)[:, None]
    source = 1.0 / number**1.25
    strength = source * _mouth_gain(number * middle[None, :], formants)
    swell = np.minimum(points / 0.06, 1.0) * (0.8 + 0.2 * np.minimum(points / 0.35, 1.0))
    tone = partials(frequency, length, strength * swell[None, :])

    noise = rng.standard_normal(length).astype(np.float32)
    breath = filtered(noise, "bandpass", (1800.0, 7000.0), order=1) * np.float32(0.012)
    out = tone / np.float32(max(1e-9, float(np.max(np.abs(tone))))) * np.float32(0.8) + breath
    consonant, _ = _mouth(note.syllable)
    if consonant in NOISY:
        burst = int(NOISY[consonant] * SAMPLE_RATE_HZ)
        edge = filtered(noise[:burst], "highpass", 2500.0, order=1) * np.hanning(burst).astype(np.float32)
        out[:burst] += 0.25 * edge[: out.size]
    return soften_ends(out.astype(np.float32) * np.float32(note.velocity), 0.008, min(0.12, seconds / 3))
