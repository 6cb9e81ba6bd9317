"""Wait for a listener to approve a plan: the workflow leaves a token, the approval hands it back.

Approval and token may come in either order, and each may come twice.
"""

from datetime import timedelta
from typing import Final

from notorious.eventstore import EventStore
from notorious.service.mix_job import open_job
from notorious.service.ports import ApprovalTokens, Clock, Workflows
from notorious.service.progress import Progress

PATIENCE: Final = timedelta(days=3, hours=1)
"""A little longer than the workflow waits."""
_APPROVED: Final = ("approved", "rendering", "mastered")


def ask_approval(
    tenant: str,
    mix: str,
    token: str,
    *,
    store: EventStore,
    tokens: ApprovalTokens,
    workflows: Workflows,
    clock: Clock,
    progress: Progress,
) -> None:
    """Leave the workflow's token for whoever approves. Raises Cancelled."""
    open_job(store, tenant, mix)
    tokens.keep_approval_token(tenant, mix, token, expires=clock.now() + PATIENCE)
    progress.report("waiting for approval", 0, 1)
    # Looked at only now: an approval that came before the token was left found nobody waiting.
    if open_job(store, tenant, mix).state.status in _APPROVED:
        resume_approved(tenant, mix, tokens=tokens, workflows=workflows)


def resume_approved(tenant: str, mix: str, *, tokens: ApprovalTokens, workflows: Workflows) -> bool:
    """Let the workflow of an approved mix go on; False where none waits."""
    token = tokens.approval_token(tenant, mix)
    if token is None:
        return False
    resumed = workflows.resume(token, {"tenant": tenant, "mix": mix})
    tokens.forget_approval_token(tenant, mix)
    return resumed
