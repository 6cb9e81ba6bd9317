"""Puts what the table's stream tells on the bus."""

import json
import os

import botocore.session

bus = botocore.session.Session().create_client("events")


def handler(event, context):
    entries = [
        {
            "Source": "notorious",
            "DetailType": "Appended",
            "EventBusName": os.environ["NOTORIOUS_BUS"],
            "Detail": json.dumps(
                {
                    "stream": record["dynamodb"]["NewImage"]["stream"]["S"],
                    "item": record["dynamodb"]["NewImage"]["item"]["S"],
                }
            ),
        }
        for record in event["Records"]
    ]
    for start in range(0, len(entries), 10):
        bus.put_events(Entries=entries[start : start + 10])
