"""Whether everything that happened has been delivered: no record of a stream unread, no message waiting or in work.

Queues that feed heavy functions are not looked at: what waits there is work, which `sweep` starts again after a crash.
"""

from collections.abc import Iterator
from typing import Any

from notorious.embedded.heavy import is_heavy
from notorious.embedded.mending import expect


def everything_is_delivered() -> bool:
    """Looks into the emulator of this process; costs microseconds."""
    from ministack.services import dynamodb, lambda_svc, sqs

    expect(lambda_svc, "_esms", "_esm_inflight", "_dynamodb_stream_positions", "_functions")
    expect(dynamodb, "stream_end_position")
    expect(sqs, "_queues")
    for mapping in _mappings(lambda_svc):
        source = str(mapping["EventSourceArn"])
        if ":dynamodb:" in source:
            name = source.split("/stream/")[0].rsplit("/", 1)[-1]
            end = dynamodb.stream_end_position(name)
            if end and lambda_svc._dynamodb_stream_positions.get(mapping["UUID"], 0) < end:
                return False
        elif ":sqs:" in source and not _feeds_heavy_work(lambda_svc, mapping):
            if lambda_svc._esm_inflight.get(mapping["UUID"], 0):
                return False
            queue = sqs._queues.get(sqs._queue_url(source.rsplit(":", 1)[-1]))
            if queue and queue["messages"]:
                return False
    return True


def _mappings(lambda_svc: Any) -> Iterator[dict[str, Any]]:
    yield from (mapping for mapping in list(lambda_svc._esms.values()) if mapping.get("Enabled", True))


def _feeds_heavy_work(lambda_svc: Any, mapping: dict[str, Any]) -> bool:
    function = lambda_svc._functions.get(mapping["FunctionName"]) or {}
    return is_heavy(function.get("config", {}))
