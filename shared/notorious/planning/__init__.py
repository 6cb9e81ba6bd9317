"""From analysed tracks and a brief to a plan.

The names are handed on late: importing this package loads no NumPy.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from notorious.planning.brief import Brief, PlateauWish
    from notorious.planning.edit import parse_plan, plan_text, read_plan, write_plan
    from notorious.planning.plan import Plan
    from notorious.planning.planner import plan_set
    from notorious.planning.profile import TrackProfile

__all__ = [
    "Brief", "Plan", "PlateauWish", "TrackProfile", "parse_plan", "plan_set", "plan_text", "read_plan", "write_plan",
]  # fmt: skip

_HOMES = {
    "Brief": "brief", "PlateauWish": "brief", "parse_plan": "edit", "plan_text": "edit", "read_plan": "edit",
    "write_plan": "edit", "Plan": "plan", "plan_set": "planner", "TrackProfile": "profile",
}  # fmt: skip


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
