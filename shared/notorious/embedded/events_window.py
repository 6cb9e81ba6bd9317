"""The events table as a window: what has been delivered leaves the emulator's memory.

Every event is in the journal, where it is read. What the table and its stream hold of it is needed until it has been
delivered, and would add up to a gigabyte over a night of analysing.
"""

from typing import Any

from notorious.embedded.mending import expect

KEPT_RECORDS = 100
_GOING = ("e#", "c#")


class EventsWindow:
    """Forgets events that were there at the last quiet look and are delivered at the next one, too."""

    def __init__(self, table_name: str) -> None:
        self._table_name = table_name
        self._seen: list[tuple[str, str]] = []
        self._delivered = 0

    def watch(self) -> None:
        """Begin to note what is put into the table."""
        from ministack.services import dynamodb

        expect(dynamodb, "_set_item", "_remove_item", "_stream_records", "_stream_trimmed", "_tables")
        set_item = dynamodb._set_item

        def set_and_note(table: dict[str, Any], pk: str, sk: str, item: dict[str, Any]) -> Any:
            if table.get("TableName") == self._table_name and sk.startswith(_GOING):
                self._seen.append((pk, sk))
            return set_item(table, pk, sk, item)

        dynamodb._set_item = set_and_note

    def look(self, *, quiet: bool) -> None:
        """To be called again and again, where nothing else touches the tables. `quiet`: all is delivered now.

        Between a stream and a queue an event is in neither for a moment, so one quiet look is not enough.
        """
        if not quiet:
            self._delivered = 0
            return
        if self._delivered:
            self._forget(self._delivered)
        self._delivered = len(self._seen)

    def _forget(self, count: int) -> None:
        from ministack.services import dynamodb

        table = dynamodb._tables[self._table_name]
        for pk, sk in self._seen[:count]:
            dynamodb._remove_item(table, pk, sk)
        del self._seen[:count]
        records = dynamodb._stream_records.get(self._table_name) or []
        gone = min(count, len(records) - KEPT_RECORDS)
        if gone > 0:
            # In this order: a reader that comes between sees fewer records for a moment, and never one twice.
            del records[:gone]
            dynamodb._stream_trimmed[self._table_name] = dynamodb._stream_trimmed.get(self._table_name, 0) + gone
