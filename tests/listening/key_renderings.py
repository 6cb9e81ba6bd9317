"""Short pieces of dance music with a known key, rendered from a seed: truth for the key listener.

What varies: key, tuning, material (chord loops, riffs, pedals, arpeggios, power chords without thirds; natural,
harmonic, dorian and phrygian minor; major and mixolydian), progressions that do not start on the tonic, voicings,
rhythm, timbre (saw, square, triangle, organ, FM, inharmonic bell, unison detuning, filters, distortion), drums whose
kick and snare have a pitch of their own, levels. Nothing is shared with the listener.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

RATE_HZ = 22050
FRAME = 4096
HOP = 2048
Samples = NDArray[np.float32]

_MINOR_LOOPS = (
    ((0, 8, 3, 10), 6), ((0, 10, 8, 10), 5), ((0, 5, 7, 0), 3), ((0, 8, 10, 0), 4), ((0, 0, 8, 10), 4), ((0, 5), 3),
    ((0, 7), 2), ((0,), 6), ((0, 3, 10, 5), 2), ((8, 10, 0, 0), 3), ((0, 10), 3), ((0, 8), 3), ((0, 0, 0, 10), 3),
    ((0, 3, 8, 10), 2), ((5, 8, 0, 10), 1), ((8, 10, 0, 3), 1),
)  # fmt: skip
_MAJOR_LOOPS = (
    ((0, 7, 9, 5), 6), ((0, 5, 7, 0), 4), ((0, 9, 5, 7), 4), ((0, 5), 4), ((0,), 3), ((2, 7, 0, 0), 2), ((0, 4, 5, 7),
    2), ((0, 2, 5, 0), 2), ((5, 7, 0, 0), 2), ((5, 0, 7, 0), 2), ((0, 7, 5, 5), 2), ((0, 10, 5, 0), 1),
)  # fmt: skip
_SCALES = {
    "minor": (0, 2, 3, 5, 7, 8, 10),
    "harmonic": (0, 2, 3, 5, 7, 8, 11),
    "dorian": (0, 2, 3, 5, 7, 9, 10),
    "phrygian": (0, 1, 3, 5, 7, 8, 10),
    "major": (0, 2, 4, 5, 7, 9, 11),
    "mixolydian": (0, 2, 4, 5, 7, 9, 10),
}


@dataclass(frozen=True)
class Rendering:
    """A piece: mono samples at 22,050 Hz, its key and its tuning."""

    samples: Samples
    tonic: int
    mode: str
    detune_cents: float
    material: str


def power_spectra(samples: Samples) -> NDArray[np.float32]:
    """|STFT|^2, Hann 4096, hop 2048, frame i centred on sample 2048 i: shape (frames, 2049)."""
    from scipy.fft import rfft

    padded = np.pad(samples, FRAME // 2)
    frames = np.lib.stride_tricks.sliding_window_view(padded, FRAME)[::HOP]
    window = np.hanning(FRAME + 1)[:-1].astype(np.float32)
    spectrum = rfft(frames * window, axis=1)
    return (spectrum.real**2 + spectrum.imag**2).astype(np.float32)


class _Voice:
    """One timbre; notes are remembered, since a loop repeats them."""

    def __init__(self, rng: np.random.Generator, kind: str, detune_cents: float) -> None:
        self.rng = rng
        self.kind = kind
        self.detune = detune_cents
        self.cutoff = float(np.exp(rng.uniform(np.log(600), np.log(6000))))
        self.slope = rng.uniform(1.0, 3.0)
        self.attack = rng.choice([0.003, 0.003, 0.02, 0.1])
        self.decay = rng.choice([0.1, 0.3, 1.0, 100.0])
        self.spread = rng.choice([0.0, 0.0, 6.0, 12.0])
        self.bars = rng.uniform(0, 1, 9)
        self.index = rng.uniform(0.5, 3.0)
        self.notes: dict[tuple[float, int], NDArray[np.float64]] = {}

    def note(self, pitch: float, length: int) -> NDArray[np.float64]:
        """A note at a MIDI pitch, `length` samples long."""
        if (pitch, length) not in self.notes:
            self.notes[pitch, length] = self._make(pitch, length)
        return self.notes[pitch, length]

    def _make(self, pitch: float, length: int) -> NDArray[np.float64]:
        time = np.arange(length) / RATE_HZ
        out = np.zeros(length)
        for cents in (-self.spread, self.spread) if self.spread else (0.0,):
            f0 = 440 * 2 ** ((pitch - 69 + (self.detune + cents) / 100) / 12)
            phase = 2 * np.pi * f0 * time + self.rng.uniform(0, 2 * np.pi)
            if self.kind == "fm":
                out += np.sin(phase + self.index * np.exp(-time / 0.3) * np.sin(2 * phase))
                continue
            for partial, level in self._partials():
                if f0 * partial > 8000:
                    break
                filtered = 1 / (1 + (f0 * partial / self.cutoff) ** (2 * self.slope))
                if level * filtered > 1e-3:
                    out += level * filtered * np.sin(partial * phase + partial)
        envelope = np.minimum(time / self.attack, 1) * np.exp(-time / self.decay)
        envelope *= np.clip((time[-1] - time) / 0.01, 0, 1)
        return out * envelope

    def _partials(self) -> list[tuple[float, float]]:
        if self.kind == "saw":
            return [(n, 1 / n) for n in range(1, 24)]
        if self.kind == "square":
            return [(n, 1 / n) for n in range(1, 24, 2)]
        if self.kind == "triangle":
            return [(n, 1 / n**2) for n in range(1, 12, 2)]
        if self.kind == "sine":
            return [(1, 1.0), (2, 0.05)]
        if self.kind == "organ":
            return [(n, float(level)) for n, level in zip((0.5, 1, 1.5, 2, 3, 4, 5, 6, 8), self.bars, strict=True)]
        return [(1, 1.0), (2.76, 0.4), (5.4, 0.2), (8.9, 0.1)]  # a bell, after the modes of a free bar


def render(seed: int, *, seconds: float = 22.0, transposed: int = 0) -> Rendering:
    """The piece that belongs to a seed, so many semitones higher."""
    rng = np.random.default_rng(seed)
    minor = bool(rng.random() < 0.65)
    tonic = (int(rng.integers(12)) + transposed) % 12
    material = str(rng.choice(["loop", "loop", "riff", "pedal", "arpeggio", "power"]))
    scale_name = str(
        rng.choice(["minor", "harmonic", "dorian", "phrygian"], p=[0.68, 0.1, 0.14, 0.08])
        if minor
        else rng.choice(["major", "mixolydian"], p=[0.85, 0.15])
    )
    scale = _SCALES[scale_name]
    loops = _MINOR_LOOPS if minor else _MAJOR_LOOPS
    weights = np.array([weight for _, weight in loops], dtype=float)
    loop = loops[int(rng.choice(len(loops), p=weights / weights.sum()))][0]
    detune = 0.0 if rng.random() < 0.4 else float(np.clip(rng.normal(0, 20), -45, 45))
    beat = int(RATE_HZ * 60 / rng.uniform(85, 175))
    bar = 4 * beat
    bars = max(4, int(seconds * RATE_HZ / bar))
    length = bars * bar
    bars_per_chord = int(rng.choice([1, 1, 2]))

    tracks = {
        "chords": np.zeros(length),
        "bass": np.zeros(length),
        "lead": np.zeros(length),
        "drums": np.zeros(length),
    }
    chord_voice = _Voice(rng, str(rng.choice(["saw", "square", "organ", "fm", "triangle", "saw"])), detune)
    bass_voice = _Voice(rng, str(rng.choice(["sine", "saw", "square", "triangle"])), detune)
    bass_voice.attack, bass_voice.cutoff = 0.003, float(rng.choice([150, 400, 1500]))
    lead_voice = _Voice(rng, str(rng.choice(["saw", "square", "triangle", "fm", "bell", "sine"])), detune)

    rhythm = _rhythm(rng)
    bass_rhythm = _rhythm(rng)
    voicing = int(rng.integers(-5, 7))
    sevenths = rng.random() < 0.3
    suspended = rng.random() < 0.1
    motif = _motif(rng, scale)
    riff = [int(rng.choice([0, 0, 0, 0, 12, 7, 10 if minor else 9, 3 if minor else 4, 5])) for _ in range(16)]
    bass_on_tonic = material == "pedal" or rng.random() < 0.1
    for number in range(bars):
        root = loop[(number // bars_per_chord) % len(loop)]
        chord = _chord(root, scale, sevenths=sevenths, suspended=suspended, power=material == "power")
        pitches = [60 + tonic + (note + voicing) % 12 - voicing for note in chord]
        start = number * bar
        sixteenth = beat // 4
        if material == "arpeggio":
            for step in range(16):
                pitch = pitches[step % len(pitches)] + 12 * (step % 8 > 5)
                _put(tracks["chords"], chord_voice.note(pitch, sixteenth), start + step * sixteenth)
        elif material == "riff":
            for step in rhythm[:6]:
                _put(tracks["chords"], chord_voice.note(48 + tonic + riff[step], beat // 2), start + step * sixteenth)
        else:
            for step in rhythm:
                size = bar if rhythm == (0,) else beat // 2
                for pitch in pitches:
                    _put(tracks["chords"], chord_voice.note(pitch, size), start + step * sixteenth)
        bass_root = 36 + (tonic + (0 if bass_on_tonic else root) + 4) % 12 - 4
        for step in bass_rhythm:
            if material == "riff":
                pitch = 36 + tonic + riff[step]
            else:
                pitch = bass_root + (12 if step % 4 == 3 and riff[0] == 12 else 0)
            size = bar if bass_rhythm == (0,) else beat // 2
            _put(tracks["bass"], bass_voice.note(pitch, size), start + step * sixteenth)
        for step, note in motif:
            _put(tracks["lead"], lead_voice.note(72 + tonic + note, beat // 2), start + step * sixteenth)
    _drums(rng, tracks["drums"], beat)
    for name in ("chords", "bass", "lead"):
        _arranged(rng, tracks[name], bar)

    sparse = material in ("power", "riff") or suspended  # here the lead alone says whether it is major or minor
    if not sparse and rng.random() < 0.35:
        tracks["lead"][:] = 0
    levels = {"chords": (-8, 2), "bass": (-6, 6), "lead": (-8 if sparse else -14, 0), "drums": (-12, 6)}
    mix = np.zeros(length)
    for name, track in tracks.items():
        level = float(np.sqrt(np.mean(track**2)))
        if level > 0:
            low, high = levels[name]
            mix += track / level * 10 ** (rng.uniform(low, high) / 20)
    mix /= np.max(np.abs(mix))
    if rng.random() < 0.4:
        drive = rng.uniform(1, 4)
        mix = np.tanh(drive * mix)
    mix += 10 ** (rng.uniform(-80, -45) / 20) * rng.standard_normal(length)
    return Rendering(
        (0.5 * mix).astype(np.float32), tonic, "minor" if minor else "major", detune, f"{material}/{scale_name}"
    )


def _arranged(rng: np.random.Generator, track: NDArray[np.float64], bar: int) -> None:
    """Let a layer enter later, or pause once, on a border of four bars (rarely on any bar)."""
    bars = len(track) // bar
    grid = 1 if rng.random() < 0.15 else 4
    kind = rng.random()
    if kind < 0.4:
        track[: grid * int(rng.integers(0, 1 + max(1, bars // 2) // grid)) * bar] = 0
    elif kind < 0.6:
        start = grid * int(rng.integers(0, 1 + max(1, bars // 2) // grid))
        track[start * bar : (start + grid) * bar] = 0


def _put(track: NDArray[np.float64], note: NDArray[np.float64], start: int) -> None:
    end = min(start + len(note), len(track))
    track[start:end] += note[: end - start]


def _rhythm(rng: np.random.Generator) -> tuple[int, ...]:
    """Sixteenths of a bar on which something sounds."""
    patterns = (
        (0,),
        (2, 6, 10, 14),
        (0, 3, 6, 10),
        (0, 3, 6, 8, 11, 14),
        (0, 4, 8, 12),
        tuple(range(0, 16, 2)),
        (0, 7, 10),
    )
    return patterns[int(rng.integers(len(patterns)))]


def _chord(root: int, scale: tuple[int, ...], *, sevenths: bool, suspended: bool, power: bool) -> list[int]:
    """Thirds stacked on a root, taken from the scale (from the nearest note of it where the root is foreign)."""
    place = min(range(7), key=lambda index: (abs(scale[index] - root), index))
    notes = [scale[(place + step) % 7] for step in (0, 2, 4, 6)]
    if power:
        return [notes[0], notes[2]]
    if suspended:
        notes[1] = scale[(place + 3) % 7]
    return notes if sevenths else notes[:3]


def _motif(rng: np.random.Generator, scale: tuple[int, ...]) -> list[tuple[int, int]]:
    """A one-bar melody in the scale that prefers the tonic triad and has its third, without which there is no mode."""
    weights = np.array([5, 2, 4, 2, 4, 1.5, 2])
    steps = sorted(rng.choice(16, size=int(rng.integers(2, 8)), replace=False).tolist())
    notes = [int(scale[int(rng.choice(7, p=weights / weights.sum()))] + 12 * rng.integers(-1, 1)) for _ in steps]
    notes[int(rng.integers(len(notes)))] = scale[2]
    return list(zip(steps, notes, strict=True))


def _drums(rng: np.random.Generator, track: NDArray[np.float64], beat: int) -> None:
    time = np.arange(int(0.3 * RATE_HZ)) / RATE_HZ
    base, sweep, body = rng.uniform(40, 65), rng.uniform(50, 250), rng.uniform(0.05, 0.2)
    kick = np.sin(2 * np.pi * (base * time + sweep * 0.03 * (1 - np.exp(-time / 0.03)))) * np.exp(-time / body)
    noise = rng.standard_normal(len(time))
    tone = np.sin(2 * np.pi * rng.uniform(160, 240) * time)
    snare = (rng.uniform(0, 0.8) * tone + 0.5 * noise) * np.exp(-time / rng.uniform(0.04, 0.12))
    hat = np.diff(rng.standard_normal(len(time) + 1)) * np.exp(-time / rng.uniform(0.01, 0.06)) * rng.uniform(0.05, 0.4)
    broken = rng.random() < 0.3
    steps = len(track) // (beat // 4)
    for step in range(steps):
        at = step * beat // 4
        if step % 16 in ((0, 6, 10) if broken else (0, 4, 8, 12)):
            _put(track, kick, at)
        if step % 16 in (4, 12):
            _put(track, snare, at)
        if step % 4 == 2 or (step % 2 == 0 and broken):
            _put(track, hat, at)
