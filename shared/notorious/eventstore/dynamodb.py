"""The event store on DynamoDB.

One append is one transaction: it moves the tenant's head, notes the command and puts the events, each under a
condition. So positions are given without gaps, a stream cannot fork, and a command is taken once. Appends of one
tenant follow one another at its head: threads of one process take turns; of two processes one loses the race, looks
where the head is now, and tries again after a random pause. Keys and attributes: `items`.

The index `feed` is brought up to date a moment after the table, item by item, so a reader may find position 8 before
7. `feed` ends before such a gap; asked again, it goes on.
"""

import random
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, Literal, assert_never

from notorious.domain import Recorded, StreamName
from notorious.eventstore.errors import FeedGap, RecordsDiffer, StoreError, StoreIsBusy, VersionConflict
from notorious.eventstore.items import (
    Item,
    begins_command,
    command_item,
    command_key,
    event_item,
    event_key,
    event_sort_key,
    head_key,
    record_of,
    stream_key,
    tenant_key,
)
from notorious.eventstore.recording import Batch, TakesBatches
from notorious.eventstore.store import Appended

ATTEMPTS = 100
"""Attempts of one append. With pauses of up to a fifth of a second they last some 10 s."""

_FIRST_PAUSE_SECONDS = 0.01
_LONGEST_PAUSE_SECONDS = 0.2

_RECORDS_PER_TRANSACTION = 40
"""Put back at once: each may bring its command, and a transaction takes 100 items."""

_Outcome = Literal["repeated", "conflict", "busy"]


class DynamoStore(TakesBatches):
    """The events in one table. `client` is a boto3 DynamoDB client; threads may share the store."""

    def __init__(
        self,
        client: Any,
        table: str,
        *,
        attempts: int = ATTEMPTS,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self._client = client
        self._table = table
        self._attempts = attempts
        self._sleep = sleep
        # Where each tenant's head was last seen. Only a guess: the transaction checks it.
        self._heads: dict[str, int] = {}
        self._turns: dict[str, threading.Lock] = {}
        self._turns_lock = threading.Lock()

    # -- appending -------------------------------------------------------------------------------------------------

    def take(self, batch: Batch) -> Appended:
        """See `TakesBatches.take`."""
        with self._turn(batch.tenant):
            return self._append(batch)

    def _append(self, batch: Batch) -> Appended:
        tenant, stream = batch.tenant, batch.stream
        position = self._heads[tenant] if tenant in self._heads else self.head(tenant)
        for attempt in range(self._attempts):
            records = batch.records(after_position=position)
            reasons = self._transact(self._append_actions(batch, records, position))
            if reasons is None:
                self._heads[tenant] = records[-1].feed_position
                return Appended(records)
            outcome = _outcome(reasons)
            if outcome == "repeated":
                return Appended(self._records_of(tenant, stream, batch.command_id), was_repeated=True)
            if outcome == "conflict":
                raise VersionConflict(f"{stream} is no longer at version {batch.expected_version}; read it again")
            if outcome == "busy":
                self._pause(attempt)
                # Looked up after the pause, not before: who comes with an old position never wins.
                position = self.head(tenant)
                continue
            assert_never(outcome)
        raise StoreIsBusy(f"the event store is busy: {self._attempts} attempts to append to {stream} met other writers")

    def _turn(self, tenant: str) -> threading.Lock:
        with self._turns_lock:
            return self._turns.setdefault(tenant, threading.Lock())

    def _append_actions(self, batch: Batch, records: Sequence[Recorded], position: int) -> list[dict[str, Any]]:
        actions = [
            self._move_head(batch.tenant, position, records[-1].feed_position),
            self._put(command_item(records[0]), only_if_new=True),
            *(self._put(event_item(record), only_if_new=True) for record in records),
        ]
        if batch.expected_version:
            key = event_key(batch.tenant, batch.stream, batch.expected_version)
            actions.append(
                {
                    "ConditionCheck": {
                        "TableName": self._table,
                        "Key": key,
                        "ConditionExpression": "attribute_exists(#item)",
                        "ExpressionAttributeNames": {"#item": "item"},
                    }
                }
            )
        if position == 0:
            actions.append(self._put(tenant_key(batch.tenant)))
        return actions

    def _move_head(self, tenant: str, position: int, new_position: int) -> dict[str, Any]:
        values = {":new": {"N": str(new_position)}}
        if position:
            values[":old"] = {"N": str(position)}
        return {
            "Update": {
                "TableName": self._table,
                "Key": head_key(tenant),
                "UpdateExpression": "SET #position = :new",
                "ConditionExpression": "#position = :old" if position else "attribute_not_exists(#position)",
                "ExpressionAttributeNames": {"#position": "position"},
                "ExpressionAttributeValues": values,
            }
        }

    def _put(self, item: Item, *, only_if_new: bool = False) -> dict[str, Any]:
        put: dict[str, Any] = {"TableName": self._table, "Item": item}
        if only_if_new:
            put |= {
                "ConditionExpression": "attribute_not_exists(#item)",
                "ExpressionAttributeNames": {"#item": "item"},
            }
        return {"Put": put}

    def _transact(self, actions: list[dict[str, Any]]) -> list[dict[str, Any]] | None:
        """Carry out a transaction; the reason for each action where it was cancelled."""
        from botocore.exceptions import ClientError

        try:
            self._client.transact_write_items(TransactItems=actions)
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code == "TransactionCanceledException":
                reasons: list[dict[str, Any]] = error.response.get("CancellationReasons", [])
                if len(reasons) != len(actions):
                    raise StoreError(f"the table {self._table} cancelled an append and did not say why") from error
                return reasons
            if code == "TransactionInProgressException":
                return [{"Code": "TransactionConflict"} for _ in actions]
            raise
        return None

    def _records_of(self, tenant: str, stream: StreamName, command_id: str) -> tuple[Recorded, ...]:
        """What a command led to when it was first carried out."""
        key = command_key(tenant, stream, command_id)
        item = self._client.get_item(TableName=self._table, Key=key, ConsistentRead=True)["Item"]
        records: list[Recorded] = []
        for record in self._query_events(tenant, stream, int(item["first_version"]["N"]) - 1):
            if record.command_id != command_id:
                break
            records.append(record)
        return tuple(records)

    def _pause(self, attempt: int) -> None:
        longest = min(_LONGEST_PAUSE_SECONDS, _FIRST_PAUSE_SECONDS * 2.0 ** min(attempt, 10))
        self._sleep(random.uniform(0, longest))

    # -- reading ---------------------------------------------------------------------------------------------------

    def read(self, tenant: str, stream: StreamName, after: int = 0) -> Sequence[Recorded]:
        """See `EventReader.read`. A consistent read."""
        return tuple(self._query_events(tenant, stream, after))

    def feed(self, tenant: str, after: int = 0, limit: int = 1000) -> Sequence[Recorded]:
        """See `EventReader.feed`. Reads the index, and stops at the first gap."""
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            IndexName="feed",
            KeyConditionExpression="#tenant = :tenant AND #position > :after",
            ExpressionAttributeNames={"#tenant": "tenant", "#position": "feed_position"},
            ExpressionAttributeValues={":tenant": {"S": tenant}, ":after": {"N": str(after)}},
            PaginationConfig={"PageSize": max(1, min(limit, 1000))},
        )
        records: list[Recorded] = []
        for item in islice((item for page in pages for item in page["Items"]), max(0, limit)):
            record = record_of(item)
            if record.feed_position != after + len(records) + 1:
                break
            records.append(record)
        return tuple(records)

    def head(self, tenant: str) -> int:
        """See `EventReader.head`. A consistent read."""
        answer = self._client.get_item(TableName=self._table, Key=head_key(tenant), ConsistentRead=True)
        return int(answer["Item"]["position"]["N"]) if "Item" in answer else 0

    def tenants(self) -> Sequence[str]:
        """See `EventReader.tenants`."""
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            ConsistentRead=True,
            KeyConditionExpression="#stream = :tenants",
            ExpressionAttributeNames={"#stream": "stream"},
            ExpressionAttributeValues={":tenants": {"S": "tenants"}},
        )
        return tuple(item["item"]["S"] for page in pages for item in page["Items"])

    def _query_events(self, tenant: str, stream: StreamName, after: int) -> Iterator[Recorded]:
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            ConsistentRead=True,
            KeyConditionExpression="#stream = :stream AND #item BETWEEN :first AND :last",
            ExpressionAttributeNames={"#stream": "stream", "#item": "item"},
            ExpressionAttributeValues={
                ":stream": {"S": stream_key(tenant, stream)},
                ":first": {"S": event_sort_key(max(0, after) + 1)},
                ":last": {"S": "e#9999999999"},
            },
        )
        return (record_of(item) for page in pages for item in page["Items"])

    # -- putting back ----------------------------------------------------------------------------------------------

    def put_back(self, tenant: str, records: Iterable[Recorded], *, announce: bool = False) -> int:
        """See `RestorableStore.put_back`. Each transaction holds up to forty records."""
        new = 0
        previous: Recorded | None = None
        iterator = iter(records)
        while group := list(islice(iterator, _RECORDS_PER_TRANSACTION)):
            new += self._put_back_group(tenant, group, previous, quiet=not announce)
            previous = group[-1]
        return new

    def _put_back_group(self, tenant: str, group: list[Recorded], previous: Recorded | None, *, quiet: bool) -> int:
        # At first the head is taken to be where it must be: that is so in all but an interrupted or contested run.
        head = group[0].feed_position - 1
        for attempt in range(self._attempts):
            known = [record for record in group if record.feed_position <= head]
            fresh = group[len(known) :]
            self._check_same(known)
            if not fresh:
                return 0
            if fresh[0].feed_position != head + 1:
                raise FeedGap(
                    f"position {fresh[0].feed_position} of {tenant} cannot follow on {head}", expected=head + 1
                )
            before = known[-1] if known else previous or self._before(fresh[0])
            reasons = self._transact(self._put_back_actions(tenant, fresh, before, head, quiet=quiet))
            if reasons is None:
                self._heads[tenant] = fresh[-1].feed_position
                return len(fresh)
            head_was_right = reasons[0].get("Code") != "ConditionalCheckFailed"
            if head_was_right and _outcome(reasons) == "conflict":
                raise RecordsDiffer(f"{tenant} has other events where {fresh[0].stream} and others are to be put back")
            if attempt:
                self._pause(attempt)
            head = self.head(tenant)
        raise StoreIsBusy(f"the event store is busy: records of {tenant} could not be put back; try again")

    def _put_back_actions(
        self, tenant: str, fresh: Sequence[Recorded], before: Recorded | None, head: int, *, quiet: bool
    ) -> list[dict[str, Any]]:
        events: list[dict[str, Any]] = []
        commands: list[dict[str, Any]] = []
        for record in fresh:
            events.append(self._put(event_item(record, quiet=quiet), only_if_new=True))
            if begins_command(record, before):
                commands.append(self._put(command_item(record)))
            before = record
        # The tenant's item stands where `append` has a command's, so that the reasons are read alike.
        move = self._move_head(tenant, head, fresh[-1].feed_position)
        return [move, {"Put": {"TableName": self._table, "Item": tenant_key(tenant)}}, *events, *commands]

    def _before(self, record: Recorded) -> Recorded | None:
        """The record of the same stream before this one, where it may belong to the same command."""
        if record.version == 1:
            return None
        return next(self._query_events(record.tenant, record.stream, record.version - 2), None)

    def _check_same(self, records: Sequence[Recorded]) -> None:
        for record in records:
            key = event_key(record.tenant, record.stream, record.version)
            answer = self._client.get_item(TableName=self._table, Key=key, ConsistentRead=True)
            if "Item" not in answer or record_of(answer["Item"]) != record:
                raise RecordsDiffer(f"another record lies at position {record.feed_position} of {record.tenant}")


def _outcome(reasons: Sequence[dict[str, Any]]) -> _Outcome:
    """What a cancelled append means. The reasons are those of head, command, events and the check of the version."""
    failed = [reason.get("Code") == "ConditionalCheckFailed" for reason in reasons]
    if failed[1]:
        return "repeated"
    if any(failed[2:]):
        return "conflict"
    return "busy"
