"""Which deployment `notorious admin` looks after: the service on this machine, or a stage on AWS."""

import contextlib
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from notorious.errors import InputError, NotServing

if TYPE_CHECKING:
    from notorious.embedded.reach import Service

LOCAL_STAGE = "embedded"
# What the functions find in their environment, and the output of the template that tells it.
_SETTINGS = {
    "NOTORIOUS_EVENTS_TABLE": "EventsTable",
    "NOTORIOUS_VIEWS_TABLE": "ViewsTable",
    "NOTORIOUS_LIVE_TABLE": "LiveTable",
    "NOTORIOUS_BUCKET": "MediaBucket",
}


@dataclass(frozen=True)
class Deployment:
    """A deployment: its stage, what its stacks tell, and the running service where it is on this machine."""

    stage: str
    outputs: Mapping[str, str]
    service: "Service | None" = None

    def client(self, name: str) -> Any:
        """A client of one AWS API: the service's own, or with the credentials of this machine's AWS settings."""
        if self.service is not None:
            return self.service.access.client(name)
        import boto3

        return boto3.client(name)

    @contextlib.contextmanager
    def as_a_function_sees_it(self) -> Iterator[None]:
        """While it lasts, the adapters of the functions reach this deployment from the environment."""
        from notorious.embedded.reach import credentials_in_environment

        names = {name: self.outputs[output] for name, output in _SETTINGS.items() if output in self.outputs}
        with contextlib.ExitStack() as stack:
            if self.service is not None:
                names["NOTORIOUS_JOURNAL"] = str(self.service.folder.journal)
                stack.enter_context(credentials_in_environment(self.service.access))
            before = {name: os.environ.get(name) for name in names}
            os.environ.update(names)
            try:
                yield
            finally:
                for name, value in before.items():
                    if value is None:
                        del os.environ[name]
                    else:
                        os.environ[name] = value


def deployment(data: Path | None, stage: str | None) -> Deployment:
    """The deployment that is named, by a data folder or a stage. Raises `InputError` unless it is one of the two."""
    if (data is None) == (stage is None):
        raise InputError("Name either --data DIR (the service on this machine) or --stage NAME (a stage on AWS)")
    if data is not None:
        from notorious.embedded.reach import reach

        service = reach(data)
        return Deployment(LOCAL_STAGE, service.outputs, service)
    assert stage is not None
    return Deployment(stage, _outputs_on_aws(stage))


def _outputs_on_aws(stage: str) -> dict[str, str]:
    import boto3
    from botocore.exceptions import BotoCoreError, ClientError

    prefix = f"notorious-{stage}-"
    outputs: dict[str, str] = {}
    try:
        for page in boto3.client("cloudformation").get_paginator("describe_stacks").paginate():
            for stack in page["Stacks"]:
                if stack["StackName"].startswith(prefix):
                    outputs.update({entry["OutputKey"]: entry["OutputValue"] for entry in stack.get("Outputs", [])})
    except (BotoCoreError, ClientError) as error:
        raise NotServing(f"AWS cannot be asked for the stage {stage}: {error}") from error
    if not outputs:
        raise NotServing(f"There is no stack {prefix}… in this account and region. Deploy it: cdk deploy")
    return outputs
