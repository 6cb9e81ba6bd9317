"""Executions, approval, cancellation and the sweep: a mix goes on, or fails with its reason, whatever is lost."""

from datetime import timedelta

import pytest

from fakes.scene import Scene
from notorious.domain import LIBRARY, MIX, TRACK, Reference, StreamName
from notorious.domain.library import StartImport
from notorious.domain.mix import PublishMix, RecordMaster, RecordPlan, StartRendering
from notorious.domain.track import RequestStems
from notorious.errors import Cancelled
from notorious.eventstore import handle
from notorious.service import executions
from notorious.service.approval import ask_approval, resume_approved
from notorious.service.endings import expire_mix, fail_mix, publish_mix
from notorious.service.failures import Failure, Unrecoverable
from notorious.service.import_library import begin_import
from notorious.service.library_view import library_tracks, mix_rows
from notorious.service.mix_job import StillWanted, open_job
from notorious.service.ports import Connection
from notorious.service.sweep import Swept, is_thorough, sweep_connections, sweep_everything, sweep_jobs
from notorious.service.wishes import approve_mix, cancel_mix

FILE = Reference(key="mixes/anna/m1/mix.flac", sha256="1" * 64, size_bytes=3)


def plan_it(scene: Scene, mix: str = "m1") -> None:
    plan = Reference(key=f"plans/anna/{mix}/x.json", sha256="2" * 64, size_bytes=3)
    command = RecordPlan(command_id="plan", actor="mix", plan=plan, track_count=2, duration_seconds=60)
    handle(scene.store, scene.tenant, StreamName("mix", mix), command, MIX)


def publish_it(scene: Scene, mix: str = "m1") -> None:
    plan_it(scene, mix)
    stream = StreamName("mix", mix)
    for command in (
        StartRendering(command_id="r", actor="mix", revision=1, voice_count=2),
        RecordMaster(
            command_id="m", actor="mix", audio=FILE, loudness_lufs=-14, true_peak_dbtp=-1, duration_seconds=60
        ),
        PublishMix(command_id="p", actor="mix", files={"flac": FILE}),
    ):
        handle(scene.store, scene.tenant, stream, command, MIX)


def begin(scene: Scene, mix: str = "m1", run: str | None = None) -> bool:
    scene.live.note_job(scene.tenant, mix)
    return executions.begin(scene.workflows, scene.objects, scene.tenant, mix, run=run or mix)


def sweep(scene: Scene) -> Swept:
    return sweep_jobs(store=scene.store, objects=scene.objects, live=scene.live, workflows=scene.workflows)


def sweep_all(scene: Scene, *, after_crash: bool = False) -> Swept:
    scene.project()
    return sweep_everything(
        store=scene.store,
        objects=scene.objects,
        live=scene.live,
        workflows=scene.workflows,
        queue=scene.queue,
        clock=scene.clock,
        mixes=lambda tenant: mix_rows(scene.views, tenant),
        tracks=lambda tenant: library_tracks(scene.views, tenant),
        after_crash=after_crash,
    )


def test_a_mix_is_begun_once_however_often_it_is_told_of() -> None:
    scene = Scene()
    scene.request()
    assert [begin(scene), begin(scene)] == [True, False]
    assert scene.workflows.started == {("mix", "m1"): {"tenant": "anna", "mix": "m1"}}


def test_a_mix_at_work_is_left_alone() -> None:
    scene = Scene()
    scene.request()
    begin(scene)
    assert sweep(scene) == Swept()
    assert list(scene.live.jobs()) == [("anna", "m1")]


def test_a_mix_whose_workflow_is_gone_is_begun_again_under_another_name() -> None:
    scene = Scene()
    scene.request()
    begin(scene)
    scene.workflows.ended["mix", "m1"] = "failed"
    assert sweep(scene).begun_again == ["m1"]
    assert scene.workflows.names("mix") == ["m1", "m1-2"]
    assert sweep(scene).begun_again == []


def test_a_mix_that_is_interrupted_again_and_again_fails_with_that_reason() -> None:
    scene = Scene()
    scene.request()
    begin(scene)
    for _ in range(executions.MOST_ATTEMPTS):
        for name in scene.workflows.names("mix"):
            scene.workflows.ended["mix", name] = "failed"
        swept = sweep(scene)
    assert swept.failed == ["m1"]
    failure = scene.mix().failure
    assert failure is not None
    assert (failure.phase, failure.reason) == ("validating", "its work was interrupted 4 times")
    assert list(scene.live.jobs()) == []


def test_attempts_are_counted_beyond_a_crash_that_took_workflows_and_live_table_along() -> None:
    scene = Scene()
    scene.request()
    begin(scene)
    for _ in range(executions.MOST_ATTEMPTS):
        scene.workflows.started.clear()
        for job in list(scene.live.jobs()):
            scene.live.forget_job(*job)
        swept = sweep_all(scene, after_crash=True)
    assert swept.failed == ["m1"]


def test_a_revision_of_a_mix_that_had_ended_has_attempts_of_its_own() -> None:
    scene = Scene()
    scene.request()
    begin(scene)
    assert begin(scene, run=executions.run_name("m1", 2))
    execution = executions.latest_execution(scene.objects, "anna", "m1")
    assert execution == executions.Execution("m1-r2", "m1-r2", 1)


def test_a_mix_whose_start_was_never_told_of_is_begun_by_the_thorough_sweep() -> None:
    scene = Scene()
    scene.request()
    assert sweep_all(scene, after_crash=True).begun_again == ["m1"]
    assert scene.workflows.names("mix") == ["m1"]
    assert begin(scene) is False


def test_a_mix_that_has_ended_is_forgotten() -> None:
    scene = Scene()
    scene.request()
    begin(scene)
    cancel_mix(scene.store, "anna", "m1", wisher=scene.wisher())
    assert sweep(scene) == Swept()
    assert list(scene.live.jobs()) == []


def test_a_mix_is_taken_from_the_bucket_when_its_time_is_over() -> None:
    scene = Scene()
    scene.request()
    publish_it(scene)
    published = scene.store.feed("anna")[-1].occurred_at
    scene.objects.put("mixes/anna/m1/mix.flac", b"mix")
    scene.objects.put("mixes/anna/m1/mix.cue", b"cue")
    scene.objects.put("mixes/anna/m12/mix.flac", b"another")
    scene.clock.pass_seconds((published - scene.clock.now()).total_seconds() + 29 * 86400)
    assert sweep_all(scene).expired == []
    scene.clock.pass_seconds(2 * 86400)
    assert sweep_all(scene).expired == ["m1"]
    assert scene.objects.names("mixes/") == ["mixes/anna/m12/mix.flac"]
    assert scene.mix().status == "expired"
    assert not expire_mix("anna", "m1", store=scene.store, objects=scene.objects)


def test_an_analysis_that_nobody_works_on_is_asked_for_again() -> None:
    scene = Scene()
    sha256 = scene.upload(b"audio")
    requested = scene.store.feed("anna")[-1].occurred_at
    scene.clock.pass_seconds((requested - scene.clock.now()).total_seconds())
    assert sweep_all(scene).asked_again == []
    assert sweep_all(scene, after_crash=True).asked_again == [sha256]
    scene.clock.pass_seconds(timedelta(minutes=31).total_seconds())
    assert sweep_all(scene).asked_again == [sha256]
    assert scene.queue.asked == [("anna", sha256)] * 2


def test_a_separation_that_a_crash_took_along_is_recorded_as_interrupted() -> None:
    scene = Scene()
    sha256 = scene.upload(b"audio")
    wish = RequestStems(command_id="s", actor="anna", model="htdemucs", asked_at=scene.clock.now())
    handle(scene.store, "anna", StreamName("track", sha256), wish, TRACK)
    assert sweep_all(scene).stems_failed == []
    assert sweep_all(scene, after_crash=True).stems_failed == [sha256]
    assert "interrupted" in scene.store.feed("anna")[-1].data["reason"]


def started_import(scene: Scene) -> None:
    manifest = Reference(key="manifests/anna/i1.json", sha256="4" * 64, size_bytes=2)
    command = StartImport(command_id="i", actor="anna", import_id="i1", manifest=manifest, count=1)
    handle(scene.store, "anna", StreamName.library(), command, LIBRARY)


def test_an_import_that_a_crash_took_along_goes_on(scene_with_import: Scene) -> None:
    scene = scene_with_import
    assert sweep_all(scene).imports_begun_again == []
    scene.workflows.started.clear()
    assert sweep_all(scene, after_crash=True).imports_begun_again == ["i1"]
    assert scene.workflows.started["analyze-library", "i1"] == {"tenant": "anna", "import": "i1"}


def test_an_import_whose_workflow_failed_is_begun_again_once_a_day(scene_with_import: Scene) -> None:
    scene = scene_with_import
    scene.workflows.ended["analyze-library", "i1"] = "failed"
    assert sweep_all(scene).imports_begun_again == ["i1"]
    assert scene.workflows.names("analyze-library") == ["i1", "i1-20260501"]
    assert sweep_all(scene).imports_begun_again == []
    scene.clock.pass_seconds(86400)
    assert sweep_all(scene).imports_begun_again == []
    scene.workflows.ended["analyze-library", "i1-20260501"] = "failed"
    assert sweep_all(scene).imports_begun_again == ["i1"]


@pytest.fixture
def scene_with_import() -> Scene:
    """An import under way."""
    scene = Scene()
    started_import(scene)
    begin_import(scene.workflows, "anna", "i1")
    return scene


def test_listeners_that_are_gone_are_forgotten() -> None:
    scene = Scene()
    for name in ("c1", "c2"):
        scene.live.connect(Connection(name, "anna", "someone"), expires=scene.clock.now())
    scene.sockets.open = {"c2"}
    assert sweep_connections(scene.live, scene.sockets) == 1
    assert [one.connection_id for one in scene.live.connections()] == ["c2"]


def test_everything_is_swept_at_a_start_and_once_a_day() -> None:
    midnight = Scene().clock.now().replace(hour=0, minute=0)
    quarters = [midnight + timedelta(minutes=15 * number + 7) for number in range(96)]
    assert sum(is_thorough("schedule", moment) for moment in quarters) == 1
    assert is_thorough("start", midnight)
    assert is_thorough("everything", midnight)


# -- approval --------------------------------------------------------------------------------------


def ask(scene: Scene, token: str = "token") -> None:
    scene.workflows.waiting_tokens.add(token)
    ask_approval(
        "anna",
        "m1",
        token,
        store=scene.store,
        tokens=scene.live,
        workflows=scene.workflows,
        clock=scene.clock,
        progress=scene.progress(),
    )


def waiting(scene: Scene) -> None:
    scene.request(wants_approval=True)
    plan_it(scene)


def test_an_approval_lets_the_workflow_go_on_once() -> None:
    scene = Scene()
    waiting(scene)
    ask(scene)
    assert scene.workflows.resumed == []
    approve_mix(scene.store, "anna", "m1", revision=1, wisher=scene.wisher())
    assert resume_approved("anna", "m1", tokens=scene.live, workflows=scene.workflows)
    assert not resume_approved("anna", "m1", tokens=scene.live, workflows=scene.workflows)
    assert scene.workflows.resumed == ["token"]


def test_an_approval_that_came_before_the_token_counts_too() -> None:
    scene = Scene()
    waiting(scene)
    approve_mix(scene.store, "anna", "m1", revision=1, wisher=scene.wisher())
    ask(scene)
    assert scene.workflows.resumed == ["token"]


def test_a_workflow_that_was_begun_again_leaves_a_new_token() -> None:
    scene = Scene()
    waiting(scene)
    ask(scene, "old")
    scene.workflows.waiting_tokens.clear()
    ask(scene, "new")
    approve_mix(scene.store, "anna", "m1", revision=1, wisher=scene.wisher())
    resume_approved("anna", "m1", tokens=scene.live, workflows=scene.workflows)
    assert scene.workflows.resumed == ["new"]


# -- cancellation and endings ----------------------------------------------------------------------


def test_no_step_begins_on_a_mix_that_was_cancelled() -> None:
    scene = Scene()
    scene.request()
    cancel_mix(scene.store, "anna", "m1", wisher=scene.wisher())
    with pytest.raises(Cancelled, match="cancelled already"):
        open_job(scene.store, "anna", "m1")


def test_no_step_begins_on_a_mix_that_was_never_asked_for() -> None:
    with pytest.raises(Unrecoverable, match="there is no mix m1"):
        open_job(Scene().store, "anna", "m1")


def test_who_is_at_work_sees_a_cancellation_within_two_seconds() -> None:
    scene = Scene()
    scene.request()
    now = [0.0]
    wanted = StillWanted(scene.store, open_job(scene.store, "anna", "m1"), seconds=lambda: now[0])
    cancel_mix(scene.store, "anna", "m1", wisher=scene.wisher())
    now[0] = 1.9
    assert not wanted.is_cancelled()
    now[0] = 2.0
    assert wanted.is_cancelled()
    assert wanted.is_cancelled()


def test_what_goes_on_in_a_mix_is_not_taken_for_its_end() -> None:
    scene = Scene()
    scene.request()
    now = [0.0]
    wanted = StillWanted(scene.store, open_job(scene.store, "anna", "m1"), seconds=lambda: now[0])
    plan_it(scene)
    now[0] = 5.0
    assert not wanted.is_cancelled()


def test_a_cancelled_workflow_is_stopped_by_the_name_under_which_it_runs() -> None:
    scene = Scene()
    scene.request()
    begin(scene)
    scene.workflows.ended["mix", "m1"] = "failed"
    sweep(scene)
    executions.stop(scene.workflows, scene.objects, "anna", "m1", reason="anna cancelled it")
    assert scene.workflows.status("mix", "m1-2") == "stopped"


def test_a_mix_fails_once_and_not_after_it_was_cancelled() -> None:
    scene = Scene()
    scene.request()
    failure = Failure("the moon is full", "wait")
    assert fail_mix("anna", "m1", phase="planning", failure=failure, store=scene.store)
    assert not fail_mix("anna", "m1", phase="planning", failure=failure, store=scene.store)
    scene.request("m2")
    cancel_mix(scene.store, "anna", "m2", wisher=scene.wisher())
    assert not fail_mix("anna", "m2", phase="planning", failure=failure, store=scene.store)
    assert scene.mix("m2").status == "cancelled"


def test_publishing_a_mix_that_was_cancelled_meanwhile_ends_quietly() -> None:
    scene = Scene()
    scene.request()
    publish_it(scene)
    with pytest.raises(Cancelled):
        publish_mix("anna", "m1", {"flac": FILE}, store=scene.store, progress=scene.progress())
