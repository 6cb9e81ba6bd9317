"""The steps of a mix as functions, called as the workflow calls them, on AWS in memory with the real engine."""

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import soundfile

from fakes.aws_scene import FUNCTIONS, AwsScene, aws_scene, captured
from notorious.errors import Cancelled
from notorious.service.failures import Unrecoverable
from notorious.service.wishes import approve_mix, cancel_mix
from unit.rendering.small_sets import make_track

MIX = captured("validate")["mix"]


@pytest.fixture
def scene() -> Iterator[AwsScene]:
    with aws_scene() as scene:
        yield scene


@pytest.fixture(scope="module")
def music(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("music")
    return [make_track(folder, f"track {n}", bpm=120.0 + n, beats=40, seed=n).path for n in range(2)]


@pytest.fixture
def library(scene: AwsScene, music: list[Path]) -> AwsScene:
    """Two tracks that were heard."""
    for path in music:
        sha256 = scene.upload(path.read_bytes(), path.name)
        scene.invoke("analyze", {"tenant": "anna", "sha256": sha256})
    scene.project()
    return scene


def test_a_mix_from_its_first_step_to_its_last(library: AwsScene) -> None:
    library.request(MIX, formats=["flac", "ogg"], wants_preview=True)
    job = {"tenant": "anna", "mix": MIX}
    library.invoke("start_mix")
    assert library.workflows.started["mix", MIX] == job
    assert library.invoke("validate") == {"wants_preview": True, "wants_approval": False}
    found = library.invoke("find_candidates")
    planned = library.invoke("plan", candidates=found["candidates"])
    assert planned["voices"] == [0, 1]
    job["plan"] = planned["plan"]
    assert library.invoke("preview", job) == {}
    keys = [library.invoke("render_voice", {**job, "index": index})["voice"] for index in planned["voices"]]
    assert set(keys) <= set(library.names("voices/anna/"))
    job["audio"] = library.invoke("master", job)["audio"]
    files = library.invoke("export", job)["files"]
    assert library.invoke("finish", {**job, "files": files}) == {}
    assert library.mix(MIX).status == "published"
    for name in ("flac", "ogg"):
        samples, _ = soundfile.read(io.BytesIO(library.objects.get(files[name]["key"])))
        assert len(samples) > 20 * 44100
    assert list(library.live.jobs()) == []
    assert ("anna", f"mix/{MIX}") in library.notifier.told
    document = library.live.progress("anna", MIX)
    assert document is not None
    assert (document.phase, document.percent) == ("publishing", 100.0)
    for small in (found, planned, files):
        assert len(json.dumps(small)) < 4000


def test_a_mix_that_had_ended_and_is_edited_begins_under_another_name(scene: AwsScene) -> None:
    event = captured("start_mix")
    event["detail"]["type"] = event["detail-type"] = "PlanEdited"
    event["detail"]["data"] = {
        "plan": captured("preview")["plan"],
        "revision": 2,
        "track_count": 2,
        "duration_seconds": 60.0,
        "score": 80.0,
        "edited_by": "anna",
        "renders_again": True,
    }
    scene.invoke("start_mix", event)
    assert scene.workflows.names("mix") == [f"{MIX}-r2"]
    event["detail"]["data"]["renders_again"] = False
    event["detail"]["data"]["revision"] = 3
    scene.invoke("start_mix", event)
    assert scene.workflows.names("mix") == [f"{MIX}-r2"]


def test_a_cancelled_mix_is_stopped_and_no_step_goes_on(scene: AwsScene) -> None:
    scene.request(MIX)
    scene.invoke("start_mix")
    cancel_mix(scene.store, "anna", MIX, wisher=scene.wisher())
    scene.invoke("stop_mix")
    assert scene.workflows.status("mix", MIX) == "stopped"
    for step in ("find_candidates", "plan", "preview", "render_voice", "master", "export", "finish", "ask_approval"):
        with pytest.raises(Cancelled):
            scene.invoke(step)
    assert scene.invoke("fail") == {}
    assert scene.mix(MIX).status == "cancelled"


def test_a_mix_that_fails_says_why_and_what_can_be_done(scene: AwsScene) -> None:
    scene.request(MIX)
    scene.invoke("fail")
    failure = scene.mix(MIX).failure
    assert failure is not None
    assert failure.phase == "rendering voices"
    assert failure.reason == "the track 2c26b46b68ff… is no longer in the library"
    assert failure.remedy == "upload it again, or plan without it"


def test_a_mix_of_nothing_is_unrecoverable_by_the_name_that_the_workflow_knows(scene: AwsScene) -> None:
    scene.request(MIX)
    with pytest.raises(Unrecoverable, match="no track that was heard is in the selection; upload some") as told:
        scene.invoke("validate")
    assert type(told.value).__name__ == "Unrecoverable"


@pytest.mark.parametrize("change", [{"tenant": ""}, {"mix": None}])
def test_a_step_that_is_called_with_what_it_cannot_read_says_which_field(
    scene: AwsScene, change: dict[str, Any]
) -> None:
    with pytest.raises(Unrecoverable, match=f"called with what it cannot read: {next(iter(change))}"):
        scene.invoke("validate", **change)


def test_an_approval_hands_the_token_back(library: AwsScene) -> None:
    library.request(MIX, wants_approval=True)
    library.invoke("plan", candidates=library.invoke("find_candidates")["candidates"])
    token = captured("ask_approval")["token"]
    library.workflows.waiting_tokens.add(token)
    library.invoke("ask_approval")
    approve_mix(library.store, "anna", MIX, revision=1, wisher=library.wisher())
    library.invoke("resume_mix")
    assert library.workflows.resumed == [token]


def test_the_sweep_takes_up_what_was_left(scene: AwsScene) -> None:
    scene.request(MIX)
    scene.invoke("start_mix")
    assert scene.invoke("sweep")["begun_again"] == []
    scene.workflows.ended["mix", MIX] = "failed"
    assert scene.invoke("sweep")["begun_again"] == [MIX]
    sha256 = scene.upload(b"audio")
    scene.project()
    scene.workflows.started.clear()
    swept = scene.invoke("sweep", {"reason": "start"})
    assert (swept["begun_again"], swept["asked_again"]) == ([MIX], [sha256])


def test_every_function_has_an_event_that_is_its_own() -> None:
    for folder in sorted(path for path in FUNCTIONS.iterdir() if (path / "handler.py").exists()):
        assert json.loads((folder / "event.json").read_text()), folder.name


def test_handlers_are_thin() -> None:
    for handler in FUNCTIONS.glob("*/handler.py"):
        assert len(handler.read_text().splitlines()) < 60, handler
