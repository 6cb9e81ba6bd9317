"""Sounds with exact truth for the stretcher's listening tests, and the rulers that are laid on what comes out."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from notorious.audio.stretch import TimeMap, stretch

Samples = NDArray[np.float32]
Floats = NDArray[np.float64]
RATE = 44100


def render(source: Samples, time_map: TimeMap, frames: int, attacks: Sequence[float] = ()) -> Samples:
    """The first `frames` output frames of a source along a time map."""

    def read(start: int, count: int) -> Samples:
        given = np.zeros((count, source.shape[1]), dtype=np.float32)
        low, high = max(start, 0), min(start + count, len(source))
        if high > low:
            given[low - start : high - start] = source[low:high]
        return given

    return np.concatenate(
        list(stretch(read, time_map, first_frame=0, frames=frames, rate_hz=RATE, attacks=tuple(attacks)))
    )


def constant(ratio: float, frames: int) -> TimeMap:
    """One ratio from output frame 0 to `frames`."""
    return TimeMap((0.0, float(frames)), (0.0, ratio * frames))


def kick() -> Floats:
    """A kick drum: a click of 2 ms and a sine that falls from 160 to 48 Hz."""
    seconds = np.arange(int(0.35 * RATE)) / RATE
    phase = 2 * np.pi * np.cumsum(48 + 112 * np.exp(-seconds / 0.03)) / RATE
    click = 0.25 * np.random.default_rng(7).standard_normal(len(seconds)) * np.exp(-seconds / 0.002)
    return (0.8 * np.sin(phase) * np.exp(-seconds / 0.12) + 0.8 * click) * np.minimum(1, seconds / 0.0005)


def hat(seed: int) -> Floats:
    """A closed hat: 15 ms of bright noise."""
    seconds = np.arange(int(0.08 * RATE)) / RATE
    bright = np.diff(np.random.default_rng(seed).standard_normal(len(seconds) + 1))
    return 0.15 * bright * np.exp(-seconds / 0.015)


def chord(seconds: float) -> Floats:
    """Five notes with one overtone each, [shape=(n, 2)], wide: odd notes lean left, even ones right."""
    time = np.arange(int(seconds * RATE)) / RATE
    sound = np.zeros((len(time), 2))
    for number, hertz in enumerate((220.0, 261.63, 329.63, 441.3, 659.2)):
        note = 0.05 * np.sin(2 * np.pi * hertz * time + number) + 0.02 * np.sin(4 * np.pi * hertz * time + 2 * number)
        lean = 0.5 * (-1) ** number
        sound += note[:, None] * np.array([1 + lean, 1 - lean])
    return sound


def bass(seconds: float) -> Floats:
    """A 55 Hz line, plucked anew every half second."""
    time = np.arange(int(seconds * RATE)) / RATE
    within = time % 0.5
    return 0.2 * np.sin(2 * np.pi * 55 * time) * np.minimum(1, within / 0.01) * np.minimum(1, (0.5 - within) / 0.02)


def placed(sound: Floats, frames: Sequence[int] | NDArray[np.int64], length: int) -> Floats:
    """The same sound at each of the frames, [shape=(length,)]."""
    track = np.zeros(length)
    for frame in frames:
        stop = min(frame + len(sound), length)
        track[frame:stop] += sound[: stop - frame]
    return track


def beat_frames(bpm: float, seconds: float, offset: float = 0.1) -> NDArray[np.int64]:
    """Whole source frames of the beats, from `offset` seconds on."""
    return np.round(np.arange(offset, seconds - 0.6, 60 / bpm) * RATE).astype(np.int64)


def stereo(*sounds: Floats) -> Samples:
    """The sum of mono and stereo sounds, as float32 stereo."""
    return sum(sound if sound.ndim == 2 else np.repeat(sound[:, None], 2, axis=1) for sound in sounds).astype(
        np.float32
    )


def lag_ms(source: Floats, rendered: Floats, at: float, place: float, *, search_ms: float = 15.0) -> float:
    """How late an attack sounds: the best match of the waveform from 4 ms before it to 20 ms after it.

    The match's place is refined by a parabola.
    """
    before, after, search = int(0.004 * RATE), int(0.02 * RATE), int(search_ms * RATE / 1000)
    begin, goal = round(at), round(place)
    wanted = source[begin - before : begin + after]
    heard = rendered[goal - before - search : goal + after + search]
    product = np.correlate(heard, wanted, "valid")
    energy = np.convolve(heard**2, np.ones(len(wanted)), "valid")
    match = product / np.sqrt(np.maximum(energy, 1e-12))
    best = int(np.argmax(match))
    shift = 0.0
    if 0 < best < len(match) - 1:
        left, top, right = match[best - 1 : best + 2]
        shift = float(0.5 * (left - right) / (left - 2 * top + right))
    return (best + shift - search + goal - place) / RATE * 1000


def level_db(sound: Floats | Samples, at: float, start_ms: float, stop_ms: float) -> float:
    """Mean power between two times around a frame, in dB; no less than -100."""
    begin, end = round(at + start_ms * RATE / 1000), round(at + stop_ms * RATE / 1000)
    return float(10 * np.log10(np.mean(np.square(sound[begin:end], dtype=np.float64)) + 1e-10))


def bright(sound: Floats | Samples) -> Floats:
    """What lies above 5 kHz, without delay."""
    from scipy.signal import butter, sosfiltfilt

    return np.asarray(sosfiltfilt(butter(4, 5000, "high", fs=RATE, output="sos"), sound, axis=0))


def sinad_db(sound: Floats | Samples, hertz: Sequence[float]) -> float:
    """Power of steady sines against all else, in dB, by least squares."""
    time = np.arange(len(sound)) / RATE
    waves = np.column_stack([wave(2 * np.pi * f * time) for f in hertz for wave in (np.cos, np.sin)])
    found, *_ = np.linalg.lstsq(waves, np.asarray(sound, dtype=np.float64), rcond=None)
    tones = waves @ found
    return float(10 * np.log10(np.mean(tones**2) / np.mean((sound - tones) ** 2)))
