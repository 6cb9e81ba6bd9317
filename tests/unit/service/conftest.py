"""AWS in memory (moto), and nothing of the machine's own credentials."""

import os
from collections.abc import Iterator
from typing import Any

import pytest

from contract.events_table import CREDENTIALS, emulator

_ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_DEFAULT_REGION": "eu-central-1",
    "AWS_REGION": "eu-central-1",
}


@pytest.fixture(scope="module")
def aws() -> Iterator[None]:
    """moto for a file; tests use buckets and tables of their own. Longer, and whoever wants an empty AWS gets this."""
    from moto import mock_aws

    before = {name: os.environ.get(name) for name in (*_ENVIRONMENT, "AWS_ENDPOINT_URL", "AWS_PROFILE")}
    os.environ.update(_ENVIRONMENT)
    os.environ.pop("AWS_ENDPOINT_URL", None)
    os.environ.pop("AWS_PROFILE", None)
    with mock_aws():
        yield
    for name, value in before.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value


@pytest.fixture(scope="session")
def emulator_address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The embedded stack's emulator as it comes, in a process of its own."""
    with emulator(tmp_path_factory.mktemp("emulator")) as address:
        yield address


def emulator_client(service: str, address: str) -> Any:
    """A boto3 client of the emulator, made as the functions make theirs."""
    import boto3
    from botocore.config import Config

    config = Config(signature_version="s3v4", s3={"addressing_style": "path"}) if service == "s3" else None
    return boto3.client(service, endpoint_url=address, config=config, **CREDENTIALS)
