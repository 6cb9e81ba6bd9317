"""A mix under way, as every step of its workflow sees it: its state, its plan, and whether it is still wanted."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from pydantic import ValidationError

from notorious.domain import MIX, MixState, StreamName
from notorious.domain.mix import MixCommand
from notorious.domain.mix_events import MixPlanned, MixRequested, PlanEdited
from notorious.errors import BriefError, Cancelled
from notorious.eventstore import EventStore, Handled, handle, load
from notorious.planning.brief import Brief
from notorious.planning.plan import Plan
from notorious.service.failures import Unrecoverable
from notorious.service.ports import Objects
from notorious.service.references import read

ACTOR: Final = "mix"
LOOK_SECONDS: Final = 2.0
"""How old the answer to "is it still wanted?" may be."""


@dataclass(frozen=True)
class MixJob:
    """A mix that has not ended."""

    tenant: str
    mix: str
    state: MixState
    version: int

    @property
    def stream(self) -> StreamName:
        return StreamName("mix", self.mix)

    @property
    def request(self) -> MixRequested:
        assert self.state.request is not None, "a mix that was opened was requested"
        return self.state.request

    @property
    def planned(self) -> MixPlanned | PlanEdited:
        """The present revision. Raises Unrecoverable where there is none yet."""
        if self.state.plan is None:
            raise Unrecoverable(f"the mix {self.mix} has no plan yet; wait until it is planned")
        return self.state.plan

    def plan(self, objects: Objects) -> Plan:
        """The plan of the present revision. Raises Unrecoverable, ObjectMissing, ContentDiffers."""
        return Plan.model_validate_json(read(objects, self.planned.plan))


def open_job(store: EventStore, tenant: str, mix: str) -> MixJob:
    """A mix on which work goes on. Raises Cancelled where it has ended, Unrecoverable where it was never asked for."""
    state, version = load(store, tenant, StreamName("mix", mix), MIX)
    if state.status == "unknown":
        raise Unrecoverable(f"there is no mix {mix}; ask for one first")
    if state.has_ended:
        raise Cancelled(f"the mix {mix} is {state.status} already; nothing more is done for it")
    return MixJob(tenant, mix, state, version)


def record(store: EventStore, tenant: str, mix: str, command: MixCommand) -> Handled[MixState]:
    """Carry out a command on a mix. Raises Cancelled where it has ended meanwhile, else the decider's refusals."""
    from notorious.domain.mix import MixHasEnded

    try:
        return handle(store, tenant, StreamName("mix", mix), command, MIX)
    except MixHasEnded as error:
        raise Cancelled(str(error)) from error


def parse_brief(value: Any) -> Brief:
    """A brief from JSON. Raises BriefError that names the field."""
    try:
        return Brief.model_validate(value)
    except ValidationError as error:
        problem = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in problem["loc"])
        message = problem["msg"].removeprefix("Value error, ")
        raise BriefError(f"the brief's {place}: {message}" if place else f"the brief: {message}") from error


class StillWanted:
    """Asked often, by whoever works on a mix for long: whether it has been ended meanwhile.

    It looks at the stream at most every two seconds, and only at what is new in it.
    """

    def __init__(self, store: EventStore, job: MixJob, *, seconds: Callable[[], float] = time.monotonic) -> None:
        self._store = store
        self._job = job
        self._state = job.state
        self._version = job.version
        self._seconds = seconds
        self._looked_at = seconds()

    def is_cancelled(self) -> bool:
        """Whether the work may stop."""
        now = self._seconds()
        if not self._state.has_ended and now - self._looked_at >= LOOK_SECONDS:
            self._looked_at = now
            from notorious.eventstore import CATALOGUE

            records = self._store.read(self._job.tenant, self._job.stream, self._version)
            self._state = MIX.state_after(CATALOGUE.events_of(records, MIX.event), self._state)
            self._version += len(records)
        return self._state.has_ended
