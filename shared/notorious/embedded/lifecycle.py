"""Objects that have outlived their rule are deleted: the emulator keeps lifecycle rules and does not carry them out."""

import datetime
from collections.abc import Iterator
from typing import Any

from notorious.embedded.emulator import Access


def expire_objects(access: Access, bucket: str, *, now: datetime.datetime | None = None) -> int:
    """Delete what a rule of the bucket lets expire; returns how many objects went.

    A rule counts whole days from the time an object was written, as S3 does, and applies to the keys under its prefix.
    """
    objects: Any = access.client("s3")
    moment = now or datetime.datetime.now(datetime.UTC)
    count = 0
    for prefix, days in _expirations(objects, bucket):
        oldest = moment - datetime.timedelta(days=days)
        pages = objects.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        for page in pages:
            for entry in page.get("Contents", []):
                if entry["LastModified"] <= oldest:
                    objects.delete_object(Bucket=bucket, Key=entry["Key"])
                    count += 1
    return count


def _expirations(objects: Any, bucket: str) -> Iterator[tuple[str, int]]:
    from botocore.exceptions import ClientError

    try:
        rules = objects.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]
    except ClientError as error:
        if error.response["Error"]["Code"] == "NoSuchLifecycleConfiguration":
            return
        raise
    for rule in rules:
        days = rule.get("Expiration", {}).get("Days")
        if rule["Status"] == "Enabled" and days:
            yield rule.get("Filter", {}).get("Prefix", rule.get("Prefix", "")), int(days)
