"""The journal of events as the embedded stack wants it: the one place where the two meet."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class TableJournal:
    """The journal, as items of the events table."""

    path: Path

    def items(self, after: int) -> Iterator[tuple[int, Mapping[str, Any]]]:
        """Where each tenant's feed has got to, and the items of the rows after a row."""
        from notorious.eventstore.items import head_item, tenant_key
        from notorious.eventstore.journal import Journal, table_items

        with Journal(self.path) as journal:
            for tenant in journal.tenants():
                yield after, head_item(tenant, journal.head(tenant))
                yield after, tenant_key(tenant)
        yield from table_items(self.path, after=after)

    def last_row(self) -> int:
        """The last row; 0 for an empty journal."""
        from notorious.eventstore.journal import last_row

        return last_row(self.path)


def open_journal(path: Path) -> TableJournal:
    """The journal in this file, which need not be there yet."""
    return TableJournal(path)
