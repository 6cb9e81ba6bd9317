"""A queue between events and a function, and where what a function failed on is kept."""

from aws_cdk import CfnOutput, Duration, RemovalPolicy
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_lambda_event_sources as sources
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.acknowledged import acknowledge
from infra.function import ServiceFunction, construct_id_of
from infra.stage import Stage

_ATTEMPTS = 4
_DEAD_LETTER_DAYS = 14
EVENT_AGE = Duration.hours(24)
# AWS advises six times the function's timeout: a batch may wait for a function that is at its limit.
_VISIBILITY_FACTOR = 6
SOURCE = "notorious"
"""What `publish` names as the source of events."""


class DeadLetters(Construct):
    """Where what a function failed on for good waits two weeks for `notorious admin redrive`."""

    def __init__(self, scope: Construct, function: str, *, stage: Stage) -> None:
        super().__init__(scope, f"{construct_id_of(function)}DeadLetters")
        self.queue_name = f"{stage.prefix}-{function}-dead"
        self.queue = sqs.Queue(
            self,
            "Queue",
            queue_name=self.queue_name,
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=stage.on_aws,
            retention_period=Duration.days(_DEAD_LETTER_DAYS),
            removal_policy=RemovalPolicy.DESTROY,
        )
        reasons = {"AwsSolutions-SQS3": "this is the dead-letter queue"}
        if not stage.on_aws:
            reasons["AwsSolutions-SQS4"] = "the embedded stage speaks plain HTTP to 127.0.0.1 and to nothing else"
        acknowledge(self.queue, reasons)
        CfnOutput(scope, f"{construct_id_of(function)}DeadLetterUrl", value=self.queue.queue_url)


class WorkQueue(Construct):
    """A queue that feeds one function: retries, partial batches, dead letters."""

    def __init__(
        self,
        scope: Construct,
        *,
        function: ServiceFunction,
        stage: Stage,
        batch_size: int,
        at_once: int,
    ) -> None:
        """Build it.

        Args:
            scope: the stack.
            function: what works the queue off; it has to answer with the messages it failed on.
            stage: the stage.
            batch_size: most messages of one invocation.
            at_once: most invocations side by side, so that what stands behind the function is not overrun.
        """
        super().__init__(scope, f"{construct_id_of(function.name)}Work")
        self.dead_letters = DeadLetters(scope, function.name, stage=stage)
        self.queue = sqs.Queue(
            self,
            "Queue",
            queue_name=stage.name_of(function.name),
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=stage.on_aws,
            visibility_timeout=Duration.seconds(function.timeout.to_seconds() * _VISIBILITY_FACTOR),
            retention_period=Duration.days(_DEAD_LETTER_DAYS),
            dead_letter_queue=sqs.DeadLetterQueue(max_receive_count=_ATTEMPTS, queue=self.dead_letters.queue),
            removal_policy=RemovalPolicy.DESTROY,
        )
        if not stage.on_aws:
            acknowledge(
                self.queue,
                {"AwsSolutions-SQS4": "the embedded stage speaks plain HTTP to 127.0.0.1 and to nothing else"},
            )
        function.function.add_event_source(
            sources.SqsEventSource(
                self.queue, batch_size=batch_size, report_batch_item_failures=True, max_concurrency=max(2, at_once)
            )
        )
        CfnOutput(scope, f"{construct_id_of(function.name)}QueueUrl", value=self.queue.queue_url)

    def takes(self, rule_id: str, *, pattern: events.EventPattern, bus: events.IEventBus | None) -> None:
        """Put every event that matches into the queue; what cannot be delivered goes to the dead letters."""
        events.Rule(
            self,
            rule_id,
            event_bus=bus,
            event_pattern=pattern,
            targets=[targets.SqsQueue(self.queue, dead_letter_queue=self.dead_letters.queue, max_event_age=EVENT_AGE)],
        )
