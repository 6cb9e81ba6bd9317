"""The search indexes of many libraries: kept in memory while they are used, and in the bucket.

    asked ── in memory? ── else from the bucket ── else empty ── what the feed has beyond it ── answered
                                                                     └── much: the bucket gets a new one

Whoever asks brings the index up to the feed, so what was acknowledged before is in the answer. A long way (the first
list after an import) is gone as far as the time allows, kept, and gone on by the next; `behind` says how far it is.
"""

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from notorious.eventstore import EventReader
from notorious.service import keys
from notorious.service.ports import ObjectMissing, Objects
from notorious.service.track_index import SCHEMA, TrackIndex

KEPT_IN_MEMORY: Final = 4
"""Libraries: thirty thousand tracks take about 60 MB while they are in use."""
WORTH_KEEPING: Final = 500
"""Events beyond the object in the bucket from which on it is written anew: what a cold start catches up in a moment."""
PAGE: Final = 1000


@dataclass(frozen=True)
class Current:
    """An index, and by how many events it is behind the feed: 0 but for the first moments after a large import."""

    index: TrackIndex
    behind: int


@dataclass
class _Kept:
    index: TrackIndex
    stored_position: int


class TrackIndexes:
    """The indexes of the tenants that this process is asked for."""

    def __init__(self, store: EventReader, objects: Objects, *, seconds: Callable[[], float] = time.monotonic) -> None:
        self._store = store
        self._objects = objects
        self._seconds = seconds
        self._kept: OrderedDict[str, _Kept] = OrderedDict()

    def current(self, tenant: str, *, most_seconds: float = 5.0) -> Current:
        """The index of a library, brought up to the feed as far as that goes in so many seconds."""
        until = self._seconds() + most_seconds
        kept = self._kept.pop(tenant, None) or self._opened(tenant)
        self._kept[tenant] = kept
        while len(self._kept) > KEPT_IN_MEMORY:
            self._kept.popitem(last=False)
        head = self._store.head(tenant)
        while kept.index.position < head and (records := self._store.feed(tenant, kept.index.position, PAGE)):
            kept.index.apply(records)
            if self._seconds() > until:
                break
        if kept.index.position - kept.stored_position >= WORTH_KEEPING:
            self._objects.put(_key(tenant), kept.index.to_bytes())
            kept.stored_position = kept.index.position
        return Current(kept.index, max(0, head - kept.index.position))

    def _opened(self, tenant: str) -> _Kept:
        try:
            index = TrackIndex.of_bytes(self._objects.get(_key(tenant)))
        except ObjectMissing:
            index = None
        if index is None or index.position > self._store.head(tenant):
            # None yet, of an earlier version, or of a deployment that was here before this one.
            index = TrackIndex()
        return _Kept(index, index.position)


def _key(tenant: str) -> str:
    return keys.index(tenant, f"tracks-{SCHEMA}.sqlite.z")
