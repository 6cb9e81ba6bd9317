"""Mixes and their plans over the API."""

from typing import Any

import pytest
from http_client import Client, MemoryWorld

from fakes.scene import Scene
from notorious.domain import MIX, Reference, StreamName
from notorious.domain.mix import MixCommand, PublishMix, RecordMaster, RecordPlan, RecordPreview, StartRendering
from notorious.eventstore import handle
from notorious.planning.planner import plan_set
from notorious.planning.profile import TrackProfile
from notorious.service.mix_job import parse_brief
from notorious.service.references import keep
from unit.planning.planning_track_factory import make_library

NONE = "0" * 26


def reference(key: str) -> Reference:
    return Reference(key=key, sha256="ab" * 32, size_bytes=7)


def carry_out(scene: Scene, mix: str, *commands: MixCommand) -> None:
    for command in commands:
        handle(scene.store, "anna", StreamName("mix", mix), command, MIX)


def who(number: int) -> dict[str, Any]:
    return {"command_id": f"step-{number}", "actor": "mix"}


def request(anna: Client, **body: Any) -> str:
    mix: str = anna.post("/mixes", body).json["id"]
    return mix


def plan(scene: Scene, mix: str) -> dict[str, Any]:
    """Plan a mix of three tracks, as its workflow does; the plan as JSON."""
    tracks = {track.sha256: track for track in make_library(3)}
    for track in tracks.values():
        scene.add(track)
    made = plan_set([TrackProfile.of(track) for track in tracks.values()], parse_brief({}), load=tracks.__getitem__)
    kept = keep(
        scene.objects,
        made.model_dump_json().encode(),
        lambda sha256: f"plans/anna/{mix}/{sha256}.json",
        content_type="application/json",
    )
    command = RecordPlan(
        **who(1),
        plan=kept,
        track_count=len(made.slots),
        duration_seconds=made.duration_seconds,
        score=made.score.total,
    )
    carry_out(scene, mix, command)
    return made.model_dump(mode="json")


def publish(scene: Scene, mix: str) -> None:
    carry_out(
        scene,
        mix,
        RecordPlan(**who(1), plan=reference("p"), track_count=3, duration_seconds=900),
        StartRendering(**who(2), revision=1, voice_count=3),
        RecordMaster(**who(3), audio=reference("m"), loudness_lufs=-9.1, true_peak_dbtp=-1.0, duration_seconds=900.0),
        PublishMix(**who(4), files={"flac": reference(f"mixes/anna/{mix}/mix.flac"), "cue": reference("x/mix.cue")}),
    )


def test_a_mix_is_asked_for(anna: Client) -> None:
    answer = anna.post("/mixes", {"brief": {"minutes": 60}, "formats": ["flac", "mp3"], "name": "Friday"})
    assert (answer.status, answer.json["status"], answer.json["name"]) == (202, "requested", "Friday")
    assert answer.headers["location"] == f"/mixes/{answer.json['id']}"
    assert anna.get(f"/mixes/{answer.json['id']}").json == answer.json


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        ({"brief": {"minutes": -1}}, "brief.minutes"),
        ({"brief": {"curve": "flat"}}, "brief.curve"),
        ({"brief": {"plateaus": [{"start": 2, "end": 3, "energy": 1}]}}, "brief.plateaus.0.start"),
        ({"formats": ["midi"]}, "formats.0"),
        ({"formats": []}, "formats"),
        ({"selection": {"kind": "some"}}, "selection.kind"),
        ({"selection": {"kind": "tracks", "tracks": ["x"]}}, "selection.tracks.0"),
        ({"selection": {"kind": "query", "query": {"mood": "good"}}}, "selection.query"),
        ({"selection": {"kind": "query", "query": {"bpm_min": "fast"}}}, "selection.query"),
        ({"tempo": 120}, "tempo"),
    ],
)
def test_a_wish_that_cannot_be_meant_names_the_field(anna: Client, body: Any, wrong: str) -> None:
    answer = anna.post("/mixes", body)
    assert answer.status == 422
    assert wrong in [name for _, name in answer.wrong_fields()]


def test_what_is_no_json_is_told(anna: Client) -> None:
    answer = anna.ask("POST", "/mixes", raw="{broken")
    assert (answer.status, answer.wrong_fields()) == (422, [("body", "body")])


@pytest.mark.parametrize("kind", ["text/plain", "multipart/form-data", "application/x-www-form-urlencoded", ""])
def test_a_body_of_another_type_is_refused(anna: Client, kind: str) -> None:
    answer = anna.ask("POST", "/mixes", {}, content_type=kind)
    assert (answer.status, answer.json["type"]) == (415, "/problems/not-json")


def test_the_same_key_is_the_same_mix(anna: Client) -> None:
    one = anna.post("/mixes", {"brief": {"minutes": 60}}, idempotency_key="friday")
    again = anna.post("/mixes", {"brief": {"minutes": 60}}, idempotency_key="friday")
    other = anna.post("/mixes", {"brief": {"minutes": 60}}, idempotency_key="saturday")
    assert one.json == again.json
    assert one.json["id"] != other.json["id"]
    assert anna.get("/mixes").json["total"] == 2


def test_a_key_that_is_used_for_another_wish_is_refused(anna: Client) -> None:
    anna.post("/mixes", {"brief": {"minutes": 60}}, idempotency_key="friday")
    for body in ({"brief": {"minutes": 90}}, {"brief": {"minutes": 60}, "name": "other"}):
        answer = anna.post("/mixes", body, idempotency_key="friday")
        assert (answer.status, answer.json["type"]) == (409, "/problems/key-used-before")


def test_two_users_may_choose_the_same_key(app: Any) -> None:
    ids = {Client(app, user=user).post("/mixes", {}, idempotency_key="k").json["id"] for user in ("u1", "u2")}
    assert len(ids) == 2


def test_a_mix_under_way_shows_how_far_it_is(scene: Scene, anna: Client) -> None:
    mix = request(anna)
    with scene.progress(mix) as progress:
        progress.report("planning", 3, 4, "Night Bus")
    shown = anna.get(f"/mixes/{mix}").json["progress"]
    assert (shown["phase"], shown["current"], shown["total"], shown["percent"]) == ("planning", 3, 4, 75)
    publish(scene, mix)
    assert anna.get(f"/mixes/{mix}").json["progress"] is None


def test_mixes_are_listed_latest_first_in_pages(anna: Client) -> None:
    ids = [request(anna, name=str(number)) for number in range(5)]
    first = anna.get("/mixes?limit=2").json
    ids.append(request(anna, name="late"))
    second = anna.get(f"/mixes?limit=2&cursor={first['next_cursor']}").json
    third = anna.get(f"/mixes?limit=2&cursor={second['next_cursor']}").json
    shown = [mix["id"] for page in (first, second, third) for mix in page["mixes"]]
    assert shown == list(reversed(ids[:5]))
    assert third["next_cursor"] is None
    assert anna.get("/mixes?status=published").json["mixes"] == []


def test_a_published_mix_is_downloaded_by_signed_addresses(scene: Scene, anna: Client) -> None:
    mix = request(anna, name="Friday")
    assert anna.get(f"/mixes/{mix}/files").json["files"] == []
    publish(scene, mix)
    shown = anna.get(f"/mixes/{mix}").json
    assert (shown["status"], shown["files"], shown["loudness_lufs"]) == ("published", ["cue", "flac"], -9.1)
    cue, flac = anna.get(f"/mixes/{mix}/files").json["files"]
    assert (cue["file_name"], flac["file_name"]) == ("Friday.cue", "Friday.flac")
    assert f"mixes/anna/{mix}/mix.flac" in flac["url"]


def test_a_mix_can_be_stopped_until_it_is_published(scene: Scene, anna: Client) -> None:
    mix = request(anna)
    assert anna.post(f"/mixes/{mix}/cancellation").json["status"] == "cancelled"
    published = request(anna)
    publish(scene, published)
    answer = anna.post(f"/mixes/{published}/cancellation")
    assert (answer.status, answer.json["type"]) == (409, "/problems/mix-has-ended")


def test_transitions_are_rated(scene: Scene, anna: Client) -> None:
    mix = request(anna)
    publish(scene, mix)
    answer = anna.ask("PUT", f"/mixes/{mix}/ratings/1", {"stars": 4, "comment": "a bar too long"})
    assert answer.json["ratings"]["1"] == {"stars": 4, "comment": "a bar too long", "revision": 1}
    assert anna.ask("PUT", f"/mixes/{mix}/ratings/1", {"stars": 6}).wrong_fields() == [("body", "stars")]
    assert anna.ask("PUT", f"/mixes/{mix}/ratings/2", {"stars": 4}).status == 404


def test_the_history_of_a_mix_is_its_events(scene: Scene, anna: Client) -> None:
    mix = request(anna)
    publish(scene, mix)
    events = anna.get(f"/mixes/{mix}/history").json["events"]
    assert [event["type"] for event in events] == [
        "MixRequested",
        "MixPlanned",
        "RenderingStarted",
        "MixMastered",
        "MixPublished",
    ]
    assert (events[0]["actor"], events[0]["version"]) == ("user:user-1", 1)


def test_a_plan_is_read_changed_and_approved(scene: Scene, anna: Client) -> None:
    mix = request(anna, wants_approval=True)
    assert anna.get(f"/mixes/{mix}/plan").json["type"] == "/problems/not-planned-yet"
    made = plan(scene, mix)
    read = anna.get(f"/mixes/{mix}/plan").json
    assert (read["revision"], read["edited"], read["plan"]) == (1, False, made)
    changed = {**made, "title": "My own order"}
    answer = anna.ask("PUT", f"/mixes/{mix}/plan", {"based_on": 1, "plan": changed})
    assert (answer.status, answer.json["revision"], answer.json["plan_is_edited"]) == (200, 2, True)
    assert anna.get(f"/mixes/{mix}/plan").json["plan"]["title"] == "My own order"
    stale = anna.ask("PUT", f"/mixes/{mix}/plan", {"based_on": 1, "plan": made})
    assert (stale.status, stale.json["type"]) == (409, "/problems/plan-has-changed")
    assert anna.post(f"/mixes/{mix}/approval", {"revision": 1}).json["type"] == "/problems/plan-has-changed"
    assert anna.post(f"/mixes/{mix}/approval", {"revision": 2}).json["status"] == "approved"


def test_a_plan_that_does_not_hold_together_is_refused(scene: Scene, anna: Client) -> None:
    mix = request(anna)
    made = plan(scene, mix)
    answer = anna.ask("PUT", f"/mixes/{mix}/plan", {"based_on": 1, "plan": {**made, "transitions": []}})
    assert (answer.status, answer.json["type"]) == (422, "/problems/invalid-input")
    assert "transitions" in answer.json["detail"]
    foreign = {**made, "slots": [{**slot, "track": {**slot["track"], "sha256": "0" * 64}} for slot in made["slots"]]}
    answer = anna.ask("PUT", f"/mixes/{mix}/plan", {"based_on": 1, "plan": foreign})
    assert (answer.status, "not in the library" in answer.json["detail"]) == (422, True)


def test_a_preview_is_begun_and_then_listened_to(scene: Scene, world: MemoryWorld, anna: Client) -> None:
    mix = request(anna)
    assert anna.post(f"/mixes/{mix}/previews", {"transition": 0}).status == 409
    plan(scene, mix)
    assert anna.post(f"/mixes/{mix}/previews", {"transition": 9}).status == 404
    assert anna.post(f"/mixes/{mix}/previews", {"transition": 1}).status == 202
    assert world.previews == [("anna", mix, 1)]
    assert anna.get(f"/mixes/{mix}/previews/1").status == 404
    carry_out(
        scene,
        mix,
        RecordPreview(**who(5), audio=reference(f"previews/anna/{mix}/1.flac"), transition_index=1, revision=1),
    )
    assert f"previews/anna/{mix}/1.flac" in anna.get(f"/mixes/{mix}/previews/1").json["url"]
    assert anna.get(f"/mixes/{mix}").json["previews"] == [1]


@pytest.mark.parametrize("path", ["", "/plan", "/files", "/history", "/previews/0"])
def test_a_mix_that_is_not_there_is_told(anna: Client, path: str) -> None:
    assert anna.get(f"/mixes/{NONE}{path}").status == 404
    assert anna.get(f"/mixes/nonsense{path}").wrong_fields() == [("path", "mix")]
    assert anna.post(f"/mixes/{NONE}/cancellation").status == 404
