"""Notes an upload in the views and takes it away, unless its name says that it stays."""

import json
import os

import botocore.session

tables = botocore.session.Session().create_client("dynamodb")
objects = botocore.session.Session().create_client("s3")


def handler(event, context):
    for record in event["Records"]:
        key = json.loads(record["body"])["detail"]["object"]["key"]
        try:
            size = objects.head_object(Bucket=os.environ["NOTORIOUS_BUCKET"], Key=key)["ContentLength"]
        except objects.exceptions.ClientError:
            continue
        tables.put_item(
            TableName=os.environ["NOTORIOUS_VIEWS_TABLE"],
            Item={"owner": {"S": "local#tracks"}, "id": {"S": key}, "size": {"N": str(size)}},
        )
        if not key.endswith("stays"):
            objects.delete_object(Bucket=os.environ["NOTORIOUS_BUCKET"], Key=key)
