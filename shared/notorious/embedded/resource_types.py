"""Types of resources that the emulator's CloudFormation does not know; one unknown type refuses a whole template."""

from collections.abc import Callable, Mapping
from typing import Any

from notorious.embedded.mending import expect


def accept_type(
    resource_type: str, create: Callable[[str, Mapping[str, Any], str], tuple[str, dict[str, str]]]
) -> None:
    """Teach the emulator's CloudFormation a type. What it makes goes with the process, so deleting does nothing."""
    from ministack.services.cloudformation import provisioners

    def update(
        _physical_id: str, _old: Mapping[str, Any], new: Mapping[str, Any], stack: str, logical_id: str = ""
    ) -> tuple[str, dict[str, str]]:
        return create(logical_id, new, stack)

    def delete(_physical_id: str, _properties: Mapping[str, Any]) -> None:
        return None

    expect(provisioners, "_RESOURCE_HANDLERS")
    provisioners._RESOURCE_HANDLERS[resource_type] = {"create": create, "update": update, "delete": delete}
