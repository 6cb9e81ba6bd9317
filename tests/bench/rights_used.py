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
    r"sqs:(ReceiveMessage|DeleteMessage|ChangeMessageVisibility|GetQueue\w+)|sqs:SendMessage.*dead"
    r"|dynamodb:(GetRecords|GetShardIterator|DescribeStream|ListStreams)"
)


def main() -> None:
    lines = [json.loads(line) for line in Path(sys.argv[1]).read_text().splitlines()]
    # A role's generated name begins with its stack's name and its logical id.
    used = {(re.sub(r"-[^-]*-[^-]*$", "", role), action) for role, action, _, decision in lines if decision == "Allow"}
    used |= {(role, action) for role, action, _, decision in lines if decision == "Allow"}
    for role, action, resource, decision in lines:
        if decision != "Allow":
            print(f"refused  {role} {action} {resource}")
    for role, action, resource in granted():
        if _OF_AWS.search(f"{action} {resource}"):
            continue
        if not any(name.startswith(role) and asked == action for name, asked in used):
            print(f"unused   {role} {action} {resource}")


def granted() -> Iterator[tuple[str, str, str]]:
    """Role (as its name begins), action, resource, of every statement of a function's role."""
    for path in sorted(TEMPLATE.glob("*.template.json")):
        stack = f"notorious-embedded-{path.name.split('.')[0]}"
        for resource in json.loads(path.read_text())["Resources"].values():
            if resource["Type"] != "AWS::IAM::Policy":
                continue
            (role,) = resource["Properties"]["Roles"]
            for statement in resource["Properties"]["PolicyDocument"]["Statement"]:
                for action in _listed(statement["Action"]):
                    yield f"{stack}-{role['Ref']}", action, json.dumps(statement["Resource"])


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


if __name__ == "__main__":
    main()
