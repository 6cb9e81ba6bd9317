"""A track → what is heard in it. Called by a queue (AnalysisRequested, the sweep) and, track by track, by a Map."""

from typing import Any

from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from notorious.aws import bootstrap
from notorious.aws.handling import TrackInput, count, logger, queued, recorded_in, seconds_left, step
from notorious.service.hear import ATTEMPTS, hear

MARGIN_SECONDS = 20.0
"""For what comes after the hearing: parts, analysis, event."""


def take(body: dict[str, Any], record: SQSRecord, context: LambdaContext) -> None:
    is_last = int(record.attributes.approximate_receive_count or 1) >= ATTEMPTS
    if "detail" not in body:
        listen(TrackInput.model_validate(body), context, is_last)
        return
    recorded = recorded_in(body)
    track = TrackInput(tenant=recorded.tenant, sha256=recorded.stream.id)
    listen(track, context, is_last, recorded.correlation_id, recorded.event_id)


@step(TrackInput)
def hear_one(track: TrackInput, context: LambdaContext) -> dict[str, Any]:
    return listen(track, context, False)


def listen(
    track: TrackInput, context: LambdaContext, is_last: bool, correlation: str | None = None, cause: str | None = None
) -> dict[str, Any]:
    heard = hear(
        track.tenant,
        track.sha256,
        store=bootstrap.events(),
        objects=bootstrap.objects(),
        ear=bootstrap.ear(),
        seconds=seconds_left(context, margin=MARGIN_SECONDS),
        is_last_attempt=is_last,
        correlation_id=correlation,
        causation_id=cause,
    )
    logger.info("a track was heard", extra={"sha256": track.sha256, "outcome": heard.outcome, "reason": heard.reason})
    count({"analyzed": "Analyzed", "failed": "AnalysisFailed"}.get(heard.outcome, "AnalyzedBefore"))
    return {"sha256": heard.sha256, "outcome": heard.outcome, "reason": heard.reason}


from_queue = queued(take)


def handler(event: dict[str, Any], context: LambdaContext) -> Any:
    return (from_queue if "Records" in event else hear_one)(event, context)
