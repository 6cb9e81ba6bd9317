"""Appends an event: journal first, then the table; called over the API."""

import json
import os
import sqlite3

import botocore.session

tables = botocore.session.Session().create_client("dynamodb")


def handler(event, context):
    if event["requestContext"]["http"]["method"] == "DELETE":  # an event stays; all there is to see is the answer
        return {"statusCode": 204, "body": None}
    body = json.loads(event["body"])
    item = {"stream": {"S": body["stream"]}, "item": {"S": f"e#{body['version']:010d}"}, "tenant": {"S": "local"}}
    database = sqlite3.connect(os.environ["NOTORIOUS_JOURNAL"], timeout=10)
    database.execute("PRAGMA synchronous=FULL")
    try:
        with database:
            database.execute("INSERT INTO rows (item) VALUES (?)", (json.dumps(item),))
    except sqlite3.IntegrityError:
        return {"statusCode": 409}
    tables.put_item(TableName=os.environ["NOTORIOUS_EVENTS_TABLE"], Item=item)
    return {"statusCode": 201, "body": json.dumps({"appended": body["version"]})}
