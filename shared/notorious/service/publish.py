"""Hand events on from the table to the bus, in their order."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from notorious.domain import Recorded
from notorious.eventstore.items import is_event, is_quiet, record_of
from notorious.service.ports import Bus, BusEvent, Clock

ATTEMPTS: Final = 4
_FIRST_PAUSE_SECONDS: Final = 0.2


@dataclass(frozen=True)
class Change:
    """A change of the events table: its sequence number, and the new item (None where one was removed)."""

    sequence: str
    image: Mapping[str, Any] | None


@dataclass(frozen=True)
class Published:
    """How many events were handed on; what could not be read; and from which change on all have to come again."""

    events: int
    unreadable: tuple[str, ...] = ()
    again_from: str | None = None


def publish_changes(changes: Sequence[Change], *, bus: Bus, clock: Clock) -> Published:
    """Hand on the events among some changes of the table.

    What the bus does not take is offered again a few times; then the rest, from there on, has to come back. An item
    that cannot be read is named and passed over: it stays in the table, and must not stop those behind it.
    """
    waiting: list[tuple[str, BusEvent]] = []
    unreadable: list[str] = []
    for change in changes:
        if change.image is None or not is_event(change.image) or is_quiet(change.image):
            continue
        try:
            waiting.append((change.sequence, bus_event(record_of(change.image))))
        except (KeyError, TypeError, ValueError):
            unreadable.append(change.sequence)
    total = len(waiting)
    for attempt in range(ATTEMPTS):
        if attempt:
            clock.sleep(_FIRST_PAUSE_SECONDS * 2**attempt * random.uniform(0.5, 1.0))
        refused = bus.publish([event for _, event in waiting])
        if not refused:
            return Published(total, tuple(unreadable))
        waiting = [waiting[index] for index in refused]
    return Published(total - len(waiting), tuple(unreadable), again_from=waiting[0][0])


def bus_event(recorded: Recorded) -> BusEvent:
    """An event as the bus carries it."""
    return BusEvent(recorded.type, recorded.document(), resources=(f"{recorded.tenant}/{recorded.stream}",))
