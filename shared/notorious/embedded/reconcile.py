"""What the emulator's CloudFormation drops from the template without a word, set afterwards through the APIs.

| property | set by |
|---|---|
| TimeToLiveSpecification of a table | UpdateTimeToLive |
| LifecycleConfiguration of a bucket | PutBucketLifecycleConfiguration (carried out by `lifecycle`) |
| ReservedConcurrentExecutions of a function | PutFunctionConcurrency |
| DeadLetterConfig of a function | UpdateFunctionConfiguration |

The template stays the only description: what is set here is read from it.
"""

from collections.abc import Callable, Mapping
from typing import Any

from notorious.embedded.deploy import Deployed
from notorious.embedded.emulator import Access
from notorious.embedded.template import Stack, Template
from notorious.errors import DeploymentFailed


def reconcile(access: Access, template: Template, deployed: Deployed) -> tuple[str, ...]:
    """Set what was dropped; returns what was set, as "RESOURCE property"."""
    done = []
    for stack in template.stacks:
        resolve = _Resolver(stack, deployed)
        for logical_id, resource in stack.resources.items():
            step = _STEPS.get(resource["Type"])
            if step is not None:
                physical_id = deployed.resources[stack.name, logical_id]
                names = step(access, physical_id, resource.get("Properties", {}), resolve)
                done += [f"{physical_id} {name}" for name in names]
    return tuple(done)


class _Resolver:
    """Turns a reference to another resource of the same stack into its name or ARN."""

    def __init__(self, stack: Stack, deployed: Deployed) -> None:
        self._stack = stack
        self._deployed = deployed

    def __call__(self, access: Access, value: Any) -> str:
        if isinstance(value, str):
            return value
        match value:
            case {"Fn::GetAtt": [logical_id, "Arn"]} if self._type(logical_id) == "AWS::SQS::Queue":
                queues: Any = access.client("sqs")
                url = self._deployed.resources[self._stack.name, logical_id]
                answer = queues.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
                return str(answer["Attributes"]["QueueArn"])
            case {"Fn::ImportValue": str(name)}:
                return self._exported(access, name)
        raise DeploymentFailed(f"The stack {self._stack.name} refers to {value} where only a queue is expected")

    def _type(self, logical_id: str) -> str:
        return str(self._stack.resources[logical_id]["Type"])

    @staticmethod
    def _exported(access: Access, name: str) -> str:
        formation: Any = access.client("cloudformation")
        for page in formation.get_paginator("list_exports").paginate():
            for entry in page["Exports"]:
                if entry["Name"] == name:
                    return str(entry["Value"])
        raise DeploymentFailed(f"No stack exports {name}")


def _table(access: Access, name: str, properties: Mapping[str, Any], _resolve: _Resolver) -> list[str]:
    specification = properties.get("TimeToLiveSpecification")
    if not specification:
        return []
    tables: Any = access.client("dynamodb")
    tables.update_time_to_live(TableName=name, TimeToLiveSpecification=specification)
    return ["TimeToLiveSpecification"]


def _bucket(access: Access, name: str, properties: Mapping[str, Any], _resolve: _Resolver) -> list[str]:
    configuration = properties.get("LifecycleConfiguration")
    if not configuration:
        return []
    objects: Any = access.client("s3")
    rules = [_rule(number, rule) for number, rule in enumerate(configuration["Rules"])]
    objects.put_bucket_lifecycle_configuration(Bucket=name, LifecycleConfiguration={"Rules": rules})
    return ["LifecycleConfiguration"]


def _rule(number: int, rule: Mapping[str, Any]) -> dict[str, Any]:
    """A rule as the API has it, from a rule as the template has it."""
    made: dict[str, Any] = {
        "ID": rule.get("Id", f"rule-{number}"),
        "Status": rule["Status"],
        "Filter": {"Prefix": rule.get("Prefix", "")},
    }
    if "ExpirationInDays" in rule:
        made["Expiration"] = {"Days": int(rule["ExpirationInDays"])}
    if "AbortIncompleteMultipartUpload" in rule:
        days = int(rule["AbortIncompleteMultipartUpload"]["DaysAfterInitiation"])
        made["AbortIncompleteMultipartUpload"] = {"DaysAfterInitiation": days}
    return made


def _function(access: Access, name: str, properties: Mapping[str, Any], resolve: _Resolver) -> list[str]:
    functions: Any = access.client("lambda")
    done = []
    if "ReservedConcurrentExecutions" in properties:
        reserved = int(properties["ReservedConcurrentExecutions"])
        functions.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=reserved)
        done.append("ReservedConcurrentExecutions")
    if "DeadLetterConfig" in properties:
        target = resolve(access, properties["DeadLetterConfig"]["TargetArn"])
        functions.update_function_configuration(FunctionName=name, DeadLetterConfig={"TargetArn": target})
        done.append("DeadLetterConfig")
    return done


_Step = Callable[[Access, str, Mapping[str, Any], _Resolver], list[str]]
_STEPS: Mapping[str, _Step] = {
    "AWS::DynamoDB::Table": _table,
    "AWS::S3::Bucket": _bucket,
    "AWS::Lambda::Function": _function,
}
