"""Eleven descriptors of a track: energy, danceability, valence, acousticness, instrumentalness, speechiness, liveness,
tempo, loudness, mode and time signature.

The names are those that catalogues use; the definitions are ours, written down in docs/genre.md, and each is computed
from what was heard. Four are measurements (tempo, loudness, mode, time signature), energy is the level on our own
scale, and the rest are heuristics that no ratings were at hand to fit to: they order tracks, and are no probabilities.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from notorious.analysis.bar_pattern import BarPattern
from notorious.analysis.genre import Tags
from notorious.analysis.model import Descriptors, KeyEstimate, Tempo, Vocals, VoiceKind
from notorious.analysis.spectrum import Spectra

NAME = "descriptors"
VERSION = 2

_SPOKEN: dict[VoiceKind, float] = {"speech": 1.0, "rap": 0.66}
_HIGH_BANDS = (3, 4)


@dataclass(frozen=True)
class Evidence:
    """What the descriptors are computed from; `tags` is None where the networks are not installed."""

    spectra: Spectra
    tempo: Tempo
    beats_per_bar: int
    key: KeyEstimate
    energy_level: float
    integrated_lufs: float
    pattern: BarPattern | None
    vocals: Vocals
    audible_seconds: float
    tags: Tags | None = None


def describe(evidence: Evidence) -> Descriptors:
    """The eleven descriptors."""
    return Descriptors(
        energy=_rounded((evidence.energy_level - 1) / 9),
        danceability=_rounded(_danceability(evidence)),
        valence=_rounded(_valence(evidence)),
        acousticness=_rounded(_acousticness(evidence)),
        instrumentalness=_rounded(1 - voice_probability(evidence.vocals)),
        speechiness=_rounded(_speechiness(evidence.vocals, evidence.audible_seconds)),
        liveness=_rounded(_liveness(evidence)),
        tempo=evidence.tempo.bpm,
        loudness=evidence.integrated_lufs,
        mode=int(evidence.key.mode == "major"),
        time_signature=evidence.beats_per_bar,
    )


def voice_probability(vocals: Vocals) -> float:
    """The probability that there is a voice at all."""
    return vocals.confidence if vocals.regions else 1 - vocals.confidence


def _speechiness(vocals: Vocals, audible_seconds: float) -> float:
    """Share of the sounding time in which somebody speaks; rap counts for two thirds."""
    spoken = sum(
        _SPOKEN.get(kind, 0.0) * (end - start) for kind, (start, end) in zip(vocals.kinds, vocals.regions, strict=True)
    )
    return spoken / max(audible_seconds, 1.0)


def _danceability(evidence: Evidence) -> float:
    """A pulse that stands out, a tempo that holds, near the pace of a step, with the kick on the beat."""
    tempo = evidence.tempo
    octaves_away = float(max(np.log2(100 / tempo.bpm), np.log2(tempo.bpm / 132), 0.0))
    kick = evidence.pattern.on_the_beat if evidence.pattern is not None else 0.25
    steady = tempo.confidence if tempo.steady else 0.0
    return 0.4 * _steady_pulse(evidence) + 0.2 * steady + 0.25 * max(0.0, 1 - 1.5 * octaves_away) + 0.15 * kick


def _valence(evidence: Evidence) -> float:
    """Cheerfulness by the cues that listeners use: major, fast, bright (Juslin & Laukka 2003), and by tags."""
    sign = 1 if evidence.key.mode == "major" else -1
    mode = 0.5 + 0.5 * sign * evidence.key.confidence
    pace = float(np.clip((evidence.tempo.bpm - 70) / 80, 0, 1))
    cues = 0.5 * mode + 0.25 * pace + 0.25 * _brightness(evidence.spectra)
    if evidence.tags is None:
        return cues
    msd, mtt = evidence.tags["msd"], evidence.tags["mtt"]
    mood = msd["happy"] + msd["party"] + msd["catchy"] - msd["sad"] - msd["ambient"] - 0.5 * mtt["slow"]
    return 0.5 * cues + 0.5 * _logistic(0.5 * mood)


def _acousticness(evidence: Evidence) -> float:
    """Instruments without a plug: by tags; without them, no heavy bass, no machine's pulse, loud and soft seconds."""
    if evidence.tags is not None:
        msd, mtt = evidence.tags["msd"], evidence.tags["mtt"]
        unplugged = msd["acoustic"] + msd["folk"] + mtt["classical"] + mtt["guitar"] + mtt["piano"] + mtt["strings"]
        plugged = (
            msd["electronic"] + msd["electronica"] + mtt["techno"] + mtt["electronic"] + mtt["synth"] + mtt["beat"]
        )
        return _logistic((unplugged - plugged) / 4 - 0.5)
    power = evidence.spectra.bands.mean(axis=0, dtype=np.float64)
    low = float(power[0] / max(power.sum(), 1e-12))
    seconds = _means_of(evidence.spectra.bands.sum(axis=1, dtype=np.float64), round(1 / evidence.spectra.hop_seconds))
    played = float(np.clip((_level_spread_db(seconds) - 2) / 12, 0, 1))
    return (1 - _steady_pulse(evidence)) * 0.5 + (1 - low) * 0.25 + played * 0.25


def _liveness(evidence: Evidence) -> float:
    """A room with people: highs that never fall silent between the attacks, and a tempo that breathes."""
    highs = evidence.spectra.bands[:, _HIGH_BANDS].sum(axis=1, dtype=np.float64)
    floor = 1 - float(np.clip((_level_spread_db(highs) - 8) / 22, 0, 1))
    breathing = 0.0 if evidence.tempo.steady else 1.0
    return 0.5 * floor * (1 - 0.5 * _pulse(evidence)) + 0.3 * breathing


def _pulse(evidence: Evidence) -> float:
    return evidence.pattern.pulse if evidence.pattern is not None else 0.0


def _steady_pulse(evidence: Evidence) -> float:
    """The pulse, and less than half of it where the tempo breathes: hands alone play in steps, too."""
    return _pulse(evidence) * (1.0 if evidence.tempo.steady else 0.4)


def _brightness(spectra: Spectra) -> float:
    power = spectra.bands.mean(axis=0, dtype=np.float64)
    share_db = 10 * np.log10((power[3:].sum() + 1e-12) / (power.sum() + 1e-12))
    return float(np.clip((share_db + 28) / 20, 0, 1))


def _means_of(values: NDArray[np.float64], count: int) -> NDArray[np.float64]:
    """Means of as many successive values; a rest that is shorter is left out, but for one that is all there is."""
    whole = len(values) // count * count
    means: NDArray[np.float64] = values[:whole].reshape(-1, count).mean(axis=1) if whole else values.mean(keepdims=True)
    return means


def _level_spread_db(power: NDArray[np.float64]) -> float:
    """How far the quiet tenth of the frames lies below the loud tenth."""
    quiet, loud = np.quantile(power, (0.1, 0.9))
    return float(10 * np.log10((loud + 1e-12) / (quiet + 1e-12)))


def _logistic(value: float) -> float:
    return float(1 / (1 + np.exp(-value)))


def _rounded(share: float) -> float:
    return round(min(max(float(share), 0.0), 1.0), 3)
