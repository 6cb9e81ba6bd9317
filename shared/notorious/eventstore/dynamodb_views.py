"""Views on DynamoDB.

    owner (partition)              id (sort)     holds
    TENANT#KIND#GENERATION         VIEW          one view: version, updated, content (JSON text), counted, ...
    TENANT#statistics#GENERATION   0 ... f       counters, each an attribute `n:NAME`; a view has its item
    TENANT#generations             generations   current, building

A tenant's name holds no `#`. The statistics are spread over sixteen items, since every event of a tenant changes them
and DynamoDB lets one transaction at a time touch an item; reading adds them up.
"""

import hashlib
import json
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from notorious.eventstore.errors import StoreIsBusy
from notorious.eventstore.views import KINDS, Generations, Kind, View, ViewConflict

_REMEMBER_SECONDS = 3.0
"""How long a reader may go by the generation that it looked up."""

_ATTEMPTS = 10
_COUNTER = "n:"


class DynamoViews:
    """The views in one table. `client` is a boto3 DynamoDB client; threads may share them."""

    def __init__(self, client: Any, table: str, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._client = client
        self._table = table
        self._clock = clock
        self._looked_up: dict[str, tuple[float, int]] = {}

    def get(self, tenant: str, kind: Kind, view_id: str, *, generation: int | None = None) -> View | None:
        """See `Views.get`. A consistent read."""
        key = {"owner": {"S": self._owner(tenant, kind, generation)}, "id": {"S": view_id}}
        answer = self._client.get_item(TableName=self._table, Key=key, ConsistentRead=True)
        return _view_of(answer["Item"]) if "Item" in answer else None

    def all(self, tenant: str, kind: Kind, *, generation: int | None = None) -> Iterator[View]:
        """See `Views.all`. Reads a page at a time."""
        items = self._query(self._owner(tenant, kind, generation))
        return (_view_of(item) for item in items if "gone" not in item)

    def put(self, tenant: str, kind: Kind, view: View, *, before: View | None, generation: int) -> None:
        """See `Views.put`: one transaction."""
        from botocore.exceptions import ClientError

        owner = f"{tenant}#{kind}#{generation}"
        condition: dict[str, Any] = {
            "ConditionExpression": "attribute_not_exists(#version)" if before is None else "#version = :version",
            "ExpressionAttributeNames": {"#version": "version"},
        }
        if before is not None:
            condition["ExpressionAttributeValues"] = {":version": {"N": str(before.version)}}
        actions: list[dict[str, Any]] = [
            {"Put": {"TableName": self._table, "Item": _item_of(owner, view), **condition}},
            *self._count(tenant, view, before, generation),
        ]
        try:
            self._client.transact_write_items(TransactItems=actions)
        except ClientError as error:
            if error.response["Error"]["Code"] in ("TransactionCanceledException", "TransactionInProgressException"):
                raise ViewConflict(f"the view {view.id} of {tenant} was written by somebody else: {error}") from error
            raise

    def statistics(self, tenant: str, *, generation: int | None = None) -> Mapping[str, int]:
        """See `Views.statistics`."""
        total: Counter[str] = Counter()
        for item in self._query(self._owner(tenant, "statistics", generation)):
            counters = {name: value for name, value in item.items() if name.startswith(_COUNTER)}
            total.update({name.removeprefix(_COUNTER): int(value["N"]) for name, value in counters.items()})
        return {name: count for name, count in sorted(total.items()) if count}

    def generations(self, tenant: str) -> Generations:
        """See `Views.generations`. A consistent read."""
        answer = self._client.get_item(TableName=self._table, Key=_generations_key(tenant), ConsistentRead=True)
        item = answer.get("Item")
        if item is None:
            return Generations()
        return Generations(int(item["current"]["N"]), int(item["building"]["N"]) if "building" in item else None)

    def begin(self, tenant: str) -> int:
        """See `Views.begin`."""
        for _ in range(_ATTEMPTS):
            now = self.generations(tenant)
            if now.building is not None:
                return now.building
            if self._change_generations(tenant, now, Generations(now.current, now.current + 1)):
                return now.current + 1
        raise StoreIsBusy(f"the generations of {tenant}'s views are being changed by others; try again")

    def switch(self, tenant: str, generation: int) -> int:
        """See `Views.switch`."""
        now = self.generations(tenant)
        if now.building != generation or not self._change_generations(tenant, now, Generations(generation)):
            raise ViewConflict(f"generation {generation} of {tenant} is not being built")
        self._looked_up.pop(tenant, None)
        return now.current

    def drop(self, tenant: str, generation: int) -> None:
        """See `Views.drop`."""
        if generation in self.generations(tenant).written:
            raise ValueError(f"generation {generation} of {tenant} is in use")
        for kind in (*KINDS, "statistics"):
            keys = [{"owner": item["owner"], "id": item["id"]} for item in self._query(f"{tenant}#{kind}#{generation}")]
            for start in range(0, len(keys), 25):
                wanted = {self._table: [{"DeleteRequest": {"Key": key}} for key in keys[start : start + 25]]}
                for attempt in range(_ATTEMPTS):
                    wanted = self._client.batch_write_item(RequestItems=wanted).get("UnprocessedItems", {})
                    if not wanted:
                        break
                    time.sleep(0.05 * 2**attempt)
                else:
                    raise StoreIsBusy(f"old views of {tenant} could not be removed; try again")

    def _owner(self, tenant: str, kind: str, generation: int | None) -> str:
        return f"{tenant}#{kind}#{self._current(tenant) if generation is None else generation}"

    def _current(self, tenant: str) -> int:
        now = self._clock()
        known = self._looked_up.get(tenant)
        if known is not None and known[0] > now - _REMEMBER_SECONDS:
            return known[1]
        current = self.generations(tenant).current
        self._looked_up[tenant] = (now, current)
        return current

    def _query(self, owner: str) -> Iterator[dict[str, Any]]:
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            ConsistentRead=True,
            KeyConditionExpression="#owner = :owner",
            ExpressionAttributeNames={"#owner": "owner"},
            ExpressionAttributeValues={":owner": {"S": owner}},
        )
        return (item for page in pages for item in page["Items"])

    def _count(self, tenant: str, view: View, before: View | None, generation: int) -> list[dict[str, Any]]:
        changes = Counter(view.counted)
        changes.subtract(before.counted if before else {})
        changes = Counter({name: change for name, change in changes.items() if change})
        if not changes:
            return []
        names = {f"#c{number}": f"{_COUNTER}{name}" for number, name in enumerate(changes)}
        values = {f":c{number}": {"N": str(change)} for number, change in enumerate(changes.values())}
        shard = hashlib.sha256(view.id.encode()).hexdigest()[0]
        return [
            {
                "Update": {
                    "TableName": self._table,
                    "Key": {"owner": {"S": f"{tenant}#statistics#{generation}"}, "id": {"S": shard}},
                    "UpdateExpression": "ADD " + ", ".join(f"#c{number} :c{number}" for number in range(len(changes))),
                    "ExpressionAttributeNames": names,
                    "ExpressionAttributeValues": values,
                }
            }
        ]

    def _change_generations(self, tenant: str, before: Generations, after: Generations) -> bool:
        """Put them in the place of those that were read; False where somebody else did first."""
        from botocore.exceptions import ClientError

        item = {**_generations_key(tenant), "current": {"N": str(after.current)}}
        if after.building is not None:
            item["building"] = {"N": str(after.building)}
        values = {":current": {"N": str(before.current)}}
        if before.building is None:
            condition = "attribute_not_exists(#current) OR (#current = :current AND attribute_not_exists(#building))"
        else:
            condition = "#current = :current AND #building = :building"
            values[":building"] = {"N": str(before.building)}
        try:
            self._client.put_item(
                TableName=self._table,
                Item=item,
                ConditionExpression=condition,
                ExpressionAttributeNames={"#current": "current", "#building": "building"},
                ExpressionAttributeValues=values,
            )
        except ClientError as error:
            if error.response["Error"]["Code"] == "ConditionalCheckFailedException":
                return False
            raise
        return True


def _generations_key(tenant: str) -> dict[str, Any]:
    return {"owner": {"S": f"{tenant}#generations"}, "id": {"S": "generations"}}


def _item_of(owner: str, view: View) -> dict[str, Any]:
    item: dict[str, Any] = {
        "owner": {"S": owner},
        "id": {"S": view.id},
        "version": {"N": str(view.version)},
        "updated": {"N": str(view.updated)},
        "content": {"S": json.dumps(view.content, separators=(",", ":"), allow_nan=False)},
        "counted": {"M": {name: {"N": str(count)} for name, count in view.counted.items()}},
        "projection": {"N": str(view.projection)},
    }
    if view.is_gone:
        item["gone"] = {"BOOL": True}
    return item


def _view_of(item: Mapping[str, Any]) -> View:
    return View(
        id=item["id"]["S"],
        version=int(item["version"]["N"]),
        updated=int(item["updated"]["N"]),
        content=json.loads(item["content"]["S"]),
        counted={name: int(value["N"]) for name, value in item["counted"]["M"].items()},
        is_gone="gone" in item,
        projection=int(item["projection"]["N"]),
    )
