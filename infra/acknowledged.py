"""Rules of cdk-nag that do not hold here, each with its reason.

`acknowledge` stands where the construct that breaks a rule is built. Wildcards in policies are judged in one place,
after everything is built: `acknowledge_wildcards` lets those pass that `_WILDCARDS` or `_WITHOUT_RESOURCES` names, and
whatever else holds a star fails the synthesis.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from aws_cdk import Acknowledgment, App, Stack, Validations
from aws_cdk import aws_iam as iam
from constructs import IConstruct

_RULE = "AwsSolutions-IAM5"
_WILDCARDS = {
    r"[^*]*:s3:::[^*]*-media[^*/]*/[a-z]+/\*": "objects get their keys at run time, under the folder named",
    r"[^*]*:execution:[^*]*:\*": "executions get their names at run time, under the workflow named",
    r"[^*]*:execute-api:[^*]*/\*/@connections/\*": "connections get their names at run time, of the API named",
}
_WITHOUT_RESOURCES = {
    "batch:DescribeJobs": "Batch's jobs get their names at run time, and describing knows no resources",
    "batch:TerminateJob": "jobs get their names at run time",
    "dynamodb:ListStreams": "knows no resources",
    "ecr:GetAuthorizationToken": "knows no resources",
    "logs:CreateLogDelivery": "log delivery knows no resources",
    "logs:DeleteLogDelivery": "log delivery knows no resources",
    "logs:DescribeLogGroups": "log delivery knows no resources",
    "logs:DescribeResourcePolicies": "log delivery knows no resources",
    "logs:GetLogDelivery": "log delivery knows no resources",
    "logs:ListLogDeliveries": "log delivery knows no resources",
    "logs:PutResourcePolicy": "log delivery knows no resources",
    "logs:UpdateLogDelivery": "log delivery knows no resources",
    "states:SendTaskSuccess": "the embedded stage only: its interpreter cannot tell which workflow a token is of",
    "xray:GetSamplingRules": "X-Ray knows no resources",
    "xray:GetSamplingTargets": "X-Ray knows no resources",
    "xray:PutTelemetryRecords": "X-Ray knows no resources",
    "xray:PutTraceSegments": "X-Ray knows no resources",
}


def acknowledge(construct: IConstruct, reasons: Mapping[str, str]) -> None:
    """Let a construct and what is in it break rules, for reasons.

    Args:
        construct: the smallest construct that holds what breaks the rule.
        reasons: rule id to the reason why it is broken on purpose.
    """
    Validations.of(construct).acknowledge(
        *(Acknowledgment(id=rule, reason=reason) for rule, reason in sorted(reasons.items()))
    )


def acknowledge_wildcards(app: App) -> None:
    """Let those stars in policies pass that are named above; to be called when all policies are complete."""
    for construct in app.node.find_all():
        if isinstance(construct, iam.CfnPolicy):
            document = Stack.of(construct).resolve(construct.policy_document)
            reasons = dict(_reasons(document["Statement"]))
            if reasons:
                acknowledge(construct, {f"{_RULE}[Resource::{found}]": reason for found, reason in reasons.items()})


def _reasons(statements: list[dict[str, Any]]) -> Iterator[tuple[str, str]]:
    """Each resource with a star for which there is a reason, as cdk-nag spells it, with the reason."""
    for statement in statements:
        actions = _listed(statement["Action"])
        for resource in _listed(statement["Resource"]):
            spelt = _flattened(resource)
            if spelt == "*" and all(action in _WITHOUT_RESOURCES for action in actions):
                yield spelt, "; ".join(f"{action}: {_WITHOUT_RESOURCES[action]}" for action in actions)
            for pattern, reason in _WILDCARDS.items():
                if re.fullmatch(pattern, spelt):
                    yield spelt, reason


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _flattened(reference: Any) -> str:
    """A resource as cdk-nag spells it: `<Name.Attribute>` for what is known at deployment only."""
    match reference:
        case str():
            return re.sub(r"\$\{(.*?)\}", r"<\1>", reference)
        case {"Fn::Join": [delimiter, parts]}:
            return str(delimiter).join(_flattened(part) for part in parts)
        case {"Fn::GetAtt": [name, attribute]}:
            return f"<{_flattened(name)}.{_flattened(attribute)}>"
        case {"Fn::ImportValue": name}:
            return _flattened(name)
        case {"Fn::Sub": text}:
            return _flattened(text)
        case {"Ref": name}:
            return f"<{_flattened(name)}>"
        case _:
            raise ValueError(f"a policy's resource is spelt in a way that is not known here: {reference!r}")
