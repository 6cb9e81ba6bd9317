"""From the events table to the bus: everything, in order, and a poison item stops nobody."""

from typing import Any

from fakes.clock import FakeClock
from fakes.scene import Scene
from fakes.senders import MemoryBus
from notorious.domain import Recorded
from notorious.eventstore.items import command_item, event_item, head_item
from notorious.service.publish import Change, Published, publish_changes


def records(count: int = 3) -> list[Recorded]:
    scene = Scene()
    for number in range(count):
        scene.upload(bytes([number]))
    return list(scene.store.feed("anna"))[:count]


def changes(images: list[Any]) -> list[Change]:
    return [Change(f"{number:03d}", image) for number, image in enumerate(images)]


def publish(bus: MemoryBus, images: list[Any]) -> Published:
    return publish_changes(changes(images), bus=bus, clock=FakeClock())


def test_events_are_handed_on_in_order_and_whole() -> None:
    bus, history = MemoryBus(), records()
    published = publish(bus, [event_item(record) for record in history])
    assert published == Published(3)
    assert [Recorded.from_document(event.document) for event in bus.taken] == history
    assert [event.kind for event in bus.taken] == [record.type for record in history]


def test_commands_heads_removals_and_what_was_put_back_are_no_news() -> None:
    bus, (record,) = MemoryBus(), records(1)
    images = [command_item(record), head_item("anna", 1), None, event_item(record, quiet=True)]
    assert publish(bus, images) == Published(0)
    assert bus.taken == []


def test_an_item_that_cannot_be_read_is_named_and_does_not_stop_those_behind_it() -> None:
    bus, history = MemoryBus(), records()
    images = [event_item(record) for record in history]
    images[1]["data"] = {"S": "{broken"}
    assert publish(bus, images) == Published(2, unreadable=("001",))
    assert [event.document["version"] for event in bus.taken] == [history[0].version, history[2].version]


def test_what_the_bus_does_not_take_is_offered_again() -> None:
    bus, history = MemoryBus(refuses=[1, 3]), records()
    assert publish(bus, [event_item(record) for record in history]) == Published(3)
    assert len(bus.taken) == 3


def test_a_bus_that_takes_nothing_brings_the_rest_back_from_the_first_that_is_missing() -> None:
    bus, history = MemoryBus(refuses=range(1, 100)), records()
    published = publish(bus, [event_item(record) for record in history])
    assert (published.events, published.again_from) == (1, "001")
