"""The events table's stream → the bus, and nothing else."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from notorious.aws import bootstrap
from notorious.aws.handling import count, logger, watched
from notorious.service.publish import Change, publish_changes


@watched
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """A failure names the first change that has to come again; the stream then brings all from there on."""
    changes = [_change(record) for record in event["Records"] if record["eventName"] == "INSERT"]
    published = publish_changes(changes, bus=bootstrap.bus(), clock=bootstrap.clock())
    count("EventsPublished", published.events)
    if published.unreadable:
        logger.error("items of the events table cannot be read", extra={"sequence_numbers": published.unreadable})
        count("EventsUnreadable", len(published.unreadable))
    if published.again_from is None:
        return {"batchItemFailures": []}
    logger.error("the bus does not take events", extra={"again_from": published.again_from})
    return {"batchItemFailures": [{"itemIdentifier": published.again_from}]}


def _change(record: dict[str, Any]) -> Change:
    return Change(record["dynamodb"]["SequenceNumber"], record["dynamodb"].get("NewImage"))
