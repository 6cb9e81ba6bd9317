"""Notes that it was called."""

import os

import botocore.session

tables = botocore.session.Session().create_client("dynamodb")


def handler(event, context):
    tables.put_item(
        TableName=os.environ["NOTORIOUS_LIVE_TABLE"],
        Item={"owner": {"S": "sweep"}, "id": {"S": event.get("reason", "?")}},
    )
