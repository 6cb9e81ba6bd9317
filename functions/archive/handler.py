"""All events → files in the bucket; what is archived already is not archived again."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from notorious.aws import bootstrap
from notorious.aws.handling import count, logger, watched
from notorious.eventstore.archive import archive_all


@watched
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    done = archive_all(bootstrap.events(), bootstrap.objects())
    records = sum(archived.new_records for archived in done)
    logger.info("archived", extra={"tenants": len(done), "records": records})
    count("EventsArchived", records)
    return {"tenants": len(done), "records": records}
