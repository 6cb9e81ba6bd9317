"""Views: what projections keep, and what a place to keep them guarantees.

Views of a tenant lie in a generation. One generation is read; while views are rebuilt, another is filled beside it,
and then takes its place. A view that is gone (its track was deleted) is kept as a mark, so that an old event which is
delivered late does not bring it back.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from notorious.eventstore.errors import StoreError

Kind = Literal["tracks", "mixes", "library"]
KINDS: tuple[Kind, ...] = ("tracks", "mixes", "library")

PROJECTION = 1
"""Number of the projections as they are today. A view made under another is made anew from its whole stream."""


class ViewConflict(StoreError):
    """Somebody else wrote the view first."""


@dataclass(frozen=True)
class View:
    """One view. `version` is that of its stream, `updated` the feed position of its latest event, `content` JSON.

    `counted` is what it adds to the statistics.
    """

    id: str
    version: int
    updated: int
    content: Mapping[str, Any]
    counted: Mapping[str, int] = field(default_factory=dict)
    is_gone: bool = False
    projection: int = PROJECTION


@dataclass(frozen=True)
class Generations:
    """Which generation is read, and which is being built, if any."""

    current: int = 1
    building: int | None = None

    @property
    def written(self) -> tuple[int, ...]:
        """Those that projections write to."""
        return (self.current,) if self.building is None else (self.current, self.building)


class Views(Protocol):
    """Keeps views and statistics of all tenants. `generation` is the one that is read where it is None."""

    def get(self, tenant: str, kind: Kind, view_id: str, *, generation: int | None = None) -> View | None:
        """A view as it was last written, also one that is gone; None where there is none."""

    def all(self, tenant: str, kind: Kind, *, generation: int | None = None) -> Iterator[View]:
        """All views of a kind that are not gone, in the order of their ids."""

    def put(self, tenant: str, kind: Kind, view: View, *, before: View | None, generation: int) -> None:
        """Put a view in the place of another, and add the difference of what they count to the statistics, in one.

        Raises `ViewConflict` where `before` is no longer the view that lies there (None: where one lies there).
        """

    def statistics(self, tenant: str, *, generation: int | None = None) -> Mapping[str, int]:
        """The counters that are not zero."""

    def generations(self, tenant: str) -> Generations:
        """Which generation is read and which is built, as of now."""

    def begin(self, tenant: str) -> int:
        """Begin another generation, or go on with the one that is being built; its number."""

    def switch(self, tenant: str, generation: int) -> int:
        """Read from the generation that was built; the number of the one that was read before."""

    def drop(self, tenant: str, generation: int) -> None:
        """Remove all views of a generation that is neither read nor built. Raises ValueError for one that is."""
