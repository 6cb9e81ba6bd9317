"""Sections: where a track changes its character, on bar lines, and what each part is.

1. Each bar becomes a vector; see `notorious.analysis.section_bars`.
2. The bars are divided into stretches; see `notorious.analysis.section_division`.
3. Every stretch gets a kind; see `notorious.analysis.section_kinds`.
4. What belongs together is joined: what sweeps cut apart, and neighbours of one kind, unless they differ very much.
5. Every section gets the probability that it begins within a bar of where it is said to and that its kind is right; see
   `notorious.analysis.section_confidence`.

Zones: the pre-drop is the buildup before a drop, or the last bars before it where these rise or have lost their low
end; the post-drop is a drop's first phrase of eight bars.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from notorious.analysis.key_chroma import PitchClasses
from notorious.analysis.model import Audible, Bands, Grid, Section, SectionKind, Zone
from notorious.analysis.section_bars import LOW_THERE, Bars, bar_edges, measure_bars
from notorious.analysis.section_confidence import section_confidences
from notorious.analysis.section_division import PHRASE_BARS, Division, divide
from notorious.analysis.section_kinds import Stretches, name_stretches, rise
from notorious.analysis.spectrum import Spectra, balance_db, band_levels_db, full_power

NAME = "sections"
VERSION = 3

_APART_FROM_GAIN = 30.0
"""Neighbours of one kind (not what sweeps cut apart, nor the short ends of a track) stay apart where the border between
them saves this much, in units of the noise between like bars. Of 69 borders between such neighbours in three demo
crates 13 were written, and most of those at kinds that were heard wrong. From 30 on the crates lose nothing by it; at
20 five borders more of 235 are not written."""
_PRE_DROP_BARS = (8, 4)
_PRE_DROP_RISES_BY = 0.1
_POST_DROP_BARS = 8


def hear_sections(
    spectra: Spectra,
    energy_curve: NDArray[np.float64],
    grid: Grid,
    audible: Audible,
    pitches: PitchClasses,
    *,
    grid_confidence: float,
    section_lufs: Callable[[float, float], float],
) -> tuple[tuple[Section, ...], tuple[Zone, ...]]:
    """The sections and zones of a track.

    energy_curve : np.ndarray [shape=(frames,)], 0 to 1 at every frame of the spectra
    pitches : which pitch classes sound when
    grid_confidence : 0 to 1, how far the bars are to be believed
    section_lufs : callable (start_seconds, end_seconds) -> LUFS of that part
    """
    edges = bar_edges(grid, audible)
    bars = measure_bars(spectra, energy_curve, edges, pitches)
    division = divide(bars.features, bars.phrasing)
    kinds, borders = _joined(name_stretches(Stretches.of(bars, division.borders)), division)
    confidences = section_confidences(kinds, Stretches.of(bars, borders), division, grid_confidence=grid_confidence)
    length = grid.beat_length_seconds * grid.beats_per_bar
    reference = full_power(spectra.bands)
    names = Bands.model_fields
    sections = []
    for number, (first, last) in enumerate(zip(borders, [*borders[1:], len(bars.energy)], strict=True)):
        start, end = float(edges[first]), float(edges[last])
        a, b = spectra.frame_at(start), max(spectra.frame_at(end), spectra.frame_at(start) + 1)
        heard = spectra.bands[a:b]
        sections.append(
            Section(
                kind=kinds[number],
                start=round(start, 6),
                end=round(end, 6),
                bars=round((end - start) / length, 2),
                energy=round(float(bars.energy[first:last].mean()), 3),
                loudness_lufs=round(section_lufs(start, end), 2),
                spectrum=Bands(**dict(zip(names, band_levels_db(heard), strict=True))),
                balance=Bands(**dict(zip(names, balance_db(heard, reference), strict=True))),
                confidence=round(confidences[number], 3),
            )
        )
    return tuple(sections), tuple(_zones(sections, bars, borders))


def _joined(kinds: list[SectionKind], division: Division) -> tuple[list[SectionKind], list[int]]:
    """What is left when stretches that belong together are joined, and the bars at which they begin.

    A buildup takes the bars before it where these belong to the same eight-bar phrase: a sweep cut them apart, and no
    one would mix on such a border.
    """
    named, borders = list(kinds), division.borders
    for number in range(len(kinds) - 2, 0, -1):
        into_buildup = named[number] == "breakdown" and named[number + 1] == "buildup"
        within_a_phrase = (borders[number + 1] - division.phrase_offset) % PHRASE_BARS != 0
        if into_buildup and within_a_phrase and borders[number + 1] - borders[number] < PHRASE_BARS:
            named[number] = "buildup"
    kept = [0]
    ends = [*borders[1:], division.cost.shape[0]]
    for number in range(1, len(named)):
        before, here, after = borders[number - 1], borders[number], ends[number]
        is_short = min(here - before, after - here) < PHRASE_BARS
        stays_apart = (
            named[number] not in ("breakdown", "buildup")
            and not (is_short and named[number] in ("intro", "outro"))
            and division.gain(before, here, after) >= _APART_FROM_GAIN
        )
        if named[number] != named[kept[-1]] or stays_apart:
            kept.append(number)
    return [named[number] for number in kept], [borders[number] for number in kept]


def _zones(sections: list[Section], bars: Bars, borders: list[int]) -> list[Zone]:
    zones = []
    ends = [*borders[1:], len(bars.energy)]
    for number, section in enumerate(sections):
        before = sections[number - 1] if number else None
        if section.kind != "drop" or (before is not None and before.kind == "drop"):
            continue
        if before is not None:
            around = borders[number - 1 : number + 1]
            start = before.start if before.kind == "buildup" else _pre_drop_start(bars, around)
            if start is not None:
                zones.append(Zone(kind="pre_drop", start=start, end=section.start))
        last = min(borders[number] + _POST_DROP_BARS, ends[number])
        zones.append(Zone(kind="post_drop", start=section.start, end=round(float(bars.edges[last]), 6)))
    return zones


def _pre_drop_start(bars: Bars, span: list[int]) -> float | None:
    """Where the tension before a drop begins, in seconds, if the bars of the section before it [start, end) rise
    towards their end or lose their low end; None where they do neither."""
    first, drop = span
    for length in _PRE_DROP_BARS:
        start = drop - length
        if start < first:
            continue
        rises = rise(bars.fullness[start:drop]) > _PRE_DROP_RISES_BY
        if rises or bars.loudness[start:drop, 0].mean() < LOW_THERE:
            return round(float(bars.edges[start]), 6)
    return None
