"""The search index of a library follows the feed, and is kept."""

import pytest

from fakes.scene import Scene
from notorious.domain import TRACK, StreamName
from notorious.domain.track import CorrectTrack, DeleteTrack
from notorious.eventstore import MemoryStore, handle
from notorious.service import track_indexes
from notorious.service.track_index import TrackIndex
from notorious.service.track_indexes import TrackIndexes
from notorious.service.track_query import CursorRefused, Place, TrackQuery, compatible_camelots, cursor_of, place_of
from unit.planning.planning_track_factory import make_track


@pytest.fixture
def scene() -> Scene:
    return Scene()


def ids(index: TrackIndex, query: TrackQuery | None = None) -> list[str]:
    return [view.id for view in index.page(query or TrackQuery(sort="title", descending=False), limit=100).tracks]


def test_the_index_holds_what_the_views_hold(scene: Scene) -> None:
    tracks = [scene.add(make_track(name, title=name)) for name in ("one", "two", "three")]
    correct = CorrectTrack(command_id="c", actor="anna", bpm=63.0)
    handle(scene.store, "anna", StreamName("track", tracks[0]), correct, TRACK)
    handle(scene.store, "anna", StreamName("track", tracks[1]), DeleteTrack(command_id="d", actor="anna"), TRACK)
    scene.request()
    scene.project()
    index = TrackIndexes(scene.store, scene.objects).current("anna").index
    for view in scene.views.all("anna", "tracks"):
        found = index.track(view.id)
        assert found is not None
        assert found.model_dump(mode="json") == view.content
    assert sorted(ids(index)) == sorted([tracks[0], tracks[2]])


def test_an_index_goes_on_where_it_was(scene: Scene) -> None:
    indexes = TrackIndexes(scene.store, scene.objects)
    one = scene.add(make_track("one", title="one"))
    assert ids(indexes.current("anna").index) == [one]
    two = scene.add(make_track("two", title="two"))
    assert ids(indexes.current("anna").index) == [one, two]


def test_an_index_is_kept_in_the_bucket_when_it_has_learnt_much(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(track_indexes, "WORTH_KEEPING", 7)
    scene.add(make_track("one", title="one"))
    TrackIndexes(scene.store, scene.objects).current("anna")
    assert scene.objects.names("indexes/") == []
    for name in ("two", "three"):
        scene.add(make_track(name, title=name))
    TrackIndexes(scene.store, scene.objects).current("anna")
    (key,) = scene.objects.names("indexes/")
    assert key.startswith("indexes/anna/tracks-")

    class Counted(MemoryStore):
        positions: list[int] = []  # noqa: RUF012  # of this one test

        def feed(self, tenant: str, after: int = 0, limit: int = 1000):  # type: ignore[no-untyped-def]
            self.positions.append(after)
            return scene.store.feed(tenant, after, limit)

        def head(self, tenant: str) -> int:
            return scene.store.head(tenant)

    scene.add(make_track("four", title="four"))
    counted = Counted()
    assert len(ids(TrackIndexes(counted, scene.objects).current("anna").index)) == 4
    # A process that begins reads the object, and of the feed only what is behind it.
    assert min(counted.positions) == 9


def test_a_long_way_is_gone_in_pieces_and_says_how_far_it_is(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(track_indexes, "PAGE", 4)
    for number in range(4):
        scene.add(make_track(str(number), title=str(number)))
    now = iter(range(100))
    indexes = TrackIndexes(scene.store, scene.objects, seconds=lambda: float(next(now)))
    assert [indexes.current("anna", most_seconds=0.5).behind for _ in range(3)] == [8, 4, 0]


def test_an_index_of_another_deployment_or_version_is_made_anew(scene: Scene) -> None:
    one = scene.add(make_track("one", title="one"))
    foreign = TrackIndex()
    foreign._connection.execute("UPDATE about SET position = 99")
    key = track_indexes._key("anna")
    for data in (foreign.to_bytes(), b"no index", b""):
        scene.objects.put(key, data)
        assert ids(TrackIndexes(scene.store, scene.objects).current("anna").index) == [one]


def test_the_indexes_of_the_latest_libraries_stay_in_memory(scene: Scene) -> None:
    indexes = TrackIndexes(scene.store, scene.objects)
    first = indexes.current("anna").index
    assert indexes.current("anna").index is first
    for number in range(track_indexes.KEPT_IN_MEMORY):
        indexes.current(f"tenant-{number}")
    assert indexes.current("anna").index is not first


def test_records_that_do_not_follow_are_refused(scene: Scene) -> None:
    scene.add(make_track("one", title="one"))
    with pytest.raises(ValueError, match="cannot follow"):
        TrackIndex().apply(scene.store.feed("anna", after=1))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("grosse nacht", False),
        ("große", True),
        ("GROSS", False),
        ("nacht", True),
        ("nach", True),
        ("acht", False),
        ("beyonce", True),
        ('"; DROP TABLE tracks; --', False),
        ("nacht OR 1=1", False),
        ("*", True),
        ("", True),
    ],
)
def test_words_are_found_by_their_beginning_without_accents(scene: Scene, text: str, found: bool) -> None:
    scene.add(make_track("x", title="Große Nacht", artist="Beyoncé"))
    index = TrackIndexes(scene.store, scene.objects).current("anna").index
    assert bool(ids(index, TrackQuery(text=text))) is found
    assert len(ids(index)) == 1


def test_equal_values_are_told_apart_by_their_ids(scene: Scene) -> None:
    tracks = sorted(scene.add(make_track(str(number), title="same")) for number in range(6))
    index = TrackIndexes(scene.store, scene.objects).current("anna").index
    for descending in (False, True):
        query = TrackQuery(sort="title", descending=descending)
        seen: list[str] = []
        place: Place | None = None
        while True:
            page = index.page(query, limit=2, behind=place)
            seen += [view.id for view in page.tracks]
            place = page.next_place
            if place is None:
                break
        assert seen == (tracks[::-1] if descending else tracks)


def test_a_cursor_leads_back_to_its_place_and_to_no_other_list() -> None:
    query, place = TrackQuery(text="night", bpm_min=120.5), Place(125.99, "a" * 64)
    cursor = cursor_of(query, place)
    assert place_of(query, cursor) == place
    for other in (TrackQuery(text="night"), TrackQuery(text="night", bpm_min=120.5, sort="bpm")):
        with pytest.raises(CursorRefused, match="other filters"):
            place_of(other, cursor)


@pytest.mark.parametrize("cursor", ["", "x", "e30", "WzEsMl0", "é", "bnVsbA", "W10"])
def test_what_is_no_cursor_is_refused(cursor: str) -> None:
    with pytest.raises(CursorRefused):
        place_of(TrackQuery(), cursor)


def test_keys_that_follow_well_are_the_same_the_relative_and_the_neighbours() -> None:
    assert {"8A", "8B", "7A", "9A"} <= set(compatible_camelots("Am"))
    assert "2A" not in compatible_camelots("8A")
