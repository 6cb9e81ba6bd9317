"""A function that the bus or the clock invokes at once, without a queue: a queue's poller would cost all day.

What it fails on, and what could not be delivered to it, waits among its dead letters. The embedded stage's bus tries
once; what is lost there is found by the sweep, which looks at what should have happened.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from aws_cdk import Duration
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from constructs import Construct

from infra.function import ServiceFunction, Sockets, construct_id_of
from infra.queues import EVENT_AGE, SOURCE, DeadLetters
from infra.stage import Stage

_TICK_AGE = Duration.hours(1)


class EventTrigger(Construct):
    """One function with its dead letters, and the rules that invoke it."""

    def __init__(self, scope: Construct, name: str, *, stage: Stage, sockets: Sockets | None = None) -> None:
        super().__init__(scope, f"{construct_id_of(name)}Trigger")
        self._stage = stage
        self._dead_letters = DeadLetters(scope, name, stage=stage)
        self.function = ServiceFunction(
            scope, name, stage=stage, sockets=sockets, dead_letters=self._dead_letters.queue
        )

    def invoked_on(
        self, event_types: Sequence[str], *, data: Mapping[str, Any] | None = None, rule_id: str = "Rule"
    ) -> None:
        """Invoke it with every event of these types.

        Args:
            event_types: names of domain events.
            data: what the event's own data have to match beside, as an event pattern.
            rule_id: tells rules of one function apart.
        """
        events.Rule(
            self,
            rule_id,
            event_bus=events.EventBus.from_event_bus_name(self, f"{rule_id}Bus", self._stage.bus_name),
            event_pattern=events.EventPattern(
                source=[SOURCE],
                detail_type=list(event_types),
                detail={"data": dict(data)} if data is not None else None,
            ),
            targets=[self._target(EVENT_AGE)],
        )

    def invoked_every(self, interval: Duration) -> None:
        """Invoke it by the clock; a tick that comes an hour late is dropped."""
        events.Rule(self, "Clock", schedule=events.Schedule.rate(interval), targets=[self._target(_TICK_AGE)])

    def _target(self, age: Duration) -> targets.LambdaFunction:
        return targets.LambdaFunction(
            self.function.function, dead_letter_queue=self._dead_letters.queue, max_event_age=age
        )
