"""What can happen to a tenant's library as a whole."""

from typing import Annotated, Any

from pydantic import Field

from notorious.domain.event import LibraryEvent
from notorious.domain.values import Reference

Count = Annotated[int, Field(ge=0)]


class LibraryOpened(LibraryEvent):
    """The tenant has a library."""

    name: Annotated[str, Field(max_length=200)] = ""


class ImportStarted(LibraryEvent):
    """Many tracks are to be heard; `manifest` lists them."""

    import_id: str
    manifest: Reference
    count: Count


class ImportFinished(LibraryEvent):
    """All tracks of an import were dealt with; `skipped` were known already."""

    import_id: str
    analysed: Count
    failed: Count
    skipped: Count


class SettingsChanged(LibraryEvent):
    """The settings of the library, whole, as they are from now on."""

    settings: dict[str, Any]


LIBRARY_EVENTS: tuple[type[LibraryEvent], ...] = (LibraryOpened, ImportStarted, ImportFinished, SettingsChanged)
