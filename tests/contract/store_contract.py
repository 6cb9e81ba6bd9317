"""What every event store must do. An adapter's tests inherit `EventStoreContract` and give it one hook: `store`."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from notorious.domain import LIBRARY, LibraryEvent, Recorded, StreamName
from notorious.domain.library import ChangeSettings, FinishImport, NoSuchImport, OpenLibrary
from notorious.domain.library_events import LibraryOpened, SettingsChanged
from notorious.domain.mix_events import MixApproved
from notorious.eventstore import (
    Appended,
    EventTooLarge,
    FeedGap,
    MemoryStore,
    RecordsDiffer,
    RestorableStore,
    StoreIsBusy,
    VersionConflict,
    event_of,
    handle,
    load,
)
from notorious.eventstore.journalled import whole_feed
from notorious.eventstore.store import MAXIMUM_DATA_BYTES, MAXIMUM_EVENTS

STREAM = StreamName.library()
WRITERS = 12


def setting(number: int) -> SettingsChanged:
    """An event that can be told from others."""
    return SettingsChanged(settings={"number": number})


def stream(number: int) -> StreamName:
    """One of many streams."""
    return StreamName("library", f"library-{number}")


def append(
    store: RestorableStore,
    expected_version: int,
    *events: LibraryEvent,
    command: str,
    to: StreamName = STREAM,
    tenant: str = "anna",
) -> Appended:
    """Append with what a test does not care for filled in."""
    return store.append(tenant, to, expected_version, events, command_id=command, actor="tester")


def numbers(records: Sequence[Recorded]) -> list[int]:
    """The numbers that `setting` put into the events."""
    return [record.data["settings"]["number"] for record in records]


def all_at_once(tasks: Sequence[Callable[[], Appended | int]]) -> list[Appended | int]:
    """Run tasks in as many threads, released together."""
    barrier = threading.Barrier(len(tasks))

    def run(task: Callable[[], Appended | int]) -> Appended | int:
        barrier.wait()
        return task()

    with ThreadPoolExecutor(len(tasks)) as pool:
        return list(pool.map(run, tasks))


class EventStoreContract:
    """The guarantees of `notorious.eventstore.store`, one test each."""

    appends_per_writer = 6

    @pytest.fixture
    def store(self) -> RestorableStore:
        """An empty store: the one hook."""
        raise AssertionError("an adapter's tests give their own store")

    # -- appending and reading -------------------------------------------------------------------------------------

    def test_what_is_appended_can_be_read(self, store: RestorableStore) -> None:
        before = datetime.now(UTC)
        appended = store.append(
            "anna",
            STREAM,
            0,
            [
                LibraryOpened(name="Größe ♪"),
                SettingsChanged(settings={"tenth": 0.1 + 0.2, "tiny": 5e-324, "deep": [{}]}),
            ],
            command_id="open",
            actor="user-1",
            correlation_id="request-7",
            causation_id="event-3",
        )
        found = store.read("anna", STREAM)
        assert tuple(found) == appended.records
        assert not appended.was_repeated
        assert [event_of(record) for record in found] == [
            LibraryOpened(name="Größe ♪"),
            SettingsChanged(settings={"tenth": 0.1 + 0.2, "tiny": 5e-324, "deep": [{}]}),
        ]
        for number, record in enumerate(found, start=1):
            assert (record.tenant, record.stream) == ("anna", STREAM)
            assert (record.version, record.feed_position) == (number, number)
            assert (record.actor, record.command_id) == ("user-1", "open")
            assert (record.correlation_id, record.causation_id) == ("request-7", "event-3")
            assert record.schema_version == 1
            assert before <= record.occurred_at <= datetime.now(UTC)
        assert len({record.event_id for record in found}) == 2

    def test_a_command_without_a_correlation_begins_one(self, store: RestorableStore) -> None:
        (record,) = append(store, 0, setting(1), command="first").records
        assert (record.correlation_id, record.causation_id) == ("first", None)

    def test_reading_begins_behind_a_version(self, store: RestorableStore) -> None:
        append(store, 0, *(setting(number) for number in range(1, 13)), command="a")
        assert numbers(store.read("anna", STREAM, after=9)) == [10, 11, 12]
        assert numbers(store.read("anna", STREAM, after=12)) == []

    def test_an_unknown_stream_is_empty(self, store: RestorableStore) -> None:
        assert len(store.read("anna", STREAM)) == 0
        assert len(store.feed("anna")) == 0
        assert store.head("anna") == 0
        assert len(store.tenants()) == 0

    def test_many_events_come_back_in_order(self, store: RestorableStore) -> None:
        for first in range(0, 120, 30):
            append(store, first, *(setting(number) for number in range(first, first + 30)), command=f"c{first}")
        assert numbers(store.read("anna", STREAM)) == list(range(120))

    # -- conditions ------------------------------------------------------------------------------------------------

    @pytest.mark.parametrize("expected", [0, 1, 3, 7])
    def test_a_wrong_version_appends_nothing(self, store: RestorableStore, expected: int) -> None:
        append(store, 0, setting(1), setting(2), command="first")
        with pytest.raises(VersionConflict):
            append(store, expected, setting(3), setting(4), setting(5), command="second")
        assert numbers(store.read("anna", STREAM)) == [1, 2]
        assert store.head("anna") == 2

    def test_a_new_stream_cannot_begin_in_the_middle(self, store: RestorableStore) -> None:
        with pytest.raises(VersionConflict):
            append(store, 1, setting(1), command="first")
        assert store.head("anna") == 0

    def test_the_refused_command_can_be_given_again(self, store: RestorableStore) -> None:
        append(store, 0, setting(1), command="first")
        with pytest.raises(VersionConflict):
            append(store, 0, setting(2), command="second")
        assert not append(store, 1, setting(2), command="second").was_repeated
        assert numbers(store.read("anna", STREAM)) == [1, 2]

    def test_too_much_is_refused(self, store: RestorableStore) -> None:
        with pytest.raises(EventTooLarge):
            append(store, 0, *[setting(1)] * (MAXIMUM_EVENTS + 1), command="many")
        with pytest.raises(EventTooLarge):
            append(store, 0, SettingsChanged(settings={"text": "x" * MAXIMUM_DATA_BYTES}), command="large")
        assert store.head("anna") == 0

    def test_as_much_as_is_allowed_is_taken(self, store: RestorableStore) -> None:
        append(store, 0, *[setting(1)] * MAXIMUM_EVENTS, command="many")
        append(store, MAXIMUM_EVENTS, SettingsChanged(settings={"text": "x" * (MAXIMUM_DATA_BYTES - 40)}), command="l")
        assert len(store.read("anna", STREAM)) == MAXIMUM_EVENTS + 1

    def test_what_no_caller_may_pass_is_refused(self, store: RestorableStore) -> None:
        with pytest.raises(ValueError, match="at least one"):
            append(store, 0, command="none")
        with pytest.raises(ValueError, match="tenant"):
            append(store, 0, setting(1), command="c", tenant="anna/bert")
        with pytest.raises(ValueError, match="event of a mix"):
            store.append("anna", STREAM, 0, [MixApproved(revision=1)], command_id="c", actor="tester")
        with pytest.raises(ValueError, match="version"):
            append(store, -1, setting(1), command="c")

    # -- commands --------------------------------------------------------------------------------------------------

    def test_a_repeated_command_appends_nothing_and_gives_the_first_records(self, store: RestorableStore) -> None:
        append(store, 0, setting(0), command="before")
        first = append(store, 1, setting(1), setting(2), command="same")
        for number in range(3, 30):
            append(store, number, setting(number), command=f"later-{number}")
        again = append(store, 1, setting(99), command="same")
        assert again.was_repeated
        assert again.records == first.records
        assert numbers(store.read("anna", STREAM)) == list(range(30))

    def test_streams_and_tenants_remember_their_own_commands(self, store: RestorableStore) -> None:
        append(store, 0, setting(1), command="same", to=stream(1))
        assert not append(store, 0, setting(2), command="same", to=stream(2)).was_repeated
        assert not append(store, 0, setting(3), command="same", to=stream(1), tenant="bert").was_repeated

    def test_of_twelve_who_give_the_same_command_one_appends(self, store: RestorableStore) -> None:
        done = all_at_once([lambda: append(store, 0, setting(1), command="same")] * WRITERS)
        appended = [one for one in done if isinstance(one, Appended)]
        assert [one.was_repeated for one in appended].count(False) == 1
        assert len({one.records[0].event_id for one in appended}) == 1
        assert len(store.read("anna", STREAM)) == 1

    # -- the feed --------------------------------------------------------------------------------------------------

    def test_the_feed_holds_all_streams_of_a_tenant_in_order(self, store: RestorableStore) -> None:
        append(store, 0, setting(1), setting(2), command="a", to=stream(1))
        append(store, 0, setting(3), command="b", to=stream(2))
        append(store, 0, setting(100), command="c", to=stream(1), tenant="bert")
        append(store, 2, setting(4), command="d", to=stream(1))
        assert numbers(store.feed("anna")) == [1, 2, 3, 4]
        assert [record.feed_position for record in store.feed("anna")] == [1, 2, 3, 4]
        assert numbers(store.feed("bert")) == [100]
        assert store.head("anna") == 4
        assert list(store.tenants()) == ["anna", "bert"]

    def test_the_feed_is_read_in_pages(self, store: RestorableStore) -> None:
        for number in range(7):
            append(store, 0, setting(number), command="c", to=stream(number))
        assert numbers(store.feed("anna", after=0, limit=3)) == [0, 1, 2]
        assert numbers(store.feed("anna", after=3, limit=3)) == [3, 4, 5]
        assert numbers(store.feed("anna", after=6, limit=3)) == [6]
        assert numbers(store.feed("anna", after=7, limit=3)) == []

    def test_twelve_writers_leave_no_gap_and_no_reader_skips(self, store: RestorableStore) -> None:
        total = WRITERS * self.appends_per_writer
        seen: list[Recorded] = []
        finished = threading.Semaphore(0)

        def write(writer: int) -> int:
            try:
                for number in range(self.appends_per_writer):
                    append(store, number, setting(number), command=f"c{number}", to=stream(writer))
            finally:
                finished.release()
            return writer

        def follow() -> int:
            left = WRITERS
            while page := store.feed("anna", after=len(seen), limit=5) or left:
                if isinstance(page, int):
                    left -= finished.acquire(timeout=0.01)
                else:
                    seen.extend(page)
            return len(seen)

        all_at_once([*(lambda writer=writer: write(writer) for writer in range(WRITERS)), follow])
        assert [record.feed_position for record in seen] == list(range(1, total + 1))
        assert store.head("anna") == total
        for writer in range(WRITERS):
            of_stream = [record for record in seen if record.stream == stream(writer)]
            assert [record.version for record in of_stream] == list(range(1, self.appends_per_writer + 1))
            assert tuple(of_stream) == tuple(store.read("anna", stream(writer)))

    def test_twelve_writers_on_one_stream_all_have_their_say(self, store: RestorableStore) -> None:
        def write(writer: int) -> int:
            for number in range(2):
                change = ChangeSettings(
                    command_id=f"{writer}-{number}", actor="tester", settings={"writer": writer, "number": number}
                )
                handle(store, "anna", STREAM, change, LIBRARY, attempts=200)
            return writer

        all_at_once([lambda writer=writer: write(writer) for writer in range(WRITERS)])
        records = store.read("anna", STREAM)
        assert [record.version for record in records] == list(range(1, 2 * WRITERS + 2))
        assert records[0].type == "LibraryOpened"
        written = {(record.data["settings"]["writer"], record.data["settings"]["number"]) for record in records[1:]}
        assert written == {(writer, number) for writer in range(WRITERS) for number in range(2)}

    # -- putting back ----------------------------------------------------------------------------------------------

    @pytest.fixture
    def history(self) -> list[Recorded]:
        """A feed of 100 records from another store, with appends of one and of several events."""
        source = MemoryStore()
        for number in range(25):
            append(source, 0, setting(number), command="one", to=stream(number))
            append(source, 1, *[setting(number)] * 3, command="three", to=stream(number))
        return list(source.feed("anna"))

    def test_a_history_is_put_back_as_it_was(self, store: RestorableStore, history: list[Recorded]) -> None:
        assert store.put_back("anna", iter(history)) == 100
        assert list(whole_feed(store, "anna")) == history
        assert store.read("anna", stream(7)) == tuple(record for record in history if record.stream == stream(7))
        assert (store.head("anna"), list(store.tenants())) == (100, ["anna"])

    def test_putting_back_can_be_interrupted_and_repeated(
        self, store: RestorableStore, history: list[Recorded]
    ) -> None:
        # 47 ends in the middle of an append of three.
        assert store.put_back("anna", history[:47]) == 47
        assert store.put_back("anna", history) == 53
        assert store.put_back("anna", history) == 0
        assert list(whole_feed(store, "anna")) == history

    def test_a_command_is_known_after_it_was_put_back(self, store: RestorableStore, history: list[Recorded]) -> None:
        store.put_back("anna", history[:47])
        store.put_back("anna", history[47:])
        for number in (0, 11, 24):
            again = append(store, 1, setting(99), command="three", to=stream(number))
            assert again.was_repeated
            assert [record.version for record in again.records] == [2, 3, 4]

    def test_a_history_that_was_put_back_goes_on(self, store: RestorableStore, history: list[Recorded]) -> None:
        store.put_back("anna", history)
        (record,) = append(store, 4, setting(1), command="new", to=stream(3)).records
        assert (record.version, record.feed_position) == (5, 101)

    def test_putting_back_leaves_no_gap(self, store: RestorableStore, history: list[Recorded]) -> None:
        store.put_back("anna", history[:10])
        with pytest.raises(FeedGap) as caught:
            store.put_back("anna", history[12:])
        assert caught.value.expected == 11
        assert store.head("anna") == 10

    def test_putting_back_overwrites_nothing(self, store: RestorableStore, history: list[Recorded]) -> None:
        append(store, 0, setting(1), command="mine", to=stream(0))
        with pytest.raises(RecordsDiffer):
            store.put_back("anna", history)
        with pytest.raises(RecordsDiffer):
            store.put_back("anna", [replace(history[0], feed_position=2)])
        assert numbers(store.feed("anna")) == [1]

    # -- handling commands -----------------------------------------------------------------------------------------

    def test_handling_a_command_twice_appends_once(self, store: RestorableStore) -> None:
        change = ChangeSettings(command_id="c", actor="tester", settings={"volume": 3})
        first = handle(store, "anna", STREAM, change, LIBRARY)
        assert (first.version, dict(first.state.settings)) == (2, {"volume": 3})
        other = ChangeSettings(command_id="d", actor="tester", settings={"volume": 4})
        handle(store, "anna", STREAM, other, LIBRARY)
        again = handle(store, "anna", STREAM, change, LIBRARY)
        assert again.was_repeated
        assert again.records == first.records
        assert load(store, "anna", STREAM, LIBRARY)[0].settings == {"volume": 4}

    def test_a_refused_command_leaves_nothing(self, store: RestorableStore) -> None:
        handle(store, "anna", STREAM, OpenLibrary(command_id="a", actor="tester"), LIBRARY)
        finish = FinishImport(command_id="b", actor="tester", import_id="x", analysed=1, failed=0, skipped=0)
        with pytest.raises(NoSuchImport):
            handle(store, "anna", STREAM, finish, LIBRARY)
        assert store.head("anna") == 1

    def test_a_command_with_nothing_to_do_leaves_nothing(self, store: RestorableStore) -> None:
        handle(store, "anna", STREAM, OpenLibrary(command_id="a", actor="tester"), LIBRARY)
        handled = handle(store, "anna", STREAM, OpenLibrary(command_id="b", actor="tester"), LIBRARY)
        assert (handled.version, handled.records, handled.was_repeated) == (1, (), False)

    def test_handling_gives_up_after_a_bounded_number_of_conflicts(self, store: RestorableStore) -> None:
        class Stale:
            """A view of the store that never learns of the first event."""

            def __getattr__(self, name: str) -> object:
                return getattr(store, name)

            def read(self, tenant: str, name: StreamName, after: int = 0) -> Sequence[Recorded]:
                return ()

        handle(store, "anna", STREAM, OpenLibrary(command_id="a", actor="tester"), LIBRARY)
        pauses: list[float] = []
        change = ChangeSettings(command_id="b", actor="tester", settings={})
        with pytest.raises(StoreIsBusy):
            handle(Stale(), "anna", STREAM, change, LIBRARY, attempts=5, sleep=pauses.append)  # type: ignore[arg-type]
        assert len(pauses) == 5
        assert store.head("anna") == 1
