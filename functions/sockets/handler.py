"""What comes over a WebSocket: somebody connects, subscribes, unsubscribes, goes."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from notorious.aws import bootstrap
from notorious.aws.handling import logger, watched
from notorious.service.listening import Listening
from notorious.service.ports import Connection


@watched
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    request = event["requestContext"]
    connection_id = request["connectionId"]
    logger.append_keys(connection_id=connection_id)
    listening = Listening(
        live=bootstrap.live(), views=bootstrap.views(), sockets=bootstrap.sockets(), clock=bootstrap.clock()
    )
    match request["routeKey"]:
        case "$connect":
            who = request["authorizer"]
            listening.connect(Connection(connection_id, who["tenant"], who["user"]))
            bootstrap.notifier().wake()
        case "$disconnect":
            listening.disconnect(connection_id)
        case _:
            listening.take(connection_id, event.get("body") or "")
    return {"statusCode": 200}
