"""Listeners are told of what is theirs: the latest state, at once, and nothing of others."""

import json
from datetime import timedelta
from typing import Any

import pytest

from fakes.scene import Scene
from notorious.domain import MIX, Recorded, StreamName
from notorious.domain.mix import CancelMix
from notorious.eventstore import handle
from notorious.eventstore.projector import project
from notorious.service.listening import MOST_TOPICS, Listening, Told
from notorious.service.ports import Connection, Ticket
from notorious.service.topics import ViewIsBehind, checked_topic, latest, topics_of
from unit.planning.planning_track_factory import make_track


@pytest.fixture
def scene() -> Scene:
    return Scene()


@pytest.fixture
def listening(scene: Scene) -> Listening:
    return Listening(live=scene.live, views=scene.views, sockets=scene.sockets, clock=scene.clock)


def listen(scene: Scene, listening: Listening, name: str, topic: str = "", tenant: str = "anna") -> None:
    """Somebody connects, and subscribes to a topic."""
    scene.sockets.open.add(name)
    listening.connect(Connection(name, tenant, "user"))
    if topic:
        listening.take(name, json.dumps({"action": "subscribe", "topic": topic}))


def received(scene: Scene, name: str) -> list[dict[str, Any]]:
    return [json.loads(data) for to, data in scene.sockets.sent if to == name]


def events(scene: Scene, stream: StreamName) -> list[Recorded]:
    return list(scene.store.read("anna", stream))


MIX_M1 = StreamName("mix", "m1")


def test_who_subscribes_gets_the_latest_state_at_once(scene: Scene, listening: Listening) -> None:
    scene.request("m1", name="Friday")
    scene.project()
    listen(scene, listening, "late", "mix/m1")
    (message,) = received(scene, "late")
    assert (message["type"], message["topic"], message["version"]) == ("state", "mix/m1", 1)
    assert (message["document"]["status"], message["document"]["name"]) == ("requested", "Friday")


def test_who_listens_to_what_is_not_there_yet_is_told_so(scene: Scene, listening: Listening) -> None:
    listen(scene, listening, "early", "mix/m1")
    assert received(scene, "early") == [{"type": "state", "topic": "mix/m1", "version": 0, "document": None}]


def test_progress_reaches_those_who_listen_and_nobody_else(scene: Scene, listening: Listening) -> None:
    scene.request("m1")
    scene.project()
    listen(scene, listening, "one", "mix/m1")
    listen(scene, listening, "two", "mix/m2")
    with scene.progress("m1") as progress:
        progress.report("planning", 1, 4)
    assert listening.tell_topic("anna", "mix/m1") == Told(1, 0)
    last = received(scene, "one")[-1]
    assert (last["progress"]["phase"], last["progress"]["percent"]) == ("planning", 25)
    assert len(received(scene, "two")) == 1


def test_versions_rise_with_events_and_with_progress(scene: Scene, listening: Listening) -> None:
    scene.request("m1")
    scene.project()
    listen(scene, listening, "one", "mix/m1")
    with scene.progress("m1") as progress:
        for current in range(3):
            progress.report("planning", current, 4)
            scene.clock.pass_seconds(1)
            listening.tell_topic("anna", "mix/m1")
    handle(scene.store, "anna", MIX_M1, CancelMix(command_id="c", actor="anna"), MIX)
    listening.tell_event(events(scene, MIX_M1)[-1])
    versions = [message["version"] for message in received(scene, "one")]
    assert versions == sorted(set(versions))
    last = received(scene, "one")[-1]
    assert (last["document"]["status"], last["change"]) == ("cancelled", {"type": "MixCancelled"})
    assert "progress" not in last


def test_a_message_about_an_event_holds_the_event_before_the_views_do(scene: Scene, listening: Listening) -> None:
    scene.request("m1")
    listen(scene, listening, "one", "mix/m1")
    listening.tell_event(events(scene, MIX_M1)[0])
    assert received(scene, "one")[-1]["document"]["status"] == "requested"
    assert scene.clock.slept == []


def test_a_view_that_is_far_behind_is_waited_for(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    scene.request("m1")
    handle(scene.store, "anna", MIX_M1, CancelMix(command_id="c", actor="anna"), MIX)
    event = events(scene, MIX_M1)[-1]
    given = {"views": scene.views, "progress": scene.live, "clock": scene.clock, "event": event}
    with pytest.raises(ViewIsBehind):
        latest("anna", "mix/m1", **given)
    slept = scene.clock.sleep

    def meanwhile(seconds: float) -> None:
        slept(seconds)
        project(scene.store, scene.views, "anna", MIX_M1)

    monkeypatch.setattr(scene.clock, "sleep", meanwhile)
    message = latest("anna", "mix/m1", **given)
    assert message.document is not None
    assert (message.version, message.document["status"]) == (2, "cancelled")


def test_an_event_that_comes_late_tells_the_state_of_now(scene: Scene, listening: Listening) -> None:
    scene.request("m1")
    handle(scene.store, "anna", MIX_M1, CancelMix(command_id="c", actor="anna"), MIX)
    scene.project()
    listen(scene, listening, "one", "mix/m1")
    listening.tell_event(events(scene, MIX_M1)[0])
    assert [message["document"]["status"] for message in received(scene, "one")] == ["cancelled", "cancelled"]


def test_what_a_listener_is_sent_does_not_say_where_things_lie(scene: Scene, listening: Listening) -> None:
    track = scene.add(make_track("night", title="Night Bus"))
    scene.request("m1")
    scene.project()
    listen(scene, listening, "one", f"track/{track}")
    listen(scene, listening, "one", "mix/m1")
    text = json.dumps(received(scene, "one"))
    assert "Night Bus" in text
    for folder in ("tracks/anna", "analyses/", "plans/"):
        assert folder not in text


def test_nobody_hears_of_another_tenant(scene: Scene, listening: Listening) -> None:
    scene.request("m1")
    scene.project()
    listen(scene, listening, "bert", "mix/m1", tenant="bert")
    assert received(scene, "bert")[0]["document"] is None
    assert listening.tell_topic("anna", "mix/m1") == Told(0, 0)
    assert len(received(scene, "bert")) == 1


def test_who_is_gone_is_forgotten(scene: Scene, listening: Listening) -> None:
    scene.request("m1")
    scene.project()
    for name in ("stays", "goes"):
        listen(scene, listening, name, "mix/m1")
    scene.sockets.open.discard("goes")
    assert listening.tell_topic("anna", "mix/m1") == Told(1, 1)
    assert scene.live.listeners("anna", "mix/m1") == ("stays",)
    assert scene.live.connection("goes") is None


def test_who_disconnects_hears_nothing_more(scene: Scene, listening: Listening) -> None:
    listen(scene, listening, "one", "library")
    listening.disconnect("one")
    assert scene.live.listeners("anna", "library") == ()


def test_who_unsubscribes_hears_nothing_more(scene: Scene, listening: Listening) -> None:
    scene.request("m1")
    listen(scene, listening, "one", "mix/m1")
    listening.take("one", json.dumps({"action": "unsubscribe", "topic": "mix/m1"}))
    assert received(scene, "one")[-1] == {"type": "unsubscribed", "topic": "mix/m1"}
    assert listening.tell_topic("anna", "mix/m1") == Told(0, 0)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{broken",
        "[]",
        "7",
        '{"action": "dance"}',
        '{"action": "subscribe"}',
        '{"action": "subscribe", "topic": "mood"}',
        '{"action": "subscribe", "topic": "mix/../x"}',
        '{"action": "subscribe", "topic": 7}',
    ],
)
def test_what_is_not_understood_is_answered(scene: Scene, listening: Listening, text: str) -> None:
    listen(scene, listening, "one")
    listening.take("one", text)
    (message,) = received(scene, "one")
    assert message["type"] == "problem"
    assert message["detail"]


def test_a_ping_is_answered(scene: Scene, listening: Listening) -> None:
    listen(scene, listening, "one")
    listening.take("one", '{"action": "ping"}')
    assert received(scene, "one") == [{"type": "pong"}]


def test_a_connection_that_is_not_known_cannot_subscribe(scene: Scene, listening: Listening) -> None:
    scene.sockets.open.add("stranger")
    listening.take("stranger", '{"action": "subscribe", "topic": "library"}')
    assert received(scene, "stranger")[0]["type"] == "problem"
    assert scene.live.topics_of("stranger") == ()


def test_a_connection_listens_to_a_bounded_number_of_topics(scene: Scene, listening: Listening) -> None:
    listen(scene, listening, "one")
    for number in range(MOST_TOPICS + 1):
        listening.take("one", json.dumps({"action": "subscribe", "topic": f"mix/m{number}"}))
    assert received(scene, "one")[-1]["type"] == "problem"
    assert len(scene.live.topics_of("one")) == MOST_TOPICS
    listening.take("one", '{"action": "subscribe", "topic": "mix/m0"}')
    assert received(scene, "one")[-1]["type"] == "state"


def test_the_library_is_told_twice_a_second_at_most_and_never_misses_the_last(
    scene: Scene, listening: Listening
) -> None:
    listen(scene, listening, "one", "library")
    for number in range(20):
        scene.upload(bytes([number]))
        scene.project()
        listening.tell_event(scene.store.feed("anna")[-1])
        scene.clock.pass_seconds(0.01)
    messages = received(scene, "one")[1:]
    assert 0 < len(messages) <= 21
    assert scene.clock.slept
    times = [message["version"] for message in messages]
    assert all(after - before >= 499 for before, after in zip(times, times[1:], strict=False))
    assert messages[-1]["document"]["statistics"]["tracks"] == 20


def test_events_concern_their_own_topic_and_the_library(scene: Scene) -> None:
    track = scene.upload(b"one")
    scene.request("m1")
    by_type = {record.type: topics_of(record) for record in scene.store.feed("anna")}
    assert by_type["TrackUploaded"] == (f"track/{track}", "library")
    assert by_type["MixRequested"] == ("mix/m1", "library")


@pytest.mark.parametrize("topic", ["library", "mix/01JCQ0R5V8K3X2N7Z4Y6W9T1AB", "track/" + "a" * 64])
def test_topics_are_plain_names(topic: str) -> None:
    assert checked_topic(topic) == topic


def test_a_ticket_opens_one_connection(scene: Scene) -> None:
    now = scene.clock.now()
    scene.live.keep_ticket("t", Ticket("anna", "user"), expires=now + timedelta(seconds=60))
    assert scene.live.redeem_ticket("t", now=now) == Ticket("anna", "user")
    assert scene.live.redeem_ticket("t", now=now) is None
