"""Which execution of the workflow works on a mix, and how often it was tried.

The names of executions are used once and for all, so a mix that is begun again needs another name. What was tried is
noted beside the plans of the mix, since neither workflows nor the live table outlive a crash of the embedded stack.
"""

import json
from dataclasses import asdict, dataclass
from typing import Final

from notorious.service import keys
from notorious.service.ports import ObjectMissing, Objects, Workflows

MOST_ATTEMPTS: Final = 4
"""Of one revision. A mix whose work ends in the middle so often fails by itself, with that as its reason."""
_MOST_NAMES: Final = 50


@dataclass(frozen=True)
class Execution:
    """The latest execution for a mix: its name, and which attempt at `run` it is (from 1)."""

    name: str
    run: str
    attempt: int


def run_name(mix: str, revision: int | None = None) -> str:
    """What is tried: the mix as it was asked for, or a revision that was made after it had ended."""
    return mix if revision is None else f"{mix}-r{revision}"


def latest_execution(objects: Objects, tenant: str, mix: str) -> Execution | None:
    """What was noted; None where nothing was begun."""
    try:
        return Execution(**json.loads(objects.get(keys.execution(tenant, mix))))
    except ObjectMissing:
        return None


def begin(workflows: Workflows, objects: Objects, tenant: str, mix: str, *, run: str) -> bool:
    """Begin with a mix, once: False where it was begun before."""
    before = latest_execution(objects, tenant, mix)
    if before is None or before.run != run:
        # Noted first: the sweep would take a running execution that nobody noted for a lost one.
        _note(objects, tenant, mix, Execution(run, run, 1))
    return workflows.start("mix", run, {"tenant": tenant, "mix": mix})


def begin_again(workflows: Workflows, objects: Objects, tenant: str, mix: str) -> Execution | None:
    """Another attempt at the latest run; None where it was tried often enough."""
    before = latest_execution(objects, tenant, mix) or Execution(mix, mix, 0)
    if before.attempt >= MOST_ATTEMPTS:
        return None
    attempt = before.attempt + 1
    for number in range(attempt, attempt + _MOST_NAMES):
        name = before.run if number == 1 else f"{before.run}-{number}"
        # Noted before it is started: an attempt that takes the whole process with it has to count.
        _note(objects, tenant, mix, Execution(name, before.run, attempt))
        if workflows.start("mix", name, {"tenant": tenant, "mix": mix}):
            return Execution(name, before.run, attempt)
    return None


def stop(workflows: Workflows, objects: Objects, tenant: str, mix: str, *, reason: str) -> None:
    """Stop whatever works on a mix."""
    execution = latest_execution(objects, tenant, mix)
    if execution is not None:
        workflows.stop("mix", execution.name, reason=reason)


def _note(objects: Objects, tenant: str, mix: str, execution: Execution) -> None:
    objects.put(keys.execution(tenant, mix), json.dumps(asdict(execution)).encode(), content_type="application/json")
