"""One boto3 client of each kind per process, made at the first need, from the environment alone.

Where the code runs it does not know: `AWS_ENDPOINT_URL` leads to the embedded stack, its absence to AWS.
"""

import os
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_batch import BatchClient
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_stepfunctions import SFNClient

READ_TIMEOUT_SECONDS = 60
CONNECTIONS = 32
"""Of one client: as many threads as the use cases read analyses with."""
ATTEMPTS = 5


def _config(**more: object) -> object:
    from botocore.config import Config

    return Config(
        connect_timeout=5,
        read_timeout=READ_TIMEOUT_SECONDS,
        max_pool_connections=CONNECTIONS,
        retries={"mode": "standard", "max_attempts": ATTEMPTS},
        **more,  # type: ignore[arg-type]
    )


@cache
def s3() -> "S3Client":
    import boto3

    # Path style, since the embedded stack has no host name per bucket; virtual hosts on AWS, as it prefers.
    style = "path" if os.environ.get("AWS_ENDPOINT_URL") else "virtual"
    config = _config(signature_version="s3v4", s3={"addressing_style": style})
    return boto3.client("s3", config=config)  # type: ignore[arg-type]


@cache
def dynamodb() -> "DynamoDBClient":
    import boto3

    return boto3.client("dynamodb", config=_config())  # type: ignore[arg-type]


@cache
def events() -> "EventBridgeClient":
    import boto3

    return boto3.client("events", config=_config())  # type: ignore[arg-type]


@cache
def stepfunctions() -> "SFNClient":
    import boto3

    return boto3.client("stepfunctions", config=_config())  # type: ignore[arg-type]


@cache
def functions() -> "LambdaClient":
    import boto3

    return boto3.client("lambda", config=_config())  # type: ignore[arg-type]


@cache
def sqs() -> "SQSClient":
    import boto3

    return boto3.client("sqs", config=_config())  # type: ignore[arg-type]


@cache
def batch() -> "BatchClient":
    import boto3

    return boto3.client("batch", config=_config())  # type: ignore[arg-type]
