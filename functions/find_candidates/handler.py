"""The second step of a mix: who may play."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from notorious.aws import bootstrap
from notorious.aws.handling import MixInput, step
from notorious.service.library_view import library_tracks
from notorious.service.plan_mix import find_candidates


@step(MixInput)
def handler(job: MixInput, context: LambdaContext) -> dict[str, Any]:
    with bootstrap.progress(job.tenant, job.mix) as progress:
        found = find_candidates(
            job.tenant,
            job.mix,
            store=bootstrap.events(),
            objects=bootstrap.objects(),
            tracks=library_tracks(bootstrap.views(), job.tenant),
            progress=progress,
        )
    return {"candidates": None if found is None else found.model_dump(mode="json")}
