"""What every function does alike, on Powertools: log with the job in each line, trace, count, parse, tell errors apart.

    @watched
    def handler(event, context): ...               any function: logged, traced, counted

@step(MixInput)
def handler(job: MixInput) -> dict: ...        a state of a workflow: a small document in, one out

@announced                                     an event of ours, off the bus
def handler(recorded: Recorded) -> None: ...

handler = queued(take)                         messages off a queue, each for itself: one that fails comes back
                                               alone, and its neighbours do not
"""

import functools
import json
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar

from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.idempotency import (
    DynamoDBPersistenceLayer,
    IdempotencyConfig,
    idempotent_function,
)
from aws_lambda_powertools.utilities.parser import parse
from aws_lambda_powertools.utilities.typing import LambdaContext
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from notorious.aws import clients
from notorious.aws.bootstrap import setting
from notorious.domain import Recorded, Reference, Refused
from notorious.domain.values import Sha256
from notorious.eventstore import UnknownEvent
from notorious.service.failures import Unrecoverable, told_apart

logger: Final = Logger()
tracer: Final = Tracer()
metrics: Final = Metrics(namespace="Notorious")

Handler = Callable[[dict[str, Any], LambdaContext], Any]
Document = dict[str, Any]


class Input(BaseModel):
    """What a state of a workflow is given; what it does not read is passed over."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    tenant: str = Field(min_length=1)


class TrackInput(Input):
    """A track."""

    sha256: Sha256


class MixInput(Input):
    """A step of a mix."""

    mix: str = Field(min_length=1)


class PlannedInput(MixInput):
    """A step of a mix that has a plan; the plan in the mix's own stream is the one that counts."""

    plan: Reference | None = None


class ImportInput(Input):
    """A step of hearing a library."""

    import_id: str = Field(alias="import", min_length=1)


class ErrorOutput(BaseModel):
    """What a workflow says of a state that failed."""

    model_config = ConfigDict(extra="ignore", populate_by_name=True)

    error: str = Field(alias="Error", default="")
    cause: str = Field(alias="Cause", default="")


def watched(handler: Handler) -> Handler:
    """Log with the request in each line, trace, and publish what was counted, also where the handler fails."""

    @functools.wraps(handler)
    def counted(event: Document, context: LambdaContext) -> Any:
        try:
            return handler(event, context)
        finally:
            # Powertools' own decorator warns of every call that counted nothing.
            if metrics.provider.metric_set:
                metrics.flush_metrics()

    traced = tracer.capture_lambda_handler(counted)
    watching: Handler = logger.inject_lambda_context(traced, clear_state=True)
    return watching


M = TypeVar("M", bound=Input)


def step(model: type[M]) -> Callable[[Callable[[M, LambdaContext], Document]], Handler]:
    """Make a state of a workflow of a function from its input (and the context) to a small document.

    Input that does not fit the model, and whatever another attempt would meet again, ends as Unrecoverable.
    """

    def decorate(work: Callable[[M, LambdaContext], Document]) -> Handler:
        @watched
        @functools.wraps(work)
        def handler(event: Document, context: LambdaContext) -> Document:
            with told_apart(Refused):
                given = parsed(event, model)
                logger.append_keys(**given.model_dump(mode="json", include={"tenant", "mix", "sha256", "index"}))
                return work(given, context)

        return handler

    return decorate


def parsed(event: Any, model: type[M]) -> M:
    """The event as its model. Raises Unrecoverable that names the field."""
    try:
        return parse(event=event, model=model)
    except ValidationError as error:
        problem = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in problem["loc"])
        raise Unrecoverable(f"the function was called with what it cannot read: {place}: {problem['msg']}") from error


def recorded_in(envelope: Mapping[str, Any]) -> Recorded:
    """Our event in an envelope of the bus. Raises UnknownEvent where there is none."""
    try:
        return Recorded.from_document(envelope["detail"])
    except (KeyError, TypeError, ValueError) as error:
        raise UnknownEvent(f"a message that holds no event of ours came off the bus ({error!r})") from error


def announced(work: Callable[[Recorded], object]) -> Handler:
    """Make a function that the bus calls of one that takes a recorded event."""

    @watched
    @functools.wraps(work)
    def handler(event: Document, context: LambdaContext) -> None:
        recorded = recorded_in(event)
        with_event(recorded)
        work(recorded)

    return handler


def with_event(recorded: Recorded) -> None:
    """Put the event into every line of the log from here on."""
    logger.append_keys(
        tenant=recorded.tenant,
        stream=str(recorded.stream),
        event=recorded.type,
        event_id=recorded.event_id,
        correlation_id=recorded.correlation_id,
    )


def queued(take: Callable[[Document, SQSRecord, LambdaContext], object]) -> Handler:
    """Make a function that a queue calls of one that takes the body of one message."""

    @watched
    @functools.wraps(take)
    def handler(event: Document, context: LambdaContext) -> Document:
        def take_one(record: SQSRecord) -> None:
            logger.append_keys(message_id=record.message_id)
            try:
                take(json.loads(record.body), record, context)
            except Exception:
                logger.exception("a message was not taken; the queue brings it back")
                metrics.add_metric("MessageFailed", MetricUnit.Count, 1)
                raise

        processor = BatchProcessor(EventType.SQS, raise_on_entire_batch_failure=False)
        answer = process_partial_response(event=event, record_handler=take_one, processor=processor, context=context)
        return dict(answer)

    return handler


def once(work: Callable[[Document], Document], *, announcement: Document, context: LambdaContext) -> Document:
    """Do what an announcement asks for once, however often it is delivered within the hour, also at the same time.

    The use cases may be repeated; this spares the work of reading a gigabyte again to find that out.
    """
    config = IdempotencyConfig(
        event_key_jmespath="id", expires_after_seconds=3600, raise_on_no_idempotency_key=True, lambda_context=context
    )
    persistence = _persistence()
    return dict(
        idempotent_function(work, data_keyword_argument="announcement", persistence_store=persistence, config=config)(
            announcement=announcement
        )
    )


@functools.cache
def _persistence() -> DynamoDBPersistenceLayer:
    return DynamoDBPersistenceLayer(table_name=setting("NOTORIOUS_IDEMPOTENCY_TABLE"), boto3_client=clients.dynamodb())


def count(name: str, value: float = 1) -> None:
    """Count something that happened."""
    metrics.add_metric(name, MetricUnit.Count, value)


def seconds_left(context: LambdaContext, *, margin: float) -> float:
    """How long the function may still work, if it keeps `margin` seconds for what comes after."""
    return max(1.0, context.get_remaining_time_in_millis() / 1000 - margin)
