"""From the events of a command to the records that a store writes: what all stores do alike."""

import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from notorious.domain import DomainEvent, Recorded, StreamName, check_tenant
from notorious.eventstore.errors import EventTooLarge
from notorious.eventstore.store import MAXIMUM_DATA_BYTES, MAXIMUM_EVENTS, Appended


@dataclass(frozen=True)
class Batch:
    """The events of one command, before the store has given them their places."""

    tenant: str
    stream: StreamName
    expected_version: int
    events: tuple[DomainEvent, ...]
    command_id: str
    actor: str
    correlation_id: str
    causation_id: str | None
    occurred_at: datetime

    def records(self, *, after_position: int) -> tuple[Recorded, ...]:
        """The records behind the expected version and a position of the feed, each with an id of its own."""
        return tuple(
            Recorded(
                tenant=self.tenant,
                stream=self.stream,
                version=self.expected_version + number,
                feed_position=after_position + number,
                event_id=uuid.uuid4().hex,
                type=event.type(),
                schema_version=event.schema_version,
                occurred_at=self.occurred_at,
                actor=self.actor,
                command_id=self.command_id,
                correlation_id=self.correlation_id,
                causation_id=self.causation_id,
                data=event.json_data(),
            )
            for number, event in enumerate(self.events, start=1)
        )


def prepare(
    tenant: str,
    stream: StreamName,
    expected_version: int,
    events: Sequence[DomainEvent],
    *,
    command_id: str,
    actor: str,
    correlation_id: str | None,
    causation_id: str | None,
    now: datetime | None = None,
) -> Batch:
    """Check what every store checks. Raises `EventTooLarge`, and ValueError for what no caller may pass."""
    check_tenant(tenant)
    if expected_version < 0:
        raise ValueError(f"a stream's version is 0 or more, not {expected_version}")
    if not command_id or not actor:
        raise ValueError("an append names its command and who acts")
    if not events:
        raise ValueError(f"an append to {stream} holds at least one event")
    if len(events) > MAXIMUM_EVENTS:
        raise EventTooLarge(f"{len(events)} events in one append to {stream}; at most {MAXIMUM_EVENTS} go in one")
    for event in events:
        if event.category != stream.category:
            raise ValueError(f"{event.type()} is an event of a {event.category}, not of {stream}")
        size = len(json.dumps(event.json_data()).encode())
        if size > MAXIMUM_DATA_BYTES:
            raise EventTooLarge(
                f"{event.type()} in {stream} has {size} bytes, an event at most {MAXIMUM_DATA_BYTES}; "
                "put its data into the bucket and refer to it"
            )
    return Batch(
        tenant=tenant,
        stream=stream,
        expected_version=expected_version,
        events=tuple(events),
        command_id=command_id,
        actor=actor,
        correlation_id=correlation_id or command_id,
        causation_id=causation_id,
        occurred_at=now or datetime.now(UTC),
    )


class TakesBatches(Protocol):
    """The `append` of a store that writes checked batches."""

    def append(
        self,
        tenant: str,
        stream: StreamName,
        expected_version: int,
        events: Sequence[DomainEvent],
        *,
        command_id: str,
        actor: str,
        correlation_id: str | None = None,
        causation_id: str | None = None,
    ) -> Appended:
        """See `EventStore.append`."""
        return self.take(
            prepare(
                tenant,
                stream,
                expected_version,
                events,
                command_id=command_id,
                actor=actor,
                correlation_id=correlation_id,
                causation_id=causation_id,
            )
        )

    def take(self, batch: Batch) -> Appended:
        """Write all of a batch or nothing; see `EventStore.append`."""
