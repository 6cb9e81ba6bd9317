"""Every event → the views of its stream. Order, repetition and redelivery do not matter."""

from typing import Any

from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from notorious.aws import bootstrap
from notorious.aws.handling import count, queued, recorded_in, with_event
from notorious.eventstore.projector import project


def take(body: dict[str, Any], record: SQSRecord, context: LambdaContext) -> None:
    recorded = recorded_in(body)
    with_event(recorded)
    project(bootstrap.events(), bootstrap.views(), recorded.tenant, recorded.stream)
    count("EventsProjected")


handler = queued(take)
