"""The live table's items, in DynamoDB's typed JSON, and what all who use the table do alike.

    owner                       id              holds
    TENANT#progress             MIX             how far a mix is, and when its listeners are told
    TENANT#approval             MIX             a workflow's callback token
    jobs                        TENANT/MIX      a mix under way
    connection#CONNECTION       connection      a WebSocket: tenant, user
    connection#CONNECTION       topic#TOPIC     one of its subscriptions
    TENANT#topic#TOPIC          CONNECTION      the same, from the other side
    ticket#TICKET               ticket          tenant, user
    TENANT#bucket               USER            tokens left

Every item has `expires_at` [seconds since the epoch]; DynamoDB removes it some time after that, so who reads checks.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

Item = Mapping[str, Mapping[str, Any]]


def text(value: str) -> dict[str, str]:
    return {"S": value}


def number(value: float) -> dict[str, str]:
    return {"N": repr(value)}


def read_text(item: Item, name: str) -> str:
    return str(item[name]["S"])


def read_number(item: Item, name: str, default: float = 0.0) -> float:
    return float(item[name]["N"]) if name in item else default


def expires(moment: datetime) -> dict[str, str]:
    return {"N": str(int(moment.timestamp()))}


class LiveTable:
    """The table, and the few requests that are made of it."""

    def __init__(self, client: Any, table: str) -> None:
        self.client = client
        self.table = table

    @staticmethod
    def key(owner: str, name: str) -> dict[str, dict[str, str]]:
        return {"owner": text(owner), "id": text(name)}

    def get(self, owner: str, name: str) -> Item | None:
        found: Item | None = self.client.get_item(
            TableName=self.table, Key=self.key(owner, name), ConsistentRead=True
        ).get("Item")
        return found

    def put(self, owner: str, name: str, **attributes: Any) -> None:
        self.client.put_item(TableName=self.table, Item={**self.key(owner, name), **attributes})

    def delete(self, owner: str, name: str) -> Item | None:
        """Remove an item; what it was."""
        done = self.client.delete_item(TableName=self.table, Key=self.key(owner, name), ReturnValues="ALL_OLD")
        found: Item | None = done.get("Attributes")
        return found

    def items(self, owner: str) -> Iterator[Item]:
        pages = self.client.get_paginator("query").paginate(
            TableName=self.table,
            KeyConditionExpression="#owner = :owner",
            ExpressionAttributeNames={"#owner": "owner"},
            ExpressionAttributeValues={":owner": text(owner)},
            ConsistentRead=True,
        )
        for page in pages:
            yield from page["Items"]

    def put_if(self, owner: str, name: str, condition: str, values: Item, **attributes: Any) -> bool:
        """Put an item where a condition holds of the one that is there; False where it does not."""
        from botocore.exceptions import ClientError

        request: dict[str, Any] = {"ExpressionAttributeValues": dict(values)} if values else {}
        try:
            self.client.put_item(
                TableName=self.table,
                Item={**self.key(owner, name), **attributes},
                ConditionExpression=condition,
                **request,
            )
        except ClientError as error:
            if error.response["Error"]["Code"] == "ConditionalCheckFailedException":
                return False
            raise
        return True
