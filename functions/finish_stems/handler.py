"""A separation is done → where the stems lie is recorded."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from notorious.aws import bootstrap
from notorious.aws.handling import TrackInput, count, step
from notorious.service.separate_stems import finish_stems


class StemsInput(TrackInput):
    """A track and the model that separated it."""

    model: str


@step(StemsInput)
def handler(job: StemsInput, context: LambdaContext) -> dict[str, Any]:
    names = finish_stems(
        job.tenant,
        job.sha256,
        job.model,
        store=bootstrap.events(),
        objects=bootstrap.objects(),
        clock=bootstrap.clock(),
    )
    count("StemsSeparated")
    return {"stems": list(names)}
