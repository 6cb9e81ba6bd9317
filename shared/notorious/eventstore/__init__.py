"""The event store: its protocol, its adapters, upcasting, the journal, the archive.

Light to import: what needs boto3 (`dynamodb`) is imported where it is used.
"""

from notorious.eventstore.errors import (
    EventTooLarge,
    FeedGap,
    RecordsDiffer,
    StoreError,
    StoreIsBusy,
    UnknownEvent,
    VersionConflict,
)
from notorious.eventstore.handle import Handled, handle, load
from notorious.eventstore.memory import MemoryStore
from notorious.eventstore.store import Appended, EventReader, EventStore, RestorableStore
from notorious.eventstore.upcasting import CATALOGUE, EventCatalogue, event_of

__all__ = [
    "CATALOGUE",
    "Appended",
    "EventCatalogue",
    "EventReader",
    "EventStore",
    "EventTooLarge",
    "FeedGap",
    "Handled",
    "MemoryStore",
    "RecordsDiffer",
    "RestorableStore",
    "StoreError",
    "StoreIsBusy",
    "UnknownEvent",
    "VersionConflict",
    "event_of",
    "handle",
    "load",
]
