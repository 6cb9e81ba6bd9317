"""Hearing a track: its parts are kept, a new analyser hears alone, and who is to blame for a failure is told apart."""

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from fakes.objects import MemoryObjects
from fakes.scene import Scene
from notorious.analysis.model import Analysis
from notorious.domain import TRACK, StreamName
from notorious.domain.track import DeleteTrack, RequestAnalysis
from notorious.eventstore import handle
from notorious.library.worker import TAGS, Answer
from notorious.service.analyses import read_track
from notorious.service.ear import ChildEar
from notorious.service.hear import Heard, HearingInterrupted, hear
from unit.planning.planning_track_factory import make_track


class FakeEar:
    """Hears the same of every file; notes what it was asked for."""

    def __init__(self, versions: Mapping[str, int] | None = None, answer: Answer | None = None) -> None:
        self.versions = {"tempo": 1, "key": 1, TAGS: 1} if versions is None else versions
        self.answer = answer
        self.known: list[set[str]] = []
        self.files: list[bytes] = []

    def hear(self, path: Path, sha256: str, known: Mapping[str, Any], *, seconds: float) -> Answer:
        self.known.append(set(known))
        self.files.append(path.read_bytes())
        parts = {name: {"version": version} for name, version in self.versions.items() if name not in known}
        if TAGS in parts:
            parts[TAGS] = {"title": "A Title", "artist": "Somebody", "genre": "techno"}
        return self.answer or Answer(parts=parts)

    def assemble(self, sha256: str, parts: Mapping[str, Any]) -> Analysis:
        assert set(parts) == set(self.versions) - {TAGS}
        return make_track("x", bpm=128, key="5A", level=7, sha=sha256).analysis


def listen(scene: Scene, sha256: str, ear: Any, **options: Any) -> Heard:
    return hear(scene.tenant, sha256, store=scene.store, objects=scene.objects, ear=ear, seconds=60, **options)


def test_what_was_heard_is_kept_and_recorded_with_its_summary() -> None:
    scene = Scene()
    sha256 = scene.upload(b"audio", "01 - Somebody - A Title.wav")
    assert listen(scene, sha256, FakeEar()).outcome == "analyzed"
    state = scene.track(sha256)
    assert state.analysis is not None
    assert not state.analysis_is_pending
    summary = state.analysis.summary
    assert (summary.title, summary.artist, summary.genre) == ("A Title", "Somebody", "techno")
    assert (summary.bpm, summary.camelot, summary.energy) == (128, "5A", 7)
    track = read_track(scene.objects, state.analysis.analysis)
    assert (track.sha256, track.path) == (sha256, "01 - Somebody - A Title.wav")
    assert state.analysis.analysis.key.startswith(f"analyses/anna/{sha256}/")


def test_a_track_without_a_title_goes_by_the_name_of_its_file() -> None:
    scene = Scene()
    sha256 = scene.upload(b"audio", "Night Bus.wav")
    listen(scene, sha256, FakeEar({"tempo": 1}))
    state = scene.track(sha256)
    assert state.analysis is not None
    assert state.analysis.summary.title == "Night Bus"


def test_a_new_version_of_one_analyser_makes_that_one_alone_hear_again() -> None:
    scene = Scene()
    sha256 = scene.upload(b"audio")
    listen(scene, sha256, FakeEar())
    newer = FakeEar({"tempo": 1, "key": 2, TAGS: 1})
    assert listen(scene, sha256, newer).fresh_parts == ("key",)
    assert newer.known == [{"tempo", TAGS}]
    state = scene.track(sha256)
    assert state.analysis is not None
    assert state.analysis.analysers == {"tempo": 1, "key": 2, TAGS: 1}
    assert [key.rsplit("/", 1)[1] for key in scene.objects.names("parts/")] == [
        "key-2.json.gz",
        "tags-1.json.gz",
        "tempo-1.json.gz",
    ]


def test_a_track_that_is_known_by_todays_analysers_is_not_read_again() -> None:
    scene = Scene()
    sha256 = scene.upload(b"audio")
    listen(scene, sha256, FakeEar())
    before = len(scene.events())
    ear = FakeEar()
    assert listen(scene, sha256, ear).outcome == "current"
    assert ear.files == []
    assert len(scene.events()) == before


def test_a_track_that_is_asked_for_again_is_put_together_from_its_parts_without_its_file() -> None:
    scene = Scene()
    sha256 = scene.upload(b"audio")
    listen(scene, sha256, FakeEar())
    again = RequestAnalysis(command_id="again", actor="anna")
    handle(scene.store, scene.tenant, StreamName("track", sha256), again, TRACK)
    ear = FakeEar()
    assert listen(scene, sha256, ear).outcome == "analyzed"
    assert ear.files == []
    assert not scene.track(sha256).analysis_is_pending


def test_a_part_that_cannot_be_read_is_heard_again() -> None:
    scene = Scene()
    sha256 = scene.upload(b"audio")
    listen(scene, sha256, FakeEar())
    scene.objects.put(scene.objects.names("parts/")[0], b"\x1f\x8bbroken")
    handle(scene.store, scene.tenant, StreamName("track", sha256), RequestAnalysis(command_id="a", actor="anna"), TRACK)
    assert listen(scene, sha256, FakeEar()).fresh_parts == ("key",)


def test_what_lies_in_the_file_is_a_failure_at_once() -> None:
    scene = Scene()
    sha256 = scene.upload(b"audio")
    heard = listen(scene, sha256, FakeEar(answer=Answer(failure="it is silent")))
    assert (heard.outcome, heard.reason) == ("failed", "it is silent")
    assert scene.events()[-1] == "AnalysisFailed"
    assert not scene.track(sha256).analysis_is_pending


def test_what_lies_in_the_machine_is_tried_again_and_recorded_only_by_the_last_attempt() -> None:
    scene = Scene()
    sha256 = scene.upload(b"audio")
    ear = FakeEar(answer=Answer(failure="there is not enough memory to hear it", may_pass=True))
    with pytest.raises(HearingInterrupted, match="not enough memory"):
        listen(scene, sha256, ear)
    assert scene.track(sha256).analysis_is_pending
    assert listen(scene, sha256, ear, is_last_attempt=True).outcome == "failed"
    failed = scene.store.feed(scene.tenant)[-1]
    assert failed.data["retryable"] is True


def test_a_track_whose_audio_is_gone_fails_with_what_to_do() -> None:
    scene = Scene()
    sha256 = scene.upload(b"audio")
    scene.objects.delete(scene.objects.names("tracks/")[0])
    assert listen(scene, sha256, FakeEar()).outcome == "failed"
    assert scene.store.feed(scene.tenant)[-1].data["remedy"] == "upload it again"


def test_a_track_that_was_deleted_is_let_go() -> None:
    scene = Scene()
    sha256 = scene.upload(b"audio")
    handle(scene.store, scene.tenant, StreamName("track", sha256), DeleteTrack(command_id="d", actor="anna"), TRACK)
    assert listen(scene, sha256, FakeEar()).outcome == "gone"


def test_a_track_that_is_deleted_while_it_is_heard_is_let_go() -> None:
    scene = Scene()
    sha256 = scene.upload(b"audio")

    class Deleting(FakeEar):
        def hear(self, *arguments: Any, **options: Any) -> Answer:
            delete = DeleteTrack(command_id="d", actor="anna")
            handle(scene.store, scene.tenant, StreamName("track", sha256), delete, TRACK)
            return super().hear(*arguments, **options)

    assert listen(scene, sha256, Deleting()).outcome == "gone"
    assert scene.events()[-1] == "TrackDeleted"


def test_a_crash_between_the_parts_and_the_event_costs_no_second_hearing() -> None:
    scene = Scene()
    sha256 = scene.upload(b"audio")

    class Crashing(MemoryObjects):
        def put(self, key: str, data: bytes, *, content_type: str = "") -> None:
            if key.startswith("analyses/"):
                raise ConnectionError
            super().put(key, data, content_type=content_type)

    crashing = Crashing(scene.clock)
    crashing._objects = scene.objects._objects
    with pytest.raises(ConnectionError):
        hear(scene.tenant, sha256, store=scene.store, objects=crashing, ear=FakeEar(), seconds=60)
    ear = FakeEar()
    assert listen(scene, sha256, ear).outcome == "analyzed"
    assert ear.files == []


@pytest.fixture
def child_ear() -> Any:
    ear = ChildEar()
    yield ear
    ear.close()


def test_the_real_engine_hears_in_a_child_process_and_survives_what_is_no_music(child_ear: ChildEar) -> None:
    scene = Scene()
    time = np.arange(6 * 22050) / 22050
    clicks = np.where(time % 0.5 < 0.02, np.sin(2 * np.pi * 60 * time), 0.0)
    buffer = io.BytesIO()
    soundfile.write(buffer, clicks, 22050, format="WAV", subtype="PCM_16")
    broken, music = scene.upload(b"RIFF no music at all"), scene.upload(buffer.getvalue())
    assert listen(scene, broken, child_ear).outcome == "failed"
    assert listen(scene, music, child_ear).outcome == "analyzed"
    state = scene.track(music)
    assert state.analysis is not None
    assert state.analysis.summary.duration_seconds == pytest.approx(6.0)
    assert state.analysis.analysers == dict(child_ear.versions)
