"""What the live table guarantees: the same of the fake and of DynamoDB."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from fakes.clock import FakeClock
from fakes.live import MemoryLive
from notorious.aws.live import DynamoLive
from notorious.service.ports import Connection, Live, ProgressStep, Ticket
from unit.service.conftest import emulator_client

CLOCK = FakeClock()
NOW = CLOCK.now()
LATER = NOW + timedelta(hours=1)


def dynamo_live(request: pytest.FixtureRequest) -> Live:
    request.getfixturevalue("aws")
    import boto3

    return live_of(_OneAtATime(boto3.client("dynamodb")))


def emulated_live(request: pytest.FixtureRequest) -> Live:
    return live_of(emulator_client("dynamodb", request.getfixturevalue("emulator_address")))


def live_of(client: Any) -> Live:
    table = f"live-{uuid4().hex}"
    client.create_table(
        TableName=table,
        KeySchema=[{"AttributeName": "owner", "KeyType": "HASH"}, {"AttributeName": "id", "KeyType": "RANGE"}],
        AttributeDefinitions=[
            {"AttributeName": "owner", "AttributeType": "S"},
            {"AttributeName": "id", "AttributeType": "S"},
        ],
        BillingMode="PAY_PER_REQUEST",
    )
    return DynamoLive(client, table, CLOCK)


class _OneAtATime:
    """A client whose requests follow one another: DynamoDB makes conditional writes atomic, moto does not."""

    _lock = threading.Lock()

    def __init__(self, client: Any) -> None:
        self._client = client

    def __getattr__(self, name: str) -> Any:
        request = getattr(self._client, name)

        def guarded(*arguments: Any, **named: Any) -> Any:
            with self._lock:
                return request(*arguments, **named)

        return guarded


MAKERS: dict[str, Callable[[pytest.FixtureRequest], Live]] = {
    "memory": lambda _: MemoryLive(),
    "dynamodb": dynamo_live,
    "emulator": emulated_live,
}


@pytest.fixture(params=list(MAKERS))
def live(request: pytest.FixtureRequest) -> Live:
    return MAKERS[request.param](request)


def test_a_job_without_reports_has_no_document(live: Live) -> None:
    assert live.progress("anna", "m1") is None
    live.restart_progress("anna", "m1")
    assert live.progress("anna", "m1") is None


def test_parts_of_a_phase_add_up_to_no_more_than_its_total(live: Live) -> None:
    live.advance("anna", "m1", ProgressStep("rendering voices", 30.5, 100.0, part="0", detail="one"))
    document = live.advance("anna", "m1", ProgressStep("rendering voices", 60.25, 100.0, part="1", detail="two"))
    assert document is not None
    assert (document.version, document.current, document.total, document.detail) == (2, 90.75, 100.0, "two")
    live.advance("anna", "m1", ProgressStep("rendering voices", 60.0, 100.0, part="2"))
    again = live.progress("anna", "m1")
    assert again is not None
    assert (again.current, again.percent, again.topic) == (100.0, 100.0, "mix/m1")


def test_a_later_phase_forgets_the_parts_of_the_one_before(live: Live) -> None:
    live.advance("anna", "m1", ProgressStep("rendering voices", 30.0, 100.0, part="0"))
    document = live.advance("anna", "m1", ProgressStep("mastering", 5.0, 50.0))
    assert document is not None
    assert (document.phase, document.current) == ("mastering", 5.0)
    assert live.advance("anna", "m1", ProgressStep("rendering voices", 31.0, 100.0, part="0")) is None


def test_another_attempt_begins_anew_with_a_higher_version(live: Live) -> None:
    live.advance("anna", "m1", ProgressStep("rendering voices", 30.0, 100.0, part="0"))
    live.restart_progress("anna", "m1")
    document = live.advance("anna", "m1", ProgressStep("rendering voices", 10.0, 100.0, part="1"))
    assert document is not None
    assert (document.attempt, document.version, document.current) == (2, 2, 10.0)


def test_a_job_that_begins_again_on_an_empty_table_counts_on_from_higher_numbers(live: Live) -> None:
    live.restart_progress("anna", "m1")
    first = live.advance("anna", "m1", ProgressStep("validating", 0.0, 1.0))
    assert first is not None
    # A mix of an hour writes some thousand documents; a table that is lost is lost later than that many milliseconds.
    assert first.version == int(NOW.timestamp() * 1000) + 1
    live.restart_progress("anna", "m1")
    again = live.advance("anna", "m1", ProgressStep("validating", 0.0, 1.0))
    assert again is not None
    assert again.version == first.version + 1


def test_jobs_of_two_tenants_with_the_same_name_are_two(live: Live) -> None:
    live.advance("anna", "m1", ProgressStep("planning", 1.0, 2.0))
    assert live.progress("bob", "m1") is None


def test_telling_is_granted_once_in_half_a_second(live: Live) -> None:
    def claim(seconds: float, may_wait: bool) -> float | None:
        now = NOW + timedelta(seconds=seconds)
        return live.claim_telling("anna", "m1", now=now, seconds=0.5, may_wait=may_wait)

    live.advance("anna", "m1", ProgressStep("planning", 1.0, 2.0))
    assert claim(0.0, False) == 0.0
    assert claim(0.3, False) is None
    assert claim(0.3, True) == pytest.approx(0.2, abs=1e-5)
    assert claim(0.4, True) is None
    assert claim(1.1, False) == 0.0


def test_of_many_who_claim_at_once_one_is_granted(live: Live) -> None:
    live.advance("anna", "m1", ProgressStep("planning", 1.0, 2.0))

    def claim(_: int) -> float | None:
        return live.claim_telling("anna", "m1", now=NOW, seconds=0.5, may_wait=False)

    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(claim, range(8)))
    assert [answer for answer in answers if answer is not None] == [0.0]


def test_listeners_of_a_topic_are_those_who_subscribed_within_the_tenant(live: Live) -> None:
    for number, tenant in (("c1", "anna"), ("c2", "anna"), ("c3", "bob")):
        connection = Connection(number, tenant, "someone")
        live.connect(connection, expires=LATER)
        live.subscribe(connection, "mix/m1", expires=LATER)
    assert live.listeners("anna", "mix/m1") == ("c1", "c2")
    assert live.listeners("bob", "mix/m1") == ("c3",)
    assert live.listeners("anna", "mix/m2") == ()


def test_who_unsubscribes_hears_no_more(live: Live) -> None:
    connection = Connection("c1", "anna", "someone")
    live.connect(connection, expires=LATER)
    for topic in ("mix/m1", "library"):
        live.subscribe(connection, topic, expires=LATER)
    live.unsubscribe(connection, "mix/m1")
    assert live.listeners("anna", "mix/m1") == ()
    assert live.topics_of("c1") == ("library",)


def test_a_connection_that_ends_takes_its_subscriptions_along(live: Live) -> None:
    connection = Connection("c1", "anna", "someone")
    live.connect(connection, expires=LATER)
    live.subscribe(connection, "mix/m1", expires=LATER)
    live.disconnect("c1")
    live.disconnect("c1")
    assert live.connection("c1") is None
    assert live.listeners("anna", "mix/m1") == ()
    assert list(live.connections()) == []


def test_all_connections_are_found_and_nothing_else(live: Live) -> None:
    connections = {Connection(f"c{number}", "anna", "someone") for number in range(3)}
    for connection in connections:
        live.connect(connection, expires=LATER)
        live.subscribe(connection, "library", expires=LATER)
    live.note_job("anna", "m1")
    assert set(live.connections()) == connections


def test_a_ticket_is_good_once(live: Live) -> None:
    live.keep_ticket("t1", Ticket("anna", "someone"), expires=LATER)
    assert live.redeem_ticket("t1", now=NOW) == Ticket("anna", "someone")
    assert live.redeem_ticket("t1", now=NOW) is None
    assert live.redeem_ticket("t2", now=NOW) is None


def test_a_ticket_that_has_expired_is_good_for_nothing(live: Live) -> None:
    live.keep_ticket("t1", Ticket("anna", "someone"), expires=NOW + timedelta(seconds=30))
    assert live.redeem_ticket("t1", now=NOW + timedelta(seconds=31)) is None


def test_a_bucket_gives_its_burst_and_then_makes_wait(live: Live) -> None:
    def take(seconds: float, user: str = "someone") -> float:
        return live.take_token("anna", user, per_second=2.0, burst=2.0, now=NOW + timedelta(seconds=seconds))

    assert [take(0), take(0), take(0)] == [0.0, 0.0, 0.5]
    assert take(0, "another") == 0.0
    assert take(0.6) == 0.0


def test_many_who_take_at_once_get_no_more_than_the_burst(live: Live) -> None:
    def take(_: int) -> float:
        return live.take_token("anna", "someone", per_second=0.001, burst=5.0, now=NOW)

    with ThreadPoolExecutor(4) as threads:
        waits = list(threads.map(take, range(12)))
    assert 1 <= waits.count(0.0) <= 5


def test_an_approval_token_stays_until_it_is_forgotten(live: Live) -> None:
    live.keep_approval_token("anna", "m1", "token", expires=LATER)
    assert live.approval_token("anna", "m1") == "token"
    assert live.approval_token("bob", "m1") is None
    live.forget_approval_token("anna", "m1")
    assert live.approval_token("anna", "m1") is None


def test_jobs_are_those_that_were_noted_and_not_forgotten(live: Live) -> None:
    for tenant, mix in (("anna", "m1"), ("bob", "m1"), ("anna", "m2"), ("anna", "m2")):
        live.note_job(tenant, mix)
    live.forget_job("anna", "m1")
    assert sorted(live.jobs()) == [("anna", "m2"), ("bob", "m1")]
