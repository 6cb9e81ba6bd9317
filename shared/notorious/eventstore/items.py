"""How records lie in the DynamoDB table, in DynamoDB's own JSON. Needs no AWS library.

    stream (partition)      item (sort)        holds
    TENANT/CATEGORY/ID      e#0000000042       one event, with tenant and feed_position (index `feed`)
    TENANT/CATEGORY/ID      c#COMMAND_ID       first_version: where the events of this command begin
    TENANT/head             head               position: the latest feed position of the tenant
    tenants                 TENANT             nothing: that there is such a tenant

No tenant's name holds a `/`, so no key can be mistaken for one of another kind. An event's data are JSON text, since
DynamoDB's numbers are decimals, and a float must come back as it went.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from notorious.domain import Recorded, StreamName

Item = dict[str, Any]
"""Attribute name to {"S": text}, {"N": digits} or {"BOOL": truth}."""

EVENT_PREFIX = "e#"
COMMAND_PREFIX = "c#"
_VERSION_DIGITS = 10


def stream_key(tenant: str, stream: StreamName) -> str:
    """The partition of a stream."""
    return f"{tenant}/{stream}"


def event_sort_key(version: int) -> str:
    """The sort key of an event; text in the order of the versions."""
    return f"{EVENT_PREFIX}{version:0{_VERSION_DIGITS}d}"


def event_key(tenant: str, stream: StreamName, version: int) -> Item:
    """The key of one event."""
    return {"stream": {"S": stream_key(tenant, stream)}, "item": {"S": event_sort_key(version)}}


def command_key(tenant: str, stream: StreamName, command_id: str) -> Item:
    """The key under which a stream remembers a command."""
    return {"stream": {"S": stream_key(tenant, stream)}, "item": {"S": f"{COMMAND_PREFIX}{command_id}"}}


def head_key(tenant: str) -> Item:
    """The key of a tenant's head."""
    return {"stream": {"S": f"{tenant}/head"}, "item": {"S": "head"}}


def tenant_key(tenant: str) -> Item:
    """The key that says that there is such a tenant."""
    return {"stream": {"S": "tenants"}, "item": {"S": tenant}}


def event_item(record: Recorded, *, quiet: bool = False) -> Item:
    """A record as an item. `quiet`: it was put back, and `publish` passes over it."""
    item: Item = {
        **event_key(record.tenant, record.stream, record.version),
        "tenant": {"S": record.tenant},
        "feed_position": {"N": str(record.feed_position)},
        "version": {"N": str(record.version)},
        "event_id": {"S": record.event_id},
        "type": {"S": record.type},
        "schema_version": {"N": str(record.schema_version)},
        "occurred_at": {"S": record.occurred_at.isoformat()},
        "actor": {"S": record.actor},
        "command_id": {"S": record.command_id},
        "correlation_id": {"S": record.correlation_id},
        "data": {"S": json.dumps(record.data, separators=(",", ":"), allow_nan=False)},
    }
    if record.causation_id is not None:
        item["causation_id"] = {"S": record.causation_id}
    if quiet:
        item["quiet"] = {"BOOL": True}
    return item


def command_item(record: Recorded) -> Item:
    """What the stream remembers of the command whose first event this is."""
    key = command_key(record.tenant, record.stream, record.command_id)
    return {**key, "first_version": {"N": str(record.version)}}


def head_item(tenant: str, position: int) -> Item:
    """A tenant's head."""
    return {**head_key(tenant), "position": {"N": str(position)}}


def record_of(item: Mapping[str, Any]) -> Recorded:
    """The record of an event's item, or of the image of one in the table's stream. KeyError where it is none."""
    tenant = item["tenant"]["S"]
    _, _, stream = item["stream"]["S"].partition("/")
    return Recorded(
        tenant=tenant,
        stream=StreamName.parse(stream),
        version=int(item["version"]["N"]),
        feed_position=int(item["feed_position"]["N"]),
        event_id=item["event_id"]["S"],
        type=item["type"]["S"],
        schema_version=int(item["schema_version"]["N"]),
        occurred_at=datetime.fromisoformat(item["occurred_at"]["S"]),
        actor=item["actor"]["S"],
        command_id=item["command_id"]["S"],
        correlation_id=item["correlation_id"]["S"],
        causation_id=item["causation_id"]["S"] if "causation_id" in item else None,
        data=json.loads(item["data"]["S"]),
    )


def is_event(item: Mapping[str, Any]) -> bool:
    """Whether an item of the table is an event."""
    return str(item["item"]["S"]).startswith(EVENT_PREFIX)


def is_quiet(item: Mapping[str, Any]) -> bool:
    """Whether an event was put back, so that nobody is to act on it again."""
    return bool(item.get("quiet", {}).get("BOOL", False))


def begins_command(record: Recorded, previous: Recorded | None) -> bool:
    """Whether a record is the first of its command, given the one before it in the feed."""
    return (
        previous is None
        or previous.stream != record.stream
        or previous.command_id != record.command_id
        or previous.feed_position != record.feed_position - 1
    )
