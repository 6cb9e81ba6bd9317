"""The API over a world in memory, and who asks it."""

from typing import Any

import pytest
from http_client import Client, MemoryWorld

from fakes.scene import Scene
from notorious.aws.http.application import http_api


@pytest.fixture
def scene() -> Scene:
    return Scene()


@pytest.fixture
def world(scene: Scene) -> MemoryWorld:
    return MemoryWorld(scene)


@pytest.fixture
def app(world: MemoryWorld) -> Any:
    return http_api(world)


@pytest.fixture
def anna(app: Any) -> Client:
    return Client(app)


@pytest.fixture
def bert(app: Any) -> Client:
    """Somebody of another tenant."""
    return Client(app, tenant="bert", user="user-2")
