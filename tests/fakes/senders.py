"""Workflows, listeners, the bus, the queue, sockets and chance: what the use cases set in motion, written down."""

from collections.abc import Mapping, Sequence
from itertools import count
from typing import Any

from notorious.service.ports import BusEvent, ExecutionStatus, WorkflowName


class MemoryWorkflows:
    """See `service.ports.Workflows`. An execution runs until a test says how it ended."""

    def __init__(self) -> None:
        self.started: dict[tuple[str, str], Mapping[str, Any]] = {}
        self.ended: dict[tuple[str, str], ExecutionStatus] = {}
        self.waiting_tokens: set[str] = set()
        self.resumed: list[str] = []

    def start(self, workflow: WorkflowName, name: str, document: Mapping[str, Any]) -> bool:
        if (workflow, name) in self.started:
            return False
        self.started[workflow, name] = dict(document)
        return True

    def status(self, workflow: WorkflowName, name: str) -> ExecutionStatus | None:
        if (workflow, name) not in self.started:
            return None
        return self.ended.get((workflow, name), "running")

    def stop(self, workflow: WorkflowName, name: str, *, reason: str) -> None:
        if self.status(workflow, name) == "running":
            self.ended[workflow, name] = "stopped"

    def resume(self, token: str, output: Mapping[str, Any]) -> bool:
        if token not in self.waiting_tokens:
            return False
        self.waiting_tokens.discard(token)
        self.resumed.append(token)
        return True

    def names(self, workflow: WorkflowName) -> list[str]:
        return [name for kind, name in self.started if kind == workflow]


class MemoryNotifier:
    """See `service.ports.Notifier`."""

    def __init__(self) -> None:
        self.told: list[tuple[str, str]] = []
        self.woken = 0

    def notify(self, tenant: str, topic: str) -> None:
        self.told.append((tenant, topic))

    def wake(self) -> None:
        self.woken += 1


class MemoryBus:
    """See `service.ports.Bus`. It refuses the events whose place (in all that it is offered) a test names."""

    def __init__(self, refuses: Sequence[int] = ()) -> None:
        self.taken: list[BusEvent] = []
        self._refuses = set(refuses)
        self._offered = count()

    def publish(self, events: Sequence[BusEvent]) -> tuple[int, ...]:
        refused = []
        for index, event in enumerate(events):
            if next(self._offered) in self._refuses:
                refused.append(index)
            else:
                self.taken.append(event)
        return tuple(refused)


class MemoryQueue:
    """See `service.ports.AnalysisQueue`."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []

    def ask(self, tenant: str, sha256: str) -> None:
        self.asked.append((tenant, sha256))


class MemorySockets:
    """See `service.ports.Sockets`."""

    def __init__(self, open_ones: Sequence[str] = ()) -> None:
        self.open = set(open_ones)
        self.sent: list[tuple[str, bytes]] = []

    def send(self, connection_id: str, message: bytes) -> bool:
        if connection_id not in self.open:
            return False
        self.sent.append((connection_id, message))
        return True

    def is_open(self, connection_id: str) -> bool:
        return connection_id in self.open


class MemorySeparation:
    """See `service.ports.Separation`."""

    def __init__(self) -> None:
        self.submitted: list[tuple[str, str, str, str, int]] = []

    def submit(self, tenant: str, sha256: str, model: str, *, source: str, attempt: int) -> bool:
        row = (tenant, sha256, model, source, attempt)
        if row in self.submitted:
            return False
        self.submitted.append(row)
        return True


class CountedIdentifiers:
    """See `service.ports.Identifiers`."""

    def __init__(self) -> None:
        self._numbers = count(1)

    def mix(self) -> str:
        return f"{next(self._numbers):026d}"

    def secret(self) -> str:
        return f"secret{next(self._numbers)}"
