"""Everything that is sent on its way: events to the bus, tracks to the queue, documents to listeners."""

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, Final

from notorious.aws.sockets_endpoint import GONE, SocketsEndpoint
from notorious.service import keys
from notorious.service.ports import BusEvent, Workflows
from notorious.service.separate_stems import separation_name

SOURCE: Final = "notorious"
MOST_ENTRIES: Final = 10
"""Of one request to EventBridge."""
MOST_BYTES: Final = 240 * 1024
"""Of one request to EventBridge, which takes 256 KB with what it counts in beside the documents."""


class EventBridge:
    """See `service.ports.Bus`."""

    def __init__(self, client: Any, bus: str) -> None:
        self._client = client
        self._bus = bus

    def publish(self, events: Sequence[BusEvent]) -> tuple[int, ...]:
        refused: list[int] = []
        waiting: list[tuple[int, dict[str, Any]]] = []
        size = 0
        for index, event in enumerate(events):
            detail = json.dumps(dict(event.document), ensure_ascii=False)
            length = len(detail.encode())
            if waiting and (len(waiting) == MOST_ENTRIES or size + length > MOST_BYTES):
                refused.extend(self._put(waiting))
                waiting, size = [], 0
            entry = {"Source": SOURCE, "DetailType": event.kind, "Detail": detail, "EventBusName": self._bus}
            waiting.append((index, {**entry, "Resources": list(event.resources)}))
            size += length
        if waiting:
            refused.extend(self._put(waiting))
        return tuple(refused)

    def _put(self, waiting: list[tuple[int, dict[str, Any]]]) -> list[int]:
        done = self._client.put_events(Entries=[entry for _, entry in waiting])
        if not done.get("FailedEntryCount"):
            return []
        answers = zip(waiting, done["Entries"], strict=True)
        return [index for (index, _), answer in answers if answer.get("ErrorCode")]


class FunctionNotifier:
    """See `service.ports.Notifier`: the function that tells listeners is called and not waited for."""

    def __init__(self, client: Any, function: str) -> None:
        self._client = client
        self._function = function

    def notify(self, tenant: str, topic: str) -> None:
        self._call({"tenant": tenant, "topic": topic})

    def wake(self) -> None:
        from botocore.exceptions import BotoCoreError, ClientError

        # Whoever comes is let in all the same; the first message is then late by a cold start.
        with suppress(BotoCoreError, ClientError):
            self._call({"wake": True})

    def _call(self, event: Mapping[str, Any]) -> None:
        payload = json.dumps(dict(event)).encode()
        self._client.invoke(FunctionName=self._function, InvocationType="Event", Payload=payload)


class AnalysisQueueInSqs:
    """See `service.ports.AnalysisQueue`. What is asked here looks like what the bus delivers."""

    def __init__(self, client: Any, url: str) -> None:
        self._client = client
        self._url = url

    def ask(self, tenant: str, sha256: str) -> None:
        self._client.send_message(QueueUrl=self._url, MessageBody=json.dumps({"tenant": tenant, "sha256": sha256}))


class StemsWorkflow:
    """See `service.ports.Separation`: a workflow that runs the Batch job and records how it went."""

    def __init__(self, workflows: Workflows) -> None:
        self._workflows = workflows

    def submit(self, tenant: str, sha256: str, model: str, *, source: str, attempt: int) -> bool:
        document = {
            "tenant": tenant,
            "sha256": sha256,
            "model": model,
            "source": source,
            "destination": keys.stems_prefix(tenant, sha256, model),
        }
        return self._workflows.start("stems", separation_name(tenant, sha256, model, attempt), document)


class ApiSockets:
    """See `service.ports.Sockets`: through the management endpoint of a WebSocket API."""

    def __init__(self, endpoint: SocketsEndpoint) -> None:
        self._endpoint = endpoint

    def send(self, connection_id: str, message: bytes) -> bool:
        return self._endpoint.ask("POST", connection_id, message) != GONE

    def is_open(self, connection_id: str) -> bool:
        return self._endpoint.ask("GET", connection_id) != GONE
