"""A voice that is computed: a glottal source behind the resonances of a mouth that moves.

The source is a row of harmonics that fall by about 6 dB an octave; the mouth is five resonances (formants) whose
places are those of the vowel, gliding from one vowel to the next; consonants (`consonants.py`) close the mouth, move
the formants and make noise. Vowel formants are for a female voice, after Peterson and Barney (1952), with the upper
ones at usual places.

The pitch is never still, as no singer's is: it swings past each new note, wavers on long ones and trembles a little,
after the model of Saitou, Unoki and Akagi (Speech Communication 46, 2005).
"""

import numpy as np
from numpy.typing import NDArray

from notorious.demo.composition import Key, Note
from notorious.demo.consonants import CONSONANTS, Consonant, consonant_noise
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
OPENING_SECONDS = 0.045
"""How fast the formants leave a consonant's places."""

SWING_HZ, SWING_DAMPING = 4.5, 0.55
"""Of the pitch on its way to a note: it overshoots by an eighth of the step and is there after a fifth of a second."""
VIBRATO_HZ = 5.5
VIBRATO_SEMITONES = 0.45
TREMBLE_SEMITONES = 0.08


def _mouth(syllable: str) -> tuple[Consonant | None, str]:
    """The consonant (or none) and the vowels, one letter each, that a syllable passes through."""
    letters = syllable.split()
    last = SPELLING.get(letters[-1], letters[-1])
    if len(letters) == 1:
        return None, last
    first = letters[0]
    return CONSONANTS[first[0]], first[1] + last if first[1] != last[0] else last


def _formants(
    consonant: Consonant | None, closed_seconds: float, vowels: str, times: NDArray[np.float64], seconds: float
) -> NDArray[np.float64]:
    """The five formant frequencies, `[shape=(5, points)]`, along a syllable."""
    places = np.array([VOWELS[vowel] for vowel in vowels])
    # The first vowel is held for half the note; the glide into the last takes the rest, as singers do.
    if len(places) == 1:
        anchors = np.array([0.0, 1.0])
        places = np.repeat(places, 2, axis=0)
    else:
        anchors = np.linspace(0.45, 0.85, len(places))
    line = np.array([np.interp(times / seconds, anchors, places[:, number]) for number in range(3)])
    if consonant is not None:
        closing = np.exp(-np.maximum(times - closed_seconds, 0.0) / OPENING_SECONDS)
        for number in range(2):
            line[number] += (consonant.locus_hz[number] - line[number]) * closing
    upper = np.repeat(np.array(UPPER_FORMANTS_HZ)[:, None], times.size, axis=1)
    return np.concatenate([line, upper])


def _mouth_gain(frequency_hz: NDArray[np.float64], formants: NDArray[np.float64]) -> NDArray[np.float64]:
    """The magnitude of the resonances in parallel, each weaker than the one below, `[shape=frequency_hz.shape]`."""
    gain = np.zeros(np.broadcast_shapes(frequency_hz.shape, formants[0][None, :].shape))
    for number, strength in enumerate((1.0, 0.7, 0.5, 0.35, 0.25)):
        distance = (frequency_hz - formants[number][None, :]) / (BANDWIDTHS_HZ[number] / 2)
        gain += strength / np.sqrt(1 + distance**2)
    return gain


def _pitch(midi: float, start: float, time: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    """The pitch [MIDI] of a note that is reached from `start`: the answer of a damped swing to a step, with vibrato
    that comes late and a slow random tremble."""
    turn = 2 * np.pi * SWING_HZ
    damped = turn * np.sqrt(1 - SWING_DAMPING**2)
    fade = np.exp(-SWING_DAMPING * turn * time)
    swing = fade * (np.cos(damped * time) + SWING_DAMPING * turn / damped * np.sin(damped * time))
    pitch = midi + (start - midi) * swing
    rate = VIBRATO_HZ * (1 + 0.06 * rng.standard_normal())
    depth = VIBRATO_SEMITONES * np.clip((time - 0.15) / 0.3, 0.0, 1.0)
    pitch += depth * np.sin(2 * np.pi * (rate * time + rng.random()))
    knots = np.arange(0.0, time[-1] + 0.2, 0.1)
    pitch += TREMBLE_SEMITONES * np.interp(time, knots, rng.standard_normal(knots.size))
    return np.asarray(pitch)


def sung_note(note: Note, seconds: float, key: Key, *, glide_from: float | None, rng: np.random.Generator) -> Signal:
    """One syllable on one note, mono. The pitch comes from `glide_from` [MIDI], or from below where that is None."""
    length = int(seconds * SAMPLE_RATE_HZ)
    time = np.arange(length) / SAMPLE_RATE_HZ
    pitch = _pitch(note.midi, note.midi - 1.5 if glide_from is None else glide_from, time, rng)
    frequency = 440.0 * 2 ** ((pitch - 69) / 12 + key.tuning_cents / 1200)

    points = control_points(length)
    consonant, vowels = _mouth(note.syllable)
    closed = 0.0 if consonant is None else min(consonant.seconds, 0.4 * seconds)
    formants = _formants(consonant, closed, vowels, points, seconds)
    middle = np.interp(points, time, frequency)
    number = np.arange(1, int(9000 / float(frequency.min())) + 1)[:, None]
    strength = _mouth_gain(number * middle[None, :], formants) / number
    opening = np.clip((points - closed) / 0.025, 0.0, 1.0)
    voiced = 1.0 if consonant is None else consonant.voiced + (1 - consonant.voiced) * opening
    swell = np.minimum(points / 0.03, 1.0) * (0.75 + 0.25 * np.minimum(points / 0.35, 1.0))
    tone = partials(frequency, length, strength * (swell * voiced)[None, :])

    breath = filtered(rng.standard_normal(length).astype(np.float32), "bandpass", (1800.0, 7000.0), order=1)
    out = tone / np.float32(max(1e-9, float(np.max(np.abs(tone))))) * np.float32(0.8) + breath * np.float32(0.012)
    if consonant is not None:
        out += consonant_noise(consonant, closed + 0.02, length, rng)
    return soften_ends(out.astype(np.float32) * np.float32(note.velocity), 0.008, min(0.12, seconds / 3))
