"""Counts what it sees of a stream into the views; a stream called poison cannot be projected without the antidote."""

import json
import os

import botocore.session

tables = botocore.session.Session().create_client("dynamodb")


def handler(event, context):
    failures = []
    for record in event["Records"]:
        detail = json.loads(record["body"])["detail"]
        if detail["stream"].endswith("poison") and not os.path.exists(f"{os.environ['NOTORIOUS_JOURNAL']}.antidote"):
            failures.append({"itemIdentifier": record["messageId"]})
            continue
        tables.update_item(
            TableName=os.environ["NOTORIOUS_VIEWS_TABLE"],
            Key={"owner": {"S": "local#streams"}, "id": {"S": detail["stream"]}},
            UpdateExpression="ADD seen :item",
            ExpressionAttributeValues={":item": {"SS": [detail["item"]]}},
        )
    return {"batchItemFailures": failures}
