"""An event store whose truth is a journal on the disk, and whose table follows it.

    append ── journal (on the disk; gives the positions) ── table (announced in the feed's order) ── acknowledged

A process may be killed between the two. Then the table lacks what the journal holds; whoever appends next to the same
tenant, or calls `catch_up`, ships the missing records first. So listeners hear of every event, in order, and at least
the journal never lacks one that somebody has heard of.
"""

from collections.abc import Iterable, Iterator, Sequence

from notorious.domain import Recorded, StreamName
from notorious.eventstore.errors import FeedGap
from notorious.eventstore.journal import Journal
from notorious.eventstore.recording import Batch, TakesBatches
from notorious.eventstore.store import Appended, EventReader, RestorableStore

_PAGE = 1000


class JournalledStore(TakesBatches):
    """Appends to the journal, then to the table; reads from the journal."""

    def __init__(self, table: RestorableStore, journal: Journal) -> None:
        self.table = table
        self.journal = journal

    def take(self, batch: Batch) -> Appended:
        """See `TakesBatches.take`.

        Where the table fails after the journal was written, the failure is raised, and the same command again
        announces what was recorded.
        """
        appended = self.journal.take(batch)
        self._ship(batch.tenant, appended.records)
        return appended

    def read(self, tenant: str, stream: StreamName, after: int = 0) -> Sequence[Recorded]:
        """See `EventReader.read`."""
        return self.journal.read(tenant, stream, after)

    def feed(self, tenant: str, after: int = 0, limit: int = 1000) -> Sequence[Recorded]:
        """See `EventReader.feed`."""
        return self.journal.feed(tenant, after, limit)

    def head(self, tenant: str) -> int:
        """See `EventReader.head`."""
        return self.journal.head(tenant)

    def tenants(self) -> Sequence[str]:
        """See `EventReader.tenants`."""
        return self.journal.tenants()

    def put_back(self, tenant: str, records: Iterable[Recorded], *, announce: bool = False) -> int:
        """See `RestorableStore.put_back`: into the journal, then into the table."""
        new = self.journal.put_back(tenant, records, announce=announce)
        bring_up(self.table, self.journal, tenant, announce=announce)
        return new

    def catch_up(self) -> int:
        """Announce all records that the journal holds and the table lacks; their number."""
        return sum(bring_up(self.table, self.journal, tenant, announce=True) for tenant in self.journal.tenants())

    def _ship(self, tenant: str, records: Sequence[Recorded]) -> None:
        try:
            self.table.put_back(tenant, records, announce=True)
        except FeedGap as gap:
            last = records[-1].feed_position
            missing = self.journal.feed(tenant, gap.expected - 1, last - gap.expected + 1)
            self.table.put_back(tenant, missing, announce=True)


def bring_up(table: RestorableStore, journal: EventReader, tenant: str, *, announce: bool = False) -> int:
    """Put into a table what a journal (or another store) holds of a tenant beyond the table's head; their number."""
    return table.put_back(tenant, whole_feed(journal, tenant, after=table.head(tenant)), announce=announce)


def whole_feed(reader: EventReader, tenant: str, *, after: int = 0) -> Iterator[Recorded]:
    """The tenant's feed behind a position, up to where it ends now, read in pages."""
    while page := reader.feed(tenant, after, _PAGE):
        yield from page
        after = page[-1].feed_position
