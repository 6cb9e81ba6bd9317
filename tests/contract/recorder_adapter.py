"""Our stores as recorders of the package `eventsourcing`, as thin as it goes.

A recorder takes finished events: any stream (its `originator`), a version, a topic and bytes. Here each becomes one
`Foreign` event in a stream of a single tenant; what a recorder calls a notification is our feed.

What has no counterpart, and how the adapter stands in for it:

- A recorder's first version may be any number; ours is 1. The adapter counts from the first version that it was given.
- A recorder takes any number of events at once; an append of ours takes forty, which have to fit into one transaction.
  The adapter splits larger inserts, and so is not atomic for them. Nothing in the contract looks at that.
- A recorder filters its feed by topic and by a last position; the adapter does that after reading.
"""

import uuid
from collections.abc import Sequence
from typing import Any

from eventsourcing.persistence import (
    AggregateRecorder,
    ApplicationRecorder,
    IntegrityError,
    Notification,
    StoredEvent,
    Subscription,
)

from notorious.domain import LibraryEvent, Recorded, StreamName
from notorious.eventstore import EventStore, VersionConflict
from notorious.eventstore.store import MAXIMUM_EVENTS

TENANT = "recorder"


class Foreign(LibraryEvent):
    """An event of somebody else's model."""

    originator_version: int
    topic: str
    state_hex: str


class AggregateRecorderOnStore(AggregateRecorder):
    """Inserts and selects the events of streams."""

    def __init__(self, store: EventStore) -> None:
        self.store = store

    def insert_events(self, stored_events: Sequence[StoredEvent], **_: Any) -> Sequence[int] | None:
        self.insert(stored_events)
        return None

    def insert(self, stored_events: Sequence[StoredEvent]) -> list[int]:
        """Append the events of one originator; their feed positions."""
        positions: list[int] = []
        for start in range(0, len(stored_events), MAXIMUM_EVENTS):
            positions += self._append(stored_events[start : start + MAXIMUM_EVENTS])
        return positions

    def select_events(
        self,
        originator_id: Any,
        *,
        gt: int | None = None,
        lte: int | None = None,
        desc: bool = False,
        limit: int | None = None,
    ) -> Sequence[StoredEvent]:
        events = [_stored(record) for record in self.store.read(TENANT, _stream(originator_id))]
        wanted = [
            event
            for event in (reversed(events) if desc else events)
            if (gt is None or event.originator_version > gt) and (lte is None or event.originator_version <= lte)
        ]
        return wanted[:limit]

    def _append(self, events: Sequence[StoredEvent]) -> list[int]:
        stream, first = _stream(events[0].originator_id), events[0].originator_version
        begun = self.store.read(TENANT, stream)
        base = begun[0].data["originator_version"] if begun else first
        if [event.originator_version for event in events] != list(range(first, first + len(events))):
            raise IntegrityError("the versions of the events do not follow on each other")
        foreign = [
            Foreign(originator_version=event.originator_version, topic=event.topic, state_hex=event.state.hex())
            for event in events
        ]
        try:
            appended = self.store.append(
                TENANT, stream, first - base, foreign, command_id=uuid.uuid4().hex, actor="recorder"
            )
        except VersionConflict as error:
            raise IntegrityError(str(error)) from error
        return [record.feed_position for record in appended.records]


class ApplicationRecorderOnStore(AggregateRecorderOnStore, ApplicationRecorder):
    """Selects notifications too: events in the order of the feed."""

    def insert_events(self, stored_events: Sequence[StoredEvent], **_: Any) -> Sequence[int] | None:
        return self.insert(stored_events)

    def select_notifications(
        self,
        start: int | None,
        limit: int,
        stop: int | None = None,
        topics: Sequence[str] = (),
        *,
        inclusive_of_start: bool = True,
    ) -> Sequence[Notification]:
        after = 0 if start is None else start - 1 if inclusive_of_start else start
        found: list[Recorded] = []
        while len(found) < limit and (page := self.store.feed(TENANT, after, limit)):
            after = page[-1].feed_position
            found += [record for record in page if not topics or record.data["topic"] in topics]
            if stop is not None and after >= stop:
                break
        return [_notification(record) for record in found[:limit] if stop is None or record.feed_position <= stop]

    def max_notification_id(self) -> int | None:
        return self.store.head(TENANT) or None

    def subscribe(self, gt: int | None = None, topics: Sequence[str] = ()) -> Subscription[ApplicationRecorder]:
        raise AssertionError("our stores do not push: whoever listens is told by the table's stream, or reads the feed")


def _stream(originator_id: Any) -> StreamName:
    return StreamName("library", str(originator_id))


def _stored(record: Recorded) -> StoredEvent:
    return StoredEvent(
        originator_id=uuid.UUID(record.stream.id),
        originator_version=record.data["originator_version"],
        topic=record.data["topic"],
        state=bytes.fromhex(record.data["state_hex"]),
    )


def _notification(record: Recorded) -> Notification:
    event = _stored(record)
    return Notification(
        id=record.feed_position,
        originator_id=event.originator_id,
        originator_version=event.originator_version,
        topic=event.topic,
        state=event.state,
    )
