"""One boto3 client of each kind per process, made at the first need, from the environment alone.

Where the code runs it does not know: `AWS_ENDPOINT_URL` leads to the embedded stack, its absence to AWS. boto3 makes
its clients at run time, so that they have no types of their own.
"""

import os
from functools import cache
from typing import Any

from notorious.aws.sockets_endpoint import SocketsEndpoint

READ_TIMEOUT_SECONDS = 60
CONNECTIONS = 32
"""Of one client: as many threads as the use cases read analyses with."""
ATTEMPTS = 5


def _config(**more: Any) -> Any:
    from botocore.config import Config

    return Config(
        connect_timeout=5,
        read_timeout=READ_TIMEOUT_SECONDS,
        max_pool_connections=CONNECTIONS,
        retries={"mode": "standard", "max_attempts": ATTEMPTS},
        **more,
    )


@cache
def s3() -> Any:
    import boto3

    # Path style, since the embedded stack has no host name per bucket; virtual hosts on AWS, as it prefers.
    style = "path" if os.environ.get("AWS_ENDPOINT_URL") else "virtual"
    config = _config(signature_version="s3v4", s3={"addressing_style": style})
    return boto3.client("s3", config=config)


@cache
def dynamodb() -> Any:
    import boto3

    return boto3.client("dynamodb", config=_config())


@cache
def events() -> Any:
    import boto3

    return boto3.client("events", config=_config())


@cache
def stepfunctions() -> Any:
    import boto3

    return boto3.client("stepfunctions", config=_config())


@cache
def functions() -> Any:
    import boto3

    return boto3.client("lambda", config=_config())


@cache
def sqs() -> Any:
    import boto3

    return boto3.client("sqs", config=_config())


@cache
def sockets(api_id: str, stage: str) -> SocketsEndpoint:
    """The management endpoint of a WebSocket API."""
    emulator = os.environ.get("AWS_ENDPOINT_URL")
    region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or ""
    endpoint = (
        f"{emulator}/_aws/execute-api/{api_id}/{stage}"
        if emulator
        else f"https://{api_id}.execute-api.{region}.amazonaws.com/{stage}"
    )
    return SocketsEndpoint(endpoint, region)
