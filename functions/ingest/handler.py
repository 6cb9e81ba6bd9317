"""A file in the drop folder → a track, or a rejection that says why not."""

from typing import Any

from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from notorious.aws import bootstrap
from notorious.aws.handling import count, logger, once, queued
from notorious.service.ingest import ingest


def take(body: dict[str, Any], record: SQSRecord, context: LambdaContext) -> None:
    once(take_up, announcement={"id": body["id"], "key": body["detail"]["object"]["key"]}, context=context)


def take_up(announcement: dict[str, Any]) -> dict[str, Any]:
    key = announcement["key"]
    taken = ingest(key, store=bootstrap.events(), objects=bootstrap.objects())
    logger.info("a file was taken in", extra={"key": key, "outcome": taken.outcome, "reason": taken.reason})
    count({"uploaded": "Uploaded", "rejected": "Rejected", "known": "Duplicate"}.get(taken.outcome, "TakenUpBefore"))
    return {"outcome": taken.outcome, "sha256": taken.sha256}


handler = queued(take)
