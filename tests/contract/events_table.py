"""The events table, as the template describes it, made in moto or in the emulator."""

import os
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
import moto
from botocore.config import Config

from notorious.eventstore.dynamodb import DynamoStore

CREDENTIALS = {"aws_access_key_id": "test", "aws_secret_access_key": "test", "region_name": "eu-central-1"}


def create_events_table(client: Any, name: str) -> None:
    """An empty events table with its index `feed`."""
    client.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[
            {"AttributeName": "stream", "AttributeType": "S"},
            {"AttributeName": "item", "AttributeType": "S"},
            {"AttributeName": "tenant", "AttributeType": "S"},
            {"AttributeName": "feed_position", "AttributeType": "N"},
        ],
        KeySchema=[{"AttributeName": "stream", "KeyType": "HASH"}, {"AttributeName": "item", "KeyType": "RANGE"}],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "feed",
                "KeySchema": [
                    {"AttributeName": "tenant", "KeyType": "HASH"},
                    {"AttributeName": "feed_position", "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
    )


class StorePerThread:
    """A store of its own for each thread, as if each were a process: within one store, threads take turns."""

    def __init__(self, client: Any, table: str) -> None:
        self._client, self._table = client, table
        self._local = threading.local()

    def __getattr__(self, name: str) -> Any:
        if not hasattr(self._local, "store"):
            self._local.store = DynamoStore(self._client, self._table)
        return getattr(self._local.store, name)


@contextmanager
def moto_client() -> Iterator[Any]:
    """A DynamoDB client of an AWS in this process, one call at a time.

    DynamoDB isolates transactions. moto does not: others read what is half done, and after a refusal it puts copies of
    its tables back, and so undoes what they have written in between.
    """
    with moto.mock_aws():
        client: Any = boto3.client("dynamodb", **CREDENTIALS)
        call, lock = client._make_api_call, threading.Lock()

        def one_at_a_time(*arguments: Any) -> Any:
            with lock:
                return call(*arguments)

        client._make_api_call = one_at_a_time
        yield client


@contextmanager
def emulator(folder: Path) -> Iterator[str]:
    """The embedded emulator as it comes, in a process of its own on a free port; its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = os.environ | {
        "GATEWAY_PORT": str(port),
        "BIND_HOST": "127.0.0.1",
        "MINISTACK_HOST": "localhost",
        "STATE_DIR": str(folder),
        "PERSIST_STATE": "0",
        "SFTP_ENABLED": "0",
        "IOT_MTLS_ENABLED": "0",
        "DOCKER_HOST": "unix:///nonexistent",
    }
    address = f"http://127.0.0.1:{port}"
    with (folder / "emulator.log").open("wb") as log:
        process = subprocess.Popen([sys.executable, "-m", "ministack"], env=environment, stdout=log, stderr=log)
    try:
        _wait_until_it_answers(process, address, folder / "emulator.log")
        yield address
    finally:
        process.kill()
        process.wait()


def emulator_client(address: str) -> Any:
    """A DynamoDB client of the emulator."""
    return boto3.client("dynamodb", endpoint_url=address, config=Config(max_pool_connections=20), **CREDENTIALS)


def _wait_until_it_answers(process: "subprocess.Popen[bytes]", address: str, log: Path) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        try:
            with urllib.request.urlopen(f"{address}/_ministack/health", timeout=5):
                return
        except OSError:
            time.sleep(0.05)
    raise AssertionError(f"the emulator does not answer at {address}:\n{log.read_text()[-2000:]}")
