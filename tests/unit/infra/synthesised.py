"""Synthesised templates, and questions to them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Resource = dict[str, Any]


@dataclass(frozen=True)
class Synthesised:
    """The templates of one stage, by the name of their stack."""

    templates: Mapping[str, dict[str, Any]]
    folder: Path

    def resources(self, kind: str) -> Iterator[tuple[str, Resource]]:
        """All resources of a type, as `STACK/LOGICAL_ID` and the resource."""
        for stack, template in self.templates.items():
            for name, resource in template["Resources"].items():
                if resource["Type"] == kind:
                    yield f"{stack}/{name}", resource

    def properties(self, kind: str) -> list[Resource]:
        """The properties of all resources of a type."""
        return [resource.get("Properties", {}) for _, resource in self.resources(kind)]

    def function(self, name: str) -> Resource:
        """The properties of one function, by the end of its name."""
        (found,) = (p for p in self.properties("AWS::Lambda::Function") if p["FunctionName"].endswith(f"-{name}"))
        return found

    def statements(self, function: str) -> list[dict[str, Any]]:
        """What the role of a function allows."""
        role = self.function(function)["Role"]["Fn::GetAtt"][0]
        return [
            statement
            for policy in self.properties("AWS::IAM::Policy")
            if {"Ref": role} in policy["Roles"]
            for statement in policy["PolicyDocument"]["Statement"]
        ]


def listed(value: Any) -> list[Any]:
    """A list, also where CloudFormation lets one value stand for itself."""
    return value if isinstance(value, list) else [value]


def spelt(value: Any) -> str:
    """A value with references as `<…>`, to look for words in it."""
    match value:
        case {"Fn::Join": [delimiter, parts]}:
            return str(delimiter).join(spelt(part) for part in parts)
        case {"Ref": name}:
            return f"<{name}>"
        case {"Fn::GetAtt": [name, attribute]}:
            return f"<{name}.{attribute}>"
        case {"Fn::ImportValue": name}:
            return f"<{name}>"
        case {"Fn::Sub": text}:
            return spelt(text)
        case _:
            return str(value)
