"""The functions around tracks, called with events as AWS sends them, on AWS in memory."""

import hashlib
import json
from collections.abc import Iterator
from typing import Any

import pytest

from fakes.aws_scene import AwsScene, aws_scene, captured, queue_message
from fakes.sounds import clicks
from notorious.aws import bootstrap, clients
from notorious.domain import TRACK, StreamName
from notorious.domain.track import RequestStems
from notorious.eventstore import handle
from notorious.eventstore.items import event_item
from notorious.library.worker import Answer
from notorious.service.failures import Unrecoverable
from notorious.service.library_view import library_tracks

SHA = hashlib.sha256(clicks()).hexdigest()
DROP = "drop/anna/u7Qm2xVb/Clicks & Clacks.wav"


@pytest.fixture
def scene() -> Iterator[AwsScene]:
    with aws_scene() as scene:
        yield scene


def failed(answer: Any) -> list[str]:
    return [one["itemIdentifier"] for one in answer["batchItemFailures"]]


def test_a_dropped_file_becomes_a_track(scene: AwsScene) -> None:
    scene.objects.put(DROP, clicks())
    assert failed(scene.invoke("ingest")) == []
    assert scene.track(SHA).status == "present"
    assert scene.names("") == [f"tracks/anna/{SHA}/audio.wav"]


def test_a_message_that_comes_twice_is_taken_once_and_not_read_again(
    scene: AwsScene, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene.objects.put(DROP, clicks())
    scene.invoke("ingest")
    scene.objects.put(DROP, clicks())
    monkeypatch.setattr(bootstrap.objects(), "find", lambda key: pytest.fail("it was looked at again"))
    assert failed(scene.invoke("ingest")) == []
    assert scene.events() == ["TrackUploaded", "AnalysisRequested"]


def test_a_poison_message_comes_back_alone_and_its_neighbours_are_taken(scene: AwsScene) -> None:
    scene.objects.put(DROP, clicks())
    good = captured("ingest")["Records"][0]
    other = json.loads(good["body"])
    other["detail"]["object"]["key"] = "no key of ours"
    other["id"] = "another"
    event = {
        "Records": [
            queue_message("{broken", message_id="broken"),
            queue_message(other, message_id="foreign"),
            good,
            queue_message({"id": "x"}, message_id="empty"),
        ]
    }
    assert failed(scene.invoke("ingest", event)) == ["broken", "foreign", "empty"]
    assert scene.track(SHA).status == "present"


def test_an_announcement_that_failed_is_taken_when_it_comes_back(
    scene: AwsScene, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene.objects.put(DROP, clicks())
    with monkeypatch.context() as patch:
        patch.setattr(bootstrap.objects(), "copy", lambda *_, **__: (_ for _ in ()).throw(ConnectionError()))
        assert len(failed(scene.invoke("ingest"))) == 1
    assert failed(scene.invoke("ingest")) == []
    assert scene.events() == ["TrackUploaded", "AnalysisRequested"]


def test_a_track_is_heard_by_the_real_engine(scene: AwsScene) -> None:
    assert scene.upload(clicks()) == SHA
    assert failed(scene.invoke("analyze")) == []
    heard = scene.track(SHA).analysis
    assert heard is not None
    assert heard.summary.duration_seconds == pytest.approx(4.0)
    record = scene.store.read("anna", StreamName("track", SHA))[-1]
    assert record.causation_id == "7a1e6c1f7b0a4c6e9f6d1a2b3c4d5e70"
    assert scene.invoke("analyze", {"tenant": "anna", "sha256": SHA})["outcome"] == "current"


class NoMemory:
    """An ear on a machine without memory."""

    def __init__(self) -> None:
        self.versions = {"tempo": 1}

    def hear(self, *_: Any, **__: Any) -> Answer:
        return Answer(failure="there is not enough memory to hear it", may_pass=True)


@pytest.fixture
def no_memory(scene: AwsScene, monkeypatch: pytest.MonkeyPatch) -> AwsScene:
    monkeypatch.setattr(bootstrap, "ear", NoMemory)
    scene.upload(clicks())
    return scene


def test_a_hearing_that_was_interrupted_comes_back_and_fails_with_the_last_attempt(no_memory: AwsScene) -> None:
    body = json.loads(captured("analyze")["Records"][0]["body"])
    assert failed(no_memory.invoke("analyze", {"Records": [queue_message(body, received=3)]})) == ["m1"]
    assert no_memory.track(SHA).analysis_is_pending
    assert failed(no_memory.invoke("analyze", {"Records": [queue_message(body, received=4)]})) == []
    assert no_memory.events()[-1] == "AnalysisFailed"


def test_in_a_map_an_interrupted_hearing_is_an_error_that_is_tried_again(no_memory: AwsScene) -> None:
    with pytest.raises(Exception, match="not enough memory") as told:
        no_memory.invoke("analyze", {"tenant": "anna", "sha256": SHA})
    assert type(told.value).__name__ == "HearingInterrupted"


def test_what_the_sweep_asks_for_is_heard_too(no_memory: AwsScene) -> None:
    message = queue_message({"tenant": "anna", "sha256": SHA}, received=4)
    assert failed(no_memory.invoke("analyze", {"Records": [message]})) == []
    assert no_memory.events()[-1] == "AnalysisFailed"


def test_a_map_that_names_no_track_is_told_so_and_not_tried_again(scene: AwsScene) -> None:
    with pytest.raises(Unrecoverable, match="sha256"):
        scene.invoke("analyze", {"tenant": "anna", "sha256": "../x"})


# -- from the table to the views -------------------------------------------------------------------------------------


def test_what_the_tables_stream_brings_reaches_the_bus(scene: AwsScene) -> None:
    entries: list[dict[str, Any]] = []
    clients.events().meta.events.register(
        "provide-client-params.eventbridge.PutEvents", lambda params, **_: entries.extend(params["Entries"])
    )
    assert scene.invoke("publish") == {"batchItemFailures": []}
    assert [entry["DetailType"] for entry in entries] == ["TrackUploaded", "AnalysisRequested"]
    assert {(entry["Source"], entry["EventBusName"]) for entry in entries} == {("notorious", "notorious")}
    assert json.loads(entries[0]["Detail"])["data"]["sha256"] == SHA


def test_a_bus_that_is_down_brings_the_stream_back_from_the_first_event_that_was_not_taken(
    scene: AwsScene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bootstrap, "clock", lambda: scene.clock)
    monkeypatch.setattr(bootstrap.bus(), "publish", lambda events: tuple(range(len(events))))
    assert failed(scene.invoke("publish")) == ["100000000000000000003"]


def test_what_was_published_is_what_the_projection_takes(scene: AwsScene) -> None:
    scene.upload(clicks(), "Clicks.wav")
    assert failed(scene.invoke("project")) == []
    (track,) = library_tracks(bootstrap.views(), "anna")
    assert (track.sha256, track.file_name) == (SHA, "Clicks.wav")
    assert track.pending_since is not None


def test_a_stream_that_is_told_of_twice_is_projected_to_the_same_view(scene: AwsScene) -> None:
    scene.upload(clicks())
    scene.invoke("project")
    before = list(bootstrap.views().all("anna", "tracks"))
    scene.invoke("project")
    assert list(bootstrap.views().all("anna", "tracks")) == before


def test_the_captured_stream_is_how_the_store_writes_its_items(scene: AwsScene) -> None:
    scene.upload(clicks(), "Clicks.wav")
    written = [event_item(record) for record in scene.store.feed("anna")]
    images = [record["dynamodb"]["NewImage"] for record in captured("publish")["Records"][2:]]
    for item, image in zip(written, images, strict=True):
        assert item.keys() == image.keys()
        assert (item["stream"], item["item"], item["type"]) == (image["stream"], image["item"], image["type"])
        assert json.loads(item["data"]["S"]) == json.loads(image["data"]["S"])


# -- stems and imports -----------------------------------------------------------------------------------------------


def with_stems_requested(scene: AwsScene) -> None:
    scene.upload(clicks())
    wish = RequestStems(command_id="s", actor="anna", model="htdemucs", asked_at=scene.clock.now())
    handle(scene.store, "anna", StreamName("track", SHA), wish, TRACK)


def test_a_wish_for_stems_starts_their_workflow_once(scene: AwsScene) -> None:
    with_stems_requested(scene)
    for _ in range(2):
        scene.invoke("submit_stems")
    ((_, document),) = scene.workflows.started.items()
    assert document["source"] == f"tracks/anna/{SHA}/audio.wav"
    assert document["destination"] == captured("finish_stems")["destination"]


def test_stems_that_were_left_are_recorded(scene: AwsScene) -> None:
    with_stems_requested(scene)
    prefix = captured("finish_stems")["destination"]
    left = {name: {"key": f"{prefix}{name}.flac", "sha256": "3" * 64, "bytes": 5} for name in ("vocals", "other")}
    scene.objects.put(f"{prefix}stems.json", json.dumps(left).encode())
    assert scene.invoke("finish_stems") == {"stems": ["vocals", "other"]}
    assert scene.events()[-1] == "StemsSeparated"


def test_a_separation_that_failed_is_recorded_with_what_batch_says(scene: AwsScene) -> None:
    with_stems_requested(scene)
    assert scene.invoke("fail_stems") == {"reason": "Essential container in task exited"}
    assert scene.events()[-1] == "StemsFailed"


def test_an_import_is_listed_and_finished(scene: AwsScene) -> None:
    scene.upload(clicks())
    scene.project()
    listed = scene.invoke("list_library")
    assert (listed["bucket"], listed["count"]) == ("media", 1)
    assert json.loads(scene.objects.get(listed["key"])) == [{"tenant": "anna", "sha256": SHA}]
    assert listed["key"] == captured("finish_import")["key"]
    scene.invoke("analyze", {"tenant": "anna", "sha256": SHA})
    scene.project()
    assert scene.invoke("finish_import") == {"analysed": 1, "failed": 0, "skipped": 0}


def test_events_are_archived_once(scene: AwsScene) -> None:
    scene.upload(clicks())
    assert scene.invoke("archive") == {"tenants": 1, "records": 2}
    assert scene.invoke("archive") == {"tenants": 1, "records": 0}
    assert len(scene.names("archive/anna/")) == 1
