"""The first step of hearing a library: which tracks today's analysers have not heard."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from notorious.aws import bootstrap
from notorious.aws.handling import ImportInput, step
from notorious.service.ear import engine_versions
from notorious.service.import_library import list_library
from notorious.service.library_view import library_tracks


@step(ImportInput)
def handler(job: ImportInput, context: LambdaContext) -> dict[str, Any]:
    objects = bootstrap.objects()
    listed = list_library(
        job.tenant,
        job.import_id,
        store=bootstrap.events(),
        objects=objects,
        tracks=library_tracks(bootstrap.views(), job.tenant),
        versions=engine_versions(),
    )
    return {"bucket": objects.bucket, "key": listed.key, "count": listed.count}
