"""The third step of a mix: the plan. Called again, it answers with the present revision."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from notorious.aws import bootstrap
from notorious.aws.handling import MixInput, step
from notorious.domain import Reference
from notorious.service.plan_mix import plan


class CandidatesInput(MixInput):
    """A mix and its candidates; None where it had a plan before they were looked for."""

    candidates: Reference | None = None


@step(CandidatesInput)
def handler(job: CandidatesInput, context: LambdaContext) -> dict[str, Any]:
    with bootstrap.progress(job.tenant, job.mix) as progress:
        made = plan(
            job.tenant,
            job.mix,
            job.candidates,
            store=bootstrap.events(),
            objects=bootstrap.objects(),
            progress=progress,
        )
    return {"plan": made.plan.model_dump(mode="json"), "voices": list(made.voices)}
