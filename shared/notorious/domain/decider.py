"""Commands, and the pure functions that decide on them.

A decider is a pair of functions: `decide(state, command)` gives the events that a command leads to, none where there
is nothing to do, and raises a `Refused` where the command may not be; `evolve(state, event)` gives the state after an
event. Neither reads a clock or anything else from outside: what they need to know is in the command.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Annotated, Generic, TypeVar

from pydantic import Field

from notorious.domain.event import DomainEvent
from notorious.domain.values import Value
from notorious.errors import NotoriousError

E = TypeVar("E", bound=DomainEvent)


class Command(Value):
    """A wish that may be refused.

    `command_id` makes it safe to repeat: a stream takes each id once, for ever. `actor` is who wishes: a user's id,
    or the name of a part of the service.
    """

    command_id: Annotated[str, Field(min_length=1, max_length=256)]
    actor: Annotated[str, Field(min_length=1, max_length=256)]
    correlation_id: str | None = None
    causation_id: str | None = None

    def becomes(self, event: type[E]) -> E:
        """The event whose fields are those of this command, beyond who and why."""
        return event.model_validate({name: getattr(self, name) for name in event.model_fields})


class Refused(NotoriousError):
    """A command that the present state does not allow; the subclass names the condition."""


S = TypeVar("S")
C = TypeVar("C", bound=Command)


@dataclass(frozen=True)
class Decider(Generic[S, C, E]):
    """The two pure functions of one kind of stream, its kind of event, and the state before anything has happened."""

    event: type[E]
    initial: S
    decide: Callable[[S, C], Sequence[E]]
    evolve: Callable[[S, E], S]

    def state_after(self, events: Iterable[E], state: S | None = None) -> S:
        """Fold events over a state, by default over the initial one."""
        current = self.initial if state is None else state
        for event in events:
            current = self.evolve(current, event)
        return current
