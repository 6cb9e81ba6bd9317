"""The recorder contract that ships inside the package `eventsourcing`, as far as its guarantees are ours.

Ours: inserting is conditional and atomic, streams and feed keep their order, the feed has no gaps under concurrent
writers, and the events of one insert lie side by side in it. Not ours, and so not run:

- `ProcessRecorderTestCase`, `TrackingRecorderTestCase`: a process recorder keeps the position that it has read in the
  same transaction as the events that follow from it. Our listeners hear of events through the bus, at least once and in
  any order, and are safe because commands and views are idempotent by id and version; there is no position to track.
- `optional_test_insert_subscribe`: our stores do not push to a listener in the same process.
- `InfrastructureFactoryTestCase`, `MapperTestCase`, `TranscoderTestCase`: how that package builds and encodes things.
"""

import shutil
import tempfile
import uuid
from pathlib import Path
from typing import Any

import pytest
from events_table import create_events_table, emulator_client
from eventsourcing.persistence import AggregateRecorder, ApplicationRecorder
from eventsourcing.tests import persistence as contract
from recorder_adapter import AggregateRecorderOnStore, ApplicationRecorderOnStore

from notorious.eventstore import EventStore, MemoryStore
from notorious.eventstore.dynamodb import DynamoStore
from notorious.eventstore.journal import Journal
from notorious.eventstore.store import MAXIMUM_EVENTS


class _InMemory:
    def make_store(self) -> EventStore:
        return MemoryStore()


class _InAJournal:
    addCleanup: Any  # noqa: N815  # of unittest

    def make_store(self) -> EventStore:
        folder = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, folder)
        journal = Journal(folder / "journal.sqlite")
        self.addCleanup(journal.close)
        return journal


class _OnTheEmulator:
    @pytest.fixture(autouse=True)
    def _emulator(self, emulator_address: str) -> None:
        self.client = emulator_client(emulator_address)

    def make_store(self) -> EventStore:
        name = f"recorder-{uuid.uuid4().hex}"
        create_events_table(self.client, name)
        return DynamoStore(self.client, name)


class _Aggregate:
    make_store: Any

    def create_recorder(self) -> AggregateRecorder:
        return AggregateRecorderOnStore(self.make_store())

    def test_performance(self) -> None:
        """It only prints; `make bench` measures."""


class _Application:
    make_store: Any

    def create_recorder(self) -> ApplicationRecorder:
        return ApplicationRecorderOnStore(self.make_store())

    def test_performance(self) -> None:
        """It only prints; `make bench` measures."""


class _NonInterleaving:
    make_store: Any
    # As many as one append takes.
    insert_num = MAXIMUM_EVENTS

    def create_recorder(self) -> ApplicationRecorder:
        return ApplicationRecorderOnStore(self.make_store())


class TestAggregateRecorderInMemory(_InMemory, _Aggregate, contract.AggregateRecorderTestCase):
    pass


class TestApplicationRecorderInMemory(
    _InMemory, _Application, contract.ApplicationRecorderTestCase[ApplicationRecorder]
):
    pass


class TestNonInterleavingInMemory(_InMemory, _NonInterleaving, contract.NonInterleavingNotificationIDsBaseCase):
    pass


class TestAggregateRecorderInAJournal(_InAJournal, _Aggregate, contract.AggregateRecorderTestCase):
    pass


class TestApplicationRecorderInAJournal(
    _InAJournal, _Application, contract.ApplicationRecorderTestCase[ApplicationRecorder]
):
    pass


class TestNonInterleavingInAJournal(_InAJournal, _NonInterleaving, contract.NonInterleavingNotificationIDsBaseCase):
    pass


class TestAggregateRecorderOnTheEmulator(_OnTheEmulator, _Aggregate, contract.AggregateRecorderTestCase):
    pass


class TestApplicationRecorderOnTheEmulator(
    _OnTheEmulator, _Application, contract.ApplicationRecorderTestCase[ApplicationRecorder]
):
    def test_concurrent_no_conflicts(self, initial_position: int = 0) -> None:  # noqa: PT028  the contract's own
        """It writes 10,000 events against two readers that never pause, which takes the emulator minutes.

        `EventStoreContract` has twelve writers and a reader on it instead.
        """


class TestNonInterleavingOnTheEmulator(
    _OnTheEmulator, _NonInterleaving, contract.NonInterleavingNotificationIDsBaseCase
):
    pass
