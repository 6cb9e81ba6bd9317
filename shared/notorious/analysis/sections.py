"""Sections: where a track changes its character, on bar lines, and what each part is.

Method, over bars (the grid gives them):

1. each bar becomes a vector: loudness of 13 mel bands on a compressive scale (fourth root of power, against the band's
   own 95th percentile, so that a change in a quiet band weighs as the ear weighs it), attacks in five bands;
2. the best division into stretches is found by dynamic programming over all bars (optimal partitioning, Jackson et al.
   2005): the squared distance of each bar to its stretch, which may rise or fall linearly (a buildup does), plus a
   price for every border. Borders are cheap where the track's own eight-bar phrase has them, dearer elsewhere: the
   phrase is the remainder (bar number modulo 8) with which the whole division is cheapest;
3. every stretch gets a kind from how full it is against the track's fullest stretches, what its low end does,
   whether it rises, and what surrounds it; what sweeps cut apart is joined again.

Zones: the pre-drop is the buildup before a drop, or the last four bars before it where these rise or drop their low
end; the post-drop is a drop's first phrase of eight bars.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from notorious.analysis.energy import curve_at_frames
from notorious.analysis.model import Audible, Bands, Grid, Section, SectionKind, Zone
from notorious.analysis.spectrum import Spectra, band_levels_db

NAME = "sections"
VERSION = 1

_BORDER_PRICE = (
    5.0  # in units of the noise between like bars; with the four below fitted on demo crates (seeds 0 and 5)
)
_OFF_EIGHT, _OFF_FOUR, _OFF_TWO = 3.0, 4.0, 5.0  # how much dearer a border is on a 4-bar, a 2-bar and an odd line
_LEAST_NOISE = 0.1
_SHORTEST_BARS = 4
_PHRASE_BARS = 8
_LONGEST_BARS = 64
_COMPRESSION = 0.25  # power to loudness as heard, near Stevens' law; higher hides what enters softly
_QUIETEST_SHARE = 1e-5  # bands that never hold more than -50 dB of the track are not stretched up to full scale
# Judgement on arrangements of dance music, on the scale of `fullness` and of the low band's loudness:
_FULL, _SPARSE = 0.93, 0.72
_LOW_THERE, _LOW_GONE = 0.75, 0.6
_RISES_BY = 0.2
_INTRO_ENDS_BY, _OUTRO_BEGINS_FROM = 0.35, 0.65  # shares of the track


@dataclass(frozen=True)
class Bars:
    """The bars of a track: `edges` [shape=(bars + 1,)], seconds; the rest one row a bar.

    `loudness` [shape=(bars, 13)] of mel bands from low to high, about 0 to 1; `attacks` [shape=(bars, 5)], the same;
    `energy` [shape=(bars,)], 0 to 1, of the energy curve.
    """

    edges: NDArray[np.float64]
    loudness: NDArray[np.float64]
    attacks: NDArray[np.float64]
    energy: NDArray[np.float64]

    @property
    def features(self) -> NDArray[np.float64]:
        """What the division looks at [shape=(bars, 18)]."""
        return np.hstack([self.loudness, self.attacks])

    @property
    def fullness(self) -> NDArray[np.float64]:
        """How much sounds at once, 1 in the fullest tenth of the bars that have a low end [shape=(bars,)]."""
        mean = self.loudness.mean(axis=1)
        # Against bars with their low end: the noise of a riser fills more bands than any drop.
        based = mean[self.loudness[:, 0] >= _LOW_THERE]
        usual = float(np.quantile(based if len(based) >= _PHRASE_BARS else mean, 0.9))
        share: NDArray[np.float64] = mean / max(usual, 1e-6)
        return share


def bar_edges(grid: Grid, audible: Audible) -> NDArray[np.float64]:
    """Bar lines over the audible part, its two ends included; a rest of under half a bar joins its neighbour."""
    first_beat = grid.beat(audible.start)
    bar = grid.beats_per_bar
    number = int(np.ceil((first_beat - grid.first_downbeat) / bar - 1e-6))
    edges = [audible.start]
    while (line := grid.seconds(grid.first_downbeat + number * bar)) < audible.end:
        edges.append(line)
        number += 1
    edges.append(audible.end)
    length = grid.beat_length_seconds * bar
    if len(edges) > 2 and edges[1] - edges[0] < length / 2:
        del edges[1]
    if len(edges) > 2 and edges[-1] - edges[-2] < length / 2:
        del edges[-2]
    return np.array(edges)


def measure_bars(spectra: Spectra, edges: NDArray[np.float64]) -> Bars:
    """The features of every bar."""
    frames = np.clip(np.rint(edges / spectra.hop_seconds).astype(int), 0, len(spectra.bands))
    frames = np.maximum.accumulate(frames)
    first = np.minimum(frames[:-1], len(spectra.bands) - 1)

    def means(rows: NDArray[np.float32]) -> NDArray[np.float64]:
        total = np.vstack([np.zeros((1, rows.shape[1])), np.cumsum(rows, axis=0, dtype=np.float64)])
        last = np.maximum(frames[1:], first + 1)
        mean: NDArray[np.float64] = (total[last] - total[first]) / (last - first)[:, None]
        return mean

    mel = means(spectra.mel)[:, :39].reshape(len(first), 13, 3).sum(axis=2)
    usual = np.quantile(mel, 0.95, axis=0)
    usual = np.maximum(usual, max(float(usual.sum()) * _QUIETEST_SHARE, 1e-12))
    flux = means(spectra.flux)
    attacks = np.sqrt(flux / (np.quantile(flux, 0.95, axis=0) + 1e-9))
    energy = means(curve_at_frames(spectra, smooth_seconds=0.5).astype(np.float32)[:, None])[:, 0]
    return Bars(
        edges=edges,
        loudness=np.minimum((mel / usual) ** _COMPRESSION, 1.5),
        attacks=np.minimum(attacks, 1.5),
        energy=energy,
    )


def divide(features: NDArray[np.float64]) -> tuple[list[int], int]:
    """The bars at which a new stretch begins, 0 first, and the phrase they keep: its bar numbers modulo 8.

    features : np.ndarray [shape=(bars, dimensions)]

    Optimal partitioning for each of the eight phrases; the cheapest holds. A phrase that begins with the track is
    preferred by a little, since most tracks begin with one.
    """
    count = len(features)
    if count < 2 * _SHORTEST_BARS:
        return [0], 0
    # Noise between like bars sets the unit, so that a busy track is not cut to pieces and a sparse one is cut at all.
    steps = np.sum(np.diff(features, axis=0) ** 2, axis=1)
    noise = max(float(np.median(steps)) / 2, _LEAST_NOISE)
    cost = _stretch_costs(features) / noise
    divisions = [_partition(cost, offset) for offset in range(_PHRASE_BARS)]
    totals = [total + (_BORDER_PRICE if offset else 0.0) for offset, (total, _) in enumerate(divisions)]
    offset = int(np.argmin(totals))
    return divisions[offset][1], offset


def _partition(cost: NDArray[np.float64], offset: int) -> tuple[float, list[int]]:
    """The cheapest way to cover all bars with stretches, and its price, where phrases begin on `offset` modulo 8."""
    count = len(cost)
    price = np.full(count, _OFF_TWO)
    numbers = np.arange(count)
    price[(numbers - offset) % 2 == 0] = _OFF_FOUR
    price[(numbers - offset) % 4 == 0] = _OFF_EIGHT
    price[(numbers - offset) % _PHRASE_BARS == 0] = 1.0
    price[0] = 0.0
    price *= _BORDER_PRICE
    best = np.full(count + 1, np.inf)
    best[0] = 0.0
    previous = np.zeros(count + 1, int)
    for end in range(1, count + 1):
        # The first stretch may be short: a track, or an excerpt, may begin within a phrase. All others have four bars.
        first, last = max(0, end - _LONGEST_BARS), max(end - _SHORTEST_BARS, 0) + 1
        totals = best[first:last] + cost[first:last, end] + price[first:last]
        choice = int(np.argmin(totals))
        best[end], previous[end] = totals[choice], first + choice
    borders = [count]
    while borders[-1] > 0:
        borders.append(int(previous[borders[-1]]))
    return float(best[count]), borders[:0:-1]


def _stretch_costs(features: NDArray[np.float64]) -> NDArray[np.float64]:
    """Cost of every stretch [start, end) [shape=(bars, bars + 1)]: squared distance to its own mean or, where that is
    much better, to its own straight line."""
    count = len(features)
    cost = np.full((count, count + 1), np.inf)
    zero = np.zeros((1, features.shape[1]))
    total = np.vstack([zero, np.cumsum(features, axis=0)])
    times = np.arange(count, dtype=float)
    moment = np.vstack([zero, np.cumsum(features * times[:, None], axis=0)])
    squares = np.concatenate([[0.0], np.cumsum(np.sum(features**2, axis=1))])
    for start in range(count):
        ends = np.arange(start + 1, min(count, start + _LONGEST_BARS) + 1)
        size = (ends - start).astype(float)
        sums = total[ends] - total[start]
        flat = squares[ends] - squares[start] - np.sum(sums**2, axis=1) / size
        centre = (start + ends - 1) / 2
        slope_top = moment[ends] - moment[start] - centre[:, None] * sums
        spread = np.maximum(size * (size**2 - 1) / 12, 1e-9)
        explained = np.sum(slope_top**2, axis=1) / spread
        sloped = np.where(size >= _SHORTEST_BARS, flat - explained, flat)
        # A line has as many numbers again as a mean: it pays for them, or every stretch would be a ramp.
        cost[start, ends] = np.minimum(flat, sloped + 0.25 * flat)
    kept: NDArray[np.float64] = np.maximum(cost, 0)
    return kept


def name_stretches(bars: Bars, borders: list[int]) -> list[SectionKind]:
    """What every stretch is, from how full it is, what its low end does and what surrounds it."""
    ends = [*borders[1:], len(bars.energy)]
    spans = list(zip(borders, ends, strict=True))
    if len(spans) == 1:
        return ["verse"]
    low = np.array([bars.loudness[a:b, 0].mean() for a, b in spans])
    fullness = np.array([bars.fullness[a:b].mean() for a, b in spans])
    rising = np.array([_rise(bars.fullness[a:b]) > _RISES_BY for a, b in spans])
    full = (fullness >= _FULL) & (low >= _LOW_THERE)
    last = len(spans) - 1
    first_full = int(np.argmax(full)) if full.any() else last
    last_full = last - int(np.argmax(full[::-1])) if full.any() else 0
    kinds: list[SectionKind] = []
    for number, (start, end) in enumerate(spans):
        climbs_from = number > 0 and fullness[number] > fullness[number - 1] + _RISES_BY / 2
        leads_to_full = number < last and bool(full[number + 1])
        if full[number]:
            kinds.append("drop")
        elif (
            number > 0
            and leads_to_full
            and low[number] < _LOW_THERE
            and end - start <= 32
            and (rising[number] or climbs_from)
        ):
            kinds.append("buildup")
        elif number == 0 or (
            number < first_full
            and kinds[-1] == "intro"
            and fullness[number] < _SPARSE
            and end <= _INTRO_ENDS_BY * len(bars.energy)
        ):
            kinds.append("intro")
        elif number == last or (
            number > last_full
            and fullness[number] < fullness[last_full] - 0.1
            and start >= _OUTRO_BEGINS_FROM * len(bars.energy)
            and (low[number:] >= _LOW_GONE).all()
        ):
            kinds.append("outro")
        elif low[number] < _LOW_GONE or fullness[number] < _SPARSE:
            kinds.append("breakdown")
        else:
            kinds.append("verse")
    return kinds


def _join_sweeps(kinds: list[SectionKind], borders: list[int], *, offset: int) -> tuple[list[SectionKind], list[int]]:
    """One stretch of what sweeps cut apart: neighbouring breakdowns or buildups, and a buildup with the bars before it
    where these belong to the same eight-bar phrase. No one would mix on such a border."""
    named = list(kinds)
    for number in range(len(kinds) - 2, 0, -1):
        into_buildup = named[number] == "breakdown" and named[number + 1] == "buildup"
        if (
            into_buildup
            and borders[number + 1] - borders[number] < _PHRASE_BARS
            and (borders[number + 1] - offset) % _PHRASE_BARS
        ):
            named[number] = "buildup"
    kept = [
        number
        for number, kind in enumerate(named)
        if number == 0 or kind != named[number - 1] or kind not in ("breakdown", "buildup")
    ]
    return [named[number] for number in kept], [borders[number] for number in kept]


def _rise(values: NDArray[np.float64]) -> float:
    """How much the straight line through the values climbs from the first to the last."""
    if len(values) < 2:
        return 0.0
    return float(np.polyfit(np.arange(len(values)), values, 1)[0] * (len(values) - 1))


def hear_sections(
    spectra: Spectra, grid: Grid, audible: Audible, *, section_lufs: Callable[[float, float], float]
) -> tuple[tuple[Section, ...], tuple[Zone, ...]]:
    """The sections and zones of a track.

    section_lufs : callable (start_seconds, end_seconds) -> LUFS of that part
    """
    edges = bar_edges(grid, audible)
    bars = measure_bars(spectra, edges)
    borders, offset = divide(bars.features)
    kinds, borders = _join_sweeps(name_stretches(bars, borders), borders, offset=offset)
    length = grid.beat_length_seconds * grid.beats_per_bar
    sections = []
    for kind, first, last in zip(kinds, borders, [*borders[1:], len(bars.energy)], strict=True):
        start, end = float(edges[first]), float(edges[last])
        a, b = spectra.frame_at(start), max(spectra.frame_at(end), spectra.frame_at(start) + 1)
        low, low_mid, mid, high, air = band_levels_db(spectra.bands[a:b])
        sections.append(
            Section(
                kind=kind,
                start=round(start, 6),
                end=round(end, 6),
                bars=round((end - start) / length, 2),
                energy=round(float(bars.energy[first:last].mean()), 3),
                loudness_lufs=round(section_lufs(start, end), 2),
                spectrum=Bands(low=low, low_mid=low_mid, mid=mid, high=high, air=air),
            )
        )
    return tuple(sections), tuple(_zones(sections, bars, borders))


def _zones(sections: list[Section], bars: Bars, borders: list[int]) -> list[Zone]:
    zones = []
    ends = [*borders[1:], len(bars.energy)]
    for number, section in enumerate(sections):
        if section.kind != "drop":
            continue
        before = sections[number - 1] if number else None
        if before is not None and before.kind == "buildup":
            zones.append(Zone(kind="pre_drop", start=before.start, end=before.end))
        elif before is not None and before.kind != "drop" and borders[number] >= 4:
            zones.append(
                Zone(kind="pre_drop", start=round(float(bars.edges[borders[number] - 4]), 6), end=section.start)
            )
        if before is None or before.kind != "drop":
            last = min(borders[number] + 8, ends[number])
            zones.append(Zone(kind="post_drop", start=section.start, end=round(float(bars.edges[last]), 6)))
    return zones
