"""A track → what is heard in it. Called by a queue (AnalysisRequested, the sweep) and, track by track, by a Map."""

from typing import Any

from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from notorious.aws import bootstrap
from notorious.aws.handling import Input, count, logger, queued, recorded_in, seconds_left, step
from notorious.domain.values import Sha256
from notorious.service.hear import ATTEMPTS, hear

MARGIN_SECONDS = 20.0
"""For what comes after the hearing: parts, analysis, event."""


class TrackInput(Input):
    """One track."""

    sha256: Sha256


def take(body: dict[str, Any], record: SQSRecord, context: LambdaContext) -> None:
    attempt = int(record.attributes.approximate_receive_count or 1)
    if "detail" in body:
        recorded = recorded_in(body)
        track = TrackInput(tenant=recorded.tenant, sha256=recorded.stream.id)
        listen(track, context, attempt >= ATTEMPTS, recorded.correlation_id, recorded.event_id)
    else:
        listen(TrackInput.model_validate(body), context, attempt >= ATTEMPTS)


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


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    answer: dict[str, Any] = (from_queue if "Records" in event else hear_one)(event, context)
    return answer
