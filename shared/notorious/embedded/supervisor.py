"""`notorious serve`: brings the service up in order, keeps what it knows on disk, and takes it down again.

    hold the data folder, take the port         refused with a reason where either is in use
    emulator: check, mend, serve                on a thread of this process, 127.0.0.1 only
    deploy the packaged template, reconcile     afresh at every start
    objects, events, views, users               from the data folder into the emulator
    drop folder, snapshots, lifecycle           threads of this process
    what was under way                          announced uploads again, events after the last snapshot again, `sweep`

What a crash leaves behind needs no repair: every step reads what is on disk and none trusts what was in memory.
"""

import logging
import logging.handlers
import os
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from notorious.embedded import batch_jobs, function_logs, objects_on_disk
from notorious.embedded.data_folder import DataFolder, HeldFolder, hold, write_address
from notorious.embedded.delivery import everything_is_delivered
from notorious.embedded.deploy import Deployed, deploy
from notorious.embedded.drop_folder import DropFolder, Found
from notorious.embedded.emulator import HOST, Emulator, listen
from notorious.embedded.events_window import EventsWindow
from notorious.embedded.lifecycle import expire_objects
from notorious.embedded.reconcile import reconcile
from notorious.embedded.tables import Journal, Snapshots, fill_events
from notorious.embedded.template import PACKAGED, Template, read_template
from notorious.embedded.uploads import drop_key, put_file
from notorious.embedded.users import User, enrol, read_users, token
from notorious.errors import InputError, ServiceError

DEFAULT_PORT = 4560
LIFECYCLE_SECONDS = 3600.0
# So many uploads wait for `ingest` at most: each of them is on disk twice until it has been taken in.
WAITING_UPLOADS = 16

_logger = logging.getLogger("notorious.embedded")


@dataclass(frozen=True)
class Wishes:
    """What is asked of a service: its data folder, its port (0: any), its drop folder."""

    data: Path
    port: int = DEFAULT_PORT
    drop: Path | None = None
    template: Path = PACKAGED


@dataclass(frozen=True)
class Addresses:
    """Where the running service is reached."""

    api: str
    sockets: str
    documentation: str
    token: str


class Supervisor:
    """One service. `start` returns its addresses, `wait` returns when it is told to end, `stop` takes it down."""

    def __init__(self, wishes: Wishes, *, open_journal: Callable[[Path], Journal]) -> None:
        self._wishes = wishes
        self._open_journal = open_journal
        self._threads_ending = threading.Event()
        self._held: HeldFolder | None = None
        self._emulator: Emulator | None = None
        self._snapshots: Snapshots | None = None
        self._drop: DropFolder | None = None

    def start(self) -> Addresses:
        """Bring the service up. Raises a `ServiceError` that says what is in the way; then nothing is left running."""
        template = read_template(self._wishes.template)
        if self._wishes.drop is not None and not self._wishes.drop.expanduser().is_dir():
            raise InputError(f"The drop folder {self._wishes.drop} is not a folder. Make it first.")
        self._held = hold(self._wishes.data)
        try:
            return self._bring_up(self._held.folder, template)
        except BaseException:
            self.stop()
            raise

    def wait(self) -> None:
        """Return when the process is interrupted. Raises `ServiceError` where the emulator ended by itself."""
        emulator = self._emulator
        assert emulator is not None
        try:
            while emulator.is_running:
                time.sleep(1.0)
        except KeyboardInterrupt:
            return
        raise ServiceError("The embedded emulator has ended by itself; its last words are in logs/serve.log")

    def stop(self) -> None:
        """Take the service down: no new work, the last snapshot, and whatever still runs is ended. May be repeated."""
        self._threads_ending.set()
        drop, self._drop = self._drop, None
        if drop is not None:
            drop.stop()
        snapshots, self._snapshots = self._snapshots, None
        emulator, self._emulator = self._emulator, None
        try:
            if snapshots is not None and emulator is not None and emulator.is_running:
                snapshots.stop()
        finally:
            if emulator is not None:
                emulator.stop()
            held, self._held = self._held, None
            if held is not None:
                held.release()

    def _bring_up(self, folder: DataFolder, template: Template) -> Addresses:
        os.umask(0o077)
        _log_to(folder.logs / "serve.log")
        # See `drop_folder.is_being_written`.
        signal.signal(signal.SIGIO, signal.SIG_IGN)
        journal = self._open_journal(folder.journal)
        os.environ["NOTORIOUS_JOURNAL"] = str(folder.journal)
        function_logs.write_to(folder.logs / "functions")
        batch_jobs.write_logs_to(folder.logs / "jobs")
        emulator = Emulator(listen(self._wishes.port), region=template.region, scratch=folder.work)
        self._emulator = emulator
        emulator.start()
        deployed = deploy(emulator.access, template)
        for done in reconcile(emulator.access, template, deployed):
            _logger.info("set %s", done)
        objects_on_disk.keep_objects_in(folder.objects, deployed.output("MediaBucket"), scratch=folder.work)
        self._fill_tables(folder, deployed, journal)
        users = read_users(folder.users)
        for user in users:
            enrol(emulator.access, deployed.output("UserPoolId"), user)
        addresses = _addresses(emulator, deployed, users[0])
        write_address(folder, self._how_to_reach(deployed, addresses))
        self._take_up_work(deployed)
        self._watch_drop_folder(folder, deployed, users[0])
        threading.Thread(
            target=self._carry_out_lifecycle, args=(deployed.output("MediaBucket"),), name="lifecycle", daemon=True
        ).start()
        return addresses

    def _fill_tables(self, folder: DataFolder, deployed: Deployed, journal: Journal) -> None:
        assert self._emulator is not None
        events = EventsWindow(deployed.output("EventsTable"))
        events.watch()
        self._snapshots = Snapshots(
            folder.views,
            deployed.output("ViewsTable"),
            journal=journal,
            events=events,
            is_quiet=everything_is_delivered,
            on_loop=self._emulator.on_loop,
        )
        delivered = self._snapshots.restore()
        count = fill_events(deployed.output("EventsTable"), journal.items(delivered), delivered=delivered)
        _logger.info("%d items from the journal, delivered up to row %d", count, delivered)
        self._snapshots.start()

    def _take_up_work(self, deployed: Deployed) -> None:
        assert self._emulator is not None
        bucket = deployed.output("MediaBucket")
        threading.Thread(target=objects_on_disk.announce_again, args=(bucket, "drop/"), daemon=True).start()
        if "SweepFunction" in deployed.outputs:
            functions: Any = self._emulator.access.client("lambda")
            functions.invoke(
                FunctionName=deployed.output("SweepFunction"), InvocationType="Event", Payload=b'{"reason": "start"}'
            )

    def _watch_drop_folder(self, folder: DataFolder, deployed: Deployed, user: User) -> None:
        if self._wishes.drop is None:
            return
        assert self._emulator is not None
        access, bucket = self._emulator.access, deployed.output("MediaBucket")

        def hand_over(path: Path, found: Found) -> None:
            while objects_on_disk.count(bucket, f"drop/{user.tenant}/") >= WAITING_UPLOADS:
                if self._threads_ending.wait(0.2):
                    raise ServiceError("the service is ending")
            put_file(access, bucket, drop_key(user.tenant, found.upload_id, path.name), path)

        self._drop = DropFolder(self._wishes.drop.expanduser().resolve(), memory=folder.dropped, hand_over=hand_over)
        self._drop.start()

    def _carry_out_lifecycle(self, bucket: str) -> None:
        assert self._emulator is not None
        access = self._emulator.access
        while not self._threads_ending.wait(LIFECYCLE_SECONDS):
            try:
                count = expire_objects(access, bucket)
                _logger.info("%d objects had outlived their rule", count)
            except Exception:
                _logger.exception("objects that have outlived their rule could not be deleted; tried again in an hour")

    def _how_to_reach(self, deployed: Deployed, addresses: Addresses) -> dict[str, Any]:
        assert self._emulator is not None
        access = self._emulator.access
        return {
            "pid": os.getpid(),
            "api": addresses.api,
            "sockets": addresses.sockets,
            "documentation": addresses.documentation,
            "port": access.port,
            "region": access.region,
            "key_id": access.key_id,
            "secret": access.secret,
            "outputs": dict(deployed.outputs),
            "functions": list(deployed.functions),
        }


def _addresses(emulator: Emulator, deployed: Deployed, user: User) -> Addresses:
    place = f"{HOST}:{emulator.access.port}/_aws/execute-api"
    api = f"http://{place}/{deployed.output('ApiId')}"
    return Addresses(
        api=api,
        sockets=f"ws://{place}/{deployed.output('SocketsApiId')}/{deployed.output('SocketsStage')}",
        documentation=f"{api}/docs",
        token=token(emulator.access, deployed, user),
    )


def _log_to(path: Path) -> None:
    handler = logging.handlers.RotatingFileHandler(path, maxBytes=4_000_000, backupCount=2, encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    root = logging.getLogger()
    root.addHandler(handler)
    root.setLevel(logging.WARNING)
    logging.getLogger("notorious").setLevel(logging.INFO)
