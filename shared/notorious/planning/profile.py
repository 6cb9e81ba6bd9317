"""The profile of a track: the little that ordering a set needs to know of each of ten thousand tracks.

An Analysis is tens of kilobytes; a profile is a row. The search works on profiles alone and asks for the full Track of
those it has chosen.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import astuple, dataclass
from functools import cache
from pathlib import Path
from typing import Any

from notorious.analysis.model import Track
from notorious.planning import believed_key, tempo_match
from notorious.planning import structure as structure_module
from notorious.planning.believed_key import MIX_POINT_BARS, evidence_between
from notorious.planning.structure import Structure, key_of, structure_of
from notorious.planning.tempo_match import is_even, mean_bpm

LATE_SHARE = 0.5
"""A mix-out lies in the second half of a track."""

USUAL_TRANSITION_BARS = 16


@dataclass(frozen=True)
class TrackProfile:
    """One track as the search sees it.

    `key_index` is `theory.keys.Key.index` (0 to 23); the keys at the mix points are
    `planning.believed_key.KeyEvidence`, as plain numbers. The tempos at the mix points are those of the 16 bars that
    follow; `even_in` and `even_out` say that the track keeps its tempo there. `energy_level` is from 1 to 10; the mix
    energies (0 to 1, on the scale of a set's curve) are those of the passages where one would bring it in and take it
    out. The mix points are in seconds of the file: a set that plays the track from one to the other has heard what it
    has to say.
    """

    sha256: str
    path: str
    title: str
    artist: str | None
    genre: str | None
    bpm: float
    mix_in_bpm: float
    mix_out_bpm: float
    even_in: bool
    even_out: bool
    tempo_confidence: float
    key_index: int
    key_confidence: float
    mix_in_key: tuple[int, float, int, float, int]
    mix_out_key: tuple[int, float, int, float, int]
    tuning_cents: float
    energy_level: float
    duration_seconds: float
    mix_in_seconds: float
    mix_out_seconds: float
    mix_in_energy: float
    mix_out_energy: float
    integrated_lufs: float
    sings_in: float = 0.0
    """The share of bars with a voice (expected) in the 16 bars from the usual mix-in on ..."""
    sings_out: float = 0.0
    """... and in the 16 bars from the usual mix-out on."""

    @property
    def body_seconds(self) -> float:
        """What the track adds to the length of a set, from its mix-in to its mix-out."""
        return max(1.0, self.mix_out_seconds - self.mix_in_seconds)

    @classmethod
    def of_row(cls, row: Mapping[str, Any]) -> "TrackProfile":
        """The profile that was kept as a row of JSON, which knows no tuples."""
        values: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in row.items()
        }
        return cls(**values)

    @classmethod
    def of(cls, track: Track) -> "TrackProfile":
        """The profile of an analysed track."""
        return cls.from_structure(structure_of(track))

    @classmethod
    def from_structure(cls, structure: Structure) -> "TrackProfile":
        """The same, where the structure is already known."""
        track = structure.track
        heard = track.analysis
        mix_in, mix_out = usual_mix_points(structure)
        span = MIX_POINT_BARS * structure.beats_per_bar
        usual = USUAL_TRANSITION_BARS * structure.beats_per_bar
        end = max(mix_out + structure.beats_per_bar, min(mix_out + usual, structure.last_bar_beat))
        return cls(
            sha256=track.sha256,
            path=track.path,
            title=track.title,
            artist=track.artist,
            genre=track.genre,
            bpm=heard.tempo.bpm if heard.grid.beat_seconds is not None else heard.grid.bpm,
            mix_in_bpm=mean_bpm(heard.grid, mix_in, mix_in + usual),
            mix_out_bpm=mean_bpm(heard.grid, mix_out, end),
            even_in=is_even(heard.grid, mix_in, mix_in + usual),
            even_out=is_even(heard.grid, mix_out, end),
            tempo_confidence=heard.tempo.confidence,
            key_index=key_of(heard.key.camelot).index,
            key_confidence=heard.key.confidence,
            mix_in_key=astuple(evidence_between(structure, mix_in, mix_in + span)),
            mix_out_key=astuple(evidence_between(structure, mix_out, min(mix_out + span, structure.last_bar_beat))),
            tuning_cents=heard.key.tuning_cents,
            energy_level=heard.energy.level,
            duration_seconds=heard.duration_seconds,
            mix_in_seconds=structure.seconds(mix_in),
            mix_out_seconds=structure.seconds(mix_out),
            mix_in_energy=structure.passage_at(mix_in).energy,
            mix_out_energy=structure.passage_before(mix_out).energy,
            integrated_lufs=heard.loudness.integrated_lufs,
            sings_in=_sung_share(structure, mix_in),
            sings_out=_sung_share(structure, mix_out),
        )


def _sung_share(structure: Structure, beat: float) -> float:
    """The expected share of bars with a voice in a usual transition from a beat on."""
    bars = range(USUAL_TRANSITION_BARS)
    return sum(structure.voice_at(beat + bar * structure.beats_per_bar) for bar in bars) / USUAL_TRANSITION_BARS


@cache
def profile_version() -> str:
    """Changes whenever the code that makes a profile does, so that no number needs to be raised by hand."""
    digest = hashlib.sha256()
    for source in (__file__, structure_module.__file__, believed_key.__file__, tempo_match.__file__):
        digest.update(Path(source or "").read_bytes())
    return digest.hexdigest()[:16]


def usual_mix_points(structure: Structure) -> tuple[float, float]:
    """The source beats where one would usually bring a track in and take it out.

    In: its first bar. Out: where the outro begins, if it begins in the second half; else the last phrase border that
    leaves eight bars for a transition (or half the track, whichever is less).
    """
    mix_in = structure.first_bar_beat
    half = mix_in + LATE_SHARE * (structure.last_bar_beat - mix_in)
    final = structure.passages[-1]
    if final.kind == "outro" and final.start_beat >= half:
        return mix_in, final.start_beat
    room = min(8.0 * structure.beats_per_bar, structure.last_bar_beat - half)
    borders = [beat for beat in structure.phrase_borders() if half <= beat <= structure.last_bar_beat - room]
    return mix_in, max(borders, default=structure.last_bar_beat - room)
