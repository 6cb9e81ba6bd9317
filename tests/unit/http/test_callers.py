"""Who may ask what, and how often."""

from typing import Any

import pytest
from http_client import Client, MemoryWorld

from fakes.scene import Scene
from notorious.aws.http.application import BURST, REQUESTS_PER_SECOND
from notorious.eventstore import StoreIsBusy
from notorious.service.ports import Ticket
from unit.planning.planning_track_factory import make_track

TRACK_CALLS = [
    ("GET", "", None),
    ("PATCH", "", {"bpm": 63.0}),
    ("POST", "/analysis", None),
    ("GET", "/analysis", None),
    ("GET", "/audio", None),
    ("POST", "/stems", {"model": "htdemucs"}),
    ("GET", "/stems/htdemucs", None),
    ("GET", "/similar", None),
    ("GET", "/followers", None),
    ("GET", "/history", None),
    ("DELETE", "", None),
]
MIX_CALLS = [
    ("GET", "", None),
    ("GET", "/plan", None),
    ("PUT", "/plan", {"based_on": 1, "plan": {}}),
    ("POST", "/previews", {"transition": 0}),
    ("GET", "/previews/0", None),
    ("POST", "/approval", {"revision": 1}),
    ("POST", "/cancellation", None),
    ("PUT", "/ratings/0", {"stars": 3}),
    ("GET", "/files", None),
    ("GET", "/history", None),
]


@pytest.mark.parametrize(("method", "path", "body"), TRACK_CALLS)
def test_a_tenant_can_do_nothing_with_anothers_track(
    scene: Scene, anna: Client, bert: Client, method: str, path: str, body: Any
) -> None:
    track = scene.add(make_track("night"))
    before = scene.store.head("anna"), scene.objects.names()
    answer = bert.ask(method, f"/tracks/{track}{path}", body)
    # Word for word what is said of a track that nobody has.
    nothing = bert.ask(method, f"/tracks/{'0' * 64}{path}", body)
    assert answer.status == nothing.status == 404
    assert answer.json["detail"].replace(track, "0" * 64) == nothing.json["detail"]
    assert (scene.store.head("anna"), scene.objects.names()) == before
    assert scene.store.head("bert") == 0


@pytest.mark.parametrize(("method", "path", "body"), MIX_CALLS)
def test_a_tenant_can_do_nothing_with_anothers_mix(
    scene: Scene, anna: Client, bert: Client, method: str, path: str, body: Any
) -> None:
    mix = anna.post("/mixes", {}).json["id"]
    before = scene.store.head("anna")
    assert bert.ask(method, f"/mixes/{mix}{path}", body).status == 404
    assert (scene.store.head("anna"), scene.store.head("bert")) == (before, 0)


def test_lists_and_statistics_hold_ones_own(scene: Scene, anna: Client, bert: Client) -> None:
    scene.add(make_track("night"))
    anna.post("/mixes", {})
    anna.ask("PUT", "/library/settings", {"settings": {"a": 1}})
    assert anna.get("/tracks").json["total"] == anna.get("/mixes").json["total"] == 1
    assert bert.get("/tracks").json["total"] == bert.get("/mixes").json["total"] == 0
    assert bert.get("/library/statistics").json["tracks"] == 0
    assert bert.get("/library").json["settings"] == {}


def test_a_chosen_id_or_key_does_not_lead_into_anothers_library(anna: Client, bert: Client) -> None:
    mine = anna.post("/mixes", {"name": "mine"}, idempotency_key="k").json["id"]
    yours = bert.post("/mixes", {"name": "yours"}, idempotency_key="k").json["id"]
    assert mine != yours
    assert anna.get(f"/mixes/{mine}").json["name"] == "mine"


def test_the_tenant_is_the_tokens_and_nothing_else(app: Any, anna: Client) -> None:
    bert = Client(app, tenant="bert")
    key = bert.post("/uploads?tenant=anna", {"file_name": "a.wav", "size_bytes": 1}, x_tenant="anna").json["fields"]
    assert key["key"].startswith("drop/bert/")
    assert bert.post("/uploads", {"file_name": "a.wav", "size_bytes": 1, "tenant": "anna"}).status == 422


@pytest.mark.parametrize("tenant", [None, "", "a/b", "../anna", "a#b"])
def test_a_token_without_a_proper_tenant_is_refused(app: Any, tenant: str | None) -> None:
    answer = Client(app, tenant=tenant).get("/tracks")
    assert (answer.status, answer.json["type"]) == (403, "/problems/no-tenant")


def test_without_a_token_there_is_only_what_is_open(app: Any) -> None:
    nobody = Client(app, tenant=None, user=None)
    assert nobody.get("/tracks").status == 401
    for path in ("/health", "/openapi.json", "/docs"):
        assert nobody.get(path).status == 200


def test_who_asks_too_often_is_told_when_to_come_back(world: MemoryWorld, app: Any, anna: Client) -> None:
    answers = [anna.get("/library") for _ in range(int(BURST) + 1)]
    assert {answer.status for answer in answers[:-1]} == {200}
    refused = answers[-1]
    assert (refused.status, refused.headers["retry-after"]) == (429, "1")
    assert refused.json["type"] == "/problems/too-many-requests"
    # Nobody else has to wait, and after a moment anna need not either.
    assert Client(app, user="user-9").get("/library").status == 200
    world.clock.pass_seconds(1.5 / REQUESTS_PER_SECOND)
    assert [anna.get("/library").status, anna.get("/library").status] == [200, 429]


def test_a_busy_store_asks_to_try_again(world: MemoryWorld, anna: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def busy(*_: object, **__: object) -> None:
        raise StoreIsBusy("too many writers")

    monkeypatch.setattr(world.events, "append", busy)
    answer = anna.post("/mixes", {})
    assert (answer.status, answer.headers["retry-after"]) == (503, "1")


def test_what_was_not_foreseen_tells_nothing_of_the_inside(
    world: MemoryWorld, anna: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("secret table name")

    monkeypatch.setattr(world.events, "read", broken)
    answer = anna.get("/library")
    assert (answer.status, answer.json["type"]) == (500, "/problems/failed")
    assert "secret" not in answer.text
    assert answer.json["instance"].startswith("/requests/")


def test_what_is_no_route_is_told(anna: Client) -> None:
    answer = anna.ask("GET", "/nowhere")
    assert (answer.status, answer.headers["content-type"]) == (404, "application/problem+json")


def test_a_method_that_a_path_does_not_take_is_told(anna: Client) -> None:
    for method, path, takes in (("DELETE", "/mixes", "GET, POST"), ("PUT", f"/mixes/{'0' * 26}", "GET")):
        answer = anna.ask(method, path)
        assert (answer.status, answer.headers["allow"]) == (405, takes)


def test_a_ticket_stands_for_who_took_it(world: MemoryWorld, anna: Client) -> None:
    answer = anna.post("/tickets")
    assert (answer.status, answer.json["expires_seconds"]) == (201, 60)
    now = world.clock.now()
    assert world.live.redeem_ticket(answer.json["ticket"], now=now) == Ticket("anna", "user-1")
    assert world.live.redeem_ticket(answer.json["ticket"], now=now) is None


def test_settings_are_kept(anna: Client) -> None:
    assert anna.ask("PUT", "/library/settings", {"settings": {"formats": ["flac"]}}).status == 200
    assert anna.get("/library").json["settings"] == {"formats": ["flac"]}
    assert anna.ask("PUT", "/library/settings", {}).wrong_fields() == [("body", "settings")]


def test_an_import_is_begun_once_for_a_key(world: MemoryWorld, anna: Client) -> None:
    one, two = (anna.post("/library/imports", idempotency_key="night") for _ in range(2))
    assert (one.status, one.json["status"], two.json["status"]) == (202, "started", "started before")
    assert world.workflows.names("analyze-library") == [one.json["id"]]


def test_statistics_say_what_is_there_and_how_much_was_heard(scene: Scene, anna: Client) -> None:
    scene.add(make_track("one", key="8A", bpm=126.0))
    scene.add(make_track("two", key="8A", bpm=140.0, genre="techno"))
    scene.upload(b"three")
    found = anna.get("/library/statistics").json
    assert (found["tracks"], found["analyzed"], found["waiting"], found["coverage"]) == (3, 2, 1, 0.6667)
    assert (found["keys"], found["bpm"]) == ({"8A": 2}, {"125": 1, "140": 1})
    assert found["genres"] == {"house": 1, "techno": 1}
