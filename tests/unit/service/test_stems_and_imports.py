"""Separations and imports: begun once, recorded as they went."""

import json

import pytest

from fakes.scene import VERSIONS, Scene
from fakes.senders import MemorySeparation
from notorious.aws.messages import StemsWorkflow
from notorious.domain import Recorded
from notorious.service.failures import Unrecoverable
from notorious.service.import_library import begin_import, finish_import, list_library
from notorious.service.separate_stems import fail_stems, finish_stems, separation_name, submit_stems
from notorious.service.tracks import delete_track, request_stems
from unit.planning.planning_track_factory import make_library, make_track

MODEL = "htdemucs"


def requested(scene: Scene) -> tuple[str, Recorded]:
    sha256 = scene.upload(b"audio")
    request_stems(scene.store, "anna", sha256, model=MODEL, now=scene.clock.now(), wisher=scene.wisher())
    return sha256, scene.store.feed("anna")[-1]


def leave(scene: Scene, sha256: str, name: str, value: object) -> None:
    scene.objects.put(f"stems/anna/{sha256}/{MODEL}/{name}", json.dumps(value).encode())


def stems_of(sha256: str) -> dict[str, dict[str, object]]:
    return {
        name: {"key": f"stems/anna/{sha256}/{MODEL}/{name}.flac", "sha256": "3" * 64, "bytes": 10}
        for name in ("vocals", "drums", "bass", "other")
    }


def test_a_request_begins_one_separation_however_often_it_is_told_of() -> None:
    scene, separation = Scene(), MemorySeparation()
    sha256, recorded = requested(scene)
    assert submit_stems(recorded, store=scene.store, separation=separation)
    assert not submit_stems(recorded, store=scene.store, separation=separation)
    assert separation.submitted == [("anna", sha256, MODEL, f"tracks/anna/{sha256}/audio.wav", recorded.version)]


def test_a_request_that_was_settled_begins_nothing() -> None:
    scene, separation = Scene(), MemorySeparation()
    sha256, recorded = requested(scene)
    fail_stems("anna", sha256, MODEL, error="X", cause="", store=scene.store, objects=scene.objects)
    assert not submit_stems(recorded, store=scene.store, separation=separation)


def test_other_events_begin_nothing() -> None:
    scene, separation = Scene(), MemorySeparation()
    requested(scene)
    assert not submit_stems(scene.store.feed("anna")[0], store=scene.store, separation=separation)


def test_the_workflow_of_a_separation_is_named_by_track_model_and_request() -> None:
    scene = Scene()
    sha256, _ = requested(scene)
    workflow = StemsWorkflow(scene.workflows)
    assert workflow.submit("anna", sha256, MODEL, source="tracks/x", attempt=3)
    assert not workflow.submit("anna", sha256, MODEL, source="tracks/x", attempt=3)
    assert workflow.submit("anna", sha256, MODEL, source="tracks/x", attempt=4)
    document = scene.workflows.started["stems", separation_name("anna", sha256, MODEL, 3)]
    assert document["destination"] == f"stems/anna/{sha256}/{MODEL}/"


def test_stems_are_recorded_for_a_week() -> None:
    scene = Scene()
    sha256, _ = requested(scene)
    leave(scene, sha256, "stems.json", stems_of(sha256))
    names = finish_stems("anna", sha256, MODEL, store=scene.store, objects=scene.objects, clock=scene.clock)
    assert set(names) == {"vocals", "drums", "bass", "other"}
    separated = scene.track(sha256).stems[MODEL]
    assert (separated.expires_at - scene.clock.now()).days == 7
    assert separated.stems["drums"].key == f"stems/anna/{sha256}/{MODEL}/drums.flac"


def test_a_separation_that_left_nothing_or_rubbish_is_told() -> None:
    scene = Scene()
    sha256, _ = requested(scene)

    def finish() -> None:
        finish_stems("anna", sha256, MODEL, store=scene.store, objects=scene.objects, clock=scene.clock)

    with pytest.raises(Unrecoverable, match="left no stems"):
        finish()
    leave(scene, sha256, "stems.json", {"vocals": "here"})
    with pytest.raises(Unrecoverable, match="cannot be read"):
        finish()
    leave(scene, sha256, "stems.json", {"vocals": {"key": "tracks/bob/secret", "sha256": "3" * 64, "bytes": 1}})
    with pytest.raises(Unrecoverable, match="does not lie under"):
        finish()


def test_a_separation_without_weights_says_so() -> None:
    scene = Scene()
    sha256, _ = requested(scene)
    leave(scene, sha256, "failure.json", {"reason": "no weights of htdemucs are in /opt/models"})
    reason = fail_stems(
        "anna", sha256, MODEL, error="States.TaskFailed", cause="{}", store=scene.store, objects=scene.objects
    )
    assert reason == "no weights of htdemucs are in /opt/models"
    assert scene.store.feed("anna")[-1].data["reason"] == reason
    assert not scene.track(sha256).stems_under_way


def test_a_separation_that_left_no_word_fails_with_what_batch_says() -> None:
    scene = Scene()
    sha256, _ = requested(scene)
    cause = json.dumps({"StatusReason": "Essential container in task exited", "Container": {"Reason": "OutOfMemory"}})
    reason = fail_stems(
        "anna", sha256, MODEL, error="States.TaskFailed", cause=cause, store=scene.store, objects=scene.objects
    )
    assert reason == "OutOfMemory; Essential container in task exited"


def test_stems_of_a_deleted_track_are_let_go() -> None:
    scene = Scene()
    sha256, _ = requested(scene)
    delete_track(scene.store, scene.objects, "anna", sha256, wisher=scene.wisher())
    leave(scene, sha256, "stems.json", stems_of(sha256))
    assert finish_stems("anna", sha256, MODEL, store=scene.store, objects=scene.objects, clock=scene.clock) == ()


def test_a_deleted_track_takes_all_that_lay_in_the_bucket_along_and_nothing_else() -> None:
    scene = Scene()
    one, other = (scene.add(track) for track in make_library(2))
    leave(scene, one, "stems.json", {})
    scene.objects.put(f"parts/anna/{one}/grid-1.json.gz", b"x")
    before = scene.objects.names()
    delete_track(scene.store, scene.objects, "anna", one, wisher=scene.wisher())
    assert scene.objects.names() == [key for key in before if one not in key]
    assert any(other in key for key in scene.objects.names())


# -- imports ---------------------------------------------------------------------------------------


def list_it(scene: Scene, name: str = "i1") -> tuple[list[str], int]:
    listed = list_library(
        "anna", name, store=scene.store, objects=scene.objects, tracks=scene.tracks(), versions=VERSIONS
    )
    rows = json.loads(scene.objects.get(listed.key))
    assert {row["tenant"] for row in rows} <= {"anna"}
    return [row["sha256"] for row in rows], listed.count


def test_the_manifest_holds_what_todays_analysers_have_not_heard() -> None:
    scene = Scene()
    scene.add(make_track("known"))
    old = scene.add(make_track("old"), versions={"grid": 0, "tags": 1})
    new = scene.upload(b"audio")
    assert list_it(scene) == (sorted([old, new]), 2)
    assert scene.library().imports["i1"].count == 2


def test_listing_again_after_a_crash_starts_no_second_import() -> None:
    scene = Scene()
    scene.upload(b"audio")
    list_it(scene)
    list_it(scene)
    assert scene.events().count("ImportStarted") == 1


def test_an_import_ends_with_what_was_heard_what_was_not_and_what_was_known() -> None:
    scene = Scene()
    scene.add(make_track("known"))
    heard, failed = make_track("heard"), scene.upload(b"audio")
    scene.upload(b"more audio")
    old = scene.add(heard, versions={"grid": 0, "tags": 1})
    list_it(scene)
    scene.add(heard)
    done = finish_import(
        "anna", "i1", store=scene.store, objects=scene.objects, tracks=scene.tracks(), versions=VERSIONS
    )
    assert (done.analysed, done.failed, done.skipped) == (1, 2, 1)
    assert scene.events()[-1] == "ImportFinished"
    assert scene.objects.names("indexes/")
    assert {old, failed} <= {track.sha256 for track in scene.tracks()}


def test_an_import_is_begun_once() -> None:
    scene = Scene()
    assert begin_import(scene.workflows, "anna", "i1")
    assert not begin_import(scene.workflows, "anna", "i1")
