"""Eleven descriptors: four are what was measured, the others move the way that their names say."""

import numpy as np
import pytest

from notorious.analysis.bar_pattern import BarPattern
from notorious.analysis.descriptors import Evidence, describe
from notorious.analysis.model import Descriptors, KeyEstimate, Mode, Tempo, Vocals, VoiceKind
from notorious.analysis.spectrum import Spectra, hear_spectra
from notorious.networks import musicnn

RATE = 22050


def noise(pulse_hz: float) -> Spectra:
    time = np.arange(10 * RATE) / RATE
    signal = np.random.default_rng(2).standard_normal(len(time)) * (0.02 + np.exp(-((time * pulse_hz) % 1) * 12))
    return hear_spectra((0.2 * signal).astype(np.float32))


PULSE = noise(2.0)
NO_VOICE = Vocals(confidence=0.8, source="signal")


def key(mode: Mode) -> KeyEstimate:
    return KeyEstimate(camelot="8B", name="C major", tonic="C", mode=mode, tuning_cents=0, confidence=0.9)


def described(
    *,
    bpm: float = 120.0,
    steady: bool = True,
    mode: Mode = "major",
    pulse: float = 0.9,
    vocals: Vocals = NO_VOICE,
    tags: dict[str, dict[str, float]] | None = None,
) -> Descriptors:
    pattern = BarPattern(np.ones(16), np.ones(16), np.ones(16), swing=0.0, pulse=pulse)
    return describe(
        Evidence(
            spectra=PULSE,
            tempo=Tempo(bpm=bpm, confidence=0.9, steady=steady),
            beats_per_bar=4,
            key=key(mode),
            energy_level=5.5,
            integrated_lufs=-9.5,
            pattern=pattern,
            vocals=vocals,
            audible_seconds=100.0,
            tags=tags,
        )
    )


def usual(**unusual: float) -> dict[str, dict[str, float]]:
    found = {"msd": dict.fromkeys(musicnn.MSD_TAGS, 0.0), "mtt": dict.fromkeys(musicnn.MTT_TAGS, 0.0)}
    for name, value in unusual.items():
        network, tag = name.split("_", 1)
        assert tag in found[network]
        found[network][tag] = value
    return found


def test_four_are_measurements_and_energy_is_the_level() -> None:
    heard = described(mode="minor")
    assert (heard.tempo, heard.loudness, heard.mode, heard.time_signature) == (120.0, -9.5, 0, 4)
    assert heard.energy == 0.5


def test_all_shares_lie_between_nothing_and_one() -> None:
    for heard in (described(), described(bpm=40, pulse=0, steady=False), described(tags=usual(msd_happy=3.0))):
        shares = heard.model_dump(exclude={"tempo", "loudness", "mode", "time_signature"})
        assert all(0 <= value <= 1 for value in shares.values()), shares


def test_a_steady_pulse_at_the_pace_of_a_step_is_danceable() -> None:
    assert described().danceability > described(bpm=60).danceability
    assert described().danceability > described(steady=False).danceability
    assert described().danceability > described(pulse=0.2).danceability + 0.2


def test_major_and_happy_tags_are_cheerful() -> None:
    assert described(mode="major").valence > described(mode="minor").valence + 0.1
    assert described(tags=usual(msd_happy=2.0)).valence > described(tags=usual(msd_sad=2.0)).valence + 0.2


def test_guitars_and_strings_are_acoustic_and_synthesisers_are_not() -> None:
    plugged, unplugged = usual(msd_electronic=2.0, mtt_synth=2.0), usual(msd_acoustic=2.0, mtt_guitar=2.0)
    assert described(tags=unplugged).acousticness > described(tags=plugged).acousticness + 0.3


def voices(*, kind: VoiceKind = "singing", seconds: float = 50.0) -> Vocals:
    return Vocals(regions=((10.0, 10.0 + seconds),), kinds=(kind,), confidence=0.9, source="signal")


def test_a_voice_takes_from_instrumentalness() -> None:
    assert described(vocals=voices()).instrumentalness == pytest.approx(0.1)
    assert described().instrumentalness == pytest.approx(0.8)


def test_speechiness_is_the_share_of_time_that_is_spoken() -> None:
    assert described().speechiness == 0.0
    assert described(vocals=voices()).speechiness == 0.0
    assert described(vocals=voices(kind="speech")).speechiness == pytest.approx(0.5)
    assert described(vocals=voices(kind="rap")).speechiness == pytest.approx(0.33)


def test_a_tempo_that_breathes_is_lively() -> None:
    assert described(steady=False).liveness > described(steady=True).liveness
