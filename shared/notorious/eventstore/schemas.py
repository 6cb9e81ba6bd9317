"""The schemas of all events, as files: `python -m notorious.eventstore.schemas events`.

    events/envelope.schema.json                     what surrounds every event on the bus and in the archive
    events/CATEGORY/TYPE.N.schema.json              the data of an event in schema version N, written by this module
    events/CATEGORY/TYPE.N.example.json             one such event whole, written by hand, never changed again

Files of earlier versions stay where they are: they describe what is stored.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from notorious.domain import DomainEvent
from notorious.domain.values import CATEGORIES
from notorious.eventstore.upcasting import CATALOGUE, EventCatalogue

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schema_of(event: type[DomainEvent]) -> dict[str, Any]:
    """The JSON Schema of an event's data, in its present version."""
    schema = event.model_json_schema(mode="serialization")
    return {"$schema": DIALECT, **schema, "title": f"{event.type()} {event.schema_version}"}


def envelope_schema() -> dict[str, Any]:
    """The JSON Schema of `Recorded.document()`; `data` is described by the event's own."""
    text, count = {"type": "string", "minLength": 1}, {"type": "integer", "minimum": 1}
    properties: dict[str, Any] = {
        "tenant": {"type": "string", "pattern": "^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$"},
        "stream": {"type": "string", "pattern": f"^({'|'.join(CATEGORIES)})/[A-Za-z0-9][A-Za-z0-9_-]{{0,127}}$"},
        "version": {**count, "description": "Place in the stream, from 1, without gaps."},
        "feed_position": {**count, "description": "Place among all events of the tenant, from 1, without gaps."},
        "event_id": {**text, "description": "The same however often the event is delivered."},
        "type": text,
        "schema_version": count,
        "occurred_at": {"type": "string", "format": "date-time"},
        "actor": {**text, "description": "A user's id, or the name of a part of the service."},
        "command_id": text,
        "correlation_id": text,
        "causation_id": {"type": ["string", "null"]},
        "data": {"type": "object"},
    }
    return {
        "$schema": DIALECT,
        "title": "Envelope of an event",
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def schema_files(catalogue: EventCatalogue = CATALOGUE) -> Iterator[tuple[Path, str]]:
    """The path of each schema file, relative to the folder of events, and its text."""
    yield Path("envelope.schema.json"), _text(envelope_schema())
    for event in catalogue.classes:
        yield Path(event.category) / f"{event.type()}.{event.schema_version}.schema.json", _text(schema_of(event))


def write_schemas(folder: Path) -> int:
    """Write all schema files of today; the number of those that changed."""
    changed = 0
    for relative, text in schema_files():
        path = folder / relative
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists() or path.read_text() != text:
            path.write_text(text)
            changed += 1
    return changed


def _text(schema: dict[str, Any]) -> str:
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    print(f"{write_schemas(Path(sys.argv[1] if len(sys.argv) > 1 else 'events'))} schemas written")
