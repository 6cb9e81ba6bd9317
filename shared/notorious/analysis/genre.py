"""Genre: probabilities over twenty dance and neighbouring genres, and whether one of them is sure.

No labelled recordings could be learned from, so this is an expert's score sheet and not a trained classifier. Each
genre states what one expects of it: a range of tempo, where kick and snare fall, whether the bass is heavy, which of
the tags of musicnn speak for it and against it. What is heard is held against the sheet, the points are added, and a
softmax makes probabilities of them, with a temperature that was fitted so that they may be taken at their word
(docs/genre.md says on what, and how well it does). Without the networks tempo, pattern and spectrum decide alone, and
less surely.

The names are those of `theory.genres`; subgenres are not told apart.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from notorious.analysis.bar_pattern import BarPattern
from notorious.analysis.learned import learned_numbers
from notorious.analysis.model import Bands, Genre, Tempo
from notorious.networks import musicnn

NAME = "genre"
VERSION = 2

# In points, which are natural logarithms of odds before the softmax's temperature. Judgement, but for the weights, the
# best of a coarse grid (log loss) on tracks with a stated genre, and the temperatures, the best on the varied ones of
# them: a crate that is as the book has it wants lower ones, which overstate the rest. See docs/genre.md.
_TEMPO_POINTS_PER_OCTAVE = 9.0
_OTHER_LEVEL_POINTS = 1.5
_LARGEST_TEMPO_PENALTY = 5.0
_PATTERN_WEIGHT = 0.75
_TAG_WEIGHT = 1.0
_TEMPERATURE = 1.25
_TEMPERATURE_WITHOUT_TAGS = 1.1
UNSURE_BELOW = 0.55
"""A label of less probability than this is marked as unsure: above it 22 of 23 were right (docs/genre.md)."""


@dataclass(frozen=True)
class _Sheet:
    """What one expects of a genre.

    `bpm` is the usual range; `pattern` weighs traits of the bar and of the spectrum (each from -1 to 1, see `_traits`);
    `msd` and `mtt` weigh tags, in standard deviations above what is usual for each tag.
    """

    bpm: tuple[float, float]
    pattern: Mapping[str, float] = field(default_factory=dict)
    msd: Mapping[str, float] = field(default_factory=dict)
    mtt: Mapping[str, float] = field(default_factory=dict)


_SHEETS: Mapping[str, _Sheet] = {
    "house": _Sheet((117, 130), {"four": 1.5, "bass": 0.3}, {"House": 1, "dance": 0.5}, {"dance": 0.3, "rock": -0.3}),
    "techno": _Sheet(
        (124, 145), {"four": 1.5, "bass": 0.5, "voice": -0.3}, {"electronic": 0.5, "House": 0.2, "pop": -0.4},
        {"techno": 0.8, "beat": 0.2},
    ),
    "trance": _Sheet(
        (130, 146), {"four": 1.5, "bright": 0.3}, {"dance": 0.5, "House": 0.3, "electronic": 0.3},
        {"techno": 0.6, "dance": 0.4, "synth": 0.2},
    ),
    "drum and bass": _Sheet(
        (162, 180), {"broken": 1.2, "backbeat": 0.8, "four": -1.0, "bass": 0.5}, {"electronic": 0.5, "rock": -0.3},
        {"techno": 0.4, "fast": 0.4, "drums": 0.2},
    ),
    "dubstep": _Sheet(
        (137, 145), {"half_time": 1.5, "four": -1.0, "bass": 1.0}, {"electronic": 0.6, "electronica": 0.2},
        {"techno": 0.4, "weird": 0.2},
    ),
    "uk garage": _Sheet(
        (127, 138), {"swing": 1.2, "broken": 1.0, "backbeat": 0.6, "bass": 0.3},
        {"dance": 0.5, "House": 0.4, "rnb": 0.3}, {"beat": 0.2},
    ),
    "breakbeat": _Sheet(
        (108, 140), {"broken": 1.2, "backbeat": 0.9, "four": -0.8}, {"electronic": 0.5, "electronica": 0.4},
        {"beat": 0.3, "drums": 0.3},
    ),
    "hardcore": _Sheet(
        (148, 200), {"four": 1.8, "loud": 0.5, "bright": 0.3}, {"electronic": 0.4, "dance": 0.3},
        {"techno": 0.8, "loud": 0.3, "fast": 0.3},
    ),
    "hip-hop": _Sheet(
        (75, 105), {"broken": 0.6, "backbeat": 0.8, "four": -0.8, "bass": 0.4}, {"Hip-Hop": 1.2, "rnb": 0.2},
        {"beat": 0.3, "rock": -0.3},
    ),
    "trap": _Sheet(
        (65, 90), {"half_time": 0.8, "broken": 0.6, "four": -0.8, "bass": 1.0}, {"Hip-Hop": 0.9, "electronic": 0.3},
        {"beat": 0.2},
    ),
    "r&b": _Sheet(
        (60, 110), {"backbeat": 0.6, "voice": 0.6}, {"rnb": 0.9, "soul": 0.6, "sexy": 0.3, "female vocalist": 0.2}, {},
    ),
    "downtempo": _Sheet(
        (70, 112), {"broken": 0.3, "backbeat": 0.4, "loud": -0.4}, {"chillout": 0.7, "electronica": 0.4, "chill": 0.3},
        {"beat": 0.2, "slow": 0.1},
    ),
    "ambient": _Sheet(
        (40, 180), {"pulse": -2.0, "loud": -0.8, "backbeat": -0.5}, {"ambient": 0.9, "chillout": 0.2},
        {"ambient": 0.5, "new age": 0.3, "drums": -0.4, "beat": -0.3},
    ),
    "disco": _Sheet(
        (105, 128), {"four": 1.2, "backbeat": 0.6},
        {"funk": 0.7, "dance": 0.4, "70s": 0.4, "80s": 0.3, "soul": 0.2}, {},
    ),
    "pop": _Sheet(
        (85, 132), {"backbeat": 0.5, "voice": 0.6, "broken": 0.2}, {"pop": 0.9, "catchy": 0.3, "80s": 0.2},
        {"pop": 0.4},
    ),
    "rock": _Sheet(
        (85, 170), {"backbeat": 0.9, "four": -0.4, "bass": -0.4},
        {"rock": 0.7, "alternative rock": 0.2, "hard rock": 0.3, "metal": 0.3, "electronic": -0.4},
        {"rock": 0.5, "guitar": 0.3, "techno": -0.4},
    ),
    "reggae": _Sheet(
        (62, 95), {"off_beat": 1.8, "bass": 0.5, "four": -0.5}, {"chill": 0.2, "soul": 0.2}, {"rock": -0.2},
    ),
    "dancehall": _Sheet(
        (85, 110), {"dembow": 2.0, "bass": 0.3}, {"Hip-Hop": 0.4, "dance": 0.3, "party": 0.3, "rnb": 0.2}, {},
    ),
    "jazz": _Sheet(
        (60, 200), {"swing": 0.6, "pulse": -0.5, "loud": -0.4, "bass": -0.3},
        {"jazz": 1.1, "easy listening": 0.2, "instrumental": 0.2, "electronic": -0.4}, {"piano": 0.2, "solo": 0.2},
    ),
    "classical": _Sheet(
        (40, 200), {"pulse": -1.2, "loud": -0.8, "bass": -0.8},
        {"instrumental": 0.4, "electronic": -0.4}, {"classical": 0.7, "strings": 0.4, "violin": 0.3, "beat": -0.4},
    ),
}  # fmt: skip

Tags = dict[str, dict[str, float]]
"""How unusual each tag is, by network ("msd", "mtt") and tag: standard deviations above what is usual."""

GENRES = tuple(_SHEETS)
"""The declared list."""


@dataclass(frozen=True)
class Evidence:
    """What a genre is judged by.

    `voice` is the probability that there is one; `tags` is None where the networks are not installed.
    """

    tempo: Tempo
    pattern: BarPattern | None
    spectrum: Bands
    integrated_lufs: float
    voice: float | None = None
    tags: Tags | None = None


def hear_genre(evidence: Evidence) -> Genre:
    """Probabilities of all genres, the label, and whether it is sure."""
    points = np.array([_points(sheet, evidence) for sheet in _SHEETS.values()])
    scaled = points / (_TEMPERATURE if evidence.tags is not None else _TEMPERATURE_WITHOUT_TAGS)
    odds = np.exp(scaled - scaled.max())
    shares = odds / odds.sum()
    order = np.argsort(-shares, kind="stable")
    probabilities = {GENRES[number]: round(float(shares[number]), 4) for number in order}
    top = tuple(GENRES[number] for number in order[:3])
    return Genre(
        label=top[0],
        probabilities=probabilities,
        top=top,
        unsure=bool(shares[order[0]] < UNSURE_BELOW),
    )


def _points(sheet: _Sheet, evidence: Evidence) -> float:
    points = _tempo_points(sheet.bpm, evidence.tempo.bpm)
    traits = _traits(evidence)
    points += _PATTERN_WEIGHT * sum(weight * traits[name] for name, weight in sheet.pattern.items())
    if evidence.tags is not None:
        weights = {"msd": sheet.msd, "mtt": sheet.mtt}
        # Divided by the root of the weights' squares: a sheet with many tags has no louder voice than one with few.
        size = np.sqrt(sum(w * w for some in weights.values() for w in some.values())) or 1.0
        said = sum(w * evidence.tags[network][tag] for network, some in weights.items() for tag, w in some.items())
        points += _TAG_WEIGHT * said / size
    return points


def _tempo_points(usual: tuple[float, float], bpm: float) -> float:
    """0 inside the usual range, falling outside by the octave; the other metrical levels count for less."""

    def away(tempo: float) -> float:
        low, high = usual
        octaves = float(max(np.log2(low / tempo), np.log2(tempo / high), 0.0))
        return -min(_TEMPO_POINTS_PER_OCTAVE * octaves, _LARGEST_TEMPO_PENALTY)

    return max(away(bpm), away(2 * bpm) - _OTHER_LEVEL_POINTS, away(bpm / 2) - _OTHER_LEVEL_POINTS)


def _traits(evidence: Evidence) -> dict[str, float]:
    """Traits of the bar and the spectrum from -1 to 1; 0 is what is usual, or unknown.

    The ranges run about from the 10th to the 90th percentile of 32 varied pieces, with the median in the middle.
    """
    traits = dict.fromkeys(
        ("four", "broken", "backbeat", "half_time", "swing", "off_beat", "dembow", "pulse"), 0.0
    )  # fmt: skip
    bar = evidence.pattern
    if bar is not None:
        traits |= {
            "four": _slope(bar.four_on_the_floor, 0.1, 0.7),
            "broken": _slope(bar.on_the_beat, 0.7, 0.3),
            "backbeat": _slope(bar.backbeat, 0.42, 0.66),
            "half_time": _slope(bar.half_time, 0.08, 0.36),
            "swing": _slope(bar.swing, -0.6, 0.4),
            "off_beat": _slope(bar.off_beat, 0.31, 0.55),
            "dembow": _slope(bar.dembow, 0.4, 1.4),
            "pulse": _slope(bar.pulse, 0.4, 0.95),
        }
    bands = evidence.spectrum
    highs = 10 * np.log10(10 ** (bands.high / 10) + 10 ** (bands.air / 10))
    return traits | {
        "bass": _slope(bands.low, -6.0, -0.5),
        "bright": _slope(highs, -22.0, -9.0),
        "loud": _slope(evidence.integrated_lufs, -20.0, -8.5),
        "voice": 0.0 if evidence.voice is None else 2 * evidence.voice - 1,
    }


def _slope(value: float, low: float, high: float) -> float:
    """-1 at `low`, 1 at `high`, straight between them and level outside."""
    return float(np.clip(2 * (value - low) / (high - low) - 1, -1, 1))


def unusual_tags(heard: musicnn.Heard) -> Tags:
    """Mean logit of each tag over the track, in standard deviations above what is usual for it."""
    found = {}
    learned = learned_numbers()
    for network, tags, patches in (("msd", musicnn.MSD_TAGS, heard.msd), ("mtt", musicnn.MTT_TAGS, heard.mtt)):
        usual, spread = learned[f"{network}.usual"], learned[f"{network}.spread"]
        unusual = np.clip((patches.logits.mean(axis=0) - usual) / spread, -3, 3)
        found[network] = dict(zip(tags, map(float, unusual), strict=True))
    return found
