"""Tempos that do not stay: drift, steps, a ramp, a hand; against beats that are known because the tests place them."""

import numpy as np
import pytest
from synthetic_tracks import ALL, DRUMS, RATE_HZ, STYLES, Style, Synthetic, render

from notorious.analysis.course import STEADY, Course
from notorious.analysis.drift import leaves_its_line
from notorious.analysis.grid import GridFit, fit_grid
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
