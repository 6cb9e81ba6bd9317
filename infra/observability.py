"""What an operator looks at, and what calls him: one dashboard, few alarms, each with what to do.

Everything is watched by its name, so that this stack can be taken away and put back without touching another.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from aws_cdk import Duration, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from constructs import Construct

from infra.acknowledged import acknowledge
from infra.catalogue import FUNCTIONS, Workflow
from infra.function import workflow_arn_of
from infra.queues import DeadLetters
from infra.stage import Stage

_MINUTE = Duration.minutes(1)
_FIVE_MINUTES = Duration.minutes(5)
_HOUR = Duration.hours(1)


@dataclass(frozen=True)
class _Alarm:
    """A metric, from where on it is wrong, and what to do."""

    name: str
    metric: cloudwatch.IMetric
    threshold: float
    do: str
    periods: int = 1


class Observability(Stack):
    """Dashboard, alarms, and the topic that they speak to."""

    def __init__(
        self,
        scope: Construct,
        *,
        stage: Stage,
        watched: Sequence[Stack],
        api_id: str,
    ) -> None:
        """Build it.

        Args:
            scope: the app.
            stage: the stage.
            watched: the stacks whose dead letters are watched.
            api_id: the HTTP API.
        """
        super().__init__(scope, "observability", stack_name=stage.name_of("observability"))
        self._stage = stage
        self._api_id = api_id
        dead_letters = [
            construct.queue_name
            for stack in watched
            for construct in stack.node.find_all()
            if isinstance(construct, DeadLetters)
        ]
        topic = self._topic(stage)
        alarms = [
            self._alarm(alarm, topic)
            for alarm in (*self._on_dead_letters(dead_letters), *self._on_functions(), *self._on_work())
        ]
        self._dashboard(alarms, dead_letters)

    def _topic(self, stage: Stage) -> sns.Topic:
        # Alarms may not publish to a topic under AWS's own key, and a key of one's own costs by the month; there is
        # nothing in an alarm that is not in the names of our functions.
        topic = sns.Topic(self, "Alarms", topic_name=stage.name_of("alarms"), enforce_ssl=True)
        topic.add_to_resource_policy(
            iam.PolicyStatement(
                actions=["sns:Publish"],
                principals=[iam.ServicePrincipal("cloudwatch.amazonaws.com")],
                resources=[topic.topic_arn],
                conditions={"StringEquals": {"aws:SourceAccount": self.account}},
            )
        )
        if stage.alarm_email:
            topic.add_subscription(subscriptions.EmailSubscription(stage.alarm_email))
        acknowledge(topic, {"AwsSolutions-SNS2": "an alarm holds names of functions and numbers; see the comment"})
        return topic

    def _alarm(self, alarm: _Alarm, topic: sns.Topic) -> cloudwatch.Alarm:
        made = cloudwatch.Alarm(
            self,
            alarm.name,
            alarm_name=self._stage.name_of(alarm.name),
            alarm_description=alarm.do,
            metric=alarm.metric,
            threshold=alarm.threshold,
            evaluation_periods=alarm.periods,
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
            # Idle is well.
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
        )
        made.add_alarm_action(actions.SnsAction(topic))
        return made

    def _on_dead_letters(self, queue_names: Sequence[str]) -> list[_Alarm]:
        return [
            _Alarm(
                name=f"dead-letters-{name.removeprefix(self._stage.prefix + '-').removesuffix('-dead')}",
                metric=self._queue(name, "ApproximateNumberOfMessagesVisible", "Maximum", _FIVE_MINUTES),
                threshold=1,
                do="Read the function's log for the reason, mend it, then `notorious admin redrive`.",
            )
            for name in queue_names
        ]

    def _on_functions(self) -> list[_Alarm]:
        return [
            _Alarm(
                name="throttles",
                metric=cloudwatch.Metric(
                    namespace="AWS/Lambda", metric_name="Throttles", statistic="Sum", period=_FIVE_MINUTES
                ),
                threshold=50,
                periods=3,
                do="The account's concurrency is used up: lower voices_at_once and tracks_at_once in cdk.json, or ask "
                "for more. Nothing is lost: work waits in its queues.",
            ),
            _Alarm(
                name="publish-behind",
                metric=self._function("publish", "IteratorAge", "Maximum", _FIVE_MINUTES),
                threshold=60_000,
                periods=2,
                do="Events reach the bus late (milliseconds): read the log of publish.",
            ),
            _Alarm(
                name="api-slow",
                metric=self._function("api", "Duration", "p99", _FIVE_MINUTES),
                threshold=2_000,
                periods=3,
                do="One of a hundred requests takes two seconds and more: look at the trace, and at the size of the "
                "largest library's index.",
            ),
        ]

    def _on_work(self) -> list[_Alarm]:
        return [
            *(
                _Alarm(
                    name=f"workflow-{workflow.value}-failed",
                    metric=self._workflow(workflow, "ExecutionsFailed", _HOUR),
                    threshold=5,
                    do="Look at the failed executions: phase and reason are in their cause and in the stream's last "
                    "event.",
                )
                for workflow in Workflow
            ),
            _Alarm(
                name="api-errors",
                metric=self._api("5xx", "Sum", _FIVE_MINUTES),
                threshold=5,
                do="Requests end in errors of ours: read the log of api.",
            ),
            _Alarm(
                name="events-table-throttled",
                metric=cloudwatch.Metric(
                    namespace="AWS/DynamoDB",
                    metric_name="WriteThrottleEvents",
                    dimensions_map={"TableName": self._stage.name_of("events")},
                    statistic="Sum",
                    period=_FIVE_MINUTES,
                ),
                threshold=100,
                periods=2,
                do="One tenant writes more than one head item takes; his appends wait for each other.",
            ),
        ]

    def _dashboard(self, alarms: Sequence[cloudwatch.Alarm], dead_letters: Sequence[str]) -> None:
        dashboard = cloudwatch.Dashboard(self, "Dashboard", dashboard_name=self._stage.prefix)
        dashboard.add_widgets(cloudwatch.AlarmStatusWidget(title="Alarms", alarms=list(alarms), width=24, height=3))
        dashboard.add_widgets(
            self._graph("Requests", [self._api("Count", "Sum"), self._api("4xx", "Sum"), self._api("5xx", "Sum")]),
            self._graph("Time of a request (ms)", [self._api("Latency", quantile) for quantile in ("p50", "p99")]),
            self._graph(
                "Workflows",
                [
                    self._workflow(workflow, metric)
                    for workflow in Workflow
                    for metric in ("ExecutionsStarted", "ExecutionsFailed")
                ],
            ),
        )
        dashboard.add_widgets(
            self._graph("Errors", [self._function(row.name, "Errors", "Sum") for row in FUNCTIONS]),
            self._graph("Time (ms, p99)", [self._function(row.name, "Duration", "p99") for row in FUNCTIONS]),
            self._graph(
                "Side by side", [self._function(row.name, "ConcurrentExecutions", "Maximum") for row in FUNCTIONS]
            ),
        )
        waiting = [
            self._queue(self._stage.name_of(name), "ApproximateAgeOfOldestMessage", "Maximum")
            for name in ("ingest", "analyze", "project")
        ]
        dashboard.add_widgets(
            self._graph("Oldest message that waits (s)", waiting),
            self._graph("Age of what publish reads (ms)", [self._function("publish", "IteratorAge", "Maximum")]),
            self._graph(
                "Dead letters",
                [self._queue(name, "ApproximateNumberOfMessagesVisible", "Maximum") for name in dead_letters],
            ),
        )

    def _graph(self, title: str, metrics: Sequence[cloudwatch.IMetric]) -> cloudwatch.GraphWidget:
        return cloudwatch.GraphWidget(title=title, left=list(metrics), width=8, height=6)

    def _function(self, name: str, metric: str, statistic: str, period: Duration = _MINUTE) -> cloudwatch.Metric:
        return cloudwatch.Metric(
            namespace="AWS/Lambda",
            metric_name=metric,
            dimensions_map={"FunctionName": self._stage.name_of(name)},
            statistic=statistic,
            period=period,
            label=name,
        )

    def _queue(self, name: str, metric: str, statistic: str, period: Duration = _MINUTE) -> cloudwatch.Metric:
        return cloudwatch.Metric(
            namespace="AWS/SQS",
            metric_name=metric,
            dimensions_map={"QueueName": name},
            statistic=statistic,
            period=period,
            label=name,
        )

    def _workflow(self, workflow: Workflow, metric: str, period: Duration = _MINUTE) -> cloudwatch.Metric:
        return cloudwatch.Metric(
            namespace="AWS/States",
            metric_name=metric,
            dimensions_map={"StateMachineArn": workflow_arn_of(self, self._stage, workflow)},
            statistic="Sum",
            period=period,
            label=f"{workflow.value} {metric.removeprefix('Executions').lower()}",
        )

    def _api(self, metric: str, statistic: str, period: Duration = _MINUTE) -> cloudwatch.Metric:
        return cloudwatch.Metric(
            namespace="AWS/ApiGateway",
            metric_name=metric,
            dimensions_map={"ApiId": self._api_id},
            statistic=statistic,
            period=period,
            label=f"{metric} {statistic}" if statistic.startswith("p") else metric,
        )
