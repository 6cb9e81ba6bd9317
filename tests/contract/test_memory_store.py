"""The store in memory keeps the contract."""

import pytest
from store_contract import EventStoreContract

from notorious.eventstore import MemoryStore, RestorableStore


class TestMemoryStore(EventStoreContract):
    @pytest.fixture
    def store(self) -> RestorableStore:
        return MemoryStore()
