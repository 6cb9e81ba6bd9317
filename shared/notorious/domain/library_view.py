"""The library as its owner sees it: a projection of its stream."""

from datetime import datetime
from typing import Any

from pydantic import Field

from notorious.domain.envelope import Recorded
from notorious.domain.event import LibraryEvent
from notorious.domain.library_events import ImportFinished, ImportStarted, LibraryOpened, SettingsChanged
from notorious.domain.values import Reference, Value

IMPORTS_SHOWN = 50
"""The latest ones; all are in the history."""


class ImportView(Value):
    """One import; the three counts are None while it is under way."""

    id: str
    manifest: Reference
    count: int
    started_at: datetime
    finished_at: datetime | None = None
    analysed: int | None = None
    failed: int | None = None
    skipped: int | None = None


class LibraryView(Value):
    """The settings of a library and its latest imports, the oldest of them first."""

    name: str = ""
    settings: dict[str, Any] = Field(default_factory=dict)
    opened_at: datetime
    imports: tuple[ImportView, ...] = ()

    def after(self, event: LibraryEvent, record: Recorded) -> "LibraryView":
        """The view after the next event of its stream."""
        match event:
            case SettingsChanged():
                return self.model_copy(update={"settings": event.settings})
            case ImportStarted():
                started = ImportView(
                    id=event.import_id, manifest=event.manifest, count=event.count, started_at=record.occurred_at
                )
                return self.model_copy(update={"imports": (*self.imports, started)[-IMPORTS_SHOWN:]})
            case ImportFinished():
                counts = {"analysed": event.analysed, "failed": event.failed, "skipped": event.skipped}
                finished = {"finished_at": record.occurred_at, **counts}
                imports = tuple(
                    one.model_copy(update=finished) if one.id == event.import_id else one for one in self.imports
                )
                return self.model_copy(update={"imports": imports})
            case _:
                raise TypeError(f"{type(event).__name__} cannot follow in the history of a library")


def library_view_of_first(event: LibraryEvent, record: Recorded) -> LibraryView:
    """The view after a library was opened. TypeError for any other event."""
    if not isinstance(event, LibraryOpened):
        raise TypeError(f"a library's history cannot begin with {type(event).__name__}")
    return LibraryView(name=event.name, opened_at=record.occurred_at)
