"""The grid, against tracks whose beats are known to the sample because the tests made them."""

import warnings
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from synthetic_tracks import ALL, DRUMS, NO_DRUM_INTRO, RATE_HZ, STYLES, Synthetic, render

from notorious.analysis.grid import GridFit, fit_grid

SHORT_CLUB = ((4, DRUMS), (8, ALL), (4, frozenset({"chords"})), (12, ALL))


def beat_errors(track: Synthetic, fit: GridFit) -> np.ndarray:
    """Distance of each true beat to the nearest one found [seconds]."""
    found = np.array(fit.grid.beats())
    return np.array([np.abs(found - beat).min() for beat in track.beats])


@cache
def short_club(name: str) -> Synthetic:
    """A track that several examples cut and scale."""
    return render(STYLES[name], arrangement=SHORT_CLUB, seed=6)


STEADY = [
    "house",
    "loud off-beat hats",
    "off-beat bass",
    "rolling bass trance",
    "breakbeat",
    "hip-hop",
    "half-time",
    "dembow",
    "tresillo pop",
    "two-step",
    "swung house",
]


@pytest.mark.parametrize("name", STEADY)
def test_tempo_beats_and_bars_are_found_in_every_style(name: str) -> None:
    track = render(STYLES[name], arrangement=SHORT_CLUB, seed=3)
    fit = fit_grid(track.mono)
    assert fit.tempo.steady
    assert fit.tempo.bpm == pytest.approx(track.bpm, abs=0.02)
    assert np.percentile(beat_errors(track, fit), 95) < 0.005
    downbeats = np.array(fit.grid.downbeats())
    assert np.mean([np.abs(downbeats - bar).min() < 0.02 for bar in track.downbeats]) > 0.95


@pytest.mark.parametrize(("name", "factor"), [("house", 0.93), ("house", 1.07), ("breakbeat", 0.97), ("disco", 1.06)])
def test_the_answer_follows_the_tempo(name: str, factor: float) -> None:
    bpm = STYLES[name].bpm * factor
    track = render(STYLES[name], bpm=bpm, arrangement=SHORT_CLUB, seed=5)
    assert fit_grid(track.mono).tempo.bpm == pytest.approx(bpm, abs=0.02)


def test_a_track_cut_anywhere_in_a_bar_keeps_its_beats_and_bars() -> None:
    track = render(STYLES["house"], arrangement=SHORT_CLUB, cut_seconds=3.217)
    fit = fit_grid(track.mono)
    assert np.percentile(beat_errors(track, fit), 95) < 0.005
    assert fit.grid.seconds(fit.grid.first_downbeat) == pytest.approx(track.downbeats[0], abs=0.005)


def test_an_intro_without_drums_does_not_move_the_grid() -> None:
    track = render(STYLES["disco"], arrangement=NO_DRUM_INTRO)
    assert np.percentile(beat_errors(track, fit_grid(track.mono)), 95) < 0.005


@pytest.mark.parametrize("gain", [0.03, 0.9, 1.1])
def test_loudness_does_not_matter(gain: float) -> None:
    track = render(STYLES["hip-hop"], arrangement=SHORT_CLUB)
    plain, scaled = fit_grid(track.mono), fit_grid((track.mono * gain).astype(np.float32))
    assert scaled.tempo.bpm == pytest.approx(plain.tempo.bpm, abs=0.002)
    assert scaled.grid.first_beat_seconds == pytest.approx(plain.grid.first_beat_seconds, abs=0.001)


def test_bars_of_three_beats_are_recognised() -> None:
    track = render(STYLES["waltz"], arrangement=((24, ALL),))
    fit = fit_grid(track.mono)
    assert fit.grid.beats_per_bar == 3
    assert fit.grid.seconds(fit.grid.first_downbeat) == pytest.approx(track.downbeats[0], abs=0.01)


@pytest.mark.parametrize(
    ("style", "playing"),
    [("house", {"kick"}), ("techno", {"kick", "hat"}), ("house", DRUMS), ("rolling bass trance", DRUMS)],
)
@pytest.mark.parametrize("seed", [1, 2])
def test_where_every_beat_is_like_the_next_no_bar_is_sure(style: str, playing: frozenset[str], seed: int) -> None:
    """That the drums stop on a certain beat, and silence follows, says nothing of the bars before."""
    fit = fit_grid(render(STYLES[style], arrangement=((24, frozenset(playing)),), seed=seed).mono)
    assert fit.tempo.confidence > 0.8
    assert fit.tempo.bar_confidence is not None
    assert fit.tempo.bar_confidence < 0.8


def test_a_hand_that_scatters_is_still_steady() -> None:
    track = render(STYLES["rock"], arrangement=SHORT_CLUB, jitter_seconds=0.008)
    fit = fit_grid(track.mono)
    assert fit.tempo.steady
    assert fit.tempo.bpm == pytest.approx(track.bpm, abs=0.05)


def test_a_tempo_that_changes_is_marked_and_its_beats_are_kept() -> None:
    track = render(STYLES["house"], arrangement=((40, ALL),), tempo_curve=(120.0, 126.0))
    fit = fit_grid(track.mono)
    assert not fit.tempo.steady
    assert fit.grid.beat_seconds is not None
    assert "not steady" in fit.notes[0]
    assert np.mean(beat_errors(track, fit) < 0.02) > 0.9


def test_the_grid_covers_the_audio_from_its_first_beat_to_its_end() -> None:
    track = render(STYLES["techno"], arrangement=SHORT_CLUB)
    grid = fit_grid(track.mono).grid
    duration = len(track.mono) / RATE_HZ
    assert 0 <= grid.first_beat_seconds < grid.beat_length_seconds
    assert duration - grid.beat_length_seconds <= grid.beats()[-1] <= duration


SOUNDS = {
    "nothing": np.zeros(0),
    "one sample": np.ones(1),
    "silence": np.zeros(20 * RATE_HZ),
    "a constant": np.full(20 * RATE_HZ, 0.5),
    "one click": np.eye(1, 20 * RATE_HZ, 7 * RATE_HZ)[0],
    "a steady tone": np.sin(2 * np.pi * 440 * np.arange(30 * RATE_HZ) / RATE_HZ),
    "noise": 0.1 * np.random.default_rng(1).standard_normal(40 * RATE_HZ),
    "a second of noise": 0.1 * np.random.default_rng(2).standard_normal(RATE_HZ),
}


@pytest.mark.parametrize("sound", SOUNDS.values(), ids=SOUNDS.keys())
def test_sound_without_a_beat_gets_a_grid_that_nobody_should_trust(sound: np.ndarray) -> None:
    with warnings.catch_warnings(), np.errstate(all="raise", under="ignore"):
        warnings.simplefilter("error")
        fit = fit_grid(sound.astype(np.float32))
    assert fit.tempo.confidence < 0.2
    assert 55 <= fit.tempo.bpm <= 210
    assert len(fit.beat_strength) == fit.grid.beat_count


def test_five_seconds_are_enough_for_an_answer() -> None:
    track = render(STYLES["house"], arrangement=((4, ALL),))
    fit = fit_grid(track.mono[: 5 * RATE_HZ])
    assert fit.grid.beat_count > 0


def test_the_same_sound_gives_the_same_grid() -> None:
    track = render(STYLES["two-step"], arrangement=SHORT_CLUB)
    assert fit_grid(track.mono).grid == fit_grid(track.mono).grid


def test_other_rates_are_refused_with_the_remedy() -> None:
    with pytest.raises(ValueError, match="resample first"):
        fit_grid(np.zeros(1000, dtype=np.float32), rate_hz=44100)


@given(
    name=st.sampled_from(["hip-hop", "breakbeat", "half-time", "dembow"]),
    gain_db=st.floats(-12.0, 1.0),
    cut_seconds=st.floats(0.0, 2.0),
    less_seconds=st.floats(0.0, 2.0),
)
@settings(max_examples=8, deadline=None, derandomize=True)
def test_the_octave_survives_gain_and_small_cuts(
    name: str, gain_db: float, cut_seconds: float, less_seconds: float
) -> None:
    track = short_club(name)
    first, last = round(cut_seconds * RATE_HZ), len(track.mono) - round(less_seconds * RATE_HZ)
    edited = (track.mono[first:last] * 10 ** (gain_db / 20)).astype(np.float32)
    assert fit_grid(edited).tempo.bpm == pytest.approx(track.bpm, abs=0.02)


@pytest.mark.parametrize("name", ["hip-hop", "breakbeat", "house"])
def test_half_and_double_are_kept_as_alternatives(name: str) -> None:
    track = render(STYLES[name], arrangement=SHORT_CLUB, seed=3)
    tempo = fit_grid(track.mono).tempo
    others = {round(other.bpm / tempo.bpm, 3): other.probability for other in tempo.alternatives}
    assert {0.5, 2.0} <= set(others)
    assert sum(others.values()) <= 1.0 - tempo.confidence + 0.1


def test_a_network_is_asked_only_where_the_bars_are_in_doubt() -> None:
    asked: list[str] = []
    clear = render(STYLES["house"], arrangement=((32, ALL),), seed=3)
    fit_grid(clear.mono, ask_network=lambda: asked.append("clear"))
    drums = render(STYLES["techno"], arrangement=((24, frozenset({"kick", "hat"})),), seed=3)
    fit_grid(drums.mono, ask_network=lambda: asked.append("drums"))
    assert asked == ["drums"]


def test_a_network_makes_bars_surer_where_it_agrees_and_is_followed_where_nothing_else_is_known() -> None:
    track = render(STYLES["techno"], arrangement=((24, frozenset({"kick", "hat"})),), seed=3)
    alone = fit_grid(track.mono)
    beats = np.array(alone.grid.beats())

    def told(place: int) -> GridFit:
        heard = np.zeros((round(beats[-1] * 50) + 2, 2), dtype=np.float32)
        heard[np.rint(beats[place::4] * 50).astype(int), 1] = 0.9
        return fit_grid(track.mono, ask_network=lambda: heard)

    assert alone.grid.beats_per_bar == 4
    own = alone.grid.first_downbeat
    assert told(own).tempo.bar_confidence > alone.tempo.bar_confidence
    assert told((own + 1) % 4).grid.first_downbeat == (own + 1) % 4
