"""The bars of a track as vectors: what the division into sections looks at.

Each bar becomes the loudness of 13 mel bands on a compressive scale (fourth root of power, against the band's own 95th
percentile, so that a change in a quiet band weighs as the ear weighs it), and the density of attacks in five bands.
For where phrases begin, its rhythm (attacks on each sixteenth of the bar) and its pitch classes are looked at as well:
drums may go on through a border at which the chords or a pattern begin anew.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from notorious.analysis.key_chroma import PitchClasses
from notorious.analysis.model import Audible, Grid
from notorious.analysis.spectrum import Spectra

LOW_THERE = 0.75
"""From this loudness of the lowest mel band on, a bar has its low end. Judgement on arrangements of dance music."""

_PHRASE_BARS = 8
_PASSAGE_BARS = 4
_COMPRESSION = 0.25  # power to loudness as heard, near Stevens' law; higher hides what enters softly
_QUIETEST_SHARE = 1e-5  # bands that never hold more than -50 dB of the track are not stretched up to full scale
_SLOTS = 16
_MOST_RHYTHM = 1.5**0.5  # half as much again in flux as the loudest fiftieth of the sixteenths: a crash is one attack
_RHYTHM, _PITCH = 0.25, 0.5
"""Scale of the rhythm and of the pitch classes beside loudness, where the phrase is asked for; chosen among 24 on
52 tracker modules and 24 demo tracks. From 0.2 to 0.3 and from 0.4 to 0.6 all do about as well."""


@dataclass(frozen=True)
class Bars:
    """The bars of a track: `edges` [shape=(bars + 1,)], seconds; the rest one row a bar.

    `loudness` [shape=(bars, 13)] of mel bands from low to high, about 0 to 1; `attacks` [shape=(bars, 5)], the same;
    `rhythm` [shape=(bars, 80)], attacks on each sixteenth of the bar in each of five bands, the same; `pitches`
    [shape=(bars, 12)], pitch classes from C, the strongest of each bar 1; `energy` [shape=(bars,)], 0 to 1, of the
    energy curve.
    """

    edges: NDArray[np.float64]
    loudness: NDArray[np.float64]
    attacks: NDArray[np.float64]
    rhythm: NDArray[np.float64]
    pitches: NDArray[np.float64]
    energy: NDArray[np.float64]

    @property
    def features(self) -> NDArray[np.float64]:
        """What the division looks at [shape=(bars, 18)]."""
        return np.hstack([self.loudness, self.attacks])

    @property
    def phrasing(self) -> NDArray[np.float64]:
        """What tells where phrases begin [shape=(bars, 110)]: the features, rhythm and pitch classes."""
        return np.hstack([self.features, _RHYTHM * self.rhythm, _PITCH * self.pitches])

    @property
    def fullness(self) -> NDArray[np.float64]:
        """How much sounds at once, 1 in the fullest tenth of the passages that have a low end [shape=(bars,)]."""
        mean = self.loudness.mean(axis=1)
        # Against passages, not bars: a voice or a lead that pauses in every other bar leaves a drop a drop.
        around = np.ones(min(_PASSAGE_BARS, len(mean)))
        passages = np.convolve(mean, around, "same") / np.convolve(np.ones(len(mean)), around, "same")
        # With their low end: the noise of a riser fills more bands than any drop.
        based = passages[self.loudness[:, 0] >= LOW_THERE]
        usual = float(np.quantile(based if len(based) >= _PHRASE_BARS else passages, 0.9))
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


def measure_bars(
    spectra: Spectra, energy_curve: NDArray[np.float64], edges: NDArray[np.float64], pitches: PitchClasses
) -> Bars:
    """The features of every bar; `energy_curve` [shape=(frames,)] is from 0 to 1."""

    def means(rows: NDArray[np.float32], borders: NDArray[np.float64] = edges) -> NDArray[np.float64]:
        frames = np.clip(np.rint(borders / spectra.hop_seconds).astype(int), 0, len(rows))
        frames = np.maximum.accumulate(frames)
        first = np.minimum(frames[:-1], len(rows) - 1)
        last = np.maximum(frames[1:], first + 1)
        total = np.vstack([np.zeros((1, rows.shape[1])), np.cumsum(rows, axis=0, dtype=np.float64)])
        mean: NDArray[np.float64] = (total[last] - total[first]) / (last - first)[:, None]
        return mean

    bars = len(edges) - 1
    mel = means(spectra.mel)[:, :39].reshape(bars, 13, 3).sum(axis=2)
    usual = np.quantile(mel, 0.95, axis=0)
    usual = np.maximum(usual, max(float(usual.sum()) * _QUIETEST_SHARE, 1e-12))
    flux = means(spectra.flux)
    attacks = np.sqrt(flux / (np.quantile(flux, 0.95, axis=0) + 1e-9))
    sixteenths = np.interp(np.arange(bars * _SLOTS + 1) / _SLOTS, np.arange(bars + 1), edges)
    rhythm = means(spectra.flux, sixteenths)
    rhythm = np.sqrt(rhythm / (np.quantile(rhythm, 0.98, axis=0) + 1e-9))
    energy = means(energy_curve.astype(np.float32)[:, None])[:, 0]
    return Bars(
        edges=edges,
        loudness=np.minimum((mel / usual) ** _COMPRESSION, 1.5),
        attacks=np.minimum(attacks, 1.5),
        rhythm=np.minimum(rhythm, _MOST_RHYTHM).reshape(bars, -1),
        pitches=pitches.at((edges[:-1] + edges[1:]) / 2),
        energy=energy,
    )
