"""The HTTPS API: every request of API Gateway."""

from typing import Any

from aws_lambda_powertools.logging import correlation_paths
from aws_lambda_powertools.utilities.typing import LambdaContext

from notorious.aws.handling import logger, metrics, tracer
from notorious.aws.http.application import http_api
from notorious.aws.http.world import AwsWorld

app = http_api(AwsWorld())


@logger.inject_lambda_context(correlation_id_path=correlation_paths.API_GATEWAY_HTTP, clear_state=True)
@tracer.capture_lambda_handler
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return app.resolve(event, context)
