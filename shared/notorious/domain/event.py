"""What all domain events have in common.

An event is a fact in the past tense. It says what happened and nothing of where it is stored: who, when and why are in
its envelope (`envelope.Recorded`). Each class is one version of one event; its fields change only together with
`schema_version`, and an upcaster then lifts what was stored before (`eventstore.upcasting`).
"""

from typing import Any, ClassVar

from notorious.domain.values import Category, Value


class DomainEvent(Value):
    """A fact in one stream's history."""

    category: ClassVar[Category]
    schema_version: ClassVar[int] = 1

    @classmethod
    def type(cls) -> str:
        """The name under which it is stored: the name of the class."""
        return cls.__name__

    def json_data(self) -> dict[str, Any]:
        """Its fields as JSON can hold them."""
        return self.model_dump(mode="json")


class TrackEvent(DomainEvent):
    """A fact about one recording."""

    category = "track"


class MixEvent(DomainEvent):
    """A fact about one mix."""

    category = "mix"


class LibraryEvent(DomainEvent):
    """A fact about a tenant's library as a whole."""

    category = "library"
