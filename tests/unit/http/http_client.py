"""The API over a world in memory, asked as API Gateway asks."""

import base64
import json
from dataclasses import dataclass
from typing import Any

from fakes.scene import Scene
from fakes.senders import CountedIdentifiers
from notorious.eventstore import MemoryStore
from notorious.service.track_indexes import TrackIndexes


class MemoryWorld:
    """The ports of a scene as the API needs them."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.events: MemoryStore = scene.store
        self.objects, self.live, self.workflows = scene.objects, scene.live, scene.workflows
        self.clock = scene.clock
        self.identifiers = CountedIdentifiers()
        self.indexes = TrackIndexes(self.events, self.objects)
        self.previews: list[tuple[str, str, int]] = []

    @property
    def views(self) -> Any:
        """As the projector has them when it has caught up."""
        self.scene.project()
        return self.scene.views

    def begin_preview(self, tenant: str, mix: str, transition: int) -> None:
        self.previews.append((tenant, mix, transition))


@dataclass(frozen=True)
class Answer:
    """What the API answered."""

    status: int
    headers: dict[str, str]
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)

    def wrong_fields(self) -> list[tuple[str, str]]:
        """Place and name of each field that a problem names."""
        return [(error["in"], error["field"]) for error in self.json["errors"]]


class Client:
    """A user who asks."""

    def __init__(self, app: Any, *, tenant: str | None = "anna", user: str | None = "user-1") -> None:
        self._app, self._tenant, self._user = app, tenant, user
        self._requests = 0

    def ask(self, method: str, path: str, body: Any = None, *, raw: str | None = None, **headers: str) -> Answer:
        """Send a request; names of headers are given with underscores."""
        path, _, query = path.partition("?")
        self._requests += 1
        claims = {"sub": self._user, "custom:tenant": self._tenant, "token_use": "id"}
        event = {
            "version": "2.0",
            "routeKey": "ANY /{proxy+}",
            "rawPath": path,
            "rawQueryString": query,
            "headers": {"content-type": "application/json"}
            | {name.replace("_", "-"): value for name, value in headers.items()},
            "queryStringParameters": dict(pair.split("=", 1) for pair in query.split("&")) if query else {},
            "requestContext": {
                "requestId": f"request-{id(self)}-{self._requests}",
                "stage": "$default",
                "http": {"method": method, "path": path},
                "authorizer": {"jwt": {"claims": {name: value for name, value in claims.items() if value}}},
            },
            "body": raw if raw is not None else None if body is None else json.dumps(body),
            "isBase64Encoded": False,
        }
        answer = self._app.resolve(event, None)
        text = answer.get("body") or ""
        if answer.get("isBase64Encoded"):
            text = base64.b64decode(text).decode("latin-1")
        headers_out = {
            name.lower(): ",".join(value) if isinstance(value, list) else value
            for name, value in (answer.get("headers") or answer.get("multiValueHeaders") or {}).items()
        }
        return Answer(answer["statusCode"], headers_out, text)

    def get(self, path: str, **headers: str) -> Answer:
        return self.ask("GET", path, **headers)

    def post(self, path: str, body: Any = None, **headers: str) -> Answer:
        return self.ask("POST", path, body, **headers)
