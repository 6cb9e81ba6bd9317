"""What an owner set right is laid over what was heard, and every beat is where arithmetic says."""

import pytest

from notorious.domain.track_events import TrackCorrected
from notorious.service.corrections import corrected
from unit.planning.planning_track_factory import make_track

TRACK = make_track("x", bpm=128.0, key="8A", first_beat=0.25, first_downbeat=2)


def test_nothing_corrected_changes_nothing() -> None:
    assert corrected(TRACK, None) is TRACK


def test_a_corrected_key_is_certain() -> None:
    key = corrected(TRACK, TrackCorrected(camelot="5B")).analysis.key
    assert (key.camelot, key.name, key.mode, key.confidence) == ("5B", "Eb major", "major", 1.0)


@pytest.mark.parametrize("bpm", [64.0, 256.0, 126.5, 85.33])
def test_at_another_tempo_the_first_bar_line_stays_and_beats_are_as_far_apart_as_it_says(bpm: float) -> None:
    before = TRACK.analysis.grid
    analysis = corrected(TRACK, TrackCorrected(bpm=bpm)).analysis
    grid = analysis.grid
    downbeat = before.seconds(before.first_downbeat)
    assert min(abs(line - downbeat) for line in grid.downbeats()) < 1e-9
    beats = grid.beats()
    assert beats[1] - beats[0] == pytest.approx(60 / bpm)
    assert analysis.audible.start - 1e-6 <= beats[0] < analysis.audible.start + 60 / bpm
    assert analysis.audible.end - 60 / bpm <= beats[-1] <= analysis.audible.end + 1e-6
    assert (analysis.tempo.bpm, analysis.tempo.confidence, analysis.tempo.steady) == (bpm, 1.0, True)


def test_a_tempo_that_was_right_leaves_the_grid_alone() -> None:
    assert corrected(TRACK, TrackCorrected(bpm=128.003)).analysis.grid == TRACK.analysis.grid


def test_a_wavering_grid_that_was_counted_at_half_keeps_its_beats_and_gets_those_between() -> None:
    track = make_track("y", bpm=64.0, steady=False, wobble=0.1)
    before = track.analysis.grid.beats()
    beats = corrected(track, TrackCorrected(bpm=128.0)).analysis.grid.beats()
    assert beats[::2] == before
    assert beats[1] == pytest.approx((before[0] + before[1]) / 2)


def test_a_wavering_grid_that_was_counted_at_double_keeps_every_second_beat() -> None:
    track = make_track("y", bpm=128.0, steady=False, wobble=0.1, first_downbeat=3)
    before = track.analysis.grid
    grid = corrected(track, TrackCorrected(bpm=64.0)).analysis.grid
    assert grid.beats() == before.beats()[1::2]
    assert grid.downbeats()[0] == before.seconds(3)
    assert grid.first_beat_seconds == grid.beats()[0]


def test_cues_change_nothing_of_what_was_heard() -> None:
    assert corrected(TRACK, TrackCorrected(cues=())) == TRACK
