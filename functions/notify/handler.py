"""The latest document of a topic → all who listen to it; asked for by whoever makes progress, and by events."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from notorious.aws import bootstrap
from notorious.aws.handling import count, logger, recorded_in, watched, with_event
from notorious.service.listening import Listening


@watched
def handler(event: dict[str, Any], context: LambdaContext) -> None:
    listening = Listening(
        live=bootstrap.live(), views=bootstrap.views(), sockets=bootstrap.sockets(), clock=bootstrap.clock()
    )
    if event.get("wake"):
        return  # its imports and clients are made by now, which is what a first message would wait for
    if "detail" in event:
        recorded = recorded_in(event)
        with_event(recorded)
        told = listening.tell_event(recorded)
    else:
        logger.append_keys(tenant=event["tenant"], topic=event["topic"])
        told = listening.tell_topic(event["tenant"], event["topic"])
    count("MessagesSent", told.reached)
    count("ListenersGone", told.gone)
