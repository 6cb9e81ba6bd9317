"""Views follow from events, whatever happens to the events on their way."""

import json
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from notorious.domain import DomainEvent, Recorded, StreamName
from notorious.domain.mix_view import MixView
from notorious.domain.statistics import counts_of
from notorious.domain.track_view import TrackView
from notorious.eventstore import MemoryStore, StoreIsBusy, event_of
from notorious.eventstore.memory_views import MemoryViews
from notorious.eventstore.projector import KIND_OF, bring_up_view, project, rebuild, view_after
from notorious.eventstore.views import View, ViewConflict

EVENTS = Path(__file__).parents[3] / "events"
EXAMPLES = [
    event_of(Recorded.from_document(json.loads(path.read_text()))) for path in sorted(EVENTS.glob("*/*.example.json"))
]
FIRST = {"track": "TrackUploaded", "mix": "MixRequested", "library": "LibraryOpened"}
# A library is opened and a mix requested once; a track may come again.
LATER = {
    category: [
        event
        for event in EXAMPLES
        if event.category == category and event.type() not in ("MixRequested", "LibraryOpened")
    ]
    for category in FIRST
}
STREAMS = [StreamName("track", "a" * 64), StreamName("track", "b" * 64), StreamName("mix", "m"), StreamName.library()]


def example(name: str) -> DomainEvent:
    return next(event for event in EXAMPLES if event.type() == name)


@st.composite
def histories(draw: st.DrawFn) -> list[tuple[StreamName, DomainEvent]]:
    """Events of four streams, mixed with each other, in an order that each stream could have."""
    history: list[tuple[StreamName, DomainEvent]] = []
    begun: set[StreamName] = set()
    for stream in draw(st.lists(st.sampled_from(STREAMS), min_size=1, max_size=30)):
        if stream in begun:
            history.append((stream, draw(st.sampled_from(LATER[stream.category]))))
        else:
            history.append((stream, example(FIRST[stream.category])))
            begun.add(stream)
    return history


def append_all(store: MemoryStore, history: list[tuple[StreamName, DomainEvent]]) -> None:
    for stream, event in history:
        version = len(store.read("anna", stream))
        store.append("anna", stream, version, [event], command_id=f"c{version}", actor="anna")


def everything(views: MemoryViews) -> dict[str, View | None]:
    """All views, also those that are gone."""
    return {str(stream): views.get("anna", KIND_OF[stream.category], stream.id) for stream in STREAMS}


def from_scratch(store: MemoryStore) -> dict[str, View | None]:
    """What the views must be: each stream folded once, from its beginning."""
    streams = {stream: store.read("anna", stream) for stream in STREAMS}
    return {str(stream): view_after(None, records) if records else None for stream, records in streams.items()}


def summed(views: dict[str, View | None]) -> dict[str, int]:
    total: Counter[str] = Counter()
    for view in views.values():
        total.update(view.counted if view else {})
    return {name: count for name, count in sorted(total.items()) if count}


@settings(deadline=None, max_examples=150)
@given(history=histories(), data=st.data())
def test_shuffled_repeated_and_late_deliveries_change_nothing(
    history: list[tuple[StreamName, DomainEvent]], data: st.DataObject
) -> None:
    store, views = MemoryStore(), MemoryViews()
    # Some events are delivered while others are still to come, some several times, and all at least once at the end.
    early = data.draw(st.integers(0, len(history)))
    append_all(store, history[:early])
    for stream, _ in data.draw(st.permutations(history[:early])):
        if data.draw(st.booleans()):
            project(store, views, "anna", stream)
    append_all(store, history[early:])
    for stream, _ in data.draw(st.permutations(history + history[: len(history) // 2])):
        project(store, views, "anna", stream)
    expected = from_scratch(store)
    assert everything(views) == expected
    assert views.statistics("anna") == summed(expected)


@settings(deadline=None, max_examples=80)
@given(history=histories(), data=st.data())
def test_views_can_be_rebuilt_while_events_come_in(
    history: list[tuple[StreamName, DomainEvent]], data: st.DataObject
) -> None:
    store, views = MemoryStore(), MemoryViews()
    early = data.draw(st.integers(1, len(history)))
    append_all(store, history[:early])
    for stream, _ in history[:early]:
        project(store, views, "anna", stream)
    versions = {str(stream): len(store.read("anna", stream)) for stream in STREAMS}
    late = iter(history[early:])

    class Meanwhile(MemoryViews):
        """While views are put, one more event comes in, and is projected or only appended."""

        def __getattribute__(self, name: str) -> object:
            if name == "get" and (coming := next(late, None)):
                append_all(store, [coming])
                if data.draw(st.booleans()):
                    project(store, views, "anna", coming[0])
            return getattr(views, name)

    rebuild(store, Meanwhile(), "anna", sleep=lambda _: None)
    for name, view in everything(views).items():
        assert (view.version if view else 0) >= versions[name]
    append_all(store, list(late))
    for stream, _ in history:
        project(store, views, "anna", stream)
    expected = from_scratch(store)
    assert everything(views) == expected
    assert views.statistics("anna") == summed(expected)
    assert views.generations("anna").current == 2


def test_a_rebuilding_that_was_interrupted_is_taken_up() -> None:
    store, views = MemoryStore(), MemoryViews()
    append_all(store, [(stream, example(FIRST[stream.category])) for stream in STREAMS])

    class Stopped(Exception):
        pass

    def stop(position: int, last: int) -> None:
        raise Stopped

    with pytest.raises(Stopped):
        rebuild(store, views, "anna", report=stop)
    assert views.generations("anna").building == 2
    assert rebuild(store, views, "anna", sleep=lambda _: None) == 4
    assert everything(views) == from_scratch(store)


def test_views_of_an_earlier_projection_are_made_anew_with_the_next_event() -> None:
    store, views = MemoryStore(), MemoryViews()
    stream = STREAMS[0]
    append_all(store, [(stream, example("TrackUploaded"))])
    old = View(stream.id, 1, 1, {"shape": "of long ago"}, {"tracks": 7}, projection=0)
    views.put("anna", "tracks", old, before=None, generation=1)
    append_all(store, [(stream, example("TrackAnalyzed"))])
    project(store, views, "anna", stream)
    assert everything(views) == from_scratch(store)
    assert views.statistics("anna")["tracks"] == 1


def test_an_event_of_a_deleted_track_that_comes_late_does_not_bring_it_back() -> None:
    store, views = MemoryStore(), MemoryViews()
    stream = STREAMS[0]
    append_all(store, [(stream, example("TrackUploaded")), (stream, example("TrackDeleted"))])
    project(store, views, "anna", stream)
    # As a projector writes it that had read the stream before the deletion.
    late = view_after(None, store.read("anna", stream)[:1])
    with pytest.raises(ViewConflict):
        views.put("anna", "tracks", late, before=None, generation=1)
    assert list(views.all("anna", "tracks")) == []
    assert views.statistics("anna") == {}


def test_a_view_that_others_keep_writing_is_given_up_after_a_while() -> None:
    store = MemoryStore()
    append_all(store, [(STREAMS[0], example("TrackUploaded"))])

    class Contested(MemoryViews):
        def put(self, *_: object, **__: object) -> None:
            raise ViewConflict("somebody was faster")

    pauses: list[float] = []
    with pytest.raises(StoreIsBusy):
        bring_up_view(store, Contested(), "anna", STREAMS[0], 1, sleep=pauses.append)
    assert len(pauses) == 50


def track_after(*names: str) -> TrackView:
    store = MemoryStore()
    append_all(store, [(STREAMS[0], example(name)) for name in names])
    return TrackView.model_validate(view_after(None, store.read("anna", STREAMS[0])).content)


def mix_after(*names: str) -> MixView:
    store = MemoryStore()
    append_all(store, [(STREAMS[2], example(name)) for name in names])
    return MixView.model_validate(view_after(None, store.read("anna", STREAMS[2])).content)


def test_a_correction_shows_and_what_was_heard_stays() -> None:
    view = track_after("TrackUploaded", "TrackAnalyzed", "TrackCorrected")
    assert (view.bpm, view.camelot) == (63.01, "9A")
    assert view.heard is not None
    assert (view.heard.bpm, view.heard.camelot) == (126.02, "8A")


def test_a_correction_outlives_another_analysis() -> None:
    view = track_after("TrackUploaded", "TrackAnalyzed", "TrackCorrected", "AnalysisRequested", "TrackAnalyzed")
    assert (view.bpm, view.camelot, view.title) == (63.01, "9A", "Night Bus")


def test_a_track_stays_analyzed_while_it_is_heard_again_in_vain() -> None:
    waiting = track_after("TrackUploaded", "TrackAnalyzed", "AnalysisRequested")
    assert waiting.status == "analyzed"
    assert waiting.pending_since is not None
    failed = track_after("TrackUploaded", "TrackAnalyzed", "AnalysisRequested", "AnalysisFailed")
    assert failed.status == "analyzed"
    assert failed.failure is not None
    assert track_after("TrackUploaded", "AnalysisRequested", "AnalysisFailed").status == "failed"


def test_a_mix_shows_where_it_is() -> None:
    steps = ["MixRequested", "MixPlanned", "MixApproved", "RenderingStarted", "VoiceRendered"]
    view = mix_after(*steps)
    assert (view.status, view.voice_count, view.voices_rendered) == ("rendering", 13, (0,))
    published = mix_after(*steps, "MixMastered", "MixPublished", "TransitionRated")
    assert (published.status, sorted(published.files), published.ratings[3].stars) == (
        "published",
        ["cue", "flac", "mp3"],
        4,
    )


def test_an_edited_plan_takes_back_what_was_rendered() -> None:
    view = mix_after(
        "MixRequested", "MixPlanned", "RenderingStarted", "VoiceRendered", "MixMastered", "MixPublished", "PlanEdited"
    )
    assert (view.status, view.files, view.voices_rendered, view.master) == ("planned", {}, (), None)


def test_statistics_count_what_is_there() -> None:
    counts = counts_of(track_after("TrackUploaded", "TrackAnalyzed"))
    assert counts == {
        "bpm/125": 1,
        "bytes": 41873520,
        "energy/6": 1,
        "genre/deep house": 1,
        "key/8A": 1,
        "seconds": 372,
        "tracks": 1,
        "tracks/analyzed": 1,
    }
    assert counts_of(track_after("TrackUploaded", "TrackDeleted")) == {}
    assert counts_of(track_after("TrackRejected")) == {"rejected": 1}
