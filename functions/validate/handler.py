"""The first step of a mix: can what is asked for be meant, and done with this library?"""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from notorious.aws import bootstrap
from notorious.aws.handling import MixInput, step
from notorious.service.library_view import library_tracks
from notorious.service.plan_mix import validate


@step(MixInput)
def handler(job: MixInput, context: LambdaContext) -> dict[str, Any]:
    bootstrap.live().restart_progress(job.tenant, job.mix)
    with bootstrap.progress(job.tenant, job.mix) as progress:
        tracks = library_tracks(bootstrap.views(), job.tenant)
        valid = validate(job.tenant, job.mix, store=bootstrap.events(), tracks=tracks, progress=progress)
    return {"wants_preview": valid.wants_preview, "wants_approval": valid.wants_approval}
