"""Wires the ports to their adapters, from the environment: each once a process, at the first need.

A function asks only for what it uses, so it needs only those variables, and its role only those rights:

    events      NOTORIOUS_EVENTS_TABLE (NOTORIOUS_JOURNAL on the embedded stack)
    objects     NOTORIOUS_BUCKET
    live        NOTORIOUS_LIVE_TABLE
    views       NOTORIOUS_VIEWS_TABLE
    bus         NOTORIOUS_BUS
    notifier    NOTORIOUS_NOTIFY_FUNCTION
    workflows   NOTORIOUS_MIX_WORKFLOW, NOTORIOUS_LIBRARY_WORKFLOW, NOTORIOUS_STEMS_WORKFLOW (those that there are)
    queue       NOTORIOUS_ANALYZE_QUEUE_URL
    sockets     NOTORIOUS_SOCKETS_API_ID, NOTORIOUS_SOCKETS_STAGE
"""

import os
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from notorious.aws import clients
from notorious.aws.live import DynamoLive
from notorious.aws.messages import AnalysisQueueInSqs, ApiSockets, EventBridge, FunctionNotifier, StemsWorkflow
from notorious.aws.objects import S3Objects
from notorious.aws.system import SortableIdentifiers, SystemClock
from notorious.aws.workflows import StepFunctions
from notorious.errors import NotoriousError
from notorious.eventstore import EventStore
from notorious.service.ports import WorkflowName
from notorious.service.progress import Progress

if TYPE_CHECKING:
    from notorious.eventstore.views import Views
    from notorious.service.ear import ChildEar

_MACHINES: Final[dict[WorkflowName, str]] = {
    "mix": "NOTORIOUS_MIX_WORKFLOW",
    "analyze-library": "NOTORIOUS_LIBRARY_WORKFLOW",
    "stems": "NOTORIOUS_STEMS_WORKFLOW",
}


class NotConfigured(NotoriousError):
    """A variable that the function needs is not in its environment."""


def setting(name: str) -> str:
    """A variable of the environment. Raises NotConfigured where it is missing or empty."""
    value = os.environ.get(name)
    if not value:
        raise NotConfigured(f"the environment has no {name}; the function's row in the infrastructure must name it")
    return value


@cache
def events() -> EventStore:
    from notorious.eventstore.dynamodb import DynamoStore

    table = DynamoStore(clients.dynamodb(), setting("NOTORIOUS_EVENTS_TABLE"))
    journal = os.environ.get("NOTORIOUS_JOURNAL")
    if not journal:
        return table
    from notorious.eventstore.journal import Journal
    from notorious.eventstore.journalled import JournalledStore

    return JournalledStore(table, Journal(Path(journal)))


@cache
def objects() -> S3Objects:
    return S3Objects(clients.s3(), setting("NOTORIOUS_BUCKET"))


@cache
def clock() -> SystemClock:
    return SystemClock()


@cache
def identifiers() -> SortableIdentifiers:
    return SortableIdentifiers()


@cache
def live() -> DynamoLive:
    return DynamoLive(clients.dynamodb(), setting("NOTORIOUS_LIVE_TABLE"), clock())


@cache
def views() -> "Views":
    from notorious.eventstore.dynamodb_views import DynamoViews

    return DynamoViews(clients.dynamodb(), setting("NOTORIOUS_VIEWS_TABLE"))


@cache
def bus() -> EventBridge:
    return EventBridge(clients.events(), setting("NOTORIOUS_BUS"))


@cache
def notifier() -> FunctionNotifier:
    return FunctionNotifier(clients.functions(), setting("NOTORIOUS_NOTIFY_FUNCTION"))


@cache
def workflows() -> StepFunctions:
    machines = {name: os.environ[variable] for name, variable in _MACHINES.items() if os.environ.get(variable)}
    return StepFunctions(clients.stepfunctions(), machines)


@cache
def separation() -> StemsWorkflow:
    return StemsWorkflow(workflows())


@cache
def queue() -> AnalysisQueueInSqs:
    return AnalysisQueueInSqs(clients.sqs(), setting("NOTORIOUS_ANALYZE_QUEUE_URL"))


@cache
def sockets() -> ApiSockets:
    return ApiSockets(clients.sockets(setting("NOTORIOUS_SOCKETS_API_ID"), setting("NOTORIOUS_SOCKETS_STAGE")))


@cache
def ear() -> "ChildEar":
    from notorious.service.ear import ChildEar

    return ChildEar()


def progress(tenant: str, mix: str, *, part: str = "") -> Progress:
    """The progress of one mix, to be used as a context manager."""
    return Progress(live(), notifier(), clock(), tenant=tenant, mix=mix, part=part)
