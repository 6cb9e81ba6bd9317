"""An event may change its shape: what was stored before is lifted when it is read."""

from dataclasses import dataclass, replace
from typing import Annotated, Any

import pytest
from pydantic import Field

from notorious.domain import Command, Decider, LibraryEvent, StreamName
from notorious.eventstore import EventCatalogue, MemoryStore, UnknownEvent, handle, load

STREAM = StreamName.library()


class VolumeChanged(LibraryEvent):
    """Version 1, as it was first deployed: a volume in percent."""

    percent: int


def deploy_version_2() -> type[LibraryEvent]:
    """The class as a later release has it: decibels, and who turned the knob."""

    class VolumeChanged(LibraryEvent):
        schema_version = 2
        gain_db: float
        knob: str

    return VolumeChanged


def deploy_version_3() -> type[LibraryEvent]:
    """Once more: `knob` has become a list."""

    class VolumeChanged(LibraryEvent):
        schema_version = 3
        gain_db: float
        knobs: Annotated[list[str], Field(min_length=1)]

    return VolumeChanged


def from_1_to_2(data: Any) -> dict[str, Any]:
    return {"gain_db": -40.0 * (1 - data["percent"] / 100), "knob": "unknown"}


def from_2_to_3(data: Any) -> dict[str, Any]:
    return {"gain_db": data["gain_db"], "knobs": [data["knob"]]}


class Louder(Command):
    """Three decibels more."""


@dataclass(frozen=True)
class Volume:
    gain_db: float = -40.0
    changes: int = 0


def decider_of(event: type[LibraryEvent]) -> Decider[Volume, Louder, LibraryEvent]:
    """The decider of version 2: it knows nothing of percents."""

    def decide(state: Volume, command: Louder) -> list[LibraryEvent]:
        return [event.model_validate({"gain_db": state.gain_db + 3, "knob": command.actor})]

    def evolve(state: Volume, event: Any) -> Volume:
        return replace(state, gain_db=event.gain_db, changes=state.changes + 1)

    return Decider(event, Volume(), decide, evolve)


@pytest.fixture
def store() -> MemoryStore:
    """A store in which version 1 has left two events."""
    store = MemoryStore()
    store.append("anna", STREAM, 0, [VolumeChanged(percent=50)], command_id="a", actor="anna")
    store.append("anna", STREAM, 1, [VolumeChanged(percent=75)], command_id="b", actor="anna")
    return store


def test_version_2_is_deployed_over_events_of_version_1(store: MemoryStore) -> None:
    second = deploy_version_2()
    catalogue = EventCatalogue([second], {("VolumeChanged", 1): from_1_to_2})
    decider = decider_of(second)
    assert load(store, "anna", STREAM, decider, catalogue=catalogue) == (Volume(-10.0, changes=2), 2)
    handled = handle(store, "anna", STREAM, Louder(command_id="c", actor="anna"), decider, catalogue=catalogue)
    assert handled.state == Volume(-7.0, changes=3)
    old, _, new = store.read("anna", STREAM)
    # What was stored is as it was, and old and new lie side by side in one stream.
    assert (old.schema_version, old.data) == (1, {"percent": 50})
    assert (new.schema_version, new.data) == (2, {"gain_db": -7.0, "knob": "anna"})
    assert load(store, "anna", STREAM, decider, catalogue=catalogue)[0] == handled.state


def test_upcasters_are_applied_one_after_the_other(store: MemoryStore) -> None:
    third = deploy_version_3()
    catalogue = EventCatalogue([third], {("VolumeChanged", 1): from_1_to_2, ("VolumeChanged", 2): from_2_to_3})
    event = catalogue.event_of(store.read("anna", STREAM)[1])
    assert event == third.model_validate({"gain_db": -10.0, "knobs": ["unknown"]})


def test_a_version_without_an_upcaster_cannot_be_deployed() -> None:
    with pytest.raises(ValueError, match="no upcaster from schema 2 to 3"):
        EventCatalogue([deploy_version_3()], {("VolumeChanged", 1): from_1_to_2})


def test_two_events_cannot_share_a_name() -> None:
    with pytest.raises(ValueError, match="two events are called VolumeChanged"):
        EventCatalogue([VolumeChanged, VolumeChanged])


def test_an_older_program_says_that_it_does_not_know_a_newer_event(store: MemoryStore) -> None:
    (record, _) = store.read("anna", STREAM)
    with pytest.raises(UnknownEvent, match="schema 2, but this program knows 1 to 1"):
        EventCatalogue([VolumeChanged]).event_of(replace(record, schema_version=2))
    with pytest.raises(UnknownEvent, match="'VolumeChanged' is stored, but this program knows none"):
        EventCatalogue([]).event_of(record)


def test_data_that_do_not_fit_are_told(store: MemoryStore) -> None:
    (record, _) = store.read("anna", STREAM)
    with pytest.raises(UnknownEvent, match="do not fit"):
        EventCatalogue([VolumeChanged]).event_of(replace(record, data={"percent": "loud"}))


def test_an_event_in_a_stream_of_another_kind_is_told(store: MemoryStore) -> None:
    with pytest.raises(UnknownEvent, match="lies in library/library"):
        EventCatalogue([VolumeChanged]).events_of(store.read("anna", STREAM), deploy_version_2())
