"""What the use cases need of the world, as protocols: adapters are in `notorious.aws`, fakes in the tests.

The event store has its own protocol in `notorious.eventstore`. Conventions: every method is synchronous; a tenant is
always the first argument where there is one; object keys come from `service.keys` and are complete (tenant included);
times are aware UTC datetimes, lengths of time are seconds.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Protocol, Self

from notorious.errors import NotoriousError


class ObjectMissing(NotoriousError):
    """There is no object under a key."""

    def __init__(self, key: str) -> None:
        self.key = key
        super().__init__(f"there is no object {key}; it may have expired or been deleted")


class ObjectChanged(NotoriousError):
    """The object under a key is no longer the one that was looked at."""

    def __init__(self, key: str) -> None:
        self.key = key
        super().__init__(f"the object {key} was replaced while it was being read; try again")


@dataclass(frozen=True)
class StoredObject:
    """What is known of an object without reading it. `etag` changes whenever the content does."""

    key: str
    bytes: int
    etag: str
    modified: datetime


class ObjectSink(Protocol):
    """An object in the making: a binary stream, complete when the context ends well, gone when it does not.

    Writing back is possible within the first `HEAD_BYTES` and within what was not handed over yet; elsewhere a write
    raises OSError. `tell`, `seek` and `read` follow `io`.
    """

    def write(self, data: bytes, /) -> int: ...

    def read(self, size: int = -1, /) -> bytes: ...

    def seek(self, offset: int, whence: int = 0, /) -> int: ...

    def tell(self) -> int: ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class Objects(Protocol):
    """Whole files under keys. Writing replaces; what was written is read by everybody from then on."""

    def find(self, key: str) -> StoredObject | None: ...

    def get(self, key: str) -> bytes:
        """The whole object. Raises ObjectMissing."""
        ...

    def get_range(self, key: str, start: int, length: int) -> bytes:
        """At most `length` bytes from `start`; empty behind the end. Raises ObjectMissing."""
        ...

    def chunks(self, key: str, *, if_etag: str | None = None) -> Iterator[bytes]:
        """The object in pieces of about a megabyte. Raises ObjectMissing, ObjectChanged."""
        ...

    def download(self, key: str, path: Path) -> None:
        """Write the object to a file. Raises ObjectMissing."""
        ...

    def put(self, key: str, data: bytes, *, content_type: str = "application/octet-stream") -> None: ...

    def upload(self, path: Path, key: str, *, content_type: str = "application/octet-stream") -> None: ...

    def sink(self, key: str, *, content_type: str = "application/octet-stream") -> ObjectSink: ...

    def copy(self, source: str, target: str, *, if_etag: str | None = None) -> None:
        """Raises ObjectMissing, ObjectChanged."""
        ...

    def delete(self, key: str) -> None:
        """Nothing happens where there is no such object."""
        ...

    def under(self, prefix: str) -> Iterator[StoredObject]:
        """All objects whose keys begin so, in the order of their keys."""
        ...

    def download_address(self, key: str, *, seconds: int, file_name: str | None = None) -> str:
        """A signed address that works for so long, and asks the browser to save under a name."""
        ...

    def upload_form(self, key: str, *, seconds: int, most_bytes: int) -> "UploadForm":
        """A signed form that puts one file of a limited size under exactly this key."""
        ...


@dataclass(frozen=True)
class UploadForm:
    """A form to be sent as multipart/form-data: all fields, then the file as `file`."""

    url: str
    fields: Mapping[str, str]
    expires_seconds: int


Phase = Literal[
    "validating",
    "finding candidates",
    "planning",
    "previewing",
    "waiting for approval",
    "rendering voices",
    "mastering",
    "exporting",
    "publishing",
]
PHASES: tuple[Phase, ...] = (
    "validating",
    "finding candidates",
    "planning",
    "previewing",
    "waiting for approval",
    "rendering voices",
    "mastering",
    "exporting",
    "publishing",
)
"""The phases of a mix in their order, by the names that listeners are shown."""


@dataclass(frozen=True)
class ProgressDocument:
    """How far a job is, as listeners get it. Versions rise by one with every document of a job."""

    topic: str
    version: int
    attempt: int
    phase: Phase
    current: float
    total: float
    detail: str = ""

    @property
    def percent(self) -> float:
        """Of the phase, 0 to 100."""
        return 100.0 if self.total <= 0 else min(100.0, 100.0 * self.current / self.total)

    def json_object(self) -> dict[str, Any]:
        """The document as it is sent."""
        return {
            "topic": self.topic,
            "version": self.version,
            "attempt": self.attempt,
            "phase": self.phase,
            "phase_number": PHASES.index(self.phase) + 1,
            "phase_count": len(PHASES),
            "current": round(self.current, 3),
            "total": round(self.total, 3),
            "percent": round(self.percent, 1),
            "detail": self.detail,
        }


@dataclass(frozen=True)
class ProgressStep:
    """What one process has to say of a job: its own `part` of the phase ("" where it does all of it)."""

    phase: Phase
    current: float
    total: float
    """Of the whole phase, whoever works on it: `current` of all parts add up to it."""
    part: str = ""
    detail: str = ""


class ProgressDocuments(Protocol):
    """The latest progress of every job, and who tells the listeners of it next."""

    def restart_progress(self, tenant: str, job: str) -> None:
        """Another attempt begins: its phases count from the first again."""
        ...

    def advance(self, tenant: str, job: str, step: ProgressStep) -> ProgressDocument | None:
        """Note a step; None where the job is in a later phase already."""
        ...

    def progress(self, tenant: str, job: str) -> ProgressDocument | None: ...

    def claim_telling(self, tenant: str, job: str, *, now: datetime, seconds: float, may_wait: bool) -> float | None:
        """Ask to be the one who tells the listeners: seconds to wait before doing so, or None.

        At most one telling is granted per `seconds`. None means that it was too soon, or that somebody has been granted
        a later one, who will tell of this step too. With `may_wait` the caller can be granted the next free moment.
        """
        ...


@dataclass(frozen=True)
class Connection:
    """A listener's open WebSocket."""

    connection_id: str
    tenant: str
    user: str


class Connections(Protocol):
    """Who listens to what. A topic is `mix/ID`, `track/ID` or `library`, within a tenant."""

    def connect(self, connection: Connection, *, expires: datetime) -> None: ...

    def connection(self, connection_id: str) -> Connection | None: ...

    def subscribe(self, connection: Connection, topic: str, *, expires: datetime) -> None: ...

    def unsubscribe(self, connection: Connection, topic: str) -> None: ...

    def topics_of(self, connection_id: str) -> tuple[str, ...]: ...

    def listeners(self, tenant: str, topic: str) -> tuple[str, ...]:
        """The connection ids that are subscribed to a topic."""
        ...

    def disconnect(self, connection_id: str) -> None:
        """Forget a connection and all its subscriptions; nothing happens where there is none."""
        ...

    def connections(self) -> Iterator[Connection]: ...


@dataclass(frozen=True)
class Ticket:
    """What a one-use ticket stands for."""

    tenant: str
    user: str


class Tickets(Protocol):
    """One-use tickets with which a WebSocket is opened."""

    def keep_ticket(self, ticket: str, stands_for: Ticket, *, expires: datetime) -> None: ...

    def redeem_ticket(self, ticket: str, *, now: datetime) -> Ticket | None:
        """What the ticket stands for, once; None where it is unknown, used or expired."""
        ...


class RateBuckets(Protocol):
    """Token buckets, one for each user."""

    def take_token(self, tenant: str, user: str, *, per_second: float, burst: float, now: datetime) -> float:
        """0 where a token was taken, else the seconds until there is one."""
        ...


class ApprovalTokens(Protocol):
    """The callback tokens of workflows that wait for an approval."""

    def keep_approval_token(self, tenant: str, mix: str, token: str, *, expires: datetime) -> None: ...

    def approval_token(self, tenant: str, mix: str) -> str | None:
        """The token; None where nobody waits."""
        ...

    def forget_approval_token(self, tenant: str, mix: str) -> None: ...


class UnfinishedJobs(Protocol):
    """The mixes under way of all tenants, so that looking after them costs nothing while there are none."""

    def note_job(self, tenant: str, mix: str) -> None: ...

    def forget_job(self, tenant: str, mix: str) -> None: ...

    def jobs(self) -> Iterator[tuple[str, str]]:
        """(tenant, mix) of all."""
        ...


class Live(ProgressDocuments, Connections, Tickets, RateBuckets, ApprovalTokens, UnfinishedJobs, Protocol):
    """All that is short-lived, in one table whose items expire."""


WorkflowName = Literal["mix", "analyze-library", "stems"]
ExecutionStatus = Literal["running", "succeeded", "failed", "stopped"]


class Workflows(Protocol):
    """State machines. An execution is known by the name that it was started with."""

    def start(self, workflow: WorkflowName, name: str, document: Mapping[str, Any]) -> bool:
        """Start an execution; False where one of this name was started before, which is left alone."""
        ...

    def status(self, workflow: WorkflowName, name: str) -> ExecutionStatus | None: ...

    def stop(self, workflow: WorkflowName, name: str, *, reason: str) -> None:
        """Stop a running execution; nothing happens where there is none."""
        ...

    def resume(self, token: str, output: Mapping[str, Any]) -> bool:
        """Let an execution that waits with this token go on; False where it waits no longer."""
        ...


class Notifier(Protocol):
    """Lets the listeners of a topic have its latest document."""

    def notify(self, tenant: str, topic: str) -> None: ...

    def wake(self) -> None:
        """Somebody has come who will be told things: whoever tells them may get ready. Never raises."""
        ...


class Sockets(Protocol):
    """The open WebSockets, as seen from the service."""

    def send(self, connection_id: str, message: bytes) -> bool:
        """Send a message; False where nobody is there any more."""
        ...

    def is_open(self, connection_id: str) -> bool: ...


@dataclass(frozen=True)
class BusEvent:
    """One message for the bus."""

    kind: str
    document: Mapping[str, Any]
    resources: Sequence[str] = field(default=())


class Bus(Protocol):
    """The event bus."""

    def publish(self, events: Sequence[BusEvent]) -> tuple[int, ...]:
        """Hand events on, in order; the indices of those that were not taken."""
        ...


class AnalysisQueue(Protocol):
    """Tracks that wait to be heard."""

    def ask(self, tenant: str, sha256: str) -> None: ...


class Clock(Protocol):
    """The time, and waiting."""

    def now(self) -> datetime: ...

    def sleep(self, seconds: float) -> None: ...


class Identifiers(Protocol):
    """New identifiers."""

    def mix(self) -> str:
        """26 characters that sort by time."""
        ...

    def secret(self) -> str:
        """Not to be guessed: tickets, upload ids."""
        ...


class Separation(Protocol):
    """Where stems are separated."""

    def submit(self, tenant: str, sha256: str, model: str, *, source: str, attempt: int) -> bool:
        """Begin to separate a track's file; False where this attempt was begun before."""
        ...
