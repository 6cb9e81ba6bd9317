"""The adapters of one function with the rights of its role and no others, against the running service.

For what a whole run brings about too seldom to wait for it: races, writes that are broken off, mixes that have expired.
"""

from functools import cached_property
from typing import Any

from deployed import Deployed

from notorious.aws.live import DynamoLive
from notorious.aws.messages import AnalysisQueueInSqs, ApiSockets, FunctionNotifier
from notorious.aws.objects import S3Objects
from notorious.aws.sockets_endpoint import SocketsEndpoint
from notorious.aws.system import SystemClock
from notorious.aws.workflows import StepFunctions
from notorious.cli.deployment import deployment
from notorious.eventstore.dynamodb import DynamoStore
from notorious.eventstore.dynamodb_views import DynamoViews
from notorious.eventstore.journal import Journal
from notorious.eventstore.journalled import JournalledStore
from notorious.service.ports import Clock, WorkflowName


class InRole:
    """One function's adapters. `variables` are those of its environment."""

    def __init__(self, deployed: Deployed, function: str, *, clock: Clock | None = None) -> None:
        self._found = deployment(deployed.data, None)
        configured = self._found.client("lambda").get_function_configuration(
            FunctionName=f"notorious-embedded-{function}"
        )
        self.name = function
        self.variables: dict[str, str] = configured["Environment"]["Variables"]
        self.clock = clock or SystemClock()
        self._assume(configured["Role"])

    @classmethod
    def of_the_stems_job(cls, deployed: Deployed) -> "InRole":
        """The container's role instead of a function's."""
        role = cls(deployed, "finish_stems")
        roles = role._found.client("iam").get_paginator("list_roles").paginate()
        (job,) = (one["Arn"] for page in roles for one in page["Roles"] if "-stems-JobRole" in one["RoleName"])
        role._assume(job)
        return role

    def _assume(self, role: str) -> None:
        sts = self._found.client("sts")
        self._key = sts.assume_role(RoleArn=role, RoleSessionName="in-role")["Credentials"]

    def client(self, service: str) -> Any:
        """A client of one AWS API with the role's rights."""
        import boto3

        assert self._found.service is not None
        return boto3.client(
            service,
            endpoint_url=self._found.service.access.url,
            region_name=self._found.service.access.region,
            aws_access_key_id=self._key["AccessKeyId"],
            aws_secret_access_key=self._key["SecretAccessKey"],
            aws_session_token=self._key["SessionToken"],
        )

    def end_execution(self, name: str) -> None:
        """End a workflow of mixes as an operator would, not in the role."""
        machine = self.variables["NOTORIOUS_MIX_WORKFLOW"].replace(":stateMachine:", ":execution:")
        self._found.client("stepfunctions").stop_execution(executionArn=f"{machine}:{name}")

    @cached_property
    def table(self) -> DynamoStore:
        return DynamoStore(self.client("dynamodb"), self.variables["NOTORIOUS_EVENTS_TABLE"])

    @cached_property
    def events(self) -> JournalledStore:
        assert self._found.service is not None
        return JournalledStore(self.table, Journal(self._found.service.folder.journal))

    @cached_property
    def objects(self) -> S3Objects:
        return S3Objects(self.client("s3"), self.variables["NOTORIOUS_BUCKET"])

    @cached_property
    def live(self) -> DynamoLive:
        return DynamoLive(self.client("dynamodb"), self.variables["NOTORIOUS_LIVE_TABLE"], self.clock)

    @cached_property
    def views(self) -> DynamoViews:
        return DynamoViews(self.client("dynamodb"), self.variables["NOTORIOUS_VIEWS_TABLE"])

    @cached_property
    def notifier(self) -> FunctionNotifier:
        return FunctionNotifier(self.client("lambda"), self.variables["NOTORIOUS_NOTIFY_FUNCTION"])

    @cached_property
    def queue(self) -> AnalysisQueueInSqs:
        return AnalysisQueueInSqs(self.client("sqs"), self.variables["NOTORIOUS_ANALYZE_QUEUE_URL"])

    @cached_property
    def workflows(self) -> StepFunctions:
        named: dict[WorkflowName, str] = {
            "mix": "NOTORIOUS_MIX_WORKFLOW",
            "analyze-library": "NOTORIOUS_LIBRARY_WORKFLOW",
            "stems": "NOTORIOUS_STEMS_WORKFLOW",
        }
        machines = {name: self.variables[key] for name, key in named.items() if key in self.variables}
        return StepFunctions(self.client("stepfunctions"), machines)

    @cached_property
    def sockets(self) -> ApiSockets:
        assert self._found.service is not None
        access = self._found.service.access
        place = f"{self.variables['NOTORIOUS_SOCKETS_API_ID']}/{self.variables['NOTORIOUS_SOCKETS_STAGE']}"
        endpoint = SocketsEndpoint(f"{access.url}/_aws/execute-api/{place}", access.region)
        endpoint.__dict__["_provider"] = _Given(self._key)
        return ApiSockets(endpoint)


class _Given:
    """Credentials that are there already."""

    def __init__(self, key: dict[str, str]) -> None:
        self._key = key

    def get_frozen_credentials(self) -> Any:
        from botocore.credentials import ReadOnlyCredentials

        return ReadOnlyCredentials(self._key["AccessKeyId"], self._key["SecretAccessKey"], self._key["SessionToken"])
