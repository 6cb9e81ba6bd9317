"""The voices of a mix → one recording, streamed from the bucket into the bucket."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from notorious.aws import bootstrap
from notorious.aws.handling import PlannedInput, step
from notorious.service.master import master


@step(PlannedInput)
def handler(job: PlannedInput, context: LambdaContext) -> dict[str, Any]:
    with bootstrap.progress(job.tenant, job.mix) as progress:
        made = master(job.tenant, job.mix, store=bootstrap.events(), objects=bootstrap.objects(), progress=progress)
    return {"audio": made.audio.model_dump(mode="json")}
