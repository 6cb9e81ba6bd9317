"""The state that waits for an approval: its token is kept for whoever approves."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext
from pydantic import Field

from notorious.aws import bootstrap
from notorious.aws.handling import PlannedInput, step
from notorious.service.approval import ask_approval


class TokenInput(PlannedInput):
    """A step that is to be called back."""

    token: str = Field(min_length=1)


@step(TokenInput)
def handler(job: TokenInput, context: LambdaContext) -> dict[str, Any]:
    with bootstrap.progress(job.tenant, job.mix) as progress:
        ask_approval(
            job.tenant,
            job.mix,
            job.token,
            store=bootstrap.events(),
            tokens=bootstrap.live(),
            workflows=bootstrap.workflows(),
            clock=bootstrap.clock(),
            progress=progress,
        )
    return {}
