"""The store on DynamoDB keeps the contract, on moto and on the embedded emulator."""

import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError
from events_table import StorePerThread, create_events_table, emulator_client, moto_client
from store_contract import STREAM, EventStoreContract, append, numbers, setting, stream

from notorious.eventstore import MemoryStore, RestorableStore, StoreIsBusy
from notorious.eventstore.dynamodb import DynamoStore
from notorious.eventstore.items import is_event, is_quiet, record_of


class TestOnMoto(EventStoreContract):
    # moto copies the whole table for each transaction.
    appends_per_writer = 3

    @pytest.fixture
    def store(self) -> Iterator[RestorableStore]:  # type: ignore[override]
        with moto_client() as client:
            create_events_table(client, "events")
            yield StorePerThread(client, "events")  # type: ignore[misc]


class TestOnTheEmulator(EventStoreContract):
    @pytest.fixture
    def store(self, emulator_address: str) -> RestorableStore:
        client, name = emulator_client(emulator_address), f"events-{uuid.uuid4().hex}"
        create_events_table(client, name)
        return StorePerThread(client, name)  # type: ignore[return-value]


@pytest.fixture
def client() -> Iterator[Any]:
    with moto_client() as client:
        create_events_table(client, "events")
        yield client


class Altered:
    """A client one of whose methods is another function."""

    def __init__(self, client: Any, name: str, function: Any) -> None:
        self._client, self._name, self._function = client, name, function

    def __getattr__(self, name: str) -> Any:
        return self._function if name == self._name else getattr(self._client, name)


def cancelled(*codes: str) -> ClientError:
    """The refusal of a transaction, with a reason for each action."""
    reasons = [{"Code": code} for code in codes]
    answer = {"Error": {"Code": "TransactionCanceledException"}, "CancellationReasons": reasons}
    return ClientError(answer, "TransactWriteItems")  # type: ignore[arg-type]


def test_the_feed_ends_before_a_gap_in_the_index(client: Any) -> None:
    store = DynamoStore(client, "events")
    for number in range(5):
        append(store, 0, setting(number), command="c", to=stream(number))
    missing = client.get_item(
        TableName="events", Key={"stream": {"S": "anna/library/library-2"}, "item": {"S": "e#0000000001"}}
    )["Item"]
    # As while the index has not heard of position 3 yet.
    client.delete_item(TableName="events", Key={"stream": missing["stream"], "item": missing["item"]})
    assert numbers(store.feed("anna")) == [0, 1]
    assert numbers(store.feed("anna", after=2)) == []
    client.put_item(TableName="events", Item=missing)
    assert numbers(store.feed("anna", after=2)) == [2, 3, 4]


def test_a_transaction_that_meets_another_is_tried_again(client: Any) -> None:
    calls: list[int] = []

    def transact(**arguments: Any) -> Any:
        calls.append(len(arguments["TransactItems"]))
        if len(calls) < 4:
            raise cancelled("TransactionConflict", "None", "None", "None")
        return client.transact_write_items(**arguments)

    pauses: list[float] = []
    store = DynamoStore(Altered(client, "transact_write_items", transact), "events", sleep=pauses.append)
    append(store, 0, setting(1), command="c")
    assert (len(calls), len(pauses)) == (4, 3)
    assert numbers(store.read("anna", STREAM)) == [1]


def test_a_busy_table_is_told_after_a_bounded_number_of_attempts(client: Any) -> None:
    def transact(**_: Any) -> Any:
        raise cancelled("TransactionConflict", "None", "None", "None")

    pauses: list[float] = []
    busy = Altered(client, "transact_write_items", transact)
    with pytest.raises(StoreIsBusy, match="9 attempts"):
        append(DynamoStore(busy, "events", attempts=9, sleep=pauses.append), 0, setting(1), command="c")
    assert len(pauses) == 9


def test_an_append_whose_answer_was_lost_is_known_when_it_is_repeated(client: Any) -> None:
    def transact(**arguments: Any) -> Any:
        client.transact_write_items(**arguments)
        raise ConnectionError("the answer never arrived")

    with pytest.raises(ConnectionError):
        append(DynamoStore(Altered(client, "transact_write_items", transact), "events"), 0, setting(1), command="c")
    again = append(DynamoStore(client, "events"), 0, setting(1), command="c")
    assert again.was_repeated
    assert numbers(again.records) == [1]


def test_a_store_that_does_not_know_of_others_appends_looks_again(client: Any) -> None:
    one, other = DynamoStore(client, "events"), DynamoStore(client, "events")
    append(one, 0, setting(1), command="c", to=stream(1))
    for number in range(2, 9):
        append(other, 0, setting(number), command="c", to=stream(number))
    (record,) = append(one, 0, setting(9), command="c", to=stream(9)).records
    assert record.feed_position == 9


def test_only_what_was_put_back_is_quiet(client: Any) -> None:
    source = MemoryStore()
    append(source, 0, setting(1), command="a")
    append(source, 1, setting(2), command="b")
    store = DynamoStore(client, "events")
    store.put_back("anna", source.feed("anna", limit=1))
    store.put_back("anna", source.feed("anna"), announce=True)
    append(store, 2, setting(3), command="c")
    items = [item for item in client.scan(TableName="events")["Items"] if is_event(item)]
    quiet = {record_of(item).feed_position: is_quiet(item) for item in items}
    assert quiet == {1: True, 2: False, 3: False}
