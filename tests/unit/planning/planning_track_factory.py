"""Synthetic tracks for the tests of planning: Analysis values built by hand, with everything exact."""

import hashlib
import random
from collections.abc import Callable

from notorious.analysis.model import (
    Analysis,
    Audible,
    Bands,
    Energy,
    Grid,
    KeyEstimate,
    Loudness,
    Section,
    SectionKind,
    Tempo,
    Track,
    Vocals,
    Waveform,
)
from notorious.audio.tags import Tags
from notorious.theory.keys import Key

FULL = Bands(low=-3.0, low_mid=-7.0, mid=-8.0, high=-11.0, air=-17.0)
THIN = Bands(low=-14.0, low_mid=-4.5, mid=-4.5, high=-8.0, air=-13.0)

CLUB: tuple[tuple[SectionKind, int], ...] = (
    ("intro", 16),
    ("buildup", 8),
    ("drop", 32),
    ("breakdown", 16),
    ("buildup", 8),
    ("drop", 32),
    ("outro", 16),
)
ENERGY_OF = {"intro": 0.4, "verse": 0.55, "buildup": 0.6, "drop": 0.95, "breakdown": 0.3, "outro": 0.4}
LOUDNESS_OF = {"intro": -2.0, "verse": -1.0, "buildup": -1.0, "drop": 0.5, "breakdown": -4.0, "outro": -2.0}


def sha_of(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()


def make_track(
    name: str,
    *,
    bpm: float = 126.0,
    key: str = "8A",
    level: float = 6.0,
    artist: str | None = None,
    title: str | None = None,
    genre: str | None = "house",
    form: tuple[tuple[SectionKind, int], ...] = CLUB,
    first_beat: float = 0.25,
    first_downbeat: int = 0,
    steady: bool = True,
    wobble: float = 0.0,
    bar_bpm: Callable[[int], float] | None = None,
    lufs: float = -9.0,
    tempo_confidence: float = 0.97,
    key_confidence: float = 0.95,
    cents: float = 0.0,
    sha: str | None = None,
    beats_per_bar: int = 4,
    lead_in: float = 0.0,
    sung: tuple[tuple[int, int], ...] | None = None,
) -> Track:
    """A track of this form whose first bar line is beat `first_downbeat`; `wobble` varies the length of its beats.

    bar_bpm : the tempo of each bar, counted from 0, where that changes

    sung : bars (from, to) in which somebody surely sings; () where nobody does, None where nobody listened
    """
    bars = sum(count for _, count in form)
    count = first_downbeat + bars * beats_per_bar + 1
    length = 60.0 / bpm
    times = [first_beat + number * length for number in range(count)]
    if not steady:
        chance = random.Random(name)
        times = [first_beat]
        for _ in range(count - 1):
            times.append(times[-1] + length * (1.0 + wobble * (2.0 * chance.random() - 1.0)))
    if bar_bpm is not None:
        steady, times = False, [first_beat]
        for number in range(count - 1):
            times.append(times[-1] + 60.0 / bar_bpm(max(0, number - first_downbeat) // beats_per_bar))
    grid = Grid(
        first_beat_seconds=first_beat,
        bpm=bpm,
        beat_count=count,
        beats_per_bar=beats_per_bar,
        first_downbeat=first_downbeat,
        beat_seconds=None if steady else tuple(times),
    )
    sections = []
    bar = 0
    for kind, length_bars in form:
        start, end = (grid.seconds(first_downbeat + number * beats_per_bar) for number in (bar, bar + length_bars))
        sections.append(
            Section(
                kind=kind,
                start=start,
                end=end,
                bars=length_bars,
                energy=ENERGY_OF[kind],
                loudness_lufs=lufs + LOUDNESS_OF[kind],
                spectrum=FULL if kind in ("drop", "verse", "intro", "outro") else THIN,
            )
        )
        bar += length_bars
    audible = Audible(start=max(0.0, sections[0].start - lead_in), end=sections[-1].end)
    duration = audible.end + 0.5
    hop = 0.5
    short_term = []
    for number in range(int(duration / hop) + 1):
        at = number * hop
        inside = [one for one in sections if one.start <= at < one.end]
        short_term.append(inside[0].loudness_lufs if inside else -90.0)
    found = Key.parse(key)
    return Track(
        path=f"/music/{name}.flac",
        tags=Tags(title=title or name, artist=artist, genre=genre),
        analysis=Analysis(
            sha256=sha or sha_of(name),
            duration_seconds=duration,
            sample_rate_hz=44100,
            channels=2,
            tempo=Tempo(bpm=bpm, confidence=tempo_confidence, steady=steady),
            grid=grid,
            key=KeyEstimate(
                camelot=found.camelot,
                name=found.name,
                tonic=found.tonic_name,
                mode=found.mode,
                tuning_cents=cents,
                confidence=key_confidence,
            ),
            energy=Energy(level=level, hop_seconds=1.0, curve=(0.5,)),
            sections=tuple(sections),
            zones=(),
            loudness=Loudness(
                integrated_lufs=lufs, range_lu=5.0, true_peak_dbtp=-0.5, hop_seconds=hop, short_term=tuple(short_term)
            ),
            spectrum=FULL,
            audible=audible,
            waveform=Waveform(hop_seconds=0.1, data=""),
            vocals=None if sung is None else make_vocals(grid, bars, sung),
            analysers={"grid": 1},
        ),
    )


def make_vocals(grid: Grid, bars: int, sung: tuple[tuple[int, int], ...]) -> Vocals:
    """What an analysis says of a track in which these bars (from, to) are sung and no others."""
    per_bar = [1.0 if any(first <= bar < last for first, last in sung) else 0.0 for bar in range(bars)]
    lines = [grid.seconds(grid.first_downbeat + bar * grid.beats_per_bar) for bar in range(bars + 1)]
    return Vocals(
        regions=tuple((lines[first], lines[last]) for first, last in sung),
        kinds=("singing",) * len(sung),
        per_bar=tuple(per_bar),
        confidence=0.95,
        source="networks",
    )


def make_library(count: int, *, seed: int = 0, low: float = 120.0, high: float = 130.0) -> list[Track]:
    """Club tracks of varied tempo, key, energy, form and length; about a third as many artists as tracks."""
    chance = random.Random(seed)
    tracks = []
    for number in range(count):
        stretch = chance.choice((1, 1, 1, 2))
        form = tuple((kind, bars if kind in ("buildup", "breakdown") else bars * stretch) for kind, bars in CLUB)
        tracks.append(
            make_track(
                f"track {seed}-{number:05d}",
                bpm=round(chance.uniform(low, high), 2),
                key=f"{chance.randint(1, 12)}{chance.choice('AB')}",
                level=round(chance.uniform(2.0, 10.0), 1),
                artist=f"artist {chance.randrange(max(2, count // 3))}",
                form=form if stretch == 1 else CLUB,
                first_beat=chance.uniform(0.0, 2.0),
                first_downbeat=chance.randrange(4),
                lufs=chance.uniform(-14.0, -6.0),
            )
        )
    return tracks
