"""What makes one track of the crate different from another: tempo, key, patches, patterns, title, tags.

A recipe follows from (seed, number, tracks) alone, and everything in a track follows from its recipe: each purpose
draws from its own generator, named after it, so that a change to the drums changes no melody.
"""

from dataclasses import dataclass, field
from zlib import crc32

import numpy as np

from notorious.demo.composition import (
    Harmony,
    Key,
    Loop,
    Mode,
    Note,
    arpeggio,
    bass_line,
    harmony,
    melody,
    rhythmic_chords,
    sung_melody,
    sustained_chords,
)
from notorious.demo.drums import KickShape
from notorious.demo.grooves import DEEP_HOUSE, DRUM_AND_BASS, TECHNO, TRANCE, Groove

GENRES = ("deep house", "techno", "trance", "drum and bass")
"""In the order in which a night would play them: each begins where the one before left off in tempo."""

GROOVES: dict[str, tuple[Groove, ...]] = {
    "deep house": DEEP_HOUSE,
    "techno": TECHNO,
    "trance": TRANCE,
    "drum and bass": DRUM_AND_BASS,
}
BPM_RANGES: dict[str, tuple[float, float]] = {
    "deep house": (120.5, 125.0),
    "techno": (126.0, 130.5),
    "trance": (131.0, 137.0),
    "drum and bass": (172.0, 176.0),
}

BASS_PATTERNS: dict[str, tuple[str, ...]] = {
    "deep house": ("r--r--r---f-r-o-", "r-----rr--r--s--r-----rr--t-o---", "--r---r_--r-o-r-"),
    "techno": ("--r---r---r---r-", "-rrr-rrr-rrr-rro", "r--r--r--r--r-o-"),
    "trance": ("-rrr-rrr-rrr-rrr", "--rr--rr--rr--ro", "-rro-rro-rro-rro"),
    "drum and bass": ("r_____--r___--s-", "r___r_----r___--r___r_----f___--", "--r_____--r_--r_"),
}
SUB_PATTERNS = ("r_______--r_____", "r_____--r_____--", "r__--r____--r_--")
CHORD_PATTERNS: dict[str, tuple[str, ...]] = {
    "deep house": ("--X--x----x--o--", "X--x---o--x-----", "---x--X---x---o-"),
    "techno": ("---X------------", "--X--o---x------", "X-----x-----o---------x-----x---"),
    "trance": ("X--x--x-X--x--x-", "X-x-X-xxX-x-X-xx", "--X---X---X---Xo"),
    "drum and bass": ("X-----x---------", "--X-----x--o----", "X---------x-----"),
}
PATCH_CHOICES: dict[str, dict[str, tuple[str, ...]]] = {
    "deep house": {
        "pad": ("glass_pad", "wide_pad", "string_pad"),
        "chords": ("electric_piano", "organ_stab", "electric_piano"),
        "pluck": ("hollow_pluck", "bell_pluck", "saw_pluck"),
        "lead": ("flute_lead", "bell_lead", "square_lead"),
        "bass": ("round_bass", "organ_bass", "round_bass"),
    },
    "techno": {
        "pad": ("wide_pad", "glass_pad", "string_pad"),
        "chords": ("dub_stab", "dub_stab", "organ_stab"),
        "pluck": ("hollow_pluck", "saw_pluck", "bell_pluck"),
        "lead": ("acid_lead", "square_lead", "acid_lead"),
        "bass": ("round_bass", "rolling_bass", "organ_bass"),
    },
    "trance": {
        "pad": ("string_pad", "wide_pad", "glass_pad"),
        "chords": ("supersaw_chord", "supersaw_chord", "supersaw_chord"),
        "pluck": ("saw_pluck", "bell_pluck", "hollow_pluck"),
        "lead": ("anthem_lead", "square_lead", "anthem_lead"),
        "bass": ("rolling_bass", "rolling_bass", "round_bass"),
    },
    "drum and bass": {
        "pad": ("glass_pad", "string_pad", "wide_pad"),
        "chords": ("electric_piano", "dub_stab", "organ_stab"),
        "pluck": ("bell_pluck", "hollow_pluck", "saw_pluck"),
        "lead": ("bell_lead", "flute_lead", "square_lead"),
        "bass": ("reese_bass", "reese_bass", "reese_bass"),
    },
}

ARTISTS = (
    "Nadir Lane", "Ostkreuz", "Marla Venn", "Tidal Office", "Juniper Static", "Kassiopeia", "Low Ceiling",
    "Pale Meridian",
    "Sørine", "Half Past Amber", "Motorik Garden", "Delta Umbra", "Ivo Quint", "Glass Harbour",
)  # fmt: skip
FIRST_WORDS = (
    "Copper", "Velvet", "Northern", "Hollow", "Paper", "Concrete", "Saffron", "Midnight", "Silver", "Distant", "Liquid",
    "Borrowed", "Electric", "Violet", "Sunken", "Slow", "Infinite", "Restless",
)  # fmt: skip
SECOND_WORDS = (
    "Harbour", "Signal", "Gardens", "Machine", "Horizon", "Rooms", "Weather", "Orbit", "Stairs", "Letters", "Engine",
    "Mirage", "Tides", "Avenue", "Cathedral", "Summer", "Current", "Lanterns",
)  # fmt: skip


@dataclass(frozen=True)
class Recipe:
    """All that determines a track, bit for bit."""

    seed: int
    number: int
    title: str
    artist: str
    genre: str
    bpm: float
    key: Key
    lead_in_seconds: float
    form: int
    variant: int
    sings: bool
    loudness_lufs: float
    shorten: float = 1.0
    tags: dict[str, str] = field(default_factory=dict)
    wrong_tags: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The file's name without its ending."""
        return f"{self.artist} - {self.title}"

    @property
    def groove(self) -> Groove:
        return GROOVES[self.genre][self.variant]

    def random(self, purpose: str) -> np.random.Generator:
        """The generator of one purpose."""
        return np.random.default_rng([self.seed, self.number, crc32(purpose.encode())])

    def patch(self, layer: str) -> str:
        """Which patch plays a melodic layer."""
        fixed = {"answer": "bell_pluck", "sub": "sub_bass", "drone": "drone"}
        if layer in fixed:
            return fixed[layer]
        return PATCH_CHOICES[self.genre][layer][self.variant]

    def kick_shape(self) -> KickShape:
        """The kick, tuned to the tonic or to its fifth, whichever lies in the kick's range."""
        rng = self.random("kick")
        tonic = next(midi for midi in range(30, 42) if midi % 12 == self.key.tonic)
        midi = tonic if tonic <= 34 else tonic - 5
        punch = {"deep house": 0.0, "techno": 0.5, "trance": 0.7, "drum and bass": 1.0}[self.genre]
        return KickShape(
            tail_hz=self.key.hertz(midi) * (1.15 if self.genre == "drum and bass" else 1.0),
            sweep_hz=150.0 + 90.0 * punch + 40.0 * float(rng.random()),
            sweep_seconds=0.030 - 0.008 * punch + 0.006 * float(rng.random()),
            decay_seconds={"deep house": 0.40, "techno": 0.44, "trance": 0.36, "drum and bass": 0.26}[self.genre],
            click=0.25 + 0.35 * punch,
            drive={"deep house": 1.4, "techno": 2.4, "trance": 1.9, "drum and bass": 2.0}[self.genre],
        )

    def plan(self) -> Harmony:
        return harmony(self.genre, self.key.mode, self.random("harmony"))

    def score(self) -> dict[str, Loop]:
        """The notes of every melodic layer, as loops that share one progression."""
        plan, swing, variant = self.plan(), self.groove.swing, self.variant
        call, answer = melody(self.key, plan, self.random("melody"))
        tonic = self.key.midi(0, 2)
        return {
            "pad": sustained_chords(self.key, plan, centre=60),
            "chords": rhythmic_chords(
                self.key, plan, CHORD_PATTERNS[self.genre][variant], swing=swing,
                length_beats=0.45 if self.genre != "deep house" else 0.6,
            ),
            "pluck": arpeggio(self.key, plan, self.random("arpeggio"), swing=swing, octave=4 if variant == 0 else 5),
            "bass": bass_line(self.key, plan, BASS_PATTERNS[self.genre][variant], swing=swing),
            "sub": bass_line(self.key, plan, SUB_PATTERNS[variant], swing=swing),
            "lead": call,
            "answer": answer,
            "drone": Loop(8, tuple(Note(0, 32, tonic + up, level) for up, level in ((12, 0.8), (19, 0.5), (24, 0.5)))),
            "voice": sung_melody(self.key, plan, self.random("song"), bpm=self.bpm),
        }  # fmt: skip


def _bpm(genre: str, place: float, rng: np.random.Generator) -> float:
    """A tempo at a place (0 to 1) of the genre's range: whole, half, or to a hundredth, as records are."""
    low, high = BPM_RANGES[genre]
    exact = low + (high - low) * place
    kind = rng.random()
    if kind < 0.35:
        return float(round(exact))
    if kind < 0.5:
        return round(exact * 2) / 2
    return round(exact, 2)


def _key_spelling(key: Key, style: int, energy: int) -> str:
    """A key as taggers write it: Camelot, with energy, short, or in words."""
    short = key.tonic_name + ("m" if key.mode == "minor" else "")
    words = f"{key.tonic_name} {'min' if key.mode == 'minor' else 'maj'}"
    return (key.camelot, f"{key.camelot} - Energy {energy}", short, words)[style % 4]


def recipes(seed: int, tracks: int, *, shorten: float = 1.0) -> list[Recipe]:
    """The crate's recipes, spread evenly over the four genres; keys wander over neighbours on the wheel."""
    rng = np.random.default_rng([seed, tracks, crc32(b"crate")])
    titles = [
        f"{FIRST_WORDS[int(first)]} {SECOND_WORDS[int(second)]}"
        for first, second in zip(rng.permutation(len(FIRST_WORDS)), rng.permutation(len(SECOND_WORDS)), strict=True)
    ]
    artists = [ARTISTS[int(number)] for number in rng.permutation(len(ARTISTS))]
    singing = set(rng.permutation(tracks)[: max(1, round(tracks * 5 / 12))].tolist())
    off_pitch = set(rng.permutation(tracks)[: max(1, tracks // 3)].tolist())
    major = set(rng.permutation(tracks)[: tracks // 3].tolist())
    untagged = set(rng.permutation(tracks)[: tracks // 4].tolist())
    wrong = next((int(number) for number in rng.permutation(tracks) if int(number) not in untagged), None)
    camelot = int(rng.integers(1, 13))
    firsts = {genre: int(rng.integers(3)) for genre in GENRES}
    counts = [sum(1 for number in range(tracks) if number * 4 // max(tracks, 4) == genre) for genre in range(4)]
    out: list[Recipe] = []
    for number in range(tracks):
        genre_number = number * 4 // max(tracks, 4)
        genre = GENRES[genre_number]
        local = number - sum(counts[:genre_number])
        camelot = (camelot - 1 + int(rng.choice([-1, 0, 1, 1, 2]))) % 12 + 1
        mode: Mode = "major" if number in major else "minor"
        cents = float(rng.choice([-1, 1]) * rng.integers(12, 36)) if number in off_pitch else 0.0
        key = Key.from_camelot(camelot, mode, cents)
        bpm = _bpm(genre, (local + float(rng.uniform(0.15, 0.85))) / counts[genre_number], rng)
        tags = {"TITLE": titles[number % len(titles)], "ARTIST": artists[number % len(artists)]}
        energy = 4 + genre_number + int(rng.integers(0, 3))
        shown = key
        if number == wrong:
            # A tag that is not even a neighbour: two or more hours away on the wheel.
            shown = Key.from_camelot((camelot + 3 + int(rng.integers(4))) % 12 + 1, mode)
        if number not in untagged:
            tags["GENRE"] = genre.title()
            tags["BPM"] = f"{bpm:.2f}" if number % 2 else f"{round(bpm)}"
            tags["INITIALKEY"] = _key_spelling(shown, number, energy)
            tags["ALBUM"] = "Demo Crate"
        out.append(
            Recipe(
                seed=seed,
                number=number,
                title=titles[number % len(titles)] + ("" if number < len(titles) else f" {number // len(titles) + 1}"),
                artist=artists[number % len(artists)],
                genre=genre,
                bpm=bpm,
                key=key,
                lead_in_seconds=round(float(rng.uniform(0.0, 0.9)) * 60.0 / bpm, 6) if number % 4 else 0.0,
                form=(local + firsts[genre]) % 3,
                variant=(local + firsts[genre]) % 3,
                sings=number in singing,
                loudness_lufs=round(float(rng.uniform(-11.8, -9.2)), 2),
                shorten=shorten,
                tags=tags,
                wrong_tags=("key",) if number == wrong else (),
            )
        )
    return out
