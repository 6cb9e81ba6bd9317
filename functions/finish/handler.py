"""The last step of a mix: its files are published."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext
from pydantic import Field

from notorious.aws import bootstrap
from notorious.aws.handling import MixInput, count, step
from notorious.domain import Reference
from notorious.service.endings import publish_mix


class FilesInput(MixInput):
    """A mix and its files, by format or sheet name."""

    files: dict[str, Reference] = Field(min_length=1)


@step(FilesInput)
def handler(job: FilesInput, context: LambdaContext) -> dict[str, Any]:
    with bootstrap.progress(job.tenant, job.mix) as progress:
        publish_mix(job.tenant, job.mix, job.files, store=bootstrap.events(), progress=progress)
    bootstrap.live().forget_job(job.tenant, job.mix)
    count("MixPublished")
    return {}
