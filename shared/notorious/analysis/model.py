"""The Analysis: what was heard in a track.

A value: complete, frozen, versioned per analyser. It is what the program prints (`notorious analyze --json`), what the
library keeps and what planning reads. Later analysers add fields; none are renamed.

Conventions: times in seconds from the first decoded sample, frequencies in Hz, levels in dB or LUFS, energy curves from
0 to 1, confidences from 0 to 1 where 0.9 means "right nine times of ten". This module imports neither NumPy nor SciPy,
so that thousands of analyses can be read by a program that computes nothing.
"""

from bisect import bisect_right
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from notorious.audio.tags import Tags

SectionKind = Literal["intro", "verse", "buildup", "drop", "breakdown", "outro"]
ZoneKind = Literal["pre_drop", "post_drop"]
CueKind = Literal["first_beat", "mix_in", "drop", "breakdown", "mix_out"]
Mode = Literal["major", "minor"]
VoiceKind = Literal["singing", "rap", "speech", "unsure"]


class Value(BaseModel):
    """A frozen value; fields that a newer version added are passed over."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class TempoAlternative(Value):
    """Another tempo that one could count, and how likely it is the right one."""

    bpm: float = Field(gt=0)
    probability: float = Field(ge=0, le=1)


class Tempo(Value):
    """The tempo that one would count.

    `steady` says that one constant grid holds from the first beat to the last; where it is False the grid keeps every
    beat by itself and `bpm` is the median. `confidence` is that the tempo is right and its beats lie on the beats;
    `bar_confidence` that the bar lines are right too. `alternatives` are half and double tempo, and whatever else is
    not out of the question, likeliest first.
    """

    bpm: float
    confidence: float = Field(ge=0, le=1)
    steady: bool
    bar_confidence: float = Field(default=0.0, ge=0, le=1)
    alternatives: tuple[TempoAlternative, ...] = ()


class GridPiece(Value):
    """A constant tempo from one beat of a grid to the next piece."""

    first_beat: int = Field(ge=0)
    bpm: float = Field(gt=0)


class Grid(Value):
    """The beats of a track as a function from beat number to seconds.

    Beat 0 is the first beat that lies inside the audio. A steady grid is two numbers, `first_beat_seconds` and `bpm`;
    an unsteady one keeps its beats in `beat_seconds` (strictly rising, at least two) and goes on beyond both ends at
    the tempo found there. Where its tempo changes in steps, `pieces` names them. "The beat" is where the kick's attack
    begins.
    """

    first_beat_seconds: float
    bpm: float = Field(gt=0)
    beat_count: int = Field(ge=0)
    beats_per_bar: int = Field(default=4, ge=1)
    first_downbeat: int = Field(default=0, ge=0)
    """Number of the first beat that begins a bar, below `beats_per_bar`."""
    beat_seconds: tuple[float, ...] | None = None
    pieces: tuple[GridPiece, ...] = ()
    """The constant pieces of a tempo that changes in steps; none where it is steady or wanders."""

    @property
    def beat_length_seconds(self) -> float:
        """Length of a beat (of the median beat, where the tempo varies)."""
        return 60.0 / self.bpm

    def seconds(self, beat: float) -> float:
        """Where a beat lies; fractions lie between beats, numbers outside go on at the tempo of that end."""
        times = self.beat_seconds
        if times is None:
            return self.first_beat_seconds + beat * 60.0 / self.bpm
        left = min(max(int(beat // 1), 0), len(times) - 2)
        return times[left] + (beat - left) * (times[left + 1] - times[left])

    def beat(self, seconds: float) -> float:
        """The (fractional) beat number at a time: the inverse of `seconds`."""
        times = self.beat_seconds
        if times is None:
            return (seconds - self.first_beat_seconds) * self.bpm / 60.0
        left = min(max(bisect_right(times, seconds) - 1, 0), len(times) - 2)
        return left + (seconds - times[left]) / (times[left + 1] - times[left])

    def beats(self) -> list[float]:
        """All beats inside the audio, in seconds."""
        if self.beat_seconds is not None:
            return list(self.beat_seconds)
        return [self.seconds(number) for number in range(self.beat_count)]

    def downbeats(self) -> list[float]:
        """The beats that begin a bar, in seconds."""
        return self.beats()[self.first_downbeat :: self.beats_per_bar]


class KeyCandidate(Value):
    """A key that may be meant, and the probability that it is."""

    camelot: str
    name: str
    confidence: float = Field(ge=0, le=1)


class HeardKey(Value):
    """Tonic and mode, with the tuning beside it: 0 cents is A4 = 440 Hz, positive is sharp."""

    camelot: str
    name: str
    tonic: str
    mode: Mode
    tuning_cents: float
    confidence: float = Field(ge=0, le=1)
    runner_up: KeyCandidate | None = None
    """The second likeliest key; None where nothing tonal is heard."""


class PartKey(HeardKey):
    """The key of a part of a track, in seconds."""

    start: float
    end: float


class KeyEstimate(HeardKey):
    """The key of a track: of the whole, and of the parts that are mixed.

    `intro` and `outro` are the keys of the first and the last 32 bars (of a quarter of the track, where that is less);
    None where nothing tonal is heard there, or where the track is too short to have parts. `modulations` are the parts
    of at least eight bars that are in another key than the whole, in order.
    """

    intro: PartKey | None = None
    outro: PartKey | None = None
    modulations: tuple[PartKey, ...] = ()

    def between(self, start: float, end: float) -> HeardKey:
        """The key of a stretch, in seconds: that of the part that covers more than half of it, else of the whole.

        A modulation says more than the intro or the outro that it reaches into.
        """
        for part in (*self.modulations, self.intro, self.outro):
            if part is not None and 2.0 * (min(end, part.end) - max(start, part.start)) > end - start:
                return part
        return self


class Energy(Value):
    """How hard a track works: `level` from 1 to 10 for the whole, `curve` from 0 to 1 every `hop_seconds`."""

    level: float = Field(ge=1, le=10)
    hop_seconds: float
    curve: tuple[float, ...]


class Bands(Value):
    """Mean power of five bands in dB relative to the sum of all five (so each is at most 0).

    Borders: low below 150 Hz, low_mid to 600 Hz, mid to 2.4 kHz, high to 7 kHz, air above.
    """

    low: float
    low_mid: float
    mid: float
    high: float
    air: float


class Section(Value):
    """A stretch of one character, between two bar lines (the first starts and the last ends with the sound).

    `energy` is from 0 to 1 on the track's own curve; `loudness_lufs` is the gated loudness of the section alone.
    """

    kind: SectionKind
    start: float
    end: float
    bars: float
    energy: float
    loudness_lufs: float
    spectrum: Bands
    balance: Bands | None = None
    """Each band in dB above what is usual for it where music is full, in proportion to the track's own full level:
    about 0 in all bands of a drop, -20 in the low band of a breakdown. Two sections clash in the bands where both are
    high."""
    confidence: float | None = Field(default=None, ge=0, le=1)
    """Probability that it begins within a bar of `start` and is of this kind; None in analyses from before it was."""


class Zone(Value):
    """A zone of a drop: the bars of rising tension before it (pre_drop), its first phrase (post_drop)."""

    kind: ZoneKind
    start: float
    end: float


class Cue(Value):
    """A place that a DJ would mark, in seconds, on a bar line; `confidence` is the probability that it is one."""

    kind: CueKind
    time: float
    confidence: float = Field(ge=0, le=1)


class Loudness(Value):
    """ITU-R BS.1770-4 integrated loudness, EBU Tech 3342 range, true peak; short-term (3 s) loudness every hop.

    `short_term` [LUFS] holds, for hop i, the loudness of the 3 s that are centred on `i * hop_seconds`.
    """

    integrated_lufs: float
    range_lu: float
    true_peak_dbtp: float
    hop_seconds: float
    short_term: tuple[float, ...]
    dynamic_range_db: float | None = None
    """How far peaks stand above the loudest fifth of the track, the "DR" of listeners; see `analysis.dynamics`."""


class Audible(Value):
    """Where the sound begins and ends: silence outside is below -60 dBFS. Fades are parts of the sound; 0 is none."""

    start: float
    end: float
    fade_in_seconds: float = 0.0
    fade_out_seconds: float = 0.0


class Genre(Value):
    """Probabilities over a declared list of genres, the likeliest first.

    `top` are the three likeliest, `label` the first of them; `unsure` says that it is not to be relied on.
    """

    label: str
    probabilities: dict[str, float]
    top: tuple[str, ...]
    unsure: bool

    @property
    def sure_label(self) -> str | None:
        """The label where it is to be relied on."""
        return None if self.unsure else self.label


class Descriptors(Value):
    """Eleven numbers that describe a track, each defined in docs/genre.md.

    From 0 to 1, but for `tempo` [BPM], `loudness` [LUFS], `mode` (1 major, 0 minor) and `time_signature` (beats a bar).
    """

    energy: float
    danceability: float
    valence: float
    acousticness: float
    instrumentalness: float
    speechiness: float
    liveness: float
    tempo: float
    loudness: float
    mode: int
    time_signature: int


class Embedding(Value):
    """A point that likeness is measured by: tracks that sound alike lie in the same direction.

    `name` says how it was made; only embeddings of one name are comparable. `data` is base64 of float16, of length one.
    """

    name: str
    data: str


class Waveform(Value):
    """The picture of a track: peak amplitude of three bands, a row every `hop_seconds`.

    `data` is base64 of unsigned bytes, three a row: low (below 200 Hz), mid (to 2 kHz), high; 255 is full scale.
    """

    hop_seconds: float
    data: str


class Vocals(Value):
    """Where somebody sings, raps or speaks.

    `regions` [seconds] are the passages with a voice, in order and apart; none says that the track has no voice.
    `kinds` names what each of them is. `per_bar` is the probability of a voice in every bar, one a downbeat of the
    grid. `confidence` is the probability that the answer to "is there a voice at all?" is right; below 0.75 it is a
    guess (`unsure`). `source` says on what all this rests: signal processing alone, or networks, too.
    """

    regions: tuple[tuple[float, float], ...] = ()
    kinds: tuple[VoiceKind, ...] = ()
    per_bar: tuple[float, ...] = ()
    confidence: float = Field(ge=0, le=1)
    unsure: bool = False
    source: Literal["signal", "networks"]


class Analysis(Value):
    """All that was heard in one recording, known by the SHA-256 of its file."""

    sha256: str
    duration_seconds: float
    sample_rate_hz: int
    channels: int
    tempo: Tempo
    grid: Grid
    key: KeyEstimate
    energy: Energy
    sections: tuple[Section, ...]
    zones: tuple[Zone, ...]
    cues: tuple[Cue, ...] = ()
    """At most eight, in order of time."""
    loudness: Loudness
    spectrum: Bands
    audible: Audible
    waveform: Waveform
    vocals: Vocals | None = None
    """None in analyses from before voices were heard."""
    genre: Genre | None = None
    descriptors: Descriptors | None = None
    embedding: Embedding | None = None
    notes: tuple[str, ...] = ()
    """What is degraded in this analysis, in words: "the file is cut off after 61 % of its length"."""
    analysers: dict[str, int]
    """The version of each analyser that had a part in it; 0 where it needs a network that is not installed."""
    networks: dict[str, str] = {}
    """Name and SHA-256 of each network that had a part in it; empty where all was heard by signal processing."""


class Track(Value):
    """A recording as it lies in a library: where its file is, what the file says, what was heard."""

    path: str
    tags: Tags = Tags()
    analysis: Analysis

    @property
    def sha256(self) -> str:
        return self.analysis.sha256

    @property
    def title(self) -> str:
        """The title in the tags, else the file's name without folder and ending."""
        return self.tags.title or self.path.rsplit("/", 1)[-1].rsplit(".", 1)[0]

    @property
    def artist(self) -> str | None:
        return self.tags.artist

    @property
    def genre(self) -> str | None:
        """The genre as the tags spell it; where they have none the one that was heard, if that is sure."""
        heard = self.analysis.genre
        return self.tags.genre or (heard.sure_label if heard else None)

    def json_object(self) -> dict[str, Any]:
        """The line that `analyze --json` prints: path first, then the analysis with its beats written out,
        then tags."""
        heard = self.analysis
        grid = heard.grid
        return {
            "path": self.path,
            "sha256": heard.sha256,
            "duration_seconds": heard.duration_seconds,
            "bpm": heard.tempo.bpm,
            "beats": [round(time, 6) for time in grid.beats()],
            "downbeats": [round(time, 6) for time in grid.downbeats()],
            **heard.model_dump(mode="json", exclude={"sha256", "duration_seconds"}),
            "tags": self.tags.model_dump(mode="json", exclude_none=True),
        }
