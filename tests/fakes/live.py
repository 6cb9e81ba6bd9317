"""The live table in memory."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from fakes.clock import FakeClock
from notorious.service.ports import PHASES, Connection, ProgressDocument, ProgressStep, Ticket
from notorious.service.progress import first_version, granted, mix_topic
from notorious.service.rate_bucket import Bucket, take


@dataclass
class _Job:
    version: int = 0
    attempt: int = 1
    phase_number: int = 0
    total: float = 0.0
    detail: str = ""
    parts: dict[str, float] = field(default_factory=dict)
    told_at: float | None = None


class MemoryLive:
    """See `service.ports.Live`. `documents` holds every progress document in the order in which it was written."""

    def __init__(self, clock: FakeClock | None = None) -> None:
        self._clock = clock or FakeClock()
        self._jobs: dict[tuple[str, str], _Job] = {}
        self.documents: list[ProgressDocument] = []
        self._connections: dict[str, Connection] = {}
        self._topics: dict[str, set[str]] = {}
        self._tickets: dict[str, tuple[Ticket, datetime]] = {}
        self._buckets: dict[tuple[str, str], Bucket] = {}
        self._tokens: dict[tuple[str, str], str] = {}
        self._unfinished: set[tuple[str, str]] = set()

    def restart_progress(self, tenant: str, job: str) -> None:
        before = self._jobs.get((tenant, job))
        if before is None:
            self._jobs[tenant, job] = _Job(first_version(self._clock.now()))
        else:
            self._jobs[tenant, job] = _Job(before.version, before.attempt + 1, told_at=before.told_at)

    def advance(self, tenant: str, job: str, step: ProgressStep) -> ProgressDocument | None:
        state = self._jobs.setdefault((tenant, job), _Job())
        phase = PHASES.index(step.phase) + 1
        if phase < state.phase_number:
            return None
        if phase > state.phase_number:
            state.parts.clear()
        state.phase_number, state.total, state.detail = phase, step.total, step.detail
        state.parts[step.part] = step.current
        state.version += 1
        document = self.progress(tenant, job)
        assert document is not None
        self.documents.append(document)
        return document

    def progress(self, tenant: str, job: str) -> ProgressDocument | None:
        state = self._jobs.get((tenant, job))
        if state is None or state.phase_number == 0:
            return None
        return ProgressDocument(
            mix_topic(job),
            state.version,
            state.attempt,
            PHASES[state.phase_number - 1],
            min(sum(state.parts.values()), state.total),
            state.total,
            state.detail,
        )

    def claim_telling(self, tenant: str, job: str, *, now: datetime, seconds: float, may_wait: bool) -> float | None:
        state = self._jobs.setdefault((tenant, job), _Job())
        grant = granted(state.told_at, now.timestamp(), seconds=seconds, may_wait=may_wait)
        if grant is None:
            return None
        wait, state.told_at = grant
        return wait

    def connect(self, connection: Connection, *, expires: datetime) -> None:
        self._connections[connection.connection_id] = connection

    def connection(self, connection_id: str) -> Connection | None:
        return self._connections.get(connection_id)

    def subscribe(self, connection: Connection, topic: str, *, expires: datetime) -> None:
        self._topics.setdefault(connection.connection_id, set()).add(topic)

    def unsubscribe(self, connection: Connection, topic: str) -> None:
        self._topics.get(connection.connection_id, set()).discard(topic)

    def topics_of(self, connection_id: str) -> tuple[str, ...]:
        return tuple(sorted(self._topics.get(connection_id, ())))

    def listeners(self, tenant: str, topic: str) -> tuple[str, ...]:
        return tuple(
            sorted(
                one.connection_id
                for one in self._connections.values()
                if one.tenant == tenant and topic in self._topics.get(one.connection_id, ())
            )
        )

    def disconnect(self, connection_id: str) -> None:
        self._connections.pop(connection_id, None)
        self._topics.pop(connection_id, None)

    def connections(self) -> Iterator[Connection]:
        return iter(list(self._connections.values()))

    def keep_ticket(self, ticket: str, stands_for: Ticket, *, expires: datetime) -> None:
        self._tickets[ticket] = (stands_for, expires)

    def redeem_ticket(self, ticket: str, *, now: datetime) -> Ticket | None:
        stands_for, expires = self._tickets.pop(ticket, (None, now))
        return stands_for if expires > now else None

    def take_token(self, tenant: str, user: str, *, per_second: float, burst: float, now: datetime) -> float:
        before = self._buckets.get((tenant, user))
        wait, self._buckets[tenant, user] = take(before, now=now.timestamp(), per_second=per_second, burst=burst)
        return wait

    def keep_approval_token(self, tenant: str, mix: str, token: str, *, expires: datetime) -> None:
        self._tokens[tenant, mix] = token

    def approval_token(self, tenant: str, mix: str) -> str | None:
        return self._tokens.get((tenant, mix))

    def forget_approval_token(self, tenant: str, mix: str) -> None:
        self._tokens.pop((tenant, mix), None)

    def note_job(self, tenant: str, mix: str) -> None:
        self._unfinished.add((tenant, mix))

    def forget_job(self, tenant: str, mix: str) -> None:
        self._unfinished.discard((tenant, mix))

    def jobs(self) -> Iterator[tuple[str, str]]:
        return iter(sorted(self._unfinished))
