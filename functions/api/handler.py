"""The HTTPS API: every request of API Gateway."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from notorious.aws.handling import logger, watched
from notorious.aws.http.application import http_api
from notorious.aws.http.world import AwsWorld

app = http_api(AwsWorld())


@watched
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    logger.append_keys(correlation_id=event["requestContext"]["requestId"])
    return app.resolve(event, context)
