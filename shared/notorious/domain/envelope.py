"""An event as it was recorded: its data, and who, when, where and why."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from notorious.domain.values import StreamName


@dataclass(frozen=True)
class Recorded:
    """One event in the store, exactly as it was written.

    `data` is JSON in the schema that it was written in; `eventstore.event_of` makes the event of it, in today's
    schema. `version` counts from 1 within the stream, `feed_position` from 1 within the tenant, both without gaps.
    `causation_id` is the id of the event or request that led to the command, `correlation_id` the one at the very
    beginning.
    """

    tenant: str
    stream: StreamName
    version: int
    feed_position: int
    event_id: str
    type: str
    schema_version: int
    occurred_at: datetime
    actor: str
    command_id: str
    correlation_id: str
    causation_id: str | None
    data: Mapping[str, Any]

    def document(self) -> dict[str, Any]:
        """The envelope with its data as JSON can hold it: what the bus, the archive and the journal carry."""
        return {
            "tenant": self.tenant,
            "stream": str(self.stream),
            "version": self.version,
            "feed_position": self.feed_position,
            "event_id": self.event_id,
            "type": self.type,
            "schema_version": self.schema_version,
            "occurred_at": self.occurred_at.isoformat(),
            "actor": self.actor,
            "command_id": self.command_id,
            "correlation_id": self.correlation_id,
            "causation_id": self.causation_id,
            "data": dict(self.data),
        }

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Self:
        """Read what `document` wrote; KeyError or ValueError where it is none."""
        return cls(
            tenant=str(document["tenant"]),
            stream=StreamName.parse(str(document["stream"])),
            version=int(document["version"]),
            feed_position=int(document["feed_position"]),
            event_id=str(document["event_id"]),
            type=str(document["type"]),
            schema_version=int(document["schema_version"]),
            occurred_at=datetime.fromisoformat(str(document["occurred_at"])),
            actor=str(document["actor"]),
            command_id=str(document["command_id"]),
            correlation_id=str(document["correlation_id"]),
            causation_id=None if document["causation_id"] is None else str(document["causation_id"]),
            data=dict(document["data"]),
        )
