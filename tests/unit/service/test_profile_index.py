"""The profiles of a library: ten thousand tracks are not ten thousand reads."""

from fakes.scene import Scene
from notorious.domain import TRACK, StreamName
from notorious.domain.track import DeleteTrack
from notorious.eventstore import handle
from notorious.planning.profile import TrackProfile
from notorious.service.profiles import Profiles, profiles
from notorious.service.references import parse_json
from notorious.service.tracks import correct_track
from unit.planning.planning_track_factory import make_library, make_track


def library(count: int = 12) -> Scene:
    scene = Scene()
    for track in make_library(count):
        scene.add(track)
    return scene


def read(scene: Scene) -> Profiles:
    scene.objects.reads.clear()
    return profiles(scene.tenant, scene.tracks(), objects=scene.objects)


def analyses_read(scene: Scene) -> int:
    return sum(key.startswith("analyses/") for key in scene.objects.reads)


def test_they_are_those_of_the_tracks_in_the_order_of_their_hashes() -> None:
    scene = library()
    expected = {track.sha256: TrackProfile.of(track) for track in make_library(12)}
    rows = read(scene).rows
    assert [row.sha256 for row in rows] == sorted(expected)
    for row in rows:
        assert row.bpm == expected[row.sha256].bpm
        assert row.mix_out_seconds == expected[row.sha256].mix_out_seconds
        assert "/" not in row.path


def test_the_second_time_one_object_is_read() -> None:
    scene = library()
    first = read(scene)
    again = read(scene)
    assert (first.made, again.made) == (12, 0)
    assert again.rows == first.rows
    assert len(scene.objects.reads) == 1


def test_of_a_new_and_a_corrected_track_alone_the_analyses_are_read() -> None:
    scene = library()
    read(scene)
    added = scene.add(make_track("new", bpm=120))
    changed = next(track.sha256 for track in scene.tracks() if track.sha256 != added)
    correct_track(scene.store, scene.tenant, changed, bpm=99.5, wisher=scene.wisher())
    found = read(scene)
    assert found.made == analyses_read(scene) == 2
    assert {row.sha256: row.bpm for row in found.rows}[changed] == 99.5
    assert added in {row.sha256 for row in found.rows}


def test_a_deleted_track_leaves_the_index() -> None:
    scene = library()
    read(scene)
    gone = scene.tracks()[0].sha256
    handle(scene.store, scene.tenant, StreamName("track", gone), DeleteTrack(command_id="d", actor="anna"), TRACK)
    assert gone not in {row.sha256 for row in read(scene).rows}
    (key,) = scene.objects.names("indexes/")
    assert gone not in parse_json(scene.objects.get(key))


def test_an_index_that_cannot_be_read_is_made_again() -> None:
    scene = library()
    first = read(scene)
    (key,) = scene.objects.names("indexes/")
    for rubbish in (b"\x1f\x8bbroken", b"[1, 2]", b"{"):
        scene.objects.put(key, rubbish)
        assert read(scene).rows == first.rows


def test_how_far_it_is_can_be_followed_to_the_end() -> None:
    scene = library()
    told: list[tuple[int, int]] = []
    profiles(scene.tenant, scene.tracks(), objects=scene.objects, report=lambda done, total: told.append((done, total)))
    assert told[-1] == (12, 12)
