"""From a file that is dropped to a mix that is downloaded, over the open ports of the deployed service.

Slow, since everything is real: functions start, tracks are heard, mixes rendered. All rights are checked (AUTH=true).
"""

import io
import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import rare_paths
import soundfile
from appending_on_aws import is_enough
from deployed import Deployed, Listener, fetch, following, serve, submit
from in_role import InRole
from infra.catalogue import FUNCTIONS, Live, Table
from infra.function import APPEND_EVENTS
from rights import ASKED_BY_AWS, granted, recorded, unused
from running import eventually

from notorious.cli.deployment import deployment
from notorious.embedded.redrive import dead_letters
from notorious.service.separate_stems import finish_stems

sys.path.insert(0, str(Path(__file__).parent.parent / "unit" / "program"))
import small_tracks

pytestmark = pytest.mark.slow
LONG = 600.0


@pytest.fixture(scope="module")
def drop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The drop folder, with three tracks in it."""
    folder = tmp_path_factory.mktemp("drop")
    for number, bpm in enumerate((122.0, 123.0, 124.0)):
        small_tracks.track(folder / f"track {number}.flac", bpm, root_hz=220.0)
    return folder


@pytest.fixture(scope="module")
def rights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where all services of this file write down the rights that they make use of."""
    return tmp_path_factory.mktemp("rights") / "rights.jsonl"


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory, drop: Path, rights: Path) -> Iterator[Deployed]:
    running = serve(tmp_path_factory.mktemp("deployed") / "data", "--drop", str(drop), rights=rights)
    yield running
    if running.process.poll() is None:
        assert running.stop() == 0


@pytest.fixture(scope="module")
def library(deployed: Deployed) -> list[str]:
    """The ids of the tracks, once they have been heard."""

    def heard() -> list[str]:
        tracks = deployed.listener.tracks("?status=analyzed")
        return [track["id"] for track in tracks] if len(tracks) == 3 else []

    found = eventually(heard, seconds=LONG)
    assert found, deployed.listener.tracks() or deployed.log_of("ingest")[-3000:]
    return found


def ended(listener: Listener, mix: str) -> str:
    """The status of a mix once it does not change any more."""

    def look() -> str:
        status = listener.status_of(mix)
        return status if status in ("published", "failed", "cancelled") else ""

    return eventually(look, seconds=LONG)


def test_dropped_files_are_heard(deployed: Deployed, library: list[str]) -> None:
    tracks = {track["file_name"]: track for track in deployed.listener.tracks()}
    assert {name: round(track["bpm"]) for name, track in tracks.items()} == {
        "track 0.flac": 122,
        "track 1.flac": 123,
        "track 2.flac": 124,
    }


def test_what_is_missing_of_a_library_is_heard(deployed: Deployed, library: list[str]) -> None:
    started = deployed.listener.ask("POST", "/library/imports", {})
    assert started.status == 202

    def finished() -> dict[str, object]:
        imports = deployed.listener.get("/library")["imports"]
        return next((one for one in imports if one["id"] == started.body["id"] and one.get("finished_at")), {})

    assert eventually(finished, seconds=LONG), deployed.listener.get("/library")


def test_a_mix_is_asked_for_followed_and_downloaded(deployed: Deployed, library: list[str]) -> None:
    listener = deployed.listener
    mix = listener.request_mix(name="a first set")
    with following(deployed, f"mix/{mix}") as heard, following(deployed, "library") as of_all:
        assert ended(listener, mix) == "published", listener.get(f"/mixes/{mix}")
        assert eventually(lambda: heard and heard[-1]["document"].get("status") == "published")
        assert eventually(lambda: any(message.get("change") for message in of_all)), of_all
    versions = [message["version"] for message in heard]
    assert versions == sorted(versions)
    phases = [message["progress"]["phase"] for message in heard if message.get("progress")]
    assert {"rendering voices", "mastering"} & set(phases), heard
    files = listener.get(f"/mixes/{mix}/files")
    addresses = [value for value in _strings(files) if value.startswith("http") and ".flac" in value]
    samples, rate = soundfile.read(io.BytesIO(fetch(addresses[0])), dtype="float32")
    assert rate == 44100
    assert len(samples) > 60 * rate
    history = [event["type"] for event in listener.get(f"/mixes/{mix}/history")["events"]]
    assert [kind for kind in history if kind != "VoiceRendered"] == [
        "MixRequested", "MixPlanned", "RenderingStarted", "MixMastered", "MixPublished",
    ]  # fmt: skip


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for part in value.values():
            yield from _strings(part)
    elif isinstance(value, list):
        for part in value:
            yield from _strings(part)


def test_the_same_recording_under_another_name_is_one_track(deployed: Deployed, drop: Path, library: list[str]) -> None:
    (drop / "copy.flac").write_bytes((drop / "track 0.flac").read_bytes())
    assert eventually(lambda: "Duplicate" in deployed.log_of("ingest"), seconds=LONG)
    assert len(deployed.listener.tracks()) == 3


def test_a_file_that_is_no_music_is_rejected_with_its_reason(
    deployed: Deployed, drop: Path, library: list[str]
) -> None:
    (drop / "poison.flac").write_bytes(b"this was never music" * 1000)

    def reasons() -> list[str]:
        rejected = deployed.listener.tracks("?status=rejected")
        return [track["failure"]["reason"] for track in rejected if track["file_name"] == "poison.flac"]

    assert eventually(reasons, seconds=LONG) == ["it is none of the sound files that can be read"]
    assert len(deployed.listener.tracks("?status=analyzed")) == 3


def test_one_tenant_sees_nothing_of_another(deployed: Deployed, library: list[str]) -> None:
    done = deployed.run("admin", "add-user", "rival", "--tenant", "rivals")
    assert done.returncode == 0, done.stderr
    rival = Listener(deployed.addresses["api"], done.stdout.strip())
    assert rival.tracks() == []
    assert rival.get("/mixes")["mixes"] == []
    for track in library:
        assert rival.ask("GET", f"/tracks/{track}").status == 404
        assert rival.ask("DELETE", f"/tracks/{track}").status == 404
    mine = deployed.listener.request_mix()
    assert rival.ask("GET", f"/mixes/{mine}").status == 404
    assert rival.ask("POST", f"/mixes/{mine}/cancellation", {}).status == 404
    deployed.listener.ask("POST", f"/mixes/{mine}/cancellation", {})
    assert len(deployed.listener.tracks("?status=analyzed")) == 3


def test_a_mix_is_cancelled_while_it_is_made(deployed: Deployed, library: list[str]) -> None:
    mix = deployed.listener.request_mix(name="not wanted")
    assert eventually(lambda: deployed.listener.status_of(mix) != "requested", seconds=LONG)
    assert deployed.listener.ask("POST", f"/mixes/{mix}/cancellation", {}).status in (200, 202)
    assert ended(deployed.listener, mix) == "cancelled"


def test_views_are_made_anew_while_the_service_runs(deployed: Deployed, library: list[str]) -> None:
    done = deployed.run("admin", "rebuild")
    assert done.returncode == 0, done.stderr
    assert "tenant local" in done.stdout
    assert len(deployed.listener.tracks("?status=analyzed")) == 3


def test_a_function_is_called_with_its_own_event(deployed: Deployed, library: list[str]) -> None:
    done = deployed.run("invoke", "sweep")
    assert done.returncode == 0, done.stderr


def test_events_are_archived_and_restored_into_an_empty_deployment(
    deployed: Deployed, library: list[str], tmp_path: Path
) -> None:
    done = deployed.run("admin", "archive")
    assert done.returncode == 0, done.stderr
    bucket = Path("objects/000000000000/notorious-embedded-media")
    shutil.copytree(deployed.data / bucket / "archive", tmp_path / "data" / bucket / "archive")
    empty = serve(tmp_path / "data")
    try:
        assert empty.listener.tracks() == []
        restored = empty.run("admin", "restore")
        assert restored.returncode == 0, restored.stderr
        assert sorted(track["id"] for track in empty.listener.tracks("?status=analyzed")) == sorted(library)
        assert "tenant local" in empty.run("admin", "status").stdout
    finally:
        assert empty.stop() == 0


def test_a_plan_is_listened_to_changed_and_approved_before_it_is_rendered(
    deployed: Deployed, library: list[str]
) -> None:
    listener = deployed.listener
    # What is known of a track is looked up anew for the mix after it was set right.
    assert listener.ask("PATCH", f"/tracks/{library[2]}", {"camelot": "8A"}).status == 200
    mix = listener.request_mix(name="to be approved", wants_preview=True, wants_approval=True)

    def waits() -> bool:
        progress = listener.get(f"/mixes/{mix}")["progress"] or {}
        return bool(progress.get("phase") == "waiting for approval")

    assert eventually(waits, seconds=LONG), listener.get(f"/mixes/{mix}")
    address = listener.get(f"/mixes/{mix}/previews/0")["url"]
    samples, rate = soundfile.read(io.BytesIO(fetch(address)))
    assert 20 * rate < len(samples) < 40 * rate
    plan = listener.get(f"/mixes/{mix}/plan")
    changed = {**plan["plan"], "title": "another title"}
    assert listener.ask("PUT", f"/mixes/{mix}/plan", {"based_on": 1, "plan": changed}).status == 200
    assert listener.ask("POST", f"/mixes/{mix}/previews", {"transition": 1}).status == 202
    assert listener.ask("POST", f"/mixes/{mix}/approval", {"revision": 1}).status == 409
    assert listener.ask("POST", f"/mixes/{mix}/approval", {"revision": 2}).status == 202
    assert listener.ask("PUT", f"/mixes/{mix}/plan", {"based_on": 2, "plan": plan["plan"]}).status == 409
    assert ended(listener, mix) == "published", listener.get(f"/mixes/{mix}")
    assert listener.ask("PUT", f"/mixes/{mix}/ratings/0", {"stars": 5}).status == 200


def test_a_track_is_uploaded_looked_at_and_deleted(deployed: Deployed, library: list[str], tmp_path: Path) -> None:
    listener = deployed.listener
    path = small_tracks.track(tmp_path / "night bus.flac", 122.5, root_hz=246.0)
    form = listener.ask("POST", "/uploads", {"file_name": path.name, "size_bytes": path.stat().st_size})
    assert form.status == 201
    assert submit(form.body["url"], form.body["fields"], path) in (200, 201, 204)

    def heard() -> list[str]:
        found = listener.tracks("?status=analyzed&text=night")
        return [track["id"] for track in found]

    (track,) = eventually(heard, seconds=LONG)
    try:
        assert fetch(listener.get(f"/tracks/{track}/audio")["url"]) == path.read_bytes()
        assert fetch(listener.get(f"/tracks/{track}/analysis")["url"])[:2] == b"\x1f\x8b"
        assert listener.get(f"/tracks/{track}/similar")["compared"] == 3
        assert listener.get(f"/tracks/{track}/followers")["followers"]
        assert listener.ask("POST", f"/tracks/{track}/stems", {"model": "shares"}).status == 202
        job, finish = InRole.of_the_stems_job(deployed), InRole(deployed, "finish_stems")
        model = rare_paths.separate(job, "local", track, f"tracks/local/{track}/audio.flac")
        finish_stems("local", track, model, store=finish.events, objects=finish.objects, clock=finish.clock)
        files = {file["name"]: file["url"] for file in listener.get(f"/tracks/{track}/stems/{model}")["files"]}
        assert fetch(files["vocals"])[:4] == b"fLaC"
    finally:
        assert listener.ask("DELETE", f"/tracks/{track}").status == 204
    assert listener.ask("GET", f"/tracks/{track}").status == 404
    objects = deployed.data / "objects" / "000000000000" / "notorious-embedded-media"
    assert not [found for found in objects.rglob(f"*{track}*") if found.is_file()]


def test_stems_that_cannot_be_had_are_said_to_be(deployed: Deployed, library: list[str]) -> None:
    listener = deployed.listener
    assert listener.ask("POST", f"/tracks/{library[0]}/stems", {"model": "htdemucs"}).status == 202

    def told() -> dict[str, str]:
        stems: dict[str, str] = listener.get(f"/tracks/{library[0]}")["stems"]["htdemucs"]
        return stems if stems["status"] == "failed" else {}

    assert eventually(told, seconds=LONG)["reason"], listener.get(f"/tracks/{library[0]}")


def test_a_mix_that_cannot_be_made_says_why(deployed: Deployed, library: list[str]) -> None:
    mix = deployed.listener.request_mix(brief={"bpm_min": 10, "bpm_max": 20})
    assert ended(deployed.listener, mix) == "failed"
    assert deployed.listener.get(f"/mixes/{mix}")["failure"]["reason"]


def test_an_announcement_is_worked_off_once_unless_that_failed(
    deployed: Deployed, library: list[str], repository: Path, tmp_path: Path
) -> None:
    announced = (repository / "functions" / "ingest" / "event.json").read_text()
    elsewhere = tmp_path / "elsewhere.json"
    elsewhere.write_text(announced.replace("drop/anna/", "elsewhere/").replace("17793124-", "27793124-"))
    for event in ([], [], ["--event", str(elsewhere)]):
        done = deployed.run("invoke", "ingest", *event)
    assert "batchItemFailures" in done.stdout + done.stderr


def test_events_are_archived_by_the_clock_too(deployed: Deployed, library: list[str]) -> None:
    for _ in range(2):  # the second looks at what the first has left
        done = deployed.run("invoke", "archive")
        assert done.returncode == 0, done.stderr


def test_dead_letters_are_worked_off_after_they_were_sent_back(deployed: Deployed, library: list[str]) -> None:
    """One by the queue that it died in, one by a call; each is what AWS would have put aside of an event."""
    queues = deployment(deployed.data, None).client("sqs")
    (mix,) = deployed.listener.get("/mixes?status=published")["mixes"][:1]
    topic, worked_off = f"mix/{mix['id']}", deployed.log_of("analyze").count(library[0])
    for function, event in (
        ("notify", {"tenant": "local", "topic": topic}),
        ("analyze", {"tenant": "local", "sha256": library[0]}),
    ):
        url = queues.get_queue_url(QueueName=f"notorious-embedded-{function}-dead")["QueueUrl"]
        queues.send_message(QueueUrl=url, MessageBody=json.dumps(event))
    assert deployed.run("admin", "redrive", "nobody").returncode != 0
    with following(deployed, topic) as heard:
        assert eventually(lambda: heard), "the latest is told to whoever comes"
        before = len(heard)
        done = deployed.run("admin", "redrive", "notify", "analyze")
        assert done.returncode == 0, done.stderr
        assert done.stdout.splitlines() == [f"{name}: 1 of 1 messages sent back" for name in ("notify", "analyze")]
        assert eventually(lambda: len(heard) > before, seconds=LONG)
    assert eventually(lambda: deployed.log_of("analyze").count(library[0]) > worked_off, seconds=LONG)
    left = {one.function: one.count for one in dead_letters(queues, "embedded")}
    assert {name: left[name] for name in ("notify", "analyze")} == {"notify": 0, "analyze": 0}


def test_what_seldom_happens_is_allowed_too(deployed: Deployed, library: list[str]) -> None:
    """Races, broken writes, expiry, listeners who are gone: under the roles of those whom it happens to."""
    for row in FUNCTIONS:
        if row.access.events is Table.WRITE:
            rare_paths.lose_a_race_for_the_feed(InRole(deployed, row.name))
        if row.access.notifies and Live.UPDATE in row.access.live:
            rare_paths.report_beside_others(InRole(deployed, row.name))
        for folder in set(row.access.writes) & {"voices", "previews", "mixes"}:
            rare_paths.break_off_a_write(InRole(deployed, row.name), folder)
    listener = deployed.listener
    mixes = [mix["id"] for mix in listener.get("/mixes?status=published")["mixes"]]
    rare_paths.tell_one_who_is_gone(InRole(deployed, "sockets"), InRole(deployed, "notify"), mixes[0])
    rare_paths.hear_with_a_newer_analyser(InRole(deployed, "analyze"))
    rare_paths.approve_before_the_question(InRole(deployed, "ask_approval"))
    lost = listener.request_mix(wants_approval=True)
    assert eventually(lambda: listener.status_of(lost) == "planned", seconds=LONG)
    rare_paths.begin_again_with_what_was_lost(InRole(deployed, "sweep"), lost)
    assert listener.ask("POST", f"/mixes/{lost}/cancellation", {}).status == 202
    rare_paths.sweep_after_a_month(InRole(deployed, "sweep"))


def test_appends_on_aws_need_every_right_that_they_are_given(deployed: Deployed) -> None:
    assert is_enough(deployed, APPEND_EVENTS)
    for right in APPEND_EVENTS:
        assert not is_enough(deployed, [other for other in APPEND_EVENTS if other != right]), right


def test_killed_while_a_mix_is_made_it_goes_on_after_the_next_start(
    deployed: Deployed, library: list[str], rights: Path
) -> None:
    """The last test that uses the service: it ends the service that the others use, and leaves another in its place."""
    mix = deployed.listener.request_mix(name="through a crash")
    assert eventually(lambda: deployed.listener.status_of(mix) in ("planned", "rendering", "mastered"), seconds=LONG)
    events = deployed.listener.get(f"/mixes/{mix}/history")["events"]
    deployed.kill()
    again = serve(deployed.data, rights=rights)
    try:
        assert [track["id"] for track in again.listener.tracks("?status=analyzed")] == library
        history = again.listener.get(f"/mixes/{mix}/history")["events"]
        assert history[: len(events)] == events, "an event that was seen before the crash is gone"
        assert ended(again.listener, mix) == "published", again.listener.get(f"/mixes/{mix}")
    finally:
        assert again.stop() == 0


def test_every_right_is_made_use_of(request: pytest.FixtureRequest, rights: Path) -> None:
    """The very last: whatever a role allows was asked for by one of the tests above, or is on the list below."""
    here = {item.name for item in request.session.items if item.path == request.path}
    if here < {name for name in globals() if name.startswith("test_")}:
        pytest.skip("only all tests of this file together make use of every right")
    record = recorded(rights)
    assert not record.refused, "\n".join(map(str, record.refused))
    not_used = unused(granted(), record)
    left = [right for right in not_used if not any(ask.covers(right) for ask in ASKED_BY_AWS)]
    assert not left, "\n".join(map(str, left))
    excuses = [ask for ask in ASKED_BY_AWS if not any(ask.covers(right) for right in not_used)]
    assert not excuses, "on the list, but nothing needs it: " + ", ".join(map(str, excuses))
