"""The embedded emulator of the AWS APIs: checked, mended, and served inside this process, to this machine only.

The emulator reads its settings from the environment when it is imported, so one process can hold one emulator, once.
`Emulator.start` serves it on a thread of its own; the calling thread stays free to deploy and to wait for signals.
"""

import asyncio
import logging
import os
import resource
import secrets
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from importlib import metadata
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from notorious.embedded.mending import EMULATOR_VERSION, REMEDY
from notorious.errors import PortTaken, ServiceError, UnexpectedEmulator

if TYPE_CHECKING:
    from botocore.client import BaseClient

ACCOUNT = "000000000000"
HOST = "127.0.0.1"
START_SECONDS = 30.0
STOP_SECONDS = 5.0
LOOP_SECONDS = 60.0
# Never imported by the emulator when it is told so; each would open a port of its own.
_NO_OTHER_LISTENERS = {"SFTP_ENABLED": "0", "IOT_MTLS_ENABLED": "0", "USE_SSL": "0"}

_logger = logging.getLogger("notorious.embedded")


@dataclass(frozen=True)
class Access:
    """Where the emulator is, and the key that may do everything there."""

    port: int
    region: str
    key_id: str
    secret: str = field(repr=False)

    @property
    def url(self) -> str:
        """The one endpoint of all services."""
        return f"http://{HOST}:{self.port}"

    def client(self, service: str) -> "BaseClient":
        """A client of one service; knows nothing of the machine's AWS settings and proxies."""
        return self._session.create_client(service, **self._settings)

    @cached_property
    def _session(self) -> Any:
        import botocore.session

        session = botocore.session.Session()
        # Neither profile nor credentials file is looked at.
        session.set_config_variable("config_file", os.devnull)
        session.set_config_variable("credentials_file", os.devnull)
        return session

    @cached_property
    def _settings(self) -> dict[str, Any]:
        from botocore.config import Config

        return {
            "endpoint_url": self.url,
            "region_name": self.region,
            "aws_access_key_id": self.key_id,
            "aws_secret_access_key": self.secret,
            "config": Config(
                proxies={},
                connect_timeout=5,
                read_timeout=900,
                retries={"max_attempts": 3, "mode": "standard"},
                s3={"addressing_style": "path"},
                signature_version="s3v4",
            ),
        }


def require_emulator() -> None:
    """Raise `UnexpectedEmulator` unless the emulator is installed in the version whose defects are known."""
    try:
        found = metadata.version("ministack")
    except metadata.PackageNotFoundError as error:
        raise UnexpectedEmulator(
            "`notorious serve` needs the embedded emulator, which is not installed: pip install 'notorious[serve]'"
        ) from error
    if found != EMULATOR_VERSION:
        raise UnexpectedEmulator(
            f"`notorious serve` needs ministack {EMULATOR_VERSION}, whose defects it mends; {found} is installed. "
            f"Run: {REMEDY}"
        )
    try:
        # Without it, the emulator signs tokens with a stand-in and then refuses them itself.
        metadata.version("cryptography")
    except metadata.PackageNotFoundError as error:
        raise UnexpectedEmulator(
            "`notorious serve` needs the package cryptography: pip install 'notorious[serve]'"
        ) from error


def listen(port: int) -> socket.socket:
    """A listening socket on this machine's own address; 0 takes a free port. Raises `PortTaken`."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    # A port whose last connections are still closing may be taken again, one that is listened on may not.
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
        listener.listen(512)
    except OSError as error:
        listener.close()
        raise PortTaken(
            f"Port {port} cannot be listened on: {(error.strerror or str(error)).lower()}. "
            "Choose another with --port, or 0 for any that is free."
        ) from error
    listener.setblocking(False)
    return listener


class Emulator:
    """The emulator of this process. `start` it once, `stop` it at the end."""

    def __init__(self, listener: socket.socket, *, region: str, scratch: Path) -> None:
        self.access = Access(
            port=listener.getsockname()[1],
            region=region,
            key_id="NOTORIOUS" + secrets.token_hex(12).upper(),
            secret=secrets.token_urlsafe(32),
        )
        self._listener = listener
        self._scratch = scratch
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping: asyncio.Event | None = None
        self._ready = threading.Event()
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="emulator", daemon=True)

    def start(self) -> None:
        """Import, mend and serve the emulator; returns when it answers.

        Raises `UnexpectedEmulator` where it is not the one that is mended.
        """
        require_emulator()
        self._set_environment()
        self._application = _mended_application()
        _raise_limit_of_open_files()
        self._thread.start()
        if not self._ready.wait(START_SECONDS) or self._failure is not None:
            raise ServiceError(f"The embedded emulator did not start: {self._failure or 'no answer'}")

    def stop(self) -> None:
        """Stop serving and end all functions; what is on disk stays."""
        if self._loop is not None and self._stopping is not None and self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stopping.set)
            self._thread.join(STOP_SECONDS)
        if self._thread.ident is not None:
            from ministack.core import lambda_runtime

            lambda_runtime.reset()

    def on_loop(self, function: Callable[[], Any]) -> Any:
        """Run a function where the emulator answers requests: nothing else is being answered meanwhile."""
        assert self._loop is not None

        async def call() -> Any:
            return function()

        return asyncio.run_coroutine_threadsafe(call(), self._loop).result(LOOP_SECONDS)

    @property
    def is_running(self) -> bool:
        """Whether it still serves."""
        return self._thread.is_alive()

    def _set_environment(self) -> None:
        for name in list(os.environ):
            if name.startswith("AWS_"):
                del os.environ[name]
        os.environ.update(
            _NO_OTHER_LISTENERS,
            AUTH="true",
            AWS_ACCESS_KEY_ID=self.access.key_id,
            AWS_SECRET_ACCESS_KEY=self.access.secret,
            AWS_DEFAULT_REGION=self.access.region,
            BIND_HOST=HOST,
            DOCKER_HOST="unix:///nonexistent",
            GATEWAY_PORT=str(self.access.port),
            MINISTACK_ACCOUNT_ID=ACCOUNT,
            MINISTACK_HOST="localhost",
            MINISTACK_REGION=self.access.region,
            PERSIST_STATE="0",
            S3_PERSIST="0",
            S3_DATA_DIR=str(self._scratch / "unused"),
            TMPDIR=str(self._scratch),
        )
        os.environ.pop("EDGE_PORT", None)
        os.environ.pop("LOCALSTACK_HOSTNAME", None)
        import tempfile

        # Unpacked functions go where they are cleaned up at the next start, should this one be killed.
        tempfile.tempdir = str(self._scratch)

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except BaseException as error:  # noqa: BLE001  it is reported by `start`, on the thread that waits for it
            self._failure = error
        finally:
            self._ready.set()

    async def _serve(self) -> None:
        from hypercorn.asyncio import serve
        from hypercorn.config import Config

        self._loop = asyncio.get_running_loop()
        self._stopping = asyncio.Event()
        config = Config()
        config.bind = [f"fd://{self._listener.detach()}"]
        config.keep_alive_timeout = 75
        config.graceful_timeout = 1.0
        config.loglevel = "WARNING"
        config.accesslog = None
        config.errorlog = logging.getLogger("notorious.embedded.http")
        config.websocket_ping_interval = 30.0
        self._loop.call_soon(self._ready.set)
        await serve(self._application, config, shutdown_trigger=self._stopping.wait)


def _mended_application() -> Any:
    # The emulator logs by itself at import, to standard error; what it has to say goes to our log.
    app = _import_quietly()
    from notorious.embedded import mends

    applied = mends.apply_all()
    _logger.info("emulator %s with %d mends", EMULATOR_VERSION, len(applied))
    return app.app


def _import_quietly() -> ModuleType:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    os.environ.setdefault("LOG_LEVEL", "INFO")
    import ministack.app

    root.handlers[:] = handlers
    root.setLevel(level)
    logging.getLogger("ministack").setLevel(logging.WARNING)
    module: ModuleType = ministack.app
    return module


def _raise_limit_of_open_files() -> None:
    # Two hundred listeners, thirty functions with three pipes each, and their connections.
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
