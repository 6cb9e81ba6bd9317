"""A dropped file becomes a track, once, or its rejection says why not."""

import hashlib
import io

import numpy as np
import pytest
import soundfile

from fakes.clock import FakeClock
from fakes.objects import MemoryObjects
from notorious.domain import TRACK, StreamName, TrackState
from notorious.domain.track import DeleteTrack, RecordAnalysisFailure
from notorious.eventstore import MemoryStore, event_of, handle, load
from notorious.service.ingest import Ingested, ingest
from notorious.service.keys import KeyRefused
from notorious.service.ports import ObjectChanged

TENANT = "anna"


def wav(seed: int = 1) -> bytes:
    samples = np.random.default_rng(seed).uniform(-0.3, 0.3, (4410, 2))
    buffer = io.BytesIO()
    soundfile.write(buffer, samples, 44100, format="WAV", subtype="PCM_16")
    return buffer.getvalue()


class Scene:
    def __init__(self) -> None:
        self.clock = FakeClock()
        self.store = MemoryStore()
        self.objects = MemoryObjects(self.clock)

    def drop(self, data: bytes, name: str = "track.wav", upload: str = "u1") -> str:
        self.clock.pass_seconds(1)
        key = f"drop/{TENANT}/{upload}/{name}"
        self.objects.put(key, data)
        return key

    def ingest(self, key: str, **limits: int) -> Ingested:
        return ingest(key, store=self.store, objects=self.objects, **limits)

    def events(self) -> list[str]:
        return [record.type for record in self.store.feed(TENANT)]

    def state(self, data: bytes) -> TrackState:
        return load(self.store, TENANT, StreamName("track", hashlib.sha256(data).hexdigest()), TRACK)[0]


def test_a_sound_file_becomes_a_track_that_is_to_be_heard() -> None:
    scene, data = Scene(), wav()
    taken = scene.ingest(scene.drop(data, "My Track.wav"))
    sha256 = hashlib.sha256(data).hexdigest()
    assert taken == Ingested("uploaded", TENANT, sha256)
    assert scene.events() == ["TrackUploaded", "AnalysisRequested"]
    upload = scene.state(data).upload
    assert upload is not None
    assert (upload.key, upload.file_name) == (f"tracks/{TENANT}/{sha256}/audio.wav", "My Track.wav")
    assert (upload.size_bytes, upload.format) == (len(data), "wav")
    assert scene.objects.get(upload.key) == data


def test_the_dropped_file_goes_when_it_is_taken_up() -> None:
    scene = Scene()
    scene.ingest(scene.drop(wav()))
    assert scene.objects.names("drop/") == []


def test_what_a_file_is_its_content_says_and_not_its_name() -> None:
    scene, data = Scene(), wav()
    scene.ingest(scene.drop(data, "lies.mp3"))
    assert scene.objects.names("tracks/")[0].endswith("/audio.wav")


def test_an_announcement_that_comes_twice_changes_nothing() -> None:
    scene = Scene()
    key = scene.drop(wav())
    scene.ingest(key)
    assert scene.ingest(key).outcome == "gone"
    assert scene.events() == ["TrackUploaded", "AnalysisRequested"]


def test_a_crash_before_the_dropped_file_went_is_made_good_by_the_next_attempt() -> None:
    scene, data = Scene(), wav()
    key = scene.drop(data)

    class Crashing(MemoryObjects):
        def delete(self, key: str) -> None:
            raise ConnectionError

    crashing = Crashing(scene.clock)
    crashing._objects = scene.objects._objects
    with pytest.raises(ConnectionError):
        ingest(key, store=scene.store, objects=crashing)
    assert scene.ingest(key).outcome == "uploaded"
    assert scene.events() == ["TrackUploaded", "AnalysisRequested"]
    assert scene.objects.names("drop/") == []


def test_the_same_file_under_another_name_is_known() -> None:
    scene, data = Scene(), wav()
    scene.ingest(scene.drop(data, "one.wav", "u1"))
    assert scene.ingest(scene.drop(data, "two.wav", "u2")).outcome == "known"
    assert scene.events() == ["TrackUploaded", "AnalysisRequested"]
    assert scene.objects.names("drop/") == []


def test_the_same_file_of_another_tenant_is_another_track() -> None:
    scene, data = Scene(), wav()
    scene.ingest(scene.drop(data))
    scene.objects.put("drop/bob/u1/track.wav", data)
    assert scene.ingest("drop/bob/u1/track.wav").outcome == "uploaded"
    assert len(scene.store.feed("bob")) == 2


def test_a_track_that_was_deleted_can_be_dropped_again() -> None:
    scene, data = Scene(), wav()
    scene.ingest(scene.drop(data))
    stream = StreamName("track", hashlib.sha256(data).hexdigest())
    handle(scene.store, TENANT, stream, DeleteTrack(command_id="d", actor="anna"), TRACK)
    assert scene.ingest(scene.drop(data)).outcome == "uploaded"
    assert scene.state(data).status == "present"


def test_dropping_a_track_again_that_could_not_be_heard_asks_for_it_to_be_heard_again() -> None:
    scene, data = Scene(), wav()
    scene.ingest(scene.drop(data))
    stream = StreamName("track", hashlib.sha256(data).hexdigest())
    failure = RecordAnalysisFailure(command_id="f", actor="analyze", reason="no memory", retryable=True)
    handle(scene.store, TENANT, stream, failure, TRACK)
    assert scene.ingest(scene.drop(data)).outcome == "asked again"
    assert scene.state(data).analysis_is_pending


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "the file is empty"),
        (b"#!/bin/sh\nrm -rf /\n" * 100, "none of the sound files"),
        (wav() + bytes(2_000_000), "a track at most 1 MB"),
    ],
)
def test_what_cannot_be_a_track_is_rejected_with_reason_and_remedy(data: bytes, reason: str) -> None:
    scene = Scene()
    taken = scene.ingest(scene.drop(data, "song.mp3"), most_bytes=1_000_000)
    assert taken.outcome == "rejected"
    (record,) = scene.store.feed(TENANT)
    rejected = event_of(record).model_dump()
    assert reason in rejected["reason"]
    assert rejected["remedy"]
    assert rejected["file_name"] == "song.mp3"
    assert record.stream.id.startswith("upload-")
    assert scene.objects.names() == []


def test_a_rejection_that_is_repeated_is_recorded_once() -> None:
    scene = Scene()
    key = scene.drop(b"text")
    before = dict(scene.objects._objects)
    scene.ingest(key)
    scene.objects._objects.update(before)
    scene.ingest(key)
    assert scene.events() == ["TrackRejected"]


def test_a_file_that_is_replaced_while_it_is_read_is_left_to_the_next_announcement() -> None:
    scene = Scene()
    key = scene.drop(wav(1))

    class Replaced(MemoryObjects):
        def get_range(self, key: str, start: int, length: int) -> bytes:
            head = super().get_range(key, start, length)
            self.put(key, wav(2))
            return head

    replaced = Replaced(scene.clock)
    replaced._objects = scene.objects._objects
    with pytest.raises(ObjectChanged):
        ingest(key, store=scene.store, objects=replaced)
    assert scene.events() == []
    assert scene.ingest(key).outcome == "uploaded"
    assert scene.state(wav(2)).status == "present"


def test_a_key_outside_the_drop_folder_is_refused() -> None:
    with pytest.raises(KeyRefused):
        Scene().ingest("tracks/anna/x/y.mp3")


def test_a_file_is_hashed_and_copied_without_being_held_whole() -> None:
    scene = Scene()
    key = scene.drop(wav() + bytes(3_000_000))

    class NeverWhole(MemoryObjects):
        def get(self, key: str) -> bytes:
            raise AssertionError("read whole")

        def get_range(self, key: str, start: int, length: int) -> bytes:
            assert length <= 1 << 16
            return super().get_range(key, start, length)

    objects = NeverWhole(scene.clock)
    objects._objects = scene.objects._objects
    assert ingest(key, store=scene.store, objects=objects).outcome == "uploaded"
