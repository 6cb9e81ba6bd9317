"""Plans as files: written for people, read with a check that names what is wrong.

A plan may be edited by hand. What the Plan value checks by itself (numbering, a rising clock, transitions inside their
tracks) is told with the field's place in the file.
"""

import json
from pathlib import Path

from pydantic import ValidationError

from notorious.errors import OutputFailed, PlanError
from notorious.planning.plan import Plan

MOST_PROBLEMS_TOLD = 5


def plan_text(plan: Plan) -> str:
    """A plan as JSON with two spaces of indent and a final newline; what is null is left out of it."""
    return json.dumps(plan.model_dump(mode="json", exclude_none=True), indent=2, ensure_ascii=False) + "\n"


def parse_plan(text: str, *, source: str = "the plan") -> Plan:
    """Read a plan from JSON. Raises PlanError, naming the field, where it does not hold together."""
    try:
        value = json.loads(text)
    except (json.JSONDecodeError, RecursionError) as error:
        raise PlanError(f"{source} is not JSON: {error}; a plan is what `notorious plan` writes") from error
    return plan_of_value(value, source=source)


def plan_of_value(value: object, *, source: str = "the plan") -> Plan:
    """Read a plan from parsed JSON. Raises PlanError, naming the field, where it does not hold together."""
    if not isinstance(value, dict):
        raise PlanError(f"{source} holds a JSON {type(value).__name__} instead of a plan; `notorious plan` writes one")
    try:
        return Plan.model_validate(value)
    except ValidationError as error:
        raise PlanError(f"{source} does not hold together: {_told(error)}") from error


def read_plan(path: Path | str) -> Plan:
    """Read a plan file. Raises PlanError where it cannot be read or does not hold together."""
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError, ValueError) as error:
        raise PlanError(
            f"the plan {path} cannot be read: {error}; name a file that `notorious plan` has written"
        ) from error
    return parse_plan(text, source=f"the plan {path}")


def write_plan(plan: Plan, path: Path | str) -> None:
    """Write a plan file, whole or not at all. Raises OutputFailed where it cannot be written."""
    destination = Path(path)
    partial = destination.with_name(destination.name + ".part")
    try:
        partial.write_text(plan_text(plan), encoding="utf-8", newline="\n")
        partial.replace(destination)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise OutputFailed(f"the plan cannot be written to {path}: {error}; choose another place") from error


def _told(error: ValidationError) -> str:
    """The first problems in words: `slots[2].gain_db: Input should be a valid number`."""
    problems = []
    for problem in error.errors(include_url=False):
        place = ""
        for part in problem["loc"]:
            place += f"[{part}]" if isinstance(part, int) else (f".{part}" if place else str(part))
        message = problem["msg"].removeprefix("Value error, ")
        problems.append(f"{place}: {message}" if place else message)
    more = len(problems) - MOST_PROBLEMS_TOLD
    return "; ".join(problems[:MOST_PROBLEMS_TOLD]) + (f"; and {more} more" if more > 0 else "")
