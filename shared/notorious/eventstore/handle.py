"""Carry out a command: load, decide, append."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from notorious.domain import Command, Decider, DomainEvent, Recorded, StreamName
from notorious.eventstore.errors import StoreIsBusy, VersionConflict
from notorious.eventstore.store import EventStore
from notorious.eventstore.upcasting import CATALOGUE, EventCatalogue

S = TypeVar("S")
C = TypeVar("C", bound=Command)
E = TypeVar("E", bound=DomainEvent)

ATTEMPTS = 12
"""How often a command is decided anew when others append to its stream in between."""


@dataclass(frozen=True)
class Handled(Generic[S]):
    """What a command led to.

    `state` and `version` are those of the stream afterwards; `records` are the events of this command, none where there
    was nothing to do. `was_repeated`: the same command had been carried out before.
    """

    state: S
    version: int
    records: tuple[Recorded, ...]
    was_repeated: bool = False


def load(
    store: EventStore,
    tenant: str,
    stream: StreamName,
    decider: Decider[S, C, E],
    *,
    catalogue: EventCatalogue = CATALOGUE,
) -> tuple[S, int]:
    """The present state and version of a stream; the initial state and 0 where nothing has happened."""
    records = store.read(tenant, stream)
    return decider.state_after(catalogue.events_of(records, decider.event)), len(records)


def handle(
    store: EventStore,
    tenant: str,
    stream: StreamName,
    command: C,
    decider: Decider[S, C, E],
    *,
    attempts: int = ATTEMPTS,
    catalogue: EventCatalogue = CATALOGUE,
    sleep: Callable[[float], object] = time.sleep,
) -> Handled[S]:
    """Carry out a command on a stream, once.

    Where somebody else appended in between, it is decided anew on what is there now, at most `attempts` times.
    Raises the decider's `Refused`, `StoreIsBusy`, or what else the store raises.
    """
    for attempt in range(attempts):
        history = store.read(tenant, stream)
        state = decider.state_after(catalogue.events_of(history, decider.event))
        # A command that was carried out may be refused by the state that it led to, so this comes before deciding.
        repeated = tuple(record for record in history if record.command_id == command.command_id)
        if repeated:
            return Handled(state, len(history), repeated, was_repeated=True)
        decided = decider.decide(state, command)
        if not decided:
            return Handled(state, len(history), ())
        try:
            appended = store.append(
                tenant,
                stream,
                len(history),
                decided,
                command_id=command.command_id,
                actor=command.actor,
                correlation_id=command.correlation_id,
                causation_id=command.causation_id,
            )
        except VersionConflict:
            sleep(random.uniform(0, min(1.0, 0.01 * 2**attempt)))
            continue
        if appended.was_repeated:
            # The same command ran elsewhere at the same time, and won; its effect is not in what was read above.
            continue
        return Handled(decider.state_after(decided, state), len(history) + len(decided), appended.records)
    raise StoreIsBusy(f"{type(command).__name__} on {stream}: others changed it {attempts} times in between; try again")
