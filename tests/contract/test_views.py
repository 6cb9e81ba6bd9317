"""All places for views keep the contract."""

import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from events_table import emulator_client, moto_client
from views_contract import ViewsContract, view

from notorious.eventstore.dynamodb_views import DynamoViews
from notorious.eventstore.memory_views import MemoryViews
from notorious.eventstore.views import Views


def create_views_table(client: Any, name: str) -> None:
    """An empty views table."""
    client.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("owner", "id")],
        KeySchema=[{"AttributeName": "owner", "KeyType": "HASH"}, {"AttributeName": "id", "KeyType": "RANGE"}],
    )


class TestInMemory(ViewsContract):
    @pytest.fixture
    def views(self) -> Views:
        return MemoryViews()


class TestOnMoto(ViewsContract):
    @pytest.fixture
    def views(self) -> Iterator[Views]:  # type: ignore[override]
        with moto_client() as client:
            create_views_table(client, "views")
            yield DynamoViews(client, "views")


class TestOnTheEmulator(ViewsContract):
    @pytest.fixture
    def views(self, emulator_address: str) -> Views:
        client, name = emulator_client(emulator_address), f"views-{uuid.uuid4().hex}"
        create_views_table(client, name)
        return DynamoViews(client, name)


def test_a_reader_learns_of_another_generation_after_a_moment() -> None:
    now = 0.0
    with moto_client() as client:
        create_views_table(client, "views")
        reader, builder = DynamoViews(client, "views", clock=lambda: now), DynamoViews(client, "views")
        builder.put("anna", "tracks", view("a", 1), before=None, generation=1)
        assert reader.get("anna", "tracks", "a") == view("a", 1)
        builder.begin("anna")
        builder.put("anna", "tracks", view("a", 2), before=None, generation=2)
        builder.switch("anna", 2)
        assert reader.get("anna", "tracks", "a") == view("a", 1)
        now = 4.0
        assert reader.get("anna", "tracks", "a") == view("a", 2)
