"""Where the demo crate's tones come from: band-limited waves, partials summed one by one, and frequency modulation.

Conventions: 44.1 kHz; a mono signal is `float32 [shape=(n,)]`, a stereo one `float32 [shape=(2, n)]`, about unit peak.
Nothing here aliases: a wave holds only the harmonics below 18 kHz at the pitch where it is played.
"""

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

SAMPLE_RATE_HZ = 44_100
HIGHEST_PARTIAL_HZ = 18_000.0
TABLE_LENGTH = 4096
CONTROL_HOP = 64
"""Samples between two points of an envelope that shapes partials: 1.5 ms, shorter than any attack used here."""

Signal = NDArray[np.float32]


@lru_cache(maxsize=256)
def _wave_table(shape: str, harmonics: int) -> Signal:
    """One period of a band-limited wave, with one point more than a period so that interpolation never wraps."""
    number = np.arange(1, harmonics + 1)
    if shape == "saw":
        amplitude = 1.0 / number
    elif shape == "square":
        amplitude = np.where(number % 2 == 1, 1.0 / number, 0.0)
    else:
        raise ValueError(f"no wave is called {shape!r}: use saw or square")
    # Lanczos factors take the Gibbs ripple off the highest harmonics, which otherwise sounds brittle.
    amplitude = amplitude * np.sinc(number / (harmonics + 1))
    spectrum = np.zeros(TABLE_LENGTH // 2 + 1, dtype=np.complex128)
    spectrum[1 : harmonics + 1] = -1j * amplitude
    period = np.fft.irfft(spectrum, TABLE_LENGTH)
    period /= np.max(np.abs(period))
    return np.append(period, period[0]).astype(np.float32)


def wave(shape: str, frequency_hz: float, length: int, *, phase: float = 0.0) -> Signal:
    """A steady band-limited "saw" or "square" of `length` samples; `phase` in periods."""
    harmonics = max(1, min(int(HIGHEST_PARTIAL_HZ / frequency_hz), TABLE_LENGTH // 4))
    table = _wave_table(shape, harmonics)
    position = np.arange(length, dtype=np.float64) * (frequency_hz / SAMPLE_RATE_HZ) + phase
    position -= np.floor(position)
    position *= TABLE_LENGTH
    left = position.astype(np.int32)
    fraction = (position - left).astype(np.float32)
    low = table[left]
    return low + fraction * (table[left + 1] - low)


def supersaw(frequency_hz: float, length: int, *, voices: int, detune_cents: float, rng: np.random.Generator) -> Signal:
    """Detuned saws spread over the stereo field, `[shape=(2, length)]`.

    The voices lie symmetrically around the pitch, closer to it in the middle, so that the chord stays in tune, and
    start at random phases, without which every note would begin with the same swoosh.
    """
    out = np.zeros((2, length), dtype=np.float32)
    spread = np.linspace(-1.0, 1.0, voices) if voices > 1 else np.zeros(1)
    for number, place in enumerate(spread):
        cents = detune_cents * np.sign(place) * abs(place) ** 1.5
        voice = wave("saw", frequency_hz * 2 ** (cents / 1200), length, phase=float(rng.random()))
        # Neighbours in pitch go to opposite sides, else the left ear hears a flat chord and the right a sharp one.
        side = (1 if number % 2 else -1) * abs(place)
        angle = (side * 0.9 + 1) * np.pi / 4
        out[0] += np.float32(np.cos(angle)) * voice
        out[1] += np.float32(np.sin(angle)) * voice
    return out * np.float32(1.0 / np.sqrt(voices))


def partials(
    frequency_hz: float | NDArray[np.float64],
    length: int,
    amplitudes: NDArray[np.float64],
    *,
    phase: float = 0.0,
) -> Signal:
    """The sum of harmonics whose strengths move: a filtered oscillator without the filter's cost or its aliasing.

    `frequency_hz` is steady or per sample; `amplitudes [shape=(harmonics, points)]` are the strengths of harmonics 1,
    2, … every `CONTROL_HOP` samples, linear in between. Each sine follows from the two before it (sin kx = 2 cos x sin
    (k-1)x - sin (k-2)x), in double precision, so that a hundred of them cost little more than a hundred
    multiplications.
    """
    if isinstance(frequency_hz, np.ndarray):
        turned: NDArray[np.floating[Any]] = np.cumsum(frequency_hz[:length]) - frequency_hz[0]
        highest = float(frequency_hz.max())
    else:
        turned = np.arange(length) * frequency_hz
        highest = frequency_hz
    angle = 2 * np.pi * turned / SAMPLE_RATE_HZ + phase
    count = max(1, min(len(amplitudes), int(HIGHEST_PARTIAL_HZ / highest)))
    position = np.arange(length) / CONTROL_HOP
    left = np.minimum(position.astype(np.int64), amplitudes.shape[1] - 2)
    fraction = np.minimum(position - left, 1.0)
    twice_cosine = 2 * np.cos(angle)
    before, current = np.zeros(length), np.sin(angle)
    out = np.zeros(length)
    for strength in amplitudes[:count]:
        if strength.any():
            rise = np.diff(strength)
            out += (strength[left] + fraction * rise[left]) * current
        before, current = current, twice_cosine * current - before
    return out.astype(np.float32)


def control_points(length: int) -> NDArray[np.float64]:
    """Times in seconds of the points at which `partials` wants its strengths."""
    points: NDArray[np.float64] = np.arange(length // CONTROL_HOP + 2, dtype=np.float64) * (
        CONTROL_HOP / SAMPLE_RATE_HZ
    )
    return points


def saw_through_filter(
    frequency_hz: float,
    length: int,
    cutoff_hz: NDArray[np.float64],
    *,
    resonance: float = 0.8,
    odd_only: bool = False,
    slope_poles: int = 4,
) -> Signal:
    """A saw (or, with `odd_only`, a square) behind a resonant low-pass that moves: `cutoff_hz` at `control_points`.

    The filter is the magnitude of a two-pole low-pass (quality `resonance`), squared for four poles.
    """
    count = max(1, min(160, int(HIGHEST_PARTIAL_HZ / frequency_hz)))
    number = np.arange(1, count + 1)[:, None]
    ratio = number * frequency_hz / cutoff_hz[None, :]
    gain = 1.0 / np.sqrt((1 - ratio**2) ** 2 + (ratio / resonance) ** 2)
    if slope_poles == 4:
        gain = gain / np.sqrt(1 + ratio**4)
    strength = gain / number
    if odd_only:
        strength = np.where(number % 2 == 1, strength, 0.0)
    return partials(frequency_hz, length, strength)


def frequency_modulated(
    frequency_hz: float, length: int, *, ratio: float, index: NDArray[np.float64], phase: float = 0.0
) -> Signal:
    """A sine whose phase a second one, `ratio` times as fast, moves by `index` radians a sample (Chowning 1973)."""
    angle = np.arange(length) * (2 * np.pi * frequency_hz / SAMPLE_RATE_HZ)
    tone: Signal = np.sin(angle + phase + index * np.sin(ratio * angle)).astype(np.float32)
    return tone


def decay(length: int, seconds: float) -> NDArray[np.float64]:
    """An exponential that falls by 60 dB within `seconds`."""
    fall: NDArray[np.float64] = np.exp(np.arange(length) * (-6.9078 / (seconds * SAMPLE_RATE_HZ)))
    return fall


def soften_ends(signal: Signal, attack_seconds: float, release_seconds: float) -> Signal:
    """The same signal with raised-cosine ends, in place; an attack of 0 leaves the first sample as it is."""
    length = signal.shape[-1]
    rise = min(int(attack_seconds * SAMPLE_RATE_HZ), length)
    fall = min(int(release_seconds * SAMPLE_RATE_HZ), length)
    if rise > 0:
        signal[..., :rise] *= (0.5 - 0.5 * np.cos(np.pi * np.arange(rise) / rise)).astype(np.float32)
    if fall > 0:
        signal[..., length - fall :] *= (0.5 + 0.5 * np.cos(np.pi * np.arange(1, fall + 1) / fall)).astype(np.float32)
    return signal
