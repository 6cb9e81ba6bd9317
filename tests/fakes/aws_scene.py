"""The same scene on AWS in memory (moto): bucket, tables and bus as the template makes them, and the handlers."""

import importlib.util
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from fakes.scene import Scene
from notorious.aws import bootstrap, clients, handling
from notorious.aws.live import DynamoLive
from notorious.aws.objects import S3Objects
from notorious.eventstore.dynamodb import DynamoStore
from notorious.eventstore.dynamodb_views import DynamoViews

FUNCTIONS = Path(__file__).parents[2] / "functions"
_ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_SECURITY_TOKEN": "testing",
    "AWS_DEFAULT_REGION": "eu-central-1",
    "AWS_REGION": "eu-central-1",
    "NOTORIOUS_STAGE": "test",
    "NOTORIOUS_EVENTS_TABLE": "events",
    "NOTORIOUS_VIEWS_TABLE": "views",
    "NOTORIOUS_LIVE_TABLE": "live",
    "NOTORIOUS_IDEMPOTENCY_TABLE": "idempotency",
    "NOTORIOUS_BUCKET": "media",
    "NOTORIOUS_BUS": "notorious",
    "NOTORIOUS_NOTIFY_FUNCTION": "notorious-test-notify",
    "POWERTOOLS_SERVICE_NAME": "notorious",
    "POWERTOOLS_TRACE_DISABLED": "true",
    "LOG_LEVEL": "WARNING",
}


_EAR = bootstrap.ear


class Context:
    """What Lambda tells a function of itself."""

    function_name = "notorious-test-function"
    function_version = "$LATEST"
    memory_limit_in_mb = 512
    invoked_function_arn = "arn:aws:lambda:eu-central-1:123456789012:function:notorious-test-function"
    aws_request_id = "52fdfc07-2182-154f-163f-5f0f9a621d72"

    @staticmethod
    def get_remaining_time_in_millis() -> int:
        return 120_000


class AwsScene(Scene):
    """A scene whose store, bucket, views and live table are those of AWS."""

    def __init__(self) -> None:
        super().__init__()
        self.store = DynamoStore(clients.dynamodb(), "events")  # type: ignore[assignment]
        self.views = DynamoViews(clients.dynamodb(), "views")  # type: ignore[assignment]
        self.objects = S3Objects(clients.s3(), "media")  # type: ignore[assignment]
        self.live = DynamoLive(clients.dynamodb(), "live", self.clock)  # type: ignore[assignment]
        self._modules: dict[str, ModuleType] = {}

    def handler(self, name: str) -> ModuleType:
        """The module of a function, imported as Lambda does."""
        if name not in self._modules:
            spec = importlib.util.spec_from_file_location(f"handler_of_{name}", FUNCTIONS / name / "handler.py")
            assert spec is not None
            assert spec.loader is not None
            module = importlib.util.module_from_spec(spec)
            sys.modules[spec.name] = module
            spec.loader.exec_module(module)
            self._modules[name] = module
        return self._modules[name]

    def invoke(self, name: str, event: Any = None, **changes: Any) -> Any:
        """Call a function with an event (default: its event.json), of which some fields are changed."""
        given = captured(name) if event is None else event
        return self.handler(name).handler(json.loads(json.dumps({**given, **changes})), Context())

    def names(self, prefix: str) -> list[str]:
        return [found.key for found in self.objects.under(prefix)]


def captured(name: str) -> Any:
    """The event.json of a function."""
    return json.loads((FUNCTIONS / name / "event.json").read_text())


def queue_message(body: Any, *, received: int = 1, message_id: str = "m1") -> dict[str, Any]:
    """A message as a queue hands it over."""
    record: dict[str, Any] = captured("analyze")["Records"][0]
    record["messageId"] = message_id
    record["body"] = body if isinstance(body, str) else json.dumps(body)
    record["attributes"]["ApproximateReceiveCount"] = str(received)
    return record


@contextmanager
def aws_scene() -> Iterator[AwsScene]:
    """An empty deployment; who is told (`notify`) and which workflows run is written down, as in the scene."""
    from moto import mock_aws

    with pytest.MonkeyPatch.context() as patch, mock_aws():
        for name in ("AWS_ENDPOINT_URL", "AWS_PROFILE", "NOTORIOUS_JOURNAL"):
            patch.delenv(name, raising=False)
        for name, value in _ENVIRONMENT.items():
            patch.setenv(name, value)
        _forget_adapters()
        _make_resources()
        scene = AwsScene()
        patch.setattr(bootstrap, "notifier", lambda: scene.notifier)
        patch.setattr(bootstrap, "workflows", lambda: scene.workflows)
        patch.setattr(bootstrap, "sockets", lambda: scene.sockets)
        patch.setattr(bootstrap, "queue", lambda: scene.queue)
        try:
            yield scene
        finally:
            if _EAR.cache_info().currsize:
                _EAR().close()
            _forget_adapters()


def _forget_adapters() -> None:
    for module in (clients, bootstrap, handling):
        for value in vars(module).values():
            if hasattr(value, "cache_clear") and value.__module__ == module.__name__:
                value.cache_clear()


def _make_resources() -> None:
    dynamodb = clients.dynamodb()
    feed = {
        "IndexName": "feed",
        "KeySchema": [
            {"AttributeName": "tenant", "KeyType": "HASH"},
            {"AttributeName": "feed_position", "KeyType": "RANGE"},
        ],
        "Projection": {"ProjectionType": "ALL"},
    }
    _table(dynamodb, "events", {"stream": "S", "item": "S"}, {"tenant": "S", "feed_position": "N"}, [feed])
    _table(dynamodb, "views", {"owner": "S", "id": "S"})
    _table(dynamodb, "live", {"owner": "S", "id": "S"})
    _table(dynamodb, "idempotency", {"id": "S"})
    clients.s3().create_bucket(Bucket="media", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    clients.events().create_event_bus(Name="notorious")


def _table(
    client: Any,
    name: str,
    keys: dict[str, str],
    more: dict[str, str] | None = None,
    indexes: list[dict[str, Any]] | None = None,
) -> None:
    attributes = {**keys, **(more or {})}
    request: dict[str, Any] = {"GlobalSecondaryIndexes": indexes} if indexes else {}
    client.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": kind} for key, kind in attributes.items()],
        KeySchema=[{"AttributeName": key, "KeyType": kind} for key, kind in zip(keys, ("HASH", "RANGE"), strict=False)],
        **request,
    )
