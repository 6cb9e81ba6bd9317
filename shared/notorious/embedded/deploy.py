"""Deploying the packaged template into the emulator, as CloudFormation would be used in the cloud.

Every start deploys afresh into an empty emulator. That takes a second, needs no trust in state that the emulator
saved (it saves on a clean stop only, each API's part for itself), and makes an upgrade of the template an ordinary
start. What has to outlive a start is not in the emulator: events are in the journal, objects in files, users in
users.json.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from notorious.embedded.emulator import ACCOUNT, Access
from notorious.embedded.template import Stack, Template
from notorious.errors import DeploymentFailed

STACK_SECONDS = 60.0


@dataclass(frozen=True)
class Deployed:
    """What was deployed: outputs of all stacks, the physical id of every resource by (stack, logical id), and the names
    of the functions."""

    outputs: Mapping[str, str]
    resources: Mapping[tuple[str, str], str]
    functions: tuple[str, ...]

    def output(self, name: str) -> str:
        """One output. Raises `DeploymentFailed` where no stack has it."""
        if name not in self.outputs:
            raise DeploymentFailed(f"No stack of the template has the output {name}; there are {sorted(self.outputs)}")
        return self.outputs[name]


def asset_bucket(region: str) -> str:
    """The bucket in which a synthesised template looks for the functions' code."""
    return f"cdk-hnb659fds-assets-{ACCOUNT}-{region}"


def deploy(access: Access, template: Template) -> Deployed:
    """Upload the assets and create the stacks in order. Raises `DeploymentFailed` with the first resource's reason."""
    bucket = asset_bucket(template.region)
    objects: Any = access.client("s3")
    objects.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": template.region})
    for asset in template.assets:
        objects.put_object(Bucket=bucket, Key=asset.key, Body=asset.path.read_bytes())
    formation: Any = access.client("cloudformation")
    outputs: dict[str, str] = {}
    resources: dict[tuple[str, str], str] = {}
    for stack in template.stacks:
        # A template may be larger than what fits into the request.
        key = f"{stack.name}.template.json"
        objects.put_object(Bucket=bucket, Key=key, Body=stack.text.encode())
        outputs.update(_create(formation, stack, f"{access.url}/{bucket}/{key}"))
        resources.update(_physical_ids(formation, stack))
    functions = tuple(
        resources[stack.name, logical_id]
        for stack in template.stacks
        for logical_id, resource in stack.resources.items()
        if resource["Type"] == "AWS::Lambda::Function"
    )
    return Deployed(MappingProxyType(outputs), MappingProxyType(resources), functions)


def _create(formation: Any, stack: Stack, address: str) -> dict[str, str]:
    from botocore.exceptions import ClientError

    try:
        formation.create_stack(
            StackName=stack.name, TemplateURL=address, Capabilities=["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"]
        )
    except ClientError as error:
        raise DeploymentFailed(f"The emulator refused the stack {stack.name}: {error}") from error
    give_up = time.monotonic() + STACK_SECONDS
    while True:
        found = formation.describe_stacks(StackName=stack.name)["Stacks"][0]
        status = found["StackStatus"]
        if status == "CREATE_COMPLETE":
            return {entry["OutputKey"]: entry["OutputValue"] for entry in found.get("Outputs", [])}
        if not status.endswith("_IN_PROGRESS") or status.startswith("ROLLBACK"):
            raise DeploymentFailed(f"The stack {stack.name} could not be made: {_first_failure(formation, stack.name)}")
        if time.monotonic() > give_up:
            raise DeploymentFailed(f"The stack {stack.name} was not made within {STACK_SECONDS:.0f} s ({status})")
        time.sleep(0.02)


def _first_failure(formation: Any, name: str) -> str:
    failures = [
        event
        for event in formation.describe_stack_events(StackName=name)["StackEvents"]
        if event["ResourceStatus"].endswith("_FAILED")
    ]
    if not failures:
        return "no reason given"
    first = min(failures, key=lambda event: event["Timestamp"])
    return f"{first['LogicalResourceId']} ({first.get('ResourceType')}): {first.get('ResourceStatusReason')}"


def _physical_ids(formation: Any, stack: Stack) -> dict[tuple[str, str], str]:
    pages = formation.get_paginator("list_stack_resources").paginate(StackName=stack.name)
    return {
        (stack.name, entry["LogicalResourceId"]): entry["PhysicalResourceId"]
        for page in pages
        for entry in page["StackResourceSummaries"]
        if entry.get("PhysicalResourceId")
    }
