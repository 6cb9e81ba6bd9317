"""Finding a running service from another program, by its data folder."""

import contextlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from notorious.embedded.data_folder import DataFolder
from notorious.embedded.emulator import Access
from notorious.errors import NotServing

FUNCTION_PREFIX = "notorious-embedded-"


@dataclass(frozen=True)
class Service:
    """A running service: how to call it, what it has, where it keeps its data."""

    folder: DataFolder
    pid: int
    access: Access
    addresses: Mapping[str, str]
    outputs: Mapping[str, str]
    functions: tuple[str, ...]


def reach(data: Path) -> Service:
    """The service that runs on this data folder. Raises `NotServing` where none does."""
    folder = DataFolder(data.expanduser().resolve())
    try:
        told = json.loads(folder.address.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError) as error:
        raise NotServing(
            f"No service runs on {folder.root}. Start one: notorious serve --data {folder.root}"
        ) from error
    except (OSError, ValueError) as error:
        raise NotServing(f"Where the service on {folder.root} is cannot be read: {error}") from error
    if not _is_alive(int(told["pid"])):
        raise NotServing(
            f"The service on {folder.root} has ended without saying so. Start it again: "
            f"notorious serve --data {folder.root}"
        )
    return Service(
        folder=folder,
        pid=int(told["pid"]),
        access=Access(**{name: told[name] for name in ("port", "region", "key_id", "secret")}),
        addresses={name: told[name] for name in ("api", "sockets", "documentation")},
        outputs=told["outputs"],
        functions=tuple(told["functions"]),
    )


@contextlib.contextmanager
def credentials_in_environment(access: Access) -> Iterator[None]:
    """While it lasts, what finds its endpoint and key in the environment finds this service."""
    names = {
        "AWS_ENDPOINT_URL": access.url,
        "AWS_ACCESS_KEY_ID": access.key_id,
        "AWS_SECRET_ACCESS_KEY": access.secret,
        "AWS_REGION": access.region,
        "AWS_DEFAULT_REGION": access.region,
    }
    before = {name: os.environ.get(name) for name in names}
    os.environ.update(names)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
