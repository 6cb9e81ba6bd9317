"""The API keeps its own description: requests drawn from it (good and bad ones) get answers that it describes.

schemathesis draws them; a small WSGI application hands them to the resolver as API Gateway does.
"""

from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import parse_qsl

import pytest
import schemathesis
from http_client import MemoryWorld
from hypothesis import HealthCheck, settings
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance

from fakes.scene import Scene
from notorious.aws.http import application
from notorious.aws.http.application import http_api
from unit.planning.planning_track_factory import make_library

SCENE = Scene()
WORLD = MemoryWorld(SCENE)
APP = http_api(WORLD)
CLAIMS = {"sub": "user-1", "custom:tenant": "anna"}


def gateway(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """API Gateway in front of the API."""
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    headers = {key[5:].replace("_", "-").lower(): value for key, value in environ.items() if key.startswith("HTTP_")}
    headers["content-type"] = environ.get("CONTENT_TYPE") or "application/json"
    query: dict[str, str] = {}
    for name, value in parse_qsl(environ["QUERY_STRING"], keep_blank_values=True):
        query[name] = f"{query[name]},{value}" if name in query else value
    event = {
        "version": "2.0",
        "rawPath": environ["PATH_INFO"],
        "rawQueryString": environ["QUERY_STRING"],
        "headers": headers,
        "queryStringParameters": query,
        "requestContext": {
            "requestId": "request",
            "stage": "$default",
            "http": {"method": environ["REQUEST_METHOD"], "path": environ["PATH_INFO"]},
            "authorizer": {"jwt": {"claims": CLAIMS if environ.get("HTTP_AUTHORIZATION") == "Bearer token" else {}}},
        },
        "body": body.decode("utf-8", "replace") if body else None,
        "isBase64Encoded": False,
    }
    answer = APP.resolve(event, None)  # type: ignore[arg-type]
    given = answer.get("headers") or {}
    start_response(f"{answer['statusCode']} -", [(name, str(value)) for name, value in given.items()])
    return [(answer.get("body") or "").encode()]


schema = schemathesis.openapi.from_wsgi("/openapi.json", gateway)


@pytest.fixture(autouse=True)
def _a_library_and_no_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(application, "BURST", 1e12)
    if not SCENE.objects.names():
        for track in make_library(3):
            SCENE.add(track)


@schema.parametrize()
@settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
def test_answers_are_those_that_are_described(case: schemathesis.Case) -> None:
    # A key or a cursor is text with a grammar that no JSON Schema tells, so a valid request may be refused with 422;
    # and pydantic reads "60" as a number where the schema says number. Other tests look at both.
    case.call_and_validate(
        headers={"Authorization": "Bearer token"}, excluded_checks=[positive_data_acceptance, negative_data_rejection]
    )
