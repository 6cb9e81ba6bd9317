"""What an event store guarantees, as a ladder of protocols.

Every adapter passes `tests/contract/`. Beyond what the docstrings say, two guarantees are shared by all:

- **Order.** Feed positions of a tenant are 1, 2, 3, ... without gaps, and a reader who has seen position n has seen all
  before it. Within the feed each stream's events lie in the order of their versions.
- **For ever.** What was appended is never changed or removed, and a command id is remembered as long as its stream.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from notorious.domain import DomainEvent, Recorded, StreamName

MAXIMUM_EVENTS = 40
"""Events of one append: with head and command they stay well below the 100 items of a DynamoDB transaction."""

MAXIMUM_DATA_BYTES = 128 * 1024
"""Size of one event's data as JSON. An entry on the bus carries 256 KB, its envelope included."""


@dataclass(frozen=True)
class Appended:
    """The records of a command. `was_repeated`: it had been carried out before, and nothing was appended now."""

    records: tuple[Recorded, ...]
    was_repeated: bool = False


class EventReader(Protocol):
    """Reads histories."""

    def read(self, tenant: str, stream: StreamName, after: int = 0) -> Sequence[Recorded]:
        """The records of one stream behind version `after`, in order; all that were acknowledged before the call."""

    def feed(self, tenant: str, after: int = 0, limit: int = 1000) -> Sequence[Recorded]:
        """At most `limit` records of the tenant behind feed position `after`, in feed order, without a gap.

        It may end before the latest record (an index that lags); asking again from the last position goes on.
        """

    def head(self, tenant: str) -> int:
        """The feed position of the tenant's latest record; 0 where there is none."""

    def tenants(self) -> Sequence[str]:
        """All tenants that have records, in alphabetical order."""


class EventStore(EventReader, Protocol):
    """Appends to histories."""

    def append(
        self,
        tenant: str,
        stream: StreamName,
        expected_version: int,
        events: Sequence[DomainEvent],
        *,
        command_id: str,
        actor: str,
        correlation_id: str | None = None,
        causation_id: str | None = None,
    ) -> Appended:
        """Append all events, or none, behind version `expected_version` (0: the stream is new).

        A command id that the stream has taken before, whenever that was, appends nothing and gives the records of
        that time; this comes before the check of the version. `correlation_id` is the command's id where it is None.
        Raises `VersionConflict`, `EventTooLarge`, or `StoreIsBusy` after a bounded number of attempts.
        """


class RestorableStore(EventStore, Protocol):
    """Takes records back as they were."""

    def put_back(self, tenant: str, records: Iterable[Recorded], *, announce: bool = False) -> int:
        """Write records of one tenant in feed order, exactly as they are; the number that was new.

        Those that are there already are passed over, so that an interrupted run can be repeated. Nobody who listens
        to new events hears of them unless they are to be announced. Raises `FeedGap` where the first new one does not
        follow on the head, and `RecordsDiffer` where one contradicts what is there.
        """
