"""Tempos that do not stay: drift, steps, a ramp, a hand; against beats that are known because the tests place them."""

import numpy as np
import pytest
from synthetic_tracks import ALL, DRUMS, RATE_HZ, STYLES, Style, Synthetic, render

import notorious.analysis.beats as beats_module
from notorious.analysis.accents import find_accents
from notorious.analysis.alignment import attack_envelope
from notorious.analysis.beats import Sound, hear_beats
from notorious.analysis.course import STEADY, Course
from notorious.analysis.drift import leaves_its_line
from notorious.analysis.grid import GridFit, fit_grid
from notorious.analysis.onsets import find_onsets
from notorious.analysis.pattern import phrase_likeness
from notorious.analysis.steps import find_plateaus
from notorious.planning.tempo_match import mean_bpm

PLAIN = ((36, ALL),)
WITH_A_BREAK = ((10, ALL), (6, frozenset({"chords"})), (20, ALL))


def wandering(
    style: Style,
    lengths: np.ndarray,
    *,
    arrangement: tuple[tuple[int, frozenset[str]], ...] = PLAIN,
    jitter_seconds: float = 0.0,
) -> Synthetic:
    """A track whose beats last `lengths` [seconds, one a beat]: steady sound for sound, placed by its own clock."""
    return render(style, arrangement=arrangement, beat_lengths=lengths, jitter_seconds=jitter_seconds, seed=4)


def hit(track: Synthetic, fit: GridFit, *, within_seconds: float = 0.03) -> float:
    """F of the beats found, within a distance."""
    found = np.array(fit.grid.beats())
    found = found[(found > track.beats[0] - 0.1) & (found < track.beats[-1] + 0.1)]
    hits = sum(np.abs(found - beat).min() < within_seconds for beat in track.beats)
    return 2 * hits / (len(found) + len(track.beats))


def lengths(bpm: float, factors: np.ndarray) -> np.ndarray:
    return 60.0 / bpm / factors


@pytest.mark.parametrize("share", [0.003, -0.006])
def test_a_drift_of_a_few_tenths_of_a_percent_is_followed(share: float) -> None:
    track = wandering(STYLES["house"], lengths(122.0, np.linspace(1.0, 1.0 + share, 144)))
    fit = fit_grid(track.mono)
    assert not fit.tempo.steady
    assert hit(track, fit, within_seconds=0.01) > 0.97


@pytest.mark.parametrize("name", ["hip-hop", "disco", "dembow"])
def test_a_ramp_through_a_breakdown_does_not_slip_by_half_a_beat(name: str) -> None:
    factors = np.linspace(1.0, 1.05, 144)
    track = wandering(STYLES[name], lengths(STYLES[name].bpm, factors), arrangement=WITH_A_BREAK)
    assert hit(track, fit_grid(track.mono)) > 0.95


def test_a_step_is_gridded_in_two_exact_pieces() -> None:
    factors = np.where(np.arange(144) < 80, 1.0, 1.06)
    track = wandering(STYLES["techno"], lengths(126.0, factors))
    fit = fit_grid(track.mono)
    assert [piece.bpm for piece in fit.grid.pieces] == pytest.approx([126.0, 126.0 * 1.06], abs=0.05)
    assert fit.grid.pieces[1].first_beat == pytest.approx(80, abs=2)
    assert hit(track, fit, within_seconds=0.005) > 0.97
    assert "1 step" in fit.notes[0]


@pytest.mark.parametrize("jitter_seconds", [0.005, 0.012])
def test_a_drummer_without_a_click_is_followed(jitter_seconds: float) -> None:
    rng = np.random.default_rng(7)
    sway = np.convolve(np.cumsum(rng.standard_normal(176)), np.hanning(33) / 16.0, "valid")
    track = wandering(
        STYLES["rock"], lengths(112.0, np.exp(0.015 * (sway - sway.mean()) / sway.std())), jitter_seconds=jitter_seconds
    )
    fit = fit_grid(track.mono)
    assert not fit.tempo.steady
    assert hit(track, fit) > 0.95


def test_a_grid_that_wanders_still_answers_both_ways() -> None:
    track = wandering(STYLES["house"], lengths(120.0, np.linspace(1.0, 1.04, 144)))
    grid = fit_grid(track.mono).grid
    for beat in (0.0, 10.25, 70.0, grid.beat_count + 3.5):
        assert grid.beat(grid.seconds(beat)) == pytest.approx(beat, abs=1e-6)
    assert 120.0 < mean_bpm(grid, 8, 40) < mean_bpm(grid, 90, 130) < 124.9


def test_a_steady_track_with_loud_off_beats_stays_steady() -> None:
    track = render(
        STYLES["loud off-beat hats"], arrangement=((8, DRUMS), (8, frozenset({"chords"})), (16, ALL)), seed=2
    )
    assert fit_grid(track.mono).tempo.steady


def test_phrases_are_most_alike_on_the_true_beats_and_of_few_beats_nothing_is_said() -> None:
    rate_hz = 172.0
    beats = 0.4 + 0.5 * np.arange(96)
    loud = np.tile([1.0, 0.2, 0.8, 0.5], 24)
    envelope = np.zeros(int(50 * rate_hz), np.float32)
    envelope[np.rint(beats * rate_hz).astype(int)] = loud
    drawn_away = beats + 0.08 * np.sin(np.arange(96) / 7)
    true, drawn = (phrase_likeness(envelope, rate_hz, heard) for heard in (beats, drawn_away))
    assert true is not None
    assert drawn is not None
    assert true > 0.7 > drawn + 0.2
    assert phrase_likeness(envelope, rate_hz, beats[:40]) is None


def test_even_time_and_real_time_lead_into_each_other() -> None:
    course = Course(np.array([0.0, 10.0, 20.0]), np.array([0.0, 11.0, 20.0]))
    times = np.array([-1.0, 0.0, 3.0, 12.0, 25.0])
    assert course.to_seconds(course.to_even(times)) == pytest.approx(times)
    assert STEADY.to_even(times) == pytest.approx(times)


def test_beats_that_come_back_to_their_line_have_not_left_it() -> None:
    straight = 0.5 * np.arange(200)
    drawn_away = straight + 0.03 * ((np.arange(200) // 40) % 2)
    assert not leaves_its_line(straight)
    assert not leaves_its_line(drawn_away)
    assert leaves_its_line(straight + 3e-6 * np.arange(200) ** 2)


def test_the_audio_of_these_tracks_lies_where_their_beats_say() -> None:
    track = wandering(STYLES["house"], lengths(120.0, np.linspace(1.0, 1.04, 144)))
    kick = round(float(track.beats[100]) * RATE_HZ)
    before, after = (float(np.square(track.mono[start : start + 300]).sum()) for start in (kick - 320, kick))
    assert after > 3 * before


@pytest.mark.parametrize(
    ("name", "bpm"),
    [("house", 124.0), ("breakbeat", 160.0), ("two-step", 131.0), ("rock", 113.0), ("dembow", 96.0), ("disco", 117.0)],
)
@pytest.mark.parametrize("share", [-0.09, 0.05])
def test_a_step_is_found_to_the_beat_in_many_styles(name: str, bpm: float, share: float) -> None:
    factors = np.where(np.arange(144) < 64, 1.0, 1.0 + share)
    track = wandering(STYLES[name], lengths(bpm, factors))
    fit = fit_grid(track.mono)
    assert [piece.bpm for piece in fit.grid.pieces] == pytest.approx([bpm, bpm * (1.0 + share)], abs=0.05)
    assert hit(track, fit, within_seconds=0.01) > 0.97


def test_a_tempo_that_steps_and_comes_back_has_three_pieces() -> None:
    inside = (np.arange(176) >= 48) & (np.arange(176) < 112)
    track = wandering(STYLES["house"], lengths(124.0, np.where(inside, 1.08, 1.0)), arrangement=((44, ALL),))
    fit = fit_grid(track.mono)
    assert [piece.bpm for piece in fit.grid.pieces] == pytest.approx([124.0, 124.0 * 1.08, 124.0], abs=0.05)
    assert hit(track, fit, within_seconds=0.005) > 0.97


@pytest.mark.parametrize("name", ["house", "rock", "breakbeat", "hip-hop"])
def test_a_final_ritardando_is_followed_and_said(name: str) -> None:
    style = STYLES[name]
    slowing = np.clip((np.arange(144) - 128) / 16, 0.0, 1.0)
    track = wandering(style, lengths(style.bpm, 1.0 - 0.3 * slowing))
    fit = fit_grid(track.mono)
    found = np.array(fit.grid.beats())
    assert not fit.tempo.steady
    assert fit.tempo.bpm == pytest.approx(style.bpm, abs=0.02)
    assert fit.notes[-1].startswith("it slows down at its end, from ")
    assert np.mean([np.abs(found - beat).min() < 0.04 for beat in track.beats[-16:]]) > 0.8
    assert np.abs(track.beats[:100, None] - found).min(axis=1).max() < 0.006


def test_an_end_without_drums_does_not_slow_down() -> None:
    track = render(STYLES["disco"], arrangement=((30, ALL), (8, frozenset({"chords"}))), seed=3)
    fit = fit_grid(track.mono)
    assert fit.tempo.steady
    assert fit.notes == ()


def test_a_path_of_few_seconds_or_of_a_tempo_that_sways_has_no_plateaus() -> None:
    seconds = np.arange(60.0)
    assert find_plateaus(seconds[:4], np.full(4, 0.5)) == []
    assert find_plateaus(seconds, np.full(60, 0.5)) == []
    assert find_plateaus(seconds, 0.5 * np.exp(0.02 * np.sin(seconds / 5))) == []
    stepped = find_plateaus(seconds, np.where(seconds < 30, 0.5, 0.27))
    assert [round(plateau.period_seconds, 3) for plateau in stepped] == [0.5, 0.54]


def test_a_course_on_which_nothing_repeats_has_no_beats() -> None:
    onsets = find_onsets(wandering(STYLES["house"], lengths(120.0, np.ones(144))).mono)
    silent = np.zeros(2000, dtype=np.float32)
    accents = find_accents(np.zeros(22050 * 12, dtype=np.float32), onsets)
    sound = Sound(onsets, silent, accents, attack_envelope(onsets), 11.6)
    assert hear_beats(sound) is None
    course = Course(np.array([0.0, 6.0, 11.6]), np.array([0.0, 6.0, 11.8]))
    assert beats_module._followed(course, sound) is None
    assert beats_module._stepped(course, sound) is None
