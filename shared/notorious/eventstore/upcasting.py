"""Which events there are, and how what was stored in an old schema becomes an event of today.

Events are stored with the number of their schema. When a class changes, its `schema_version` grows, and an upcaster
from the number before is added to `UPCASTERS`: a pure function from data to data, one step each. Nothing stored is
ever rewritten; `events/` holds golden examples of every version.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from pydantic import ValidationError

from notorious.domain import LIBRARY_EVENTS, MIX_EVENTS, TRACK_EVENTS, DomainEvent, Recorded
from notorious.eventstore.errors import UnknownEvent

Data = Mapping[str, Any]
Upcaster = Callable[[Data], Data]

E = TypeVar("E", bound=DomainEvent)


class EventCatalogue:
    """The events that this program knows, by name, with the upcasters that lead to them.

    `upcasters` maps (type, schema version) to the function that lifts such data to the next version. Raises ValueError
    where two events share a name, or where a version before today's has no upcaster.
    """

    def __init__(
        self, events: Iterable[type[DomainEvent]], upcasters: Mapping[tuple[str, int], Upcaster] | None = None
    ) -> None:
        self._classes: dict[str, type[DomainEvent]] = {}
        self._upcasters = dict(upcasters or {})
        for event in events:
            if event.type() in self._classes:
                raise ValueError(f"two events are called {event.type()}")
            self._classes[event.type()] = event
            for version in range(1, event.schema_version):
                if (event.type(), version) not in self._upcasters:
                    raise ValueError(f"{event.type()} has no upcaster from schema {version} to {version + 1}")

    @property
    def classes(self) -> tuple[type[DomainEvent], ...]:
        """All events, in the order in which they were given."""
        return tuple(self._classes.values())

    def event(self, name: str, schema_version: int, data: Data) -> DomainEvent:
        """The event that was stored under this name and schema. Raises `UnknownEvent`."""
        cls = self._classes.get(name)
        if cls is None:
            raise UnknownEvent(f"an event of type {name!r} is stored, but this program knows none; is it too old?")
        if not 1 <= schema_version <= cls.schema_version:
            raise UnknownEvent(
                f"{name} is stored in schema {schema_version}, but this program knows 1 to {cls.schema_version}; "
                "is it too old?"
            )
        for version in range(schema_version, cls.schema_version):
            data = self._upcasters[name, version](data)
        try:
            return cls.model_validate(dict(data))
        except ValidationError as error:
            raise UnknownEvent(
                f"the data of a stored {name} do not fit its schema {schema_version}: {error}"
            ) from error

    def event_of(self, record: Recorded) -> DomainEvent:
        """The event of a record. Raises `UnknownEvent`."""
        return self.event(record.type, record.schema_version, record.data)

    def events_of(self, records: Iterable[Recorded], kind: type[E]) -> list[E]:
        """The events of records of one kind of stream. Raises `UnknownEvent` where one is of another kind."""
        events: list[E] = []
        for record in records:
            event = self.event_of(record)
            if not isinstance(event, kind):
                raise UnknownEvent(f"{record.type} lies in {record.stream}, where there are only {kind.__name__}s")
            events.append(event)
        return events


UPCASTERS: Mapping[tuple[str, int], Upcaster] = {}
"""Of the events of today: none has changed yet."""

CATALOGUE = EventCatalogue((*TRACK_EVENTS, *MIX_EVENTS, *LIBRARY_EVENTS), UPCASTERS)
"""All events of this program."""


def event_of(record: Recorded) -> DomainEvent:
    """The event of a record, in today's schema. Raises `UnknownEvent`."""
    return CATALOGUE.event_of(record)
