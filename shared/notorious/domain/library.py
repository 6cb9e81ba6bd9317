"""The library of a tenant as a whole: its settings and its imports."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Annotated, Any, assert_never

from pydantic import Field

from notorious.domain.decider import Command, Decider, Refused
from notorious.domain.event import LibraryEvent
from notorious.domain.library_events import (
    Count,
    ImportFinished,
    ImportStarted,
    LibraryOpened,
    SettingsChanged,
)
from notorious.domain.values import Reference


class OpenLibrary(Command):
    """Give the tenant a library. One that is open stays as it is."""

    name: Annotated[str, Field(max_length=200)] = ""


class StartImport(Command):
    """Hear the tracks that a manifest lists."""

    import_id: str
    manifest: Reference
    count: Count


class FinishImport(Command):
    """Note how an import went."""

    import_id: str
    analysed: Count
    failed: Count
    skipped: Count


class ChangeSettings(Command):
    """Put these settings in the place of those before."""

    settings: dict[str, Any]


LibraryCommand = OpenLibrary | StartImport | FinishImport | ChangeSettings


class NoSuchImport(Refused):
    """An import that was never started."""


@dataclass(frozen=True)
class LibraryState:
    """What holds of a library. `imports` are those under way, by id; `finished` the ids of those that are over."""

    is_open: bool = False
    name: str = ""
    settings: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    imports: Mapping[str, ImportStarted] = field(default_factory=lambda: MappingProxyType({}))
    finished: frozenset[str] = frozenset()


def decide(state: LibraryState, command: LibraryCommand) -> list[LibraryEvent]:
    """The events that a command leads to; the first of all opens the library. Raises `NoSuchImport`."""
    opened: list[LibraryEvent] = [] if state.is_open else [LibraryOpened()]
    match command:
        case OpenLibrary():
            return [] if state.is_open else [command.becomes(LibraryOpened)]
        case StartImport():
            if command.import_id in state.imports or command.import_id in state.finished:
                return []
            return [*opened, command.becomes(ImportStarted)]
        case FinishImport():
            if command.import_id in state.finished:
                return []
            if command.import_id not in state.imports:
                raise NoSuchImport(f"no import {command.import_id!r} was started in this library")
            return [command.becomes(ImportFinished)]
        case ChangeSettings():
            if state.is_open and dict(state.settings) == command.settings:
                return []
            return [*opened, command.becomes(SettingsChanged)]
        case _:
            assert_never(command)


def evolve(state: LibraryState, event: LibraryEvent) -> LibraryState:
    """The state after an event."""
    match event:
        case LibraryOpened():
            return replace(state, is_open=True, name=event.name)
        case ImportStarted():
            return replace(state, imports=MappingProxyType({**state.imports, event.import_id: event}))
        case ImportFinished():
            left = {key: started for key, started in state.imports.items() if key != event.import_id}
            return replace(state, imports=MappingProxyType(left), finished=state.finished | {event.import_id})
        case SettingsChanged():
            return replace(state, settings=MappingProxyType(dict(event.settings)))
        case _:
            raise TypeError(f"{type(event).__name__} is no event of a library")


LIBRARY: Decider[LibraryState, LibraryCommand, LibraryEvent] = Decider(LibraryEvent, LibraryState(), decide, evolve)
