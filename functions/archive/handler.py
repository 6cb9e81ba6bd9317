"""All events → files in the bucket; what is archived already is not archived again."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from notorious.aws import bootstrap
from notorious.aws.handling import count, logger, metrics, tracer
from notorious.eventstore.archive import archive_all


@logger.inject_lambda_context(clear_state=True)
@tracer.capture_lambda_handler
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    done = archive_all(bootstrap.events(), bootstrap.objects())
    records = sum(archived.records for archived in done)
    logger.info("archived", extra={"tenants": len(done), "records": records})
    count("EventsArchived", records)
    return {"tenants": len(done), "records": records}
