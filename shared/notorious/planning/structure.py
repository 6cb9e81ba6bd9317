"""A track laid out on its own bars: where its passages begin, and how hard and how loud each of them is.

An Analysis tells sections in seconds. A set is mixed on bar lines, so this lays the sections on the grid once, and
every question that planning asks of a track (which phrase borders are there, what plays at this beat, how loud is it)
is answered from here, in **source beats**: the numbers of the track's own grid.
"""

from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property, lru_cache
from math import ceil, floor, log10

import numpy as np
from numpy.typing import NDArray

from notorious.analysis.model import Analysis, Bands, SectionKind, Track
from notorious.theory.keys import Key

BORDER_TOLERANCE_BARS = 0.1
"""How far sound may begin after a bar line (or end before one) and still fill that bar: a tenth, a 16th and a half."""

SILENCE_LUFS = -70.0
"""The absolute gate of ITU-R BS.1770-4; what is quieter says nothing about loudness."""

_HEARD_AS_DB = (-1.5, 0.0, 1.0, 3.5, 4.0)
"""How the K weighting of ITU-R BS.1770-4 takes the five bands of `Bands`, at their middles."""

VOICE_MARGIN_SECONDS = 0.6
"""How far from its ends a sung passage is surely being sung: about as exact as its borders are heard."""

LOOKS = 16
"""Places at which the passages of a transition are looked at."""

_ENERGY_SPREAD = 0.5
"""How much of a section's distance from its track's mean (on the track's own curve) counts on the scale of the set.

A judgement: a track's own curve is stretched to its own extremes, so the full distance would make every breakdown
silence and every drop a climax.
"""


@dataclass(frozen=True)
class Passage:
    """A section between two bar lines; `energy` (0 to 1) is on the scale of the set's curve."""

    kind: SectionKind
    start_beat: float
    end_beat: float
    energy: float
    loudness_lufs: float
    spectrum: Bands


@dataclass(frozen=True)
class Spectrum:
    """Shares of power, 0 to 1, that lie in the bands of `analysis.model.Bands` (air left out: nothing fights there)."""

    low: float
    low_mid: float
    mid: float
    high: float


@lru_cache(maxsize=65536)
def _shares(bands: Bands) -> Spectrum:
    low, low_mid, mid, high = (
        min(1.0, 10.0 ** (level / 10.0)) for level in (bands.low, bands.low_mid, bands.mid, bands.high)
    )
    return Spectrum(low, low_mid, mid, high)


@dataclass(frozen=True)
class Structure:
    """A track on its bars. `first_bar_beat` and `last_bar_beat` are the outermost bar lines with sound between them."""

    track: Track
    beats_per_bar: int
    passages: tuple[Passage, ...]
    audible_start_beat: float
    audible_end_beat: float

    @property
    def first_bar_beat(self) -> float:
        return self.passages[0].start_beat

    @property
    def last_bar_beat(self) -> float:
        return self.passages[-1].end_beat

    @property
    def bars(self) -> float:
        return (self.last_bar_beat - self.first_bar_beat) / self.beats_per_bar

    def seconds(self, beat: float) -> float:
        return self.track.analysis.grid.seconds(beat)

    @cached_property
    def band_power(self) -> NDArray[np.float64]:
        """Short-term K-weighted power (10^(LUFS / 10)) in five bands, a row per hop of the loudness: shape (hops, 5).

        The bands share the power of each moment as the spectrum of its passage says.
        """
        loudness = self.track.analysis.loudness
        whole = 10.0 ** (np.array(loudness.short_term or (SILENCE_LUFS,), dtype=np.float64) / 10.0)
        ends = [self.seconds(passage.end_beat) for passage in self.passages[:-1]]
        rows = np.searchsorted(ends, np.arange(len(whole)) * loudness.hop_seconds, side="right")
        spectra = np.array(
            [
                (one.spectrum.low, one.spectrum.low_mid, one.spectrum.mid, one.spectrum.high, one.spectrum.air)
                for one in self.passages
            ]
        )
        powers = 10.0 ** ((spectra + np.array(_HEARD_AS_DB)) / 10.0)
        shares = powers / np.maximum(powers.sum(axis=1, keepdims=True), 1e-12)
        found: NDArray[np.float64] = whole[:, None] * shares[rows]
        return found

    @cached_property
    def _ends(self) -> list[float]:
        return [passage.end_beat for passage in self.passages]

    def passage_at(self, beat: float) -> Passage:
        """The passage in which a beat lies; before the first and after the last, the nearest."""
        return self.passages[min(bisect_right(self._ends, beat + 1e-9), len(self.passages) - 1)]

    def passage_before(self, beat: float) -> Passage:
        """The passage that has been playing when a beat comes."""
        return self.passage_at(beat - 0.5)

    @cached_property
    def _kinds(self) -> dict[tuple[float, float], tuple[SectionKind, ...]]:
        return {}

    def kinds_between(self, start_beat: float, end_beat: float) -> tuple[SectionKind, ...]:
        """What sounds through a stretch, looked at in `LOOKS` places; kept, since many candidates share a stretch."""
        found = self._kinds.get((start_beat, end_beat))
        if found is None:
            step = (end_beat - start_beat) / LOOKS
            found = tuple(self.passage_at(start_beat + (look + 0.5) * step).kind for look in range(LOOKS))
            self._kinds[start_beat, end_beat] = found
        return found

    @cached_property
    def _spectra(self) -> dict[tuple[float, float], Spectrum]:
        return {}

    def spectrum_between(self, start_beat: float, end_beat: float) -> Spectrum:
        """The mean spectrum of a stretch, by how long each passage lasts in it; kept like its kinds."""
        found = self._spectra.get((start_beat, end_beat))
        if found is None:
            found = self._spectra[start_beat, end_beat] = self._mean_spectrum(start_beat, end_beat)
        return found

    def _mean_spectrum(self, start_beat: float, end_beat: float) -> Spectrum:
        sums, total = [0.0, 0.0, 0.0, 0.0], 0.0
        for passage in self.passages:
            beats = min(end_beat, passage.end_beat) - max(start_beat, passage.start_beat)
            if beats > 0:
                shares = _shares(passage.spectrum)
                for number, share in enumerate((shares.low, shares.low_mid, shares.mid, shares.high)):
                    sums[number] += beats * share
                total += beats
        if total == 0.0:
            return _shares(self.passage_at(start_beat).spectrum)
        return Spectrum(*(value / total for value in sums))

    @cached_property
    def voice_bars(self) -> tuple[float, ...]:
        """The probability of a voice in each bar from the first downbeat on; empty where nobody sings, or where that
        is not known."""
        vocals = self.track.analysis.vocals
        return vocals.per_bar if vocals is not None and vocals.regions else ()

    def voice_at(self, beat: float) -> float:
        """The probability that a voice sounds in the bar of a beat."""
        bar = floor((beat - self.track.analysis.grid.first_downbeat) / self.beats_per_bar + 1e-6)
        return self.voice_bars[bar] if 0 <= bar < len(self.voice_bars) else 0.0

    def voice_runs_through(self, beat: float) -> bool:
        """Whether a beat lies inside a sung (or spoken) passage, not just at its end."""
        vocals = self.track.analysis.vocals
        at = self.seconds(beat)
        inside = VOICE_MARGIN_SECONDS
        return vocals is not None and any(start + inside < at < end - inside for start, end in vocals.regions)

    def phrase_bars(self, beat: float) -> int:
        """The length of the phrase that begins on a beat: 32 at a passage's border, else 16, 8, 4 bars into it, or 0.

        Between two passages of one kind (an outro that loses its bass half way) a phrase of 16 begins, no passage. 0
        says that no phrase begins there; also for beats that are not bar lines.
        """
        passage = self.passage_at(beat + 1e-6)
        bar = (beat - passage.start_beat) / self.beats_per_bar
        if abs(bar - round(bar)) > 1e-3:
            return 0
        number = round(bar)
        if abs(beat - self.last_bar_beat) < 1e-6:
            return 32
        if number == 0:
            is_first = passage is self.passages[0]
            return 32 if is_first or self.passage_before(beat).kind != passage.kind else 16
        return next((length for length in (16, 8, 4) if number % length == 0), 0)

    def phrase_borders(self, bars: int = 8) -> tuple[float, ...]:
        """Beats where a passage begins, and every `bars` bars into it, up to the last bar line (which is one too)."""
        borders: list[float] = []
        for passage in self.passages:
            step = bars * self.beats_per_bar
            count = max(1, ceil((passage.end_beat - passage.start_beat) / step - 1e-9))
            borders.extend(passage.start_beat + number * step for number in range(count))
        borders.append(self.last_bar_beat)
        return tuple(borders)

    def loudness_between(self, start_seconds: float, end_seconds: float) -> float:
        """Mean loudness [LUFS] of a stretch, from the short-term loudness; where that is silent, the integrated one."""
        loudness = self.track.analysis.loudness
        hop = loudness.hop_seconds
        first = max(0, ceil(start_seconds / hop - 1e-9))
        last = min(len(loudness.short_term) - 1, floor(end_seconds / hop + 1e-9))
        heard = [value for value in loudness.short_term[first : last + 1] if value > SILENCE_LUFS]
        if not heard:
            return loudness.integrated_lufs
        return 10.0 * log10(sum(10.0 ** (value / 10.0) for value in heard) / len(heard))


def structure_of(track: Track) -> Structure:
    """Lay a track's sections on its bars.

    Borders go to the nearest bar line; a section that vanishes thereby is dropped, and a track without usable sections
    is one verse from its first to its last bar. A track shorter than a bar keeps one bar.
    """
    analysis = track.analysis
    grid, bar = analysis.grid, analysis.grid.beats_per_bar
    audible_start, audible_end = _audible(analysis)

    def bar_number(seconds: float) -> float:
        return (grid.beat(seconds) - grid.first_downbeat) / bar

    first = ceil(bar_number(audible_start) - BORDER_TOLERANCE_BARS)
    last = max(first + 1, floor(bar_number(audible_end) + BORDER_TOLERANCE_BARS))
    mean_energy = _mean_energy(analysis)
    passages: list[Passage] = []
    start = first
    for number, section in enumerate(analysis.sections):
        is_last = number == len(analysis.sections) - 1
        end = last if is_last else min(max(round(bar_number(section.end)), start), last)
        if end <= start:
            continue
        energy = analysis.energy.level / 10.0 + _ENERGY_SPREAD * (section.energy - mean_energy)
        passages.append(
            Passage(
                kind=section.kind,
                start_beat=grid.first_downbeat + float(start * bar),
                end_beat=grid.first_downbeat + float(end * bar),
                energy=min(1.0, max(0.0, energy)),
                loudness_lufs=section.loudness_lufs,
                spectrum=section.spectrum,
            )
        )
        start = end
    if not passages:
        passages.append(
            Passage(
                kind="verse",
                start_beat=grid.first_downbeat + float(first * bar),
                end_beat=grid.first_downbeat + float(last * bar),
                energy=min(1.0, analysis.energy.level / 10.0),
                loudness_lufs=analysis.loudness.integrated_lufs,
                spectrum=analysis.spectrum,
            )
        )
    return Structure(
        track=track,
        beats_per_bar=bar,
        passages=tuple(passages),
        audible_start_beat=grid.beat(audible_start),
        audible_end_beat=grid.beat(audible_end),
    )


def _audible(analysis: Analysis) -> tuple[float, float]:
    """Where the sound begins and ends [s]; the whole file where that is not known."""
    if analysis.audible.end > analysis.audible.start:
        return analysis.audible.start, analysis.audible.end
    return 0.0, analysis.duration_seconds


def _mean_energy(analysis: Analysis) -> float:
    """Mean energy of the sections on the track's own curve, weighted by their length."""
    total = sum(section.end - section.start for section in analysis.sections)
    if total <= 0:
        return 0.5
    return sum(section.energy * (section.end - section.start) for section in analysis.sections) / total


@lru_cache(maxsize=64)
def key_of(camelot: str) -> Key:
    """The key that an Analysis names; there are 24 of them and ten thousand tracks."""
    return Key.parse(camelot)
