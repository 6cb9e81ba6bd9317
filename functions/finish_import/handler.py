"""The last step of hearing a library: how it went, and the library summed up for planning."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from notorious.aws import bootstrap
from notorious.aws.handling import ImportInput, logger, step
from notorious.service.ear import engine_versions
from notorious.service.import_library import finish_import
from notorious.service.library_view import library_tracks


@step(ImportInput)
def handler(job: ImportInput, context: LambdaContext) -> dict[str, Any]:
    done = finish_import(
        job.tenant,
        job.import_id,
        store=bootstrap.events(),
        objects=bootstrap.objects(),
        tracks=library_tracks(bootstrap.views(), job.tenant),
        versions=engine_versions(),
    )
    counts = {"analysed": done.analysed, "failed": done.failed, "skipped": done.skipped}
    logger.info("a library was heard", extra=counts)
    return counts
