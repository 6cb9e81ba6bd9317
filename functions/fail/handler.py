"""What any step of a mix fails with in the end → MixFailed, with the reason and what can be done."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext
from pydantic import Field

from notorious.aws import bootstrap
from notorious.aws.handling import ErrorOutput, MixInput, count, logger, step
from notorious.domain.mix_events import MixPhase
from notorious.service.endings import fail_mix
from notorious.service.failures import failure_of


class FailureInput(MixInput):
    """A mix, the phase in which it failed, and what the workflow knows of why."""

    phase: MixPhase
    error: ErrorOutput = Field(default_factory=ErrorOutput)


@step(FailureInput)
def handler(job: FailureInput, context: LambdaContext) -> dict[str, Any]:
    failure = failure_of(job.error.error, job.error.cause, phase=job.phase)
    logger.error("a mix failed", extra={"phase": job.phase, "reason": failure.reason, "cause": job.error.cause})
    if fail_mix(job.tenant, job.mix, phase=job.phase, failure=failure, store=bootstrap.events()):
        count("MixFailed")
    bootstrap.live().forget_job(job.tenant, job.mix)
    return {}
