"""A separation came to nothing → the reason is recorded; mixes go on without stems."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext
from pydantic import Field

from notorious.aws import bootstrap
from notorious.aws.handling import ErrorOutput, TrackInput, count, logger, step
from notorious.service.separate_stems import fail_stems


class FailedStemsInput(TrackInput):
    """A track, the model, and what the workflow knows of why it failed."""

    model: str
    error: ErrorOutput = Field(default_factory=ErrorOutput)


@step(FailedStemsInput)
def handler(job: FailedStemsInput, context: LambdaContext) -> dict[str, Any]:
    reason = fail_stems(
        job.tenant,
        job.sha256,
        job.model,
        error=job.error.error,
        cause=job.error.cause,
        store=bootstrap.events(),
        objects=bootstrap.objects(),
    )
    logger.error("a separation failed", extra={"reason": reason, "cause": job.error.cause})
    count("StemsFailed")
    return {"reason": reason}
