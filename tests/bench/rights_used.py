"""Which of the granted rights nobody uses, and which were missing.

    python tests/bench/rights_used.py RECORD

RECORD is what `rights_watched.py` has written while the service was used: best, while the end-to-end tests ran against
it. Prints every action in the embedded template's policies that no function asked for, and every refusal.
"""

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

TEMPLATE = Path(__file__).resolve().parent.parent.parent / "shared" / "notorious" / "embedded" / "template"
# Asked for by AWS itself, not by a function: its pollers and its delivery of dead letters.
_OF_AWS = re.compile(
    r"sqs:(ReceiveMessage|DeleteMessage|ChangeMessageVisibility|GetQueue\w+)|sqs:SendMessage.*DeadLetters"
    r"|dynamodb:(GetRecords|GetShardIterator|DescribeStream|ListStreams)"
)


def main() -> None:
    lines = [json.loads(line) for line in Path(sys.argv[1]).read_text().splitlines()]
    used = {(role, action) for role, action, _, allowed in lines if allowed}
    for role, action, resource, allowed in lines:
        if not allowed:
            print(f"refused  {role} {action} {resource}")
    for role, action, resources in granted():
        if not any(name.startswith(role) and asked == action for name, asked in used):
            print(f"unused   {role} {action} {resources}")


def granted() -> Iterator[tuple[str, str, str]]:
    """Role (as its name begins), action, resources, of every statement of a function's role."""
    for path in sorted(TEMPLATE.glob("*.template.json")):
        stack = f"notorious-embedded-{path.name.split('.')[0]}"
        for resource in json.loads(path.read_text())["Resources"].values():
            if resource["Type"] != "AWS::IAM::Policy":
                continue
            (role,) = resource["Properties"]["Roles"]
            # A generated name is the stack's, the role's and a random part, and the whole is cut at 64 letters.
            name = f"{stack}-{role['Ref'][:-8]}"
            for statement in resource["Properties"]["PolicyDocument"]["Statement"]:
                resources = json.dumps(statement["Resource"])
                for action in _listed(statement["Action"]):
                    if not _OF_AWS.search(f"{action} {resources}"):
                        yield name, action, resources


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


if __name__ == "__main__":
    main()
