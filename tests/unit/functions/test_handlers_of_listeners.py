"""The functions that apps and listeners speak to, called with events as AWS sends them, on AWS in memory."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from fakes.aws_scene import AwsScene, aws_scene, captured
from notorious.domain import Recorded, StreamName
from notorious.service.ports import Connection, Ticket
from unit.planning.planning_track_factory import make_track

TICKET = captured("authorize")["queryStringParameters"]["ticket"]
CONNECTION = captured("sockets")["requestContext"]["connectionId"]
MIX = captured("notify")["detail"]["stream"].removeprefix("mix/")


@pytest.fixture
def scene() -> Iterator[AwsScene]:
    with aws_scene() as scene:
        yield scene


def keep_ticket(scene: AwsScene, seconds: float = 60) -> None:
    # The function's clock is the machine's.
    from notorious.aws import bootstrap

    expires = bootstrap.clock().now() + timedelta(seconds=seconds)
    scene.live.keep_ticket(TICKET, Ticket("anna", "user-1"), expires=expires)


def effect(answer: Any) -> str:
    return str(answer["policyDocument"]["Statement"][0]["Effect"])


def test_a_ticket_lets_one_connection_in_and_names_who_it_is(scene: AwsScene) -> None:
    keep_ticket(scene)
    answer = scene.invoke("authorize")
    assert (effect(answer), answer["context"]) == ("Allow", {"tenant": "anna", "user": "user-1"})
    assert answer["policyDocument"]["Statement"][0]["Resource"] == captured("authorize")["methodArn"]
    assert effect(scene.invoke("authorize")) == "Deny"


@pytest.mark.parametrize("query", [None, {}, {"ticket": ""}, {"ticket": "guessed"}])
def test_without_a_good_ticket_nobody_comes_in(scene: AwsScene, query: Any) -> None:
    keep_ticket(scene)
    answer = scene.invoke("authorize", queryStringParameters=query)
    assert effect(answer) == "Deny"
    assert "context" not in answer


def test_a_ticket_that_has_expired_lets_nobody_in(scene: AwsScene) -> None:
    keep_ticket(scene, seconds=-1)
    assert effect(scene.invoke("authorize")) == "Deny"


def routed(route: str, **more: Any) -> dict[str, Any]:
    """The event of another route of the same connection."""
    event = captured("sockets")
    return {**event, **more, "requestContext": {**event["requestContext"], "routeKey": route}}


def test_a_listener_connects_subscribes_is_told_and_goes(scene: AwsScene) -> None:
    scene.sockets.open.add(CONNECTION)
    assert scene.invoke("sockets", routed("$connect"))["statusCode"] == 200
    assert scene.notifier.woken == 1
    assert scene.invoke("notify", {"wake": True}) is None
    assert scene.sockets.sent == []
    assert scene.live.connection(CONNECTION) == Connection(CONNECTION, "anna", "b3c4d852-0041-7052-4f0e-6c2c2b7f8f10")
    scene.request(MIX)
    scene.project()
    assert scene.invoke("sockets")["statusCode"] == 200
    assert scene.live.listeners("anna", f"mix/{MIX}") == (CONNECTION,)
    assert json.loads(scene.sockets.sent[-1][1])["document"]["status"] == "requested"
    # An event that is of another history than the stream's: the view holds it and more.
    first = scene.store.read("anna", StreamName("mix", MIX))[0]
    scene.invoke("notify", {**captured("notify"), "detail": first.document()})
    scene.invoke("notify", {"tenant": "anna", "topic": f"mix/{MIX}"})
    assert len(scene.sockets.sent) == 3
    scene.invoke("sockets", routed("$disconnect"))
    assert scene.live.listeners("anna", f"mix/{MIX}") == ()
    assert scene.live.connection(CONNECTION) is None


def test_what_a_listener_sends_that_is_no_action_is_answered(scene: AwsScene) -> None:
    scene.sockets.open.add(CONNECTION)
    scene.invoke("sockets", routed("$connect"))
    scene.invoke("sockets", routed("$default", body="hello"))
    assert json.loads(scene.sockets.sent[-1][1])["type"] == "problem"


def test_the_captured_event_is_one_of_ours() -> None:
    record = Recorded.from_document(captured("notify")["detail"])
    assert (record.type, captured("notify")["detail-type"]) == ("MixPlanned", "MixPlanned")


def test_nobody_listening_is_no_failure(scene: AwsScene) -> None:
    assert scene.invoke("notify") is None
    assert scene.sockets.sent == []


def ask(scene: AwsScene, method: str, path: str, body: Any = None, query: dict[str, str] | None = None) -> Any:
    event = captured("api")
    event["requestContext"]["http"] |= {"method": method, "path": path}
    event |= {
        "rawPath": path,
        "queryStringParameters": query or {},
        "rawQueryString": "",
        "body": None if body is None else json.dumps(body),
    }
    event["headers"] = {**event["headers"], "content-type": "application/json"}
    return scene.invoke("api", event)


def test_the_captured_request_lists_tracks(scene: AwsScene) -> None:
    scene.add(make_track("night", title="Night Bus", bpm=126.0))
    scene.add(make_track("day", title="Day Bus", bpm=126.0))
    answer = scene.invoke("api")
    assert answer["statusCode"] == 200
    assert [track["title"] for track in json.loads(answer["body"])["tracks"]] == ["Night Bus"]


def test_a_mix_is_asked_for_and_found_again(scene: AwsScene) -> None:
    answer = ask(scene, "POST", "/mixes", {"brief": {"minutes": 30}})
    assert answer["statusCode"] == 202
    mix = json.loads(answer["body"])["id"]
    shown = ask(scene, "GET", f"/mixes/{mix}")
    assert json.loads(shown["body"])["brief"] == {"minutes": 30.0}
    scene.project()
    assert json.loads(ask(scene, "GET", "/mixes")["body"])["total"] == 1


def test_an_upload_goes_by_a_form_that_s3_takes(scene: AwsScene) -> None:
    answer = json.loads(ask(scene, "POST", "/uploads", {"file_name": "a b.wav", "size_bytes": 9})["body"])
    assert answer["url"].startswith("https://")
    assert {"key", "policy", "x-amz-signature"} <= set(answer["fields"])


def test_a_ticket_of_the_api_opens_a_connection(scene: AwsScene) -> None:
    ticket = json.loads(ask(scene, "POST", "/tickets")["body"])["ticket"]
    answer = scene.invoke("authorize", queryStringParameters={"ticket": ticket})
    assert (effect(answer), answer["context"]["tenant"]) == ("Allow", "anna")


def test_the_documentation_is_served(scene: AwsScene) -> None:
    assert ask(scene, "GET", "/health")["statusCode"] == 200
    assert json.loads(ask(scene, "GET", "/openapi.json")["body"])["openapi"] == "3.1.0"
    page = ask(scene, "GET", "/docs")
    assert (page["statusCode"], page["isBase64Encoded"]) == (200, True)
    # What a function may answer.
    assert len(page["body"]) < 6_000_000
