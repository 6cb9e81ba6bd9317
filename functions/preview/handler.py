"""Transitions to listen to before the mix is made: all of them in the workflow, or the one that somebody asks for."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext
from pydantic import Field

from notorious.aws import bootstrap
from notorious.aws.handling import PlannedInput, step
from notorious.service.preview import preview


class PreviewInput(PlannedInput):
    """A mix, and which transition (None: all that are wanted)."""

    transition: int | None = Field(default=None, ge=0)


@step(PreviewInput)
def handler(job: PreviewInput, context: LambdaContext) -> dict[str, Any]:
    with bootstrap.progress(job.tenant, job.mix) as progress:
        preview(
            job.tenant,
            job.mix,
            store=bootstrap.events(),
            objects=bootstrap.objects(),
            progress=progress,
            transition=job.transition,
        )
    return {}
