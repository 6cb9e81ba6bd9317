"""The way of an event: from the table's stream to the bus, and from the bus to the views and the archive."""

from aws_cdk import CfnOutput, Duration, Stack
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_events as events
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lambda_event_sources as sources
from constructs import Construct

from infra.function import ServiceFunction
from infra.queues import SOURCE, DeadLetters, WorkQueue
from infra.stage import Stage
from infra.triggers import EventTrigger

_PUBLISHED_AT_ONCE = 100
_PUBLISH_ATTEMPTS = 20
_PROJECTED_AT_ONCE = 10
# Two projections of one tenant meet at its statistics: more side by side would conflict more than they would do.
_PROJECTORS = 4


class Events(Stack):
    """The bus, and the functions that every event passes."""

    def __init__(self, scope: Construct, *, stage: Stage, table: dynamodb.Table) -> None:
        super().__init__(scope, "events", stack_name=stage.name_of("events"))
        self.bus = events.EventBus(self, "Bus", event_bus_name=stage.bus_name)
        self._publish(stage, table)
        self._project(stage)
        self._archive(stage)
        CfnOutput(self, "BusName", value=self.bus.event_bus_name)

    def _publish(self, stage: Stage, table: dynamodb.Table) -> None:
        publish = ServiceFunction(self, "publish", stage=stage)
        dead_letters = DeadLetters(self, "publish", stage=stage)
        publish.function.add_event_source(
            sources.DynamoEventSource(
                table,
                # From the beginning: what was written before the mapping was there is published too.
                starting_position=lambda_.StartingPosition.TRIM_HORIZON,
                batch_size=_PUBLISHED_AT_ONCE,
                # Commands and heads are no events.
                filters=[
                    lambda_.FilterCriteria.filter(
                        {
                            "eventName": lambda_.FilterRule.is_equal("INSERT"),
                            "dynamodb": {"Keys": {"item": {"S": lambda_.FilterRule.begins_with("e#")}}},
                        }
                    )
                ],
                # A record that cannot be published is put aside with its place in the stream, and its neighbours go
                # on; `notorious admin redrive` publishes it again from the table, which is the truth.
                report_batch_item_failures=True,
                bisect_batch_on_error=True,
                retry_attempts=_PUBLISH_ATTEMPTS,
                max_record_age=Duration.hours(23),
                on_failure=sources.SqsDlq(dead_letters.queue),
            )
        )

    def _project(self, stage: Stage) -> None:
        project = ServiceFunction(self, "project", stage=stage)
        work = WorkQueue(self, function=project, stage=stage, batch_size=_PROJECTED_AT_ONCE, at_once=_PROJECTORS)
        work.takes("AllEvents", bus=self.bus, pattern=events.EventPattern(source=[SOURCE]))

    def _archive(self, stage: Stage) -> None:
        archive = EventTrigger(self, "archive", stage=stage)
        if stage.archive_every_hours:
            archive.invoked_every(Duration.hours(stage.archive_every_hours))
