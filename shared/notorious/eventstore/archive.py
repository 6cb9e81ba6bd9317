"""All events of a tenant as files, and the way back.

    archive/TENANT/000000000001-000000005000-SHA256.jsonl.gz

A file holds consecutive records, one JSON document a line as `Recorded.document()` has it, gzipped. Its name says the
first and last feed position and the hash of the file. Files are never rewritten: archiving again goes on behind the
last position, so it costs what is new. Two runs at once may write overlapping files, which say the same.

The archive holds the events as they were stored, in their old schemas. What they refer to (audio, analyses, plans) lies
in the bucket and is not part of it.
"""

import gzip
import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

from notorious.domain import Recorded, check_tenant
from notorious.eventstore.errors import StoreError
from notorious.eventstore.store import EventReader, RestorableStore

PREFIX = "archive/"
RECORDS_PER_FILE = 5000

_PAGE = 1000
_NAME = re.compile(r"archive/([^/]+)/(\d{12})-(\d{12})-([0-9a-f]{64})\.jsonl\.gz")


class ArchiveBroken(StoreError):
    """A file of the archive is missing, or does not hold what its name says."""


class Named(Protocol):
    """Something with a key."""

    @property
    def key(self) -> str:
        """Its whole key."""


class ArchiveObjects(Protocol):
    """Where files are kept under keys: a part of the service's port for objects."""

    def get(self, key: str) -> bytes:
        """The whole object."""

    def put(self, key: str, data: bytes) -> None:
        """Write an object."""

    def under(self, prefix: str) -> Iterator[Named]:
        """All objects whose keys begin so."""


@dataclass(frozen=True)
class Segment:
    """One file of the archive; `first` and `last` are feed positions."""

    tenant: str
    first: int
    last: int
    sha256: str

    @property
    def key(self) -> str:
        """Where it lies."""
        return f"{PREFIX}{self.tenant}/{self.first:012d}-{self.last:012d}-{self.sha256}.jsonl.gz"


@dataclass(frozen=True)
class Archived:
    """What a run has done for one tenant: the position reached, and how many records and files are new."""

    tenant: str
    position: int
    new_records: int
    new_files: int


@dataclass(frozen=True)
class Restored:
    """What a run has done for one tenant: the position reached, and how many records were not there before."""

    tenant: str
    position: int
    new_records: int


def archive(store: EventReader, objects: ArchiveObjects, tenant: str) -> Archived:
    """Write all records of a tenant that the archive does not hold yet."""
    chain = archived_segments(objects, tenant)
    position = chain[-1].last if chain else 0
    new_records = new_files = 0
    while records := _records_behind(store, tenant, position):
        content = _packed(records)
        digest = hashlib.sha256(content).hexdigest()
        segment = Segment(tenant, records[0].feed_position, records[-1].feed_position, digest)
        objects.put(segment.key, content)
        position = segment.last
        new_records += len(records)
        new_files += 1
    return Archived(tenant, position, new_records, new_files)


def archive_all(store: EventReader, objects: ArchiveObjects) -> list[Archived]:
    """`archive` for every tenant of the store."""
    return [archive(store, objects, tenant) for tenant in store.tenants()]


def restore(objects: ArchiveObjects, store: RestorableStore, tenant: str) -> Restored:
    """Put all archived records of a tenant into a store, without announcing them; views are to be rebuilt afterwards.

    What is there already stays, so an interrupted run can be repeated. Raises `ArchiveBroken`, and `RecordsDiffer`
    where the store holds another history.
    """
    chain = archived_segments(objects, tenant)
    new = store.put_back(tenant, (record for segment in chain for record in read_segment(objects, segment)))
    return Restored(tenant, chain[-1].last if chain else 0, new)


def restore_all(objects: ArchiveObjects, store: RestorableStore) -> list[Restored]:
    """`restore` for every tenant of the archive."""
    return [restore(objects, store, tenant) for tenant in archived_tenants(objects)]


def archived_tenants(objects: ArchiveObjects) -> list[str]:
    """All tenants of the archive, in alphabetical order."""
    return sorted({found[1] for entry in objects.under(PREFIX) if (found := _NAME.fullmatch(entry.key))})


def archived_segments(objects: ArchiveObjects, tenant: str) -> list[Segment]:
    """The files that hold a tenant's records from the first on, without a gap, as far as they reach.

    Raises `ArchiveBroken` where files lie behind a gap.
    """
    segments: dict[int, list[Segment]] = {}
    for entry in objects.under(f"{PREFIX}{check_tenant(tenant)}/"):
        if found := _NAME.fullmatch(entry.key):
            segment = Segment(found[1], int(found[2]), int(found[3]), found[4])
            segments.setdefault(segment.first, []).append(segment)
    # From the end: how far one comes by each file. Of files that begin alike, the one that leads farthest.
    best: dict[int, Segment] = {}
    reach: dict[int, int] = {}
    for first in sorted(segments, reverse=True):
        best[first] = max(segments[first], key=lambda segment: reach.get(segment.last + 1, segment.last))
        reach[first] = reach.get(best[first].last + 1, best[first].last)
    chain: list[Segment] = []
    position = 1
    while position in best:
        chain.append(best[position])
        position = best[position].last + 1
    behind = [first for first in segments if first > position]
    if behind:
        raise ArchiveBroken(f"the archive of {tenant} goes on at {min(behind)}, but nothing holds position {position}")
    return chain


def read_segment(objects: ArchiveObjects, segment: Segment) -> list[Recorded]:
    """The records of one file. Raises `ArchiveBroken` where it does not hold what its name says."""
    content = objects.get(segment.key)
    if hashlib.sha256(content).hexdigest() != segment.sha256:
        raise ArchiveBroken(f"{segment.key} was changed: its hash is no longer the one in its name")
    records = [Recorded.from_document(json.loads(line)) for line in gzip.decompress(content).splitlines()]
    positions = [record.feed_position for record in records]
    if positions != list(range(segment.first, segment.last + 1)) or {one.tenant for one in records} != {segment.tenant}:
        raise ArchiveBroken(f"{segment.key} does not hold the records that its name says")
    return records


def _records_behind(store: EventReader, tenant: str, position: int) -> list[Recorded]:
    records: list[Recorded] = []
    while len(records) < RECORDS_PER_FILE:
        page = store.feed(tenant, position + len(records), min(_PAGE, RECORDS_PER_FILE - len(records)))
        if not page:
            break
        records.extend(page)
    return records


def _packed(records: Iterable[Recorded]) -> bytes:
    lines = (json.dumps(record.document(), separators=(",", ":"), allow_nan=False) for record in records)
    # Without the time in its header the same records make the same file.
    return gzip.compress("".join(f"{line}\n" for line in lines).encode(), mtime=0)
