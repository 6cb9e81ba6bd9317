"""Which rights the deployed roles have been granted, and which of them were used.

`rights_watched.py` writes down what the roles of a running service ask for. Here that is held against the embedded
template: every statement is taken apart into its role, action and resource, and each of these has to have been
asked for.

    python tests/service/rights.py RECORD       prints what was refused, and what was granted but never used
"""

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

TEMPLATE = Path(__file__).resolve().parent.parent.parent / "shared" / "notorious" / "embedded" / "template"
PREFIX = "notorious-embedded"


@dataclass(frozen=True)
class Right:
    """A role may do one thing with some resources (an ARN in which `*` stands for anything)."""

    role: str
    action: str
    resource: str

    def __str__(self) -> str:
        return f"{self.role} {self.action} {self.resource}"

    def covers(self, asked: "Right") -> bool:
        return (
            fnmatchcase(asked.role, self.role)
            and fnmatchcase(asked.action, self.action)
            and fnmatchcase(asked.resource, self.resource)
        )


ASKED_BY_AWS = (
    Right("*", "sqs:ReceiveMessage", "*"),  # a queue's poller takes messages in the function's name
    Right("*", "sqs:DeleteMessage", "*"),
    Right("*", "sqs:ChangeMessageVisibility", "*"),
    Right("*", "sqs:GetQueue*", "*"),
    Right("*", "sqs:SendMessage", "*-dead"),  # what a function failed on is put aside by whoever called it
    Right("PublishRole*", "dynamodb:*Stream*", "*"),  # the table stream's poller
    Right("PublishRole*", "dynamodb:GetRecords", "*"),
    Right("PublishRole*", "dynamodb:GetShardIterator", "*"),
    Right("MixRole*", "lambda:InvokeFunction", "*"),  # the embedded interpreter asks in its own name
    Right("StemsRole*", "lambda:InvokeFunction", "*"),
    Right("StemsRole*", "batch:SubmitJob", "*"),
    Right("AnalyzeLibraryRole*", "lambda:InvokeFunction", "*"),
    Right("AnalyzeLibraryRole*", "s3:GetObject", "*/manifests/*"),  # what a distributed Map reads its items from
    Right("AnalyzeLibraryRole*", "states:StartExecution", "*:notorious-embedded-analyze-library"),  # one for each item
)
"""What the embedded stage does itself, where AWS does it with the role. That workflows may do just what their
definition says is a test of its own (tests/unit/infra/test_rights.py)."""


@dataclass(frozen=True)
class Record:
    """What was asked for."""

    allowed: frozenset[Right]
    refused: frozenset[Right]


def recorded(path: Path) -> Record:
    """Read what `rights_watched.py` wrote; roles are named as in the template.

    Roles that are none of the service's are left out: a test makes some to see them refused.
    """
    names = {_deployed_name(stack, role): role for stack, role, _ in _policies()}
    allowed, refused = set(), set()
    for line in path.read_text().splitlines():
        deployed, action, resource, was_allowed = json.loads(line)
        if not deployed.startswith(f"{PREFIX}-"):
            continue
        role = next((role for name, role in names.items() if deployed.startswith(name)), deployed)
        (allowed if was_allowed else refused).add(Right(role, action, resource))
    return Record(frozenset(allowed), frozenset(refused))


def granted() -> list[Right]:
    """Every right in the embedded template, one for each role, action and resource."""
    return sorted(
        {
            Right(role, action, _pattern(resource, stack))
            for stack, role, statements in _policies()
            for statement in statements
            for action in _listed(statement["Action"])
            for resource in _listed(statement["Resource"])
        },
        key=str,
    )


def unused(rights: list[Right], record: Record) -> list[Right]:
    """The rights that nobody asked for."""
    return [right for right in rights if not any(right.covers(asked) for asked in record.allowed)]


def _policies() -> Iterator[tuple[str, str, list[dict[str, Any]]]]:
    """Stack, logical name of the role, statements, of every policy in the template."""
    for path in sorted(TEMPLATE.glob("*.template.json")):
        for resource in json.loads(path.read_text())["Resources"].values():
            if resource["Type"] == "AWS::IAM::Policy":
                (role,) = resource["Properties"]["Roles"]
                yield path.name.split(".")[0], role["Ref"], resource["Properties"]["PolicyDocument"]["Statement"]


def _deployed_name(stack: str, role: str) -> str:
    """How the name of a deployed role begins: the stack's, the role's and a random part, cut at 64 letters."""
    return f"{PREFIX}-{stack}-{role[:-8]}"


def _pattern(resource: Any, stack: str) -> str:
    """A resource of a statement as a pattern of ARNs: what only the deployment knows may be anything."""
    match resource:
        case str():
            return resource
        case {"Fn::Join": [separator, parts]}:
            return str(separator).join(_pattern(part, stack) for part in parts)
        case {"Fn::GetAtt": [name, "Arn"]}:
            return f"*{_physical_name(stack, str(name))}"
        case {"Ref": "AWS::Partition"}:
            return "aws"
        case _:
            return "*"


def _physical_name(stack: str, logical: str) -> str:
    """The name that a resource of a stack is given, where the template says it; else anything."""
    properties = json.loads((TEMPLATE / f"{stack}.template.json").read_text())["Resources"][logical]["Properties"]
    for key in ("FunctionName", "QueueName", "TableName", "BucketName", "StateMachineName", "JobQueueName"):
        if isinstance(properties.get(key), str):
            return str(properties[key])
    return "*"


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def main() -> None:
    record = recorded(Path(sys.argv[1]))
    for right in sorted(record.refused, key=str):
        print(f"refused  {right}")
    for right in unused(granted(), record):
        print(f"unused   {right}")


if __name__ == "__main__":
    main()
