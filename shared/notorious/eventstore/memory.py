"""An event store in memory: for tests, and the shortest statement of what a store does."""

import threading
from collections import defaultdict
from collections.abc import Iterable, Sequence
from copy import deepcopy
from dataclasses import replace

from notorious.domain import Recorded, StreamName
from notorious.eventstore.errors import FeedGap, RecordsDiffer, VersionConflict
from notorious.eventstore.recording import Batch, TakesBatches
from notorious.eventstore.store import Appended


class MemoryStore(TakesBatches):
    """Keeps everything until it is thrown away; safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._feeds: dict[str, list[Recorded]] = defaultdict(list)
        self._streams: dict[tuple[str, StreamName], list[Recorded]] = defaultdict(list)

    def take(self, batch: Batch) -> Appended:
        """See `TakesBatches.take`."""
        tenant, stream = batch.tenant, batch.stream
        with self._lock:
            history = self._streams.get((tenant, stream), [])
            repeated = tuple(record for record in history if record.command_id == batch.command_id)
            if repeated:
                return Appended(_copies(repeated), was_repeated=True)
            if len(history) != batch.expected_version:
                raise VersionConflict(f"{stream} is at version {len(history)}, not {batch.expected_version}")
            records = batch.records(after_position=len(self._feeds.get(tenant, [])))
            self._keep(tenant, records)
            return Appended(_copies(records))

    def read(self, tenant: str, stream: StreamName, after: int = 0) -> Sequence[Recorded]:
        """See `EventReader.read`."""
        with self._lock:
            return _copies(self._streams.get((tenant, stream), [])[max(0, after) :])

    def feed(self, tenant: str, after: int = 0, limit: int = 1000) -> Sequence[Recorded]:
        """See `EventReader.feed`."""
        with self._lock:
            return _copies(self._feeds.get(tenant, [])[after : after + limit])

    def head(self, tenant: str) -> int:
        """See `EventReader.head`."""
        with self._lock:
            return len(self._feeds.get(tenant, []))

    def tenants(self) -> Sequence[str]:
        """See `EventReader.tenants`."""
        with self._lock:
            return sorted(tenant for tenant, feed in self._feeds.items() if feed)

    def put_back(self, tenant: str, records: Iterable[Recorded], *, announce: bool = False) -> int:
        """See `RestorableStore.put_back`. Nobody listens to this store, so nothing is announced."""
        new = 0
        for record in records:
            with self._lock:
                feed = self._feeds[tenant]
                if record.feed_position <= len(feed):
                    if feed[record.feed_position - 1] != record:
                        raise RecordsDiffer(f"another record lies at position {record.feed_position} of {tenant}")
                    continue
                if record.feed_position != len(feed) + 1:
                    raise FeedGap(
                        f"position {record.feed_position} of {tenant} cannot follow on {len(feed)}",
                        expected=len(feed) + 1,
                    )
                if record.version != len(self._streams[tenant, record.stream]) + 1:
                    raise RecordsDiffer(f"{record.stream} of {tenant} has another history than what is put back")
                self._keep(tenant, (record,))
                new += 1
        return new

    def _keep(self, tenant: str, records: Sequence[Recorded]) -> None:
        for record in _copies(records):
            self._streams[tenant, record.stream].append(record)
            self._feeds[tenant].append(record)


def _copies(records: Iterable[Recorded]) -> tuple[Recorded, ...]:
    """Records whose data nobody else holds, as if they had been to a disk and back."""
    return tuple(replace(record, data=deepcopy(dict(record.data))) for record in records)
