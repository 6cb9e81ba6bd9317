"""Listeners in the live table: connections, their subscriptions from both sides, one-use tickets."""

from collections.abc import Iterator
from datetime import datetime

from notorious.aws.live_items import LiveTable, expires, read_number, read_text, text
from notorious.service.ports import Connection, Ticket

_TOPIC = "topic#"


class LiveListeners:
    """See `service.ports.Connections` and `service.ports.Tickets`."""

    def __init__(self, table: LiveTable) -> None:
        self._table = table

    def connect(self, connection: Connection, *, expires: datetime) -> None:
        self._table.put(
            _owner(connection.connection_id),
            "connection",
            tenant=text(connection.tenant),
            user=text(connection.user),
            expires_at=_expires(expires),
        )

    def connection(self, connection_id: str) -> Connection | None:
        found = self._table.get(_owner(connection_id), "connection")
        if found is None:
            return None
        return Connection(connection_id, read_text(found, "tenant"), read_text(found, "user"))

    def subscribe(self, connection: Connection, topic: str, *, expires: datetime) -> None:
        until = {"expires_at": _expires(expires)}
        keys = self._both_sides(connection.connection_id, connection.tenant, topic)
        items = [{**key, **until} for key in keys]
        self._table.client.transact_write_items(
            TransactItems=[{"Put": {"TableName": self._table.table, "Item": item}} for item in items]
        )

    def unsubscribe(self, connection: Connection, topic: str) -> None:
        for key in self._both_sides(connection.connection_id, connection.tenant, topic):
            self._table.client.delete_item(TableName=self._table.table, Key=key)

    def topics_of(self, connection_id: str) -> tuple[str, ...]:
        names = [read_text(item, "id") for item in self._table.items(_owner(connection_id))]
        return tuple(name.removeprefix(_TOPIC) for name in names if name.startswith(_TOPIC))

    def listeners(self, tenant: str, topic: str) -> tuple[str, ...]:
        return tuple(read_text(item, "id") for item in self._table.items(f"{tenant}#{_TOPIC}{topic}"))

    def disconnect(self, connection_id: str) -> None:
        connection = self.connection(connection_id)
        if connection is not None:
            for topic in self.topics_of(connection_id):
                self.unsubscribe(connection, topic)
        self._table.delete(_owner(connection_id), "connection")

    def connections(self) -> Iterator[Connection]:
        """All connections. This reads the whole table, which holds little; only the thorough sweep does it."""
        pages = self._table.client.get_paginator("scan").paginate(
            TableName=self._table.table,
            FilterExpression="id = :connection AND begins_with(#owner, :prefix)",
            ExpressionAttributeNames={"#owner": "owner"},
            ExpressionAttributeValues={":connection": text("connection"), ":prefix": text("connection#")},
        )
        for page in pages:
            for item in page["Items"]:
                connection_id = read_text(item, "owner").removeprefix("connection#")
                yield Connection(connection_id, read_text(item, "tenant"), read_text(item, "user"))

    def keep_ticket(self, ticket: str, stands_for: Ticket, *, expires: datetime) -> None:
        self._table.put(
            f"ticket#{ticket}",
            "ticket",
            tenant=text(stands_for.tenant),
            user=text(stands_for.user),
            expires_at=_expires(expires),
        )

    def redeem_ticket(self, ticket: str, *, now: datetime) -> Ticket | None:
        # Whoever gets the old item back has it; of two at once only one does.
        found = self._table.delete(f"ticket#{ticket}", "ticket")
        if found is None or read_number(found, "expires_at") <= now.timestamp():
            return None
        return Ticket(read_text(found, "tenant"), read_text(found, "user"))

    def _both_sides(self, connection_id: str, tenant: str, topic: str) -> list[dict[str, dict[str, str]]]:
        return [
            self._table.key(_owner(connection_id), f"{_TOPIC}{topic}"),
            self._table.key(f"{tenant}#{_TOPIC}{topic}", connection_id),
        ]


def _owner(connection_id: str) -> str:
    return f"connection#{connection_id}"


_expires = expires
