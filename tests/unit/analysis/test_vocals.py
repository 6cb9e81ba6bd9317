"""Passages follow from log odds, a network joins where it is there, and what is said of a voice holds together."""

from functools import lru_cache

import numpy as np
import pytest

from notorious.analysis.model import Audible, Grid
from notorious.analysis.spectrum import RATE_HZ, hear_spectra
from notorious.analysis.vocals import (
    INSTRUMENTAL_TAG,
    NO_VOICE_TAGS,
    VOICE_TAGS,
    Opinion,
    hear_vocals,
    log_odds,
    voice_passages,
)
from notorious.analysis.voice_features import voice_features
from notorious.networks.musicnn import MSD_TAGS, MTT_TAGS, Heard, Patches

LENGTH_SECONDS = 32.0
GRID = Grid(first_beat_seconds=0.0, bpm=120.0, beat_count=64)
AUDIBLE = Audible(start=0.0, end=LENGTH_SECONDS)


@lru_cache(maxsize=2)
def spectra_of(kind: str):
    """Chords of still partials with a beat; `sung` adds syllables that glide, waver and change their vowel."""
    rng = np.random.default_rng(3)
    time = np.arange(int(LENGTH_SECONDS * RATE_HZ)) / RATE_HZ
    sound = 0.1 * sum(np.sin(2 * np.pi * hz * time) for hz in (220.0, 261.6, 329.6, 440.0, 523.2))
    for beat in np.arange(0.0, LENGTH_SECONDS, 0.5):
        since = time - beat
        sound += np.where(since >= 0, 0.5 * np.exp(-np.clip(since, 0, 9) / 0.05), 0) * np.sin(2 * np.pi * 55 * time)
    if kind == "sung":
        sound += syllables(time, rng)
    return hear_spectra(sound.astype(np.float32))


def syllables(time, rng):
    """Harmonics of a wavering pitch behind two resonances, with noise at the beginning of each syllable."""
    out = np.zeros(len(time))
    for start in np.arange(4.0, 28.0, 0.4):
        inside = (time >= start) & (time < start + 0.34)
        local = time[inside] - start
        midi = rng.integers(57, 66) + 2.0 * np.exp(-local / 0.05) + 0.4 * np.sin(2 * np.pi * 5.5 * local)
        pitch = 440 * 2 ** ((midi - 69) / 12)
        phase = 2 * np.pi * np.cumsum(pitch) / RATE_HZ
        first, second = rng.uniform(300, 850), rng.uniform(900, 2500)
        voice = np.zeros(len(local))
        for number in range(1, 25):
            hz = number * pitch
            mouth = 1 / (1 + ((hz - first) / 90) ** 2) + 0.6 / (1 + ((hz - second) / 120) ** 2)
            voice += mouth / number**0.5 * np.sin(number * phase)
        hiss = rng.standard_normal(len(local)) * np.exp(-local / 0.03)
        out[inside] += np.sin(np.pi * local / 0.34) ** 0.5 * 0.5 * voice + 0.15 * np.diff(hiss, prepend=0)
    return out


def heard_as(voice: float, none: float, *, instrumental: float = -2.0) -> Heard:
    """What the networks would say if every patch had these logits for the tags of a voice and of none, and of an
    instrumental beside 0 for vocalists."""
    logits = np.full((6, 50), -5.0, np.float32)
    for tags, value in ((VOICE_TAGS, voice), (NO_VOICE_TAGS, none)):
        logits[:, [MTT_TAGS.index(tag) for tag in tags]] = value
    starts = np.arange(6) * 6.0
    patches = Patches(starts, logits, np.zeros((6, 200), np.float32))
    released = np.zeros((6, len(MSD_TAGS)), np.float32)
    released[:, MSD_TAGS.index(INSTRUMENTAL_TAG)] = instrumental
    return Heard(msd=Patches(starts, released, patches.embedding), mtt=patches)


def test_a_stretch_of_high_odds_is_one_passage_around_its_windows():
    local = np.concatenate([np.full(20, -5.0), np.full(20, 5.0), np.full(20, -5.0)])
    assert voice_passages(local) == [(9.75, 19.75)]


def test_a_single_doubtful_window_is_no_passage_and_no_gap():
    blip = np.full(40, -3.0)
    blip[20] = 2.0
    assert voice_passages(blip) == []
    held = np.full(40, 3.0)
    held[20] = -2.0
    assert voice_passages(held) == [(0.0, 19.75)]


def test_passages_are_in_order_and_a_second_apart():
    local = np.random.default_rng(0).normal(0, 6, 2000)
    found = voice_passages(local)
    assert len(found) > 10
    for (a, b), (c, _) in zip(found, found[1:], strict=False):
        assert a < b
        assert c - b >= 1.0


def test_features_do_not_depend_on_how_loud_a_track_is():
    rng = np.random.default_rng(5)
    sound = rng.standard_normal(8 * RATE_HZ).astype(np.float32) * np.float32(0.1)
    loud, soft = voice_features(hear_spectra(sound)), voice_features(hear_spectra(sound * np.float32(0.1)))
    flux = np.r_[24:29, 81:86]  # the shared flux has a floor, as it has for everybody
    np.testing.assert_allclose(np.delete(soft, flux, axis=1), np.delete(loud, flux, axis=1), atol=0.005)


def test_somebody_who_sings_is_heard_where_she_sings():
    vocals = hear_vocals(spectra_of("sung"), GRID, AUDIBLE, None)
    assert vocals.source == "signal"
    assert vocals.regions
    times = np.arange(0, LENGTH_SECONDS, 0.1)
    said = np.zeros(len(times), bool)
    for start, end in vocals.regions:
        said |= (times >= start) & (times < end)
    sung = (times >= 4.0) & (times < 28.0)
    assert (said & sung).sum() > 0.8 * sung.sum()
    assert (said & ~sung).sum() < 0.4 * (~sung).sum()


def test_still_chords_over_a_beat_are_no_voice():
    vocals = hear_vocals(spectra_of("played"), GRID, AUDIBLE, None)
    assert vocals.regions == ()
    assert max(vocals.per_bar) < 0.5


def test_a_network_can_persuade_and_dissuade():
    persuaded, dissuaded = (
        hear_vocals(spectra_of("sung"), GRID, AUDIBLE, heard_as(*logits, instrumental=instrumental))
        for *logits, instrumental in ((-2.0, -5.0, -2.0), (-9.0, -2.0, 1.0))
    )
    alone = hear_vocals(spectra_of("sung"), GRID, AUDIBLE, None)
    assert persuaded.source == dissuaded.source == "networks"
    assert alone.source == "signal"
    assert sum(dissuaded.per_bar) < sum(alone.per_bar)
    assert sum(dissuaded.per_bar) < sum(persuaded.per_bar)
    assert persuaded.regions


def test_what_sounds_like_an_instrumental_is_less_likely_sung():
    def probability(instrumental: float) -> float:
        heard = hear_vocals(spectra_of("sung"), GRID, AUDIBLE, heard_as(-5.0, -5.0, instrumental=instrumental))
        return heard.confidence if heard.regions else 1.0 - heard.confidence

    assert probability(-3.0) == probability(-2.0) > probability(-1.0) > probability(0.0)


def test_what_glides_more_than_any_voice_makes_no_one_surer_than_a_network_agrees():
    """Leads of synths do: the signal alone is never quite sure of a voice, and less so against a network."""
    gliding, singing = (np.repeat([-3.0, level, -3.0], 20) for level in (9.0, 5.0))
    against = Opinion(local=np.full(60, -2.0), highest=-2.0)
    agreeing = Opinion(local=np.full(60, 2.0), highest=2.0)

    def probability(signal, opinion):
        return 1 / (1 + np.exp(-log_odds(signal, opinion)[1]))

    assert probability(gliding, None) == probability(singing, None) < 0.9
    assert probability(gliding, against) == probability(singing, against) < 0.8
    assert probability(singing, agreeing) > 0.95


def test_what_goes_on_and_on_is_less_likely_a_voice_than_what_stands_out():
    standing_out, going_on = np.repeat([-2.0, 1.5, -2.0], 20), np.full(60, 1.5)
    assert log_odds(standing_out, None)[1] > log_odds(going_on, None)[1] + 1.0


def test_a_network_and_the_signal_have_to_mean_the_same_moment():
    signal = np.repeat([2.0, -3.0, -3.0], 20)
    there, elsewhere = np.repeat([1.0, -3.0, -3.0], 20), np.repeat([-3.0, -3.0, 1.0], 20)
    agreed, apart = (log_odds(signal, Opinion(local=local, highest=1.0))[1] for local in (there, elsewhere))
    assert agreed > 2.0
    assert apart < agreed - 1.5


def test_a_phrase_of_three_seconds_is_a_passage():
    local = np.full(60, -2.0)
    local[20:26] = 1.0
    assert voice_passages(local) == [(9.75, 12.75)]


def test_an_answer_that_is_hardly_more_than_even_is_called_unsure():
    by_confidence = [
        hear_vocals(spectra_of("played"), GRID, AUDIBLE, heard_as(-5.0 + push, -5.0)) for push in np.arange(-3, 9, 0.5)
    ]
    assert {one.unsure for one in by_confidence} == {True, False}
    assert all(one.unsure == (one.confidence < 0.75) for one in by_confidence)


@pytest.mark.parametrize("kind", ["sung", "played"])
def test_bars_and_passages_are_complete_and_inside(kind):
    vocals = hear_vocals(spectra_of(kind), GRID, Audible(start=6.0, end=26.0), None)
    assert len(vocals.per_bar) == len(GRID.downbeats()) == 16
    assert len(vocals.kinds) == len(vocals.regions)
    assert all(0 <= value <= 1 for value in vocals.per_bar)
    assert vocals.per_bar[0] < 0.01  # before the sound begins
    assert all(6.0 <= start < end <= 26.0 for start, end in vocals.regions)
