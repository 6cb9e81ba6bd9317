"""Which genre's rules hold for a track: its tag's, and without one those of what was heard, where that is sure."""

import pytest
from planning_track_factory import make_track

from notorious.analysis.model import Genre, Track
from notorious.planning.brief import Brief
from notorious.planning.pool import pool_of
from notorious.planning.profile import TrackProfile
from notorious.theory.tempo import tolerance_bpm


def heard_as(label: str, *, unsure: bool, tag: str | None = None) -> Track:
    track = make_track("a", genre=tag)
    genre = Genre(label=label, probabilities={label: 0.8}, top=(label,), unsure=unsure)
    return track.model_copy(update={"analysis": track.analysis.model_copy(update={"genre": genre})})


@pytest.mark.parametrize(
    ("track", "genre"),
    [
        (heard_as("hip-hop", unsure=False), "hip-hop"),
        (heard_as("hip-hop", unsure=True), None),
        (heard_as("hip-hop", unsure=False, tag="Techno"), "Techno"),
        (make_track("a", genre=None), None),
    ],
    ids=["heard", "unsure", "tagged", "neither"],
)
def test_the_tempo_may_be_bent_as_far_as_the_genre_allows(track: Track, genre: str | None) -> None:
    pool = pool_of([TrackProfile.of(track)], Brief())

    assert track.genre == genre
    assert float(pool.tolerance_bpm[0]) == tolerance_bpm(genre)


def test_these_genres_differ_in_what_they_allow() -> None:
    assert len({tolerance_bpm("hip-hop"), tolerance_bpm("techno"), tolerance_bpm(None)}) == 3
