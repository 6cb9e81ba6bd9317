"""The analysers as a graph: decode once, resample once, let each hear what it needs.

Every analyser has a name and a version, and yields one part: a JSON value that is cached under (file hash, analyser,
version). An analysis is put together from its parts. Where a part is missing, because it was never computed or its
analyser has a new version, it is computed, and so is all that rests on it; the rest is kept.

    samples ─┬─ loudness ───────────┬─ energy ─┐ (curve, level)
             ├─ mono 22,050 Hz ─┬─ grid ┬─ key ─┴─ sections ── cues
             │                  │    │
             │                  │    └─ beatnet (asked where the bars are in doubt, and installed)
             │                  ├─ spectrum ─ waveform
             │                  └─ musicnn (where it is installed)
             │                     genre, descriptors, embedding (from nearly all of these)
             └─ file (length, rate, channels, audible part, notes)
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from notorious.analysis import (
    cues,
    descriptors,
    energy,
    genre,
    grid,
    key,
    likeness,
    network_parts,
    sections,
    spectrum,
    vocals,
    waveform,
)
from notorious.analysis.bar_pattern import BarPattern, hear_bar_pattern
from notorious.analysis.ends import hear_ends
from notorious.analysis.grid import GridFit
from notorious.analysis.key_chroma import PitchClasses
from notorious.analysis.model import Analysis, Bands, Energy, Grid, KeyEstimate, Loudness, Section, Tempo, Vocals
from notorious.analysis.mono import Mono
from notorious.analysis.samples import Samples, read_samples
from notorious.analysis.spectrum import RATE_HZ, Spectra
from notorious.networks import musicnn

ANALYSERS: Mapping[str, int] = {
    "file": 2,
    "loudness": 2,
    network_parts.BEATS: network_parts.BEATS_VERSION,
    network_parts.PATCHES: network_parts.PATCHES_VERSION,
    grid.NAME: grid.VERSION,
    key.NAME: key.VERSION,
    spectrum.NAME: spectrum.VERSION,
    waveform.NAME: waveform.VERSION,
    energy.NAME: energy.VERSION,
    sections.NAME: sections.VERSION,
    vocals.NAME: vocals.VERSION,
    cues.NAME: cues.VERSION,
    genre.NAME: genre.VERSION,
    descriptors.NAME: descriptors.VERSION,
    likeness.NAME: likeness.VERSION,
}
"""Name and version of every analyser."""

_RESTS_ON: Mapping[str, tuple[str, ...]] = {
    grid.NAME: (network_parts.BEATS,),
    key.NAME: (grid.NAME,),
    waveform.NAME: (spectrum.NAME,),
    energy.NAME: (spectrum.NAME, "loudness", grid.NAME),
    sections.NAME: (spectrum.NAME, "file", "loudness", grid.NAME, energy.NAME, key.NAME),
    cues.NAME: ("file", grid.NAME, sections.NAME),
    genre.NAME: (spectrum.NAME, "loudness", grid.NAME, vocals.NAME, network_parts.PATCHES),
    descriptors.NAME: ("loudness", grid.NAME, key.NAME, energy.NAME, vocals.NAME, network_parts.PATCHES),
    likeness.NAME: (network_parts.PATCHES,),
    vocals.NAME: (spectrum.NAME, "file", grid.NAME, network_parts.PATCHES),
}

Part = Any
"""A JSON value: what one analyser yields."""


def missing_analysers(known: Mapping[str, Part]) -> set[str]:
    """The analysers that must run: those without a part, and all that rest on one of them."""
    missing = set(ANALYSERS) - set(known)
    while True:
        more = {name for name, needs in _RESTS_ON.items() if missing.intersection(needs)} - missing
        if not more:
            return missing
        missing |= more


def analyse_file(path: Path, sha256: str, *, known: Mapping[str, Part]) -> tuple[Analysis, dict[str, Part]]:
    """Hear one file.

    known : parts of the current versions that are cached already
    returns the analysis, and all its parts

    Raises UnreadableAudio where it cannot be decoded, UnusableAudio where it is silent, shorter than a second or longer
    than an hour.
    """
    missing = missing_analysers(known)
    parts = {name: part for name, part in known.items() if name in ANALYSERS and name not in missing}
    if missing:
        heard = _Listening(path, read_samples(path, with_loudness="loudness" in missing), parts)
        for name in ANALYSERS:  # the order of the table is an order of the graph
            if name in missing:
                parts[name] = heard.part(name)
    return assemble(sha256, parts), parts


def hear_pitch_classes(path: Path, analysis: Analysis) -> tuple[Mono, PitchClasses]:
    """Listen again to a file that was analysed, for what a picture of it shows and no one keeps: its sound
    [shape=(n,)], float32, at 22,050 Hz, and which pitch classes sound when.

    Raises UnreadableAudio where it cannot be decoded.
    """
    decoded = read_samples(path, with_loudness=False)
    return decoded.mono, _key_listener(decoded.mono, analysis.grid, analysis.tempo).pitch_classes()


def _key_listener(mono: Mono, heard_grid: Grid, tempo: Tempo) -> key.KeyListener:
    listener = key.KeyListener(heard_grid.downbeats(), grid_confidence=tempo.confidence if tempo.steady else 0.0)
    for block in spectrum.power_blocks(mono, frame=4096, hop=2048):
        listener.hear(block)
    return listener


def assemble(sha256: str, parts: Mapping[str, Part]) -> Analysis:
    """Put an analysis together from all its parts. Raises KeyError where one is missing."""
    return Analysis.model_validate(
        {
            "sha256": sha256,
            **parts["file"],
            "loudness": parts["loudness"],
            "tempo": parts[grid.NAME]["tempo"],
            "grid": parts[grid.NAME]["grid"],
            "notes": [*parts["file"]["notes"], *parts[grid.NAME]["notes"]],
            "key": parts[key.NAME],
            "spectrum": parts[spectrum.NAME],
            "waveform": parts[waveform.NAME],
            "vocals": parts[vocals.NAME],
            "energy": parts[energy.NAME],
            "sections": parts[sections.NAME]["sections"],
            "zones": parts[sections.NAME]["zones"],
            "cues": parts[cues.NAME],
            "genre": parts[genre.NAME],
            "descriptors": parts[descriptors.NAME],
            "embedding": parts[likeness.NAME],
            "analysers": dict(ANALYSERS),
            "networks": network_parts.networks_in(parts[network_parts.BEATS], parts[network_parts.PATCHES]),
        }
    )


class _Listening:
    """One file being heard: what several analysers share is computed when the first of them asks."""

    def __init__(self, path: Path, decoded: Samples, parts: dict[str, Part]) -> None:
        self._path = path
        self._decoded = decoded
        self._parts = parts
        self.audible = hear_ends(decoded.mono, RATE_HZ, duration_seconds=decoded.duration_seconds, path=path)

    @cached_property
    def spectra(self) -> Spectra:
        return spectrum.hear_spectra(self._decoded.mono)

    @cached_property
    def energy_curve(self) -> NDArray[np.float64]:
        return energy.curve_at_frames(self.spectra)

    @property
    def grid(self) -> Grid:
        return Grid.model_validate(self._parts[grid.NAME]["grid"])

    @property
    def tempo(self) -> Tempo:
        return Tempo.model_validate(self._parts[grid.NAME]["tempo"])

    @property
    def loudness(self) -> Loudness:
        return Loudness.model_validate(self._parts["loudness"])

    @cached_property
    def pitches(self) -> tuple[KeyEstimate, PitchClasses]:
        """The key, and which pitch classes sound in which bar; what led to them is forgotten."""
        listener = _key_listener(self._decoded.mono, self.grid, self.tempo)
        return listener.estimate(), listener.pitch_classes()

    @cached_property
    def bar_pattern(self) -> BarPattern | None:
        """Where in the bar sounds begin; None where the track has no bars of four beats."""
        return hear_bar_pattern(self.spectra, self.grid)

    @cached_property
    def _grid_fit(self) -> GridFit:
        return grid.fit_grid(self._decoded.mono, RATE_HZ, ask_network=self._ask_beatnet)

    def _ask_beatnet(self) -> NDArray[np.float32] | None:
        """p(beat that is no downbeat), p(downbeat) every 20 ms [shape=(frames, 2)]; None where BeatNet is absent.

        The grid asks only where it doubts; a part that says so (of an earlier version) is then replaced."""
        part = self._parts.get(network_parts.BEATS)
        if part is None or part == network_parts.NOT_ASKED:
            part = self._parts[network_parts.BEATS] = network_parts.hear_beats(self._decoded.mono)
        return network_parts.beat_activations(part)

    @property
    def patches(self) -> musicnn.Heard | None:
        """Tags and embeddings of every three seconds; None where musicnn is absent."""
        return network_parts.patches(self._parts[network_parts.PATCHES])

    @property
    def vocals(self) -> Vocals:
        return Vocals.model_validate(self._parts[vocals.NAME])

    def part(self, name: str) -> Part:
        return getattr(self, f"_hear_{name}")()

    def _hear_file(self) -> Part:
        decoded = self._decoded
        return {
            "duration_seconds": round(decoded.duration_seconds, 6),
            "sample_rate_hz": decoded.sample_rate_hz,
            "channels": decoded.channels,
            "audible": self.audible.model_dump(),
            "notes": list(decoded.notes),
        }

    def _hear_loudness(self) -> Part:
        heard = self._decoded.loudness
        assert heard is not None, "the meter runs whenever loudness is missing"
        return {
            "integrated_lufs": round(heard.integrated_lufs, 3),
            "range_lu": round(heard.range_lu, 2),
            "true_peak_dbtp": round(heard.true_peak_dbtp, 3),
            "hop_seconds": heard.hop_seconds,
            "short_term": [round(value, 2) for value in heard.short_term_lufs],
            "dynamic_range_db": self._decoded.dynamic_range_db,
        }

    def _hear_beatnet(self) -> Part:
        _ = self._grid_fit  # asks the network, or does not
        return self._parts.get(network_parts.BEATS, network_parts.NOT_ASKED)

    def _hear_musicnn(self) -> Part:
        return network_parts.hear_patches(self._decoded.mono, RATE_HZ)

    def _hear_grid(self) -> Part:
        fit = self._grid_fit
        return {"tempo": fit.tempo.model_dump(), "grid": fit.grid.model_dump(), "notes": list(fit.notes)}

    def _hear_key(self) -> Part:
        return self.pitches[0].model_dump()

    def _hear_spectrum(self) -> Part:
        names = Bands.model_fields
        return dict(zip(names, spectrum.band_levels_db(self.spectra.bands), strict=True))

    def _hear_waveform(self) -> Part:
        return waveform.draw_waveform(self.spectra).model_dump()

    def _hear_energy(self) -> Part:
        heard = energy.hear_energy(
            self.spectra, self.energy_curve, integrated_lufs=self.loudness.integrated_lufs, bpm=self.tempo.bpm
        )
        return heard.model_dump()

    def _hear_vocals(self) -> Part:
        return vocals.hear_vocals(self.spectra, self.grid, self.audible, self.patches).model_dump()

    def _hear_sections(self) -> Part:
        found, zones = sections.hear_sections(
            self.spectra,
            self.energy_curve,
            self.grid,
            self.audible,
            self.pitches[1],
            grid_confidence=self.tempo.confidence,
            section_lufs=_mean_loudness(self.loudness),
        )
        return {"sections": [section.model_dump() for section in found], "zones": [zone.model_dump() for zone in zones]}

    def _hear_genre(self) -> Part:
        patches = self.patches
        tags = genre.unusual_tags(patches) if patches is not None else None
        evidence = genre.Evidence(
            tempo=self.tempo,
            pattern=self.bar_pattern,
            spectrum=Bands.model_validate(self._parts[spectrum.NAME]),
            integrated_lufs=self.loudness.integrated_lufs,
            voice=descriptors.voice_probability(self.vocals),
            tags=tags,
        )
        return genre.hear_genre(evidence).model_dump()

    def _hear_descriptors(self) -> Part:
        patches = self.patches
        tags = genre.unusual_tags(patches) if patches is not None else None
        evidence = descriptors.Evidence(
            spectra=self.spectra,
            tempo=self.tempo,
            beats_per_bar=self.grid.beats_per_bar,
            key=KeyEstimate.model_validate(self._parts[key.NAME]),
            energy_level=Energy.model_validate(self._parts[energy.NAME]).level,
            integrated_lufs=self.loudness.integrated_lufs,
            pattern=self.bar_pattern,
            vocals=self.vocals,
            audible_seconds=self.audible.end - self.audible.start,
            tags=tags,
        )
        return descriptors.describe(evidence).model_dump()

    def _hear_embedding(self) -> Part:
        return likeness.hear_embedding(self.spectra, self.patches).model_dump()

    def _hear_cues(self) -> Part:
        heard = [Section.model_validate(section) for section in self._parts[sections.NAME]["sections"]]
        return [cue.model_dump() for cue in cues.mark_cues(heard, self.grid, self.tempo, self.audible)]


def _mean_loudness(loudness: Loudness) -> "_PartLoudness":
    return _PartLoudness(np.array(loudness.short_term), loudness.hop_seconds)


@dataclass(frozen=True)
class _PartLoudness:
    """Loudness of a part of a track: the power mean of the short-term values centred in it, without its silences."""

    short_term: NDArray[np.float64]
    hop_seconds: float

    def __call__(self, start_seconds: float, end_seconds: float) -> float:
        first = int(np.ceil(start_seconds / self.hop_seconds))
        last = max(int(end_seconds / self.hop_seconds), first + 1)
        values = self.short_term[min(first, len(self.short_term) - 1) : last]
        sounding = values[values > -70.0]
        if not len(sounding):
            return -70.0
        return float(10 * np.log10(np.mean(10 ** (sounding / 10))))
