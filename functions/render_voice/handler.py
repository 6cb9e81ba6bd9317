"""One voice of a mix, unless it lies in the bucket already."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext
from pydantic import Field

from notorious.aws import bootstrap
from notorious.aws.handling import PlannedInput, count, step
from notorious.service.voices import render_voice


class VoiceInput(PlannedInput):
    """A mix, and which of its voices."""

    index: int = Field(ge=0)


@step(VoiceInput)
def handler(job: VoiceInput, context: LambdaContext) -> dict[str, Any]:
    with bootstrap.progress(job.tenant, job.mix, part=str(job.index)) as progress:
        voice = render_voice(
            job.tenant,
            job.mix,
            job.index,
            store=bootstrap.events(),
            objects=bootstrap.objects(),
            clock=bootstrap.clock(),
            progress=progress,
        )
    count("VoiceCached" if voice.cached else "VoiceRendered")
    return {"voice": voice.audio.key}
