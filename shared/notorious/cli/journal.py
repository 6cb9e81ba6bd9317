"""The journal of events as the embedded stack wants it: the one place where the two meet."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class TableJournal:
    """The journal, item by item of the events table."""

    path: Path

    def items(self, after: int) -> Iterator[tuple[int, Mapping[str, Any]]]:
        """Items of the events table after a row, in the order of commitment."""
        from notorious.eventstore.journal import table_items

        return table_items(self.path, after=after)

    def last_row(self) -> int:
        """The last row; 0 for an empty journal."""
        from notorious.eventstore.journal import last_row

        return last_row(self.path)


def open_journal(path: Path) -> TableJournal:
    """The journal in this file, which need not be there yet."""
    return TableJournal(path)
