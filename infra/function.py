"""One function with its role, its log group and its environment, all three from its row in the catalogue."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aws_cdk import ArnFormat, Duration, RemovalPolicy, Size, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra import carriers
from infra.acknowledged import acknowledge
from infra.catalogue import BY_NAME, Access, Carrier, Table, Workflow
from infra.stage import Stage
from infra.storage import Stored

READ_EVENTS = ("dynamodb:Query",)
# One append is a transaction: the head moves, the command is noted, the events are put, the version is checked.
APPEND_EVENTS = (
    *READ_EVENTS,
    *("dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:ConditionCheckItem"),
)
# On the embedded stage the journal is read and checked, and its records are put into the table.
_PUT_BACK_EVENTS = ("dynamodb:Query", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem")
_READ_VIEWS = ("dynamodb:GetItem", "dynamodb:Query")
_WRITE_VIEWS = ("dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem")
# Who comes second is told by the refused write what the first one has noted, so nothing is read.
_REMEMBER = ("dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem")
# Folders whose objects are written in parts, since they are larger than memory; the rest is put whole.
_IN_PARTS = ("voices", "previews", "mixes")
_COLONS = ArnFormat.COLON_RESOURCE_NAME
_WORKFLOW_VARIABLES = {
    Workflow.MIX: "NOTORIOUS_MIX_WORKFLOW",
    Workflow.LIBRARY: "NOTORIOUS_LIBRARY_WORKFLOW",
    Workflow.STEMS: "NOTORIOUS_STEMS_WORKFLOW",
}


@dataclass(frozen=True)
class Sockets:
    """The WebSocket API that functions push to."""

    api_id: str
    stage_name: str


class ServiceFunction(Construct):
    """`functions/NAME` as the catalogue describes it."""

    def __init__(
        self,
        scope: Construct,
        name: str,
        *,
        stage: Stage,
        sockets: Sockets | None = None,
        environment: Mapping[str, str] | None = None,
        dead_letters: sqs.IQueue | None = None,
    ) -> None:
        """Build it.

        Args:
            scope: the stack that it belongs to.
            name: its folder and its row in the catalogue.
            stage: the stage.
            sockets: the WebSocket API, where it pushes.
            environment: variables beyond those that follow from its access.
            dead_letters: where events go that it failed on when invoked asynchronously.
        """
        super().__init__(scope, construct_id_of(name))
        row = BY_NAME[name]
        function_name = stage.name_of(name)
        log_group = logs.LogGroup(
            self,
            "Log",
            log_group_name=f"/aws/lambda/{function_name}",
            retention=stage.log_retention,
            removal_policy=RemovalPolicy.DESTROY,
        )
        role = iam.Role(
            self,
            "Role",
            assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"),
            description=f"{function_name}: {row.work}",
        )
        variables = {
            "NOTORIOUS_STAGE": stage.name,
            "POWERTOOLS_SERVICE_NAME": name,
            "POWERTOOLS_METRICS_NAMESPACE": "Notorious",
            "LOG_LEVEL": "INFO",
            **({} if stage.on_aws else {"POWERTOOLS_TRACE_DISABLED": "true"}),
            **_grants(role, row.access, stage, sockets),
            **(environment or {}),
        }
        if stage.on_aws:
            # The embedded stage collects log lines itself.
            _allow(role, ("logs:CreateLogStream", "logs:PutLogEvents"), log_group.log_group_arn)
        self.name = name
        self.timeout = Duration.seconds(row.timeout_seconds)
        settings: dict[str, Any] = {
            "function_name": function_name,
            "description": row.work,
            "memory_size": row.memory_mb,
            "timeout": self.timeout,
            "ephemeral_storage_size": Size.mebibytes(row.disk_mb),
            "environment": variables,
            "role": role,
            "log_group": log_group,
            "tracing": lambda_.Tracing.ACTIVE if stage.on_aws else lambda_.Tracing.DISABLED,
            "reserved_concurrent_executions": 1 if row.one_at_a_time else None,
            "dead_letter_queue": dead_letters,
            "architecture": carriers.ARCHITECTURE,
        }
        if stage.on_aws and row.carrier is Carrier.ENGINE:
            self.function: lambda_.Function = lambda_.DockerImageFunction(
                self, "Function", code=carriers.image_code(name), **settings
            )
        else:
            self.function = lambda_.Function(
                self,
                "Function",
                runtime=carriers.RUNTIME,
                handler="handler.handler",
                code=carriers.handler_code(name),
                layers=carriers.layers(Stack.of(self), row.carrier) if stage.on_aws else None,
                **settings,
            )
        acknowledge(self.function, {"AwsSolutions-L1": "the newest Python that the package is made for"})


def function_arn_of(scope: Construct, stage: Stage, name: str) -> str:
    """The address of a function of another stack, by its name: nothing is exported for it, so no stack waits."""
    return Stack.of(scope).format_arn(
        service="lambda", resource="function", resource_name=stage.name_of(name), arn_format=_COLONS
    )


def workflow_arn_of(scope: Construct, stage: Stage, workflow: Workflow) -> str:
    """The address of a state machine, by its name."""
    return Stack.of(scope).format_arn(
        service="states",
        resource="stateMachine",
        resource_name=stage.name_of(workflow.value),
        arn_format=_COLONS,
    )


def execution_arns_of(scope: Construct, stage: Stage, workflow: Workflow) -> str:
    """The addresses of all executions of a state machine."""
    return Stack.of(scope).format_arn(
        service="states",
        resource="execution",
        resource_name=f"{stage.prefix}-{workflow.value}:*",
        arn_format=_COLONS,
    )


def _grants(role: iam.Role, access: Access, stage: Stage, sockets: Sockets | None) -> dict[str, str]:
    """Allow what the access says; returns the environment variables that go with it."""
    stored = Stored.seen_from(Stack.of(role), stage)
    return {
        **_table_grants(role, access, stage, stored),
        **_object_grants(role, access, stage, stored),
        **_message_grants(role, access, stage, sockets),
        **_workflow_grants(role, access, stage),
    }


def _table_grants(role: iam.Role, access: Access, stage: Stage, stored: Stored) -> dict[str, str]:
    variables = {}
    if access.events is not Table.NONE:
        variables["NOTORIOUS_EVENTS_TABLE"] = stored.events.name
    if access.events is Table.WRITE:
        _allow(role, APPEND_EVENTS if stage.on_aws else _PUT_BACK_EVENTS, stored.events.arn)
    elif access.events is Table.READ and stage.on_aws:
        _allow(role, READ_EVENTS, stored.events.arn)
    if access.feed and stage.on_aws:
        _allow(role, ("dynamodb:Query",), f"{stored.events.arn}/index/feed")
    if access.views is not Table.NONE:
        _allow(role, _WRITE_VIEWS if access.views is Table.WRITE else _READ_VIEWS, stored.views.arn)
        variables["NOTORIOUS_VIEWS_TABLE"] = stored.views.name
    if access.live:
        _allow(role, tuple(kind.value for kind in access.live), stored.live.arn)
        variables["NOTORIOUS_LIVE_TABLE"] = stored.live.name
    if access.remembers:
        _allow(role, _REMEMBER, stored.idempotency.arn)
        variables["NOTORIOUS_IDEMPOTENCY_TABLE"] = stored.idempotency.name
    return variables


def _object_grants(role: iam.Role, access: Access, stage: Stage, stored: Stored) -> dict[str, str]:
    bucket = stored.bucket
    for action, prefixes in (
        (("s3:GetObject",), access.reads),
        (("s3:PutObject",), access.writes),
        (("s3:AbortMultipartUpload",), tuple(folder for folder in access.writes if folder in _IN_PARTS)),
        (("s3:DeleteObject",), access.deletes),
    ):
        if prefixes:
            _allow(role, action, *(bucket.objects(prefix) for prefix in prefixes))
    if access.lists or (access.misses and stage.on_aws):
        _allow(role, ("s3:ListBucket",), bucket.arn)
    touches = access.reads or access.writes or access.deletes or access.lists
    return {"NOTORIOUS_BUCKET": bucket.name} if touches else {}


def _message_grants(role: iam.Role, access: Access, stage: Stage, sockets: Sockets | None) -> dict[str, str]:
    variables = {}
    if access.publishes:
        bus_arn = Stack.of(role).format_arn(service="events", resource="event-bus", resource_name=stage.bus_name)
        _allow(role, ("events:PutEvents",), bus_arn)
        variables["NOTORIOUS_BUS"] = stage.bus_name
    if access.notifies:
        _allow(role, ("lambda:InvokeFunction",), function_arn_of(role, stage, "notify"))
        variables["NOTORIOUS_NOTIFY_FUNCTION"] = stage.name_of("notify")
    for name in access.invokes:
        _allow(role, ("lambda:InvokeFunction",), function_arn_of(role, stage, name))
        variables[f"NOTORIOUS_{name.upper()}_FUNCTION"] = stage.name_of(name)
    if access.asks_to_analyze:
        stack, name = Stack.of(role), stage.name_of("analyze")
        _allow(role, ("sqs:SendMessage",), stack.format_arn(service="sqs", resource=name))
        variables["NOTORIOUS_ANALYZE_QUEUE_URL"] = (
            f"https://sqs.{stack.region}.{stack.url_suffix}/{stack.account}/{name}"
        )
    if access.pushes:
        assert sockets is not None, "a function that pushes is given the WebSocket API"
        _allow(
            role,
            ("execute-api:ManageConnections",),
            Stack.of(role).format_arn(
                service="execute-api",
                resource=sockets.api_id,
                resource_name=f"{sockets.stage_name}/*/@connections/*",
            ),
        )
        variables["NOTORIOUS_SOCKETS_API_ID"] = sockets.api_id
        variables["NOTORIOUS_SOCKETS_STAGE"] = sockets.stage_name
    return variables


def _workflow_grants(role: iam.Role, access: Access, stage: Stage) -> dict[str, str]:
    for workflow in access.starts:
        _allow(role, ("states:StartExecution",), workflow_arn_of(role, stage, workflow))
    for action, workflows in (
        ("states:StopExecution", access.stops),
        ("states:DescribeExecution", access.looks_at),
    ):
        for workflow in workflows:
            _allow(role, (action,), execution_arns_of(role, stage, workflow))
    for workflow in access.resumes:
        # The emulator cannot tell which workflow a token is of, so there it has to be all of them.
        resumed = workflow_arn_of(role, stage, workflow) if stage.on_aws else "*"
        _allow(role, ("states:SendTaskSuccess",), resumed)
    return {
        _WORKFLOW_VARIABLES[workflow]: workflow_arn_of(role, stage, workflow)
        for workflow in Workflow
        if workflow in (*access.starts, *access.stops, *access.looks_at, *access.resumes)
    }


def _allow(role: iam.Role, actions: tuple[str, ...], *resources: str) -> None:
    role.add_to_policy(iam.PolicyStatement(actions=list(actions), resources=list(resources)))


def construct_id_of(name: str) -> str:
    """`render_voice` is the construct `RenderVoice`."""
    return "".join(part.capitalize() for part in name.split("_"))
