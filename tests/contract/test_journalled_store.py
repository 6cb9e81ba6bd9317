"""The store whose truth is a journal keeps the contract, and its table misses nothing."""

import uuid
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from events_table import create_events_table, emulator_client
from store_contract import STREAM, EventStoreContract, all_at_once, append, numbers, setting, stream

from notorious.domain import Recorded
from notorious.eventstore import MemoryStore, RestorableStore
from notorious.eventstore.dynamodb import DynamoStore
from notorious.eventstore.journal import Journal
from notorious.eventstore.journalled import JournalledStore, bring_up


class Announcing(MemoryStore):
    """A table that remembers what its listeners would hear of, and in what order."""

    def __init__(self) -> None:
        super().__init__()
        self.announced: list[Recorded] = []
        self.fails = False

    def put_back(self, tenant: str, records: Sequence[Recorded], *, announce: bool = False) -> int:  # type: ignore[override]
        """As in memory; the announcement follows from what was new."""
        if self.fails:
            raise ConnectionError("the table does not answer")
        records = list(records)
        with self._lock:
            before = len(self._feeds.get(tenant, []))
        new = super().put_back(tenant, records, announce=announce)
        if announce:
            self.announced += [record for record in records if record.feed_position > before][-new:] if new else []
        return new


@pytest.fixture
def table() -> Announcing:
    return Announcing()


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with Journal(tmp_path / "journal.sqlite") as journal:
        yield journal


class TestJournalledStore(EventStoreContract):
    @pytest.fixture
    def store(self, tmp_path: Path) -> Iterator[RestorableStore]:  # type: ignore[override]
        with Journal(tmp_path / "journal.sqlite") as journal:
            yield JournalledStore(MemoryStore(), journal)


class TestOverTheEmulator(EventStoreContract):
    """As `notorious serve` runs it."""

    @pytest.fixture
    def store(self, tmp_path: Path, emulator_address: str) -> Iterator[RestorableStore]:  # type: ignore[override]
        client, name = emulator_client(emulator_address), f"events-{uuid.uuid4().hex}"
        create_events_table(client, name)
        with Journal(tmp_path / "journal.sqlite") as journal:
            yield JournalledStore(DynamoStore(client, name), journal)


def test_the_table_follows_the_journal(table: Announcing, journal: Journal) -> None:
    store = JournalledStore(table, journal)
    append(store, 0, setting(1), setting(2), command="a")
    append(store, 2, setting(3), command="b")
    assert table.feed("anna") == journal.feed("anna")
    assert numbers(table.announced) == [1, 2, 3]


def test_what_a_killed_writer_left_in_the_journal_is_announced_by_the_next(table: Announcing, journal: Journal) -> None:
    store = JournalledStore(table, journal)
    append(store, 0, setting(0), command="before")
    # A writer that was killed between the journal and the table.
    append(journal, 0, setting(1), setting(2), command="lost", to=stream(1))
    append(store, 1, setting(3), command="after")
    assert numbers(table.announced) == [0, 1, 2, 3]
    assert table.feed("anna") == journal.feed("anna")


def test_catching_up_announces_what_the_table_lacks(table: Announcing, journal: Journal) -> None:
    append(journal, 0, setting(1), command="a")
    append(journal, 0, setting(2), command="b", tenant="bert")
    store = JournalledStore(table, journal)
    assert store.catch_up() == 2
    assert store.catch_up() == 0
    assert numbers(table.announced) == [1, 2]


def test_a_table_that_failed_is_made_good_by_repeating_the_command(table: Announcing, journal: Journal) -> None:
    store = JournalledStore(table, journal)
    table.fails = True
    with pytest.raises(ConnectionError):
        append(store, 0, setting(1), command="a")
    table.fails = False
    assert append(store, 0, setting(1), command="a").was_repeated
    assert numbers(table.announced) == [1]


def test_twelve_writers_announce_every_event_once_and_in_order(table: Announcing, journal: Journal) -> None:
    store = JournalledStore(table, journal)

    def write(writer: int) -> int:
        for number in range(4):
            append(store, number, setting(number), command=f"c{number}", to=stream(writer))
        return writer

    all_at_once([lambda writer=writer: write(writer) for writer in range(12)])
    assert table.feed("anna") == journal.feed("anna")
    assert sorted(record.feed_position for record in table.announced) == list(range(1, 49))


def test_an_empty_table_is_brought_up_without_announcing(table: Announcing, journal: Journal) -> None:
    for number in range(5):
        append(journal, number, setting(number), command=f"c{number}")
    assert bring_up(table, journal, "anna") == 5
    assert table.read("anna", STREAM) == journal.read("anna", STREAM)
    assert table.announced == []
