"""A mastered mix → the formats that were asked for, and its sheet."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from notorious.aws import bootstrap
from notorious.aws.handling import PlannedInput, step
from notorious.service.export import export


@step(PlannedInput)
def handler(job: PlannedInput, context: LambdaContext) -> dict[str, Any]:
    with bootstrap.progress(job.tenant, job.mix) as progress:
        files = export(job.tenant, job.mix, store=bootstrap.events(), objects=bootstrap.objects(), progress=progress)
    return {"files": {name: file.model_dump(mode="json") for name, file in files.items()}}
