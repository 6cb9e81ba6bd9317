"""What the service on one machine costs: how quickly it starts, idles, answers, appends and tells.

    python tests/bench/bench_service.py [--only start|requests|events|listeners]

It runs `notorious serve` from the packaged template on an empty data folder. Times of a busy machine say little.
"""

import argparse
import asyncio
import json
import multiprocessing
import os
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PROGRAM = [sys.executable, "-c", "from notorious.cli.main import main; main()"]
TICKS = os.sysconf("SC_CLK_TCK")
IDLE_SECONDS = 60.0
REQUESTS, CLIENTS = 400, 8
EVENTS, EVENTS_A_STREAM = 500, 10
LISTENERS, JOBS, REPORT_SECONDS = 200, 10, 10.0

_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass(frozen=True)
class Measured:
    """One number: what, how much, what was wanted, whether it was reached."""

    what: str
    value: str
    goal: str = ""
    reached: bool | None = None


@dataclass
class Service:
    """A running service."""

    process: "subprocess.Popen[str]"
    data: Path
    api: str
    sockets: str
    token: str

    @property
    def cpu_seconds(self) -> float:
        """What the service itself has used, without its functions."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    @property
    def cpu_seconds_of_functions(self) -> float:
        """What the functions that run have used up to now."""
        total = 0
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                is_ours = str(self.data).encode() in (stat.parent / "cmdline").read_bytes()
                fields = stat.read_text().rsplit(")", 1)[1].split()
            except OSError:
                continue  # it has ended meanwhile
            if is_ours and int(stat.parent.name) != self.process.pid:
                total += int(fields[11]) + int(fields[12])
        return total / TICKS

    def ask(self, method: str, path: str) -> Any:
        request = urllib.request.Request(
            self.api + path, method=method, headers={"authorization": f"Bearer {self.token}"}
        )
        while True:
            try:
                with _opener.open(request, timeout=60) as answer:
                    return json.load(answer)
            except urllib.error.HTTPError as error:
                with error:
                    if error.code != 429:
                        raise
                    time.sleep(float(error.headers.get("Retry-After", "1")))


@contextmanager
def serving(data: Path) -> Iterator[Service]:
    process = subprocess.Popen(
        [*PROGRAM, "serve", "--data", str(data), "--port", "0", "--json"], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    told = json.loads(process.stdout.readline())
    service = Service(process, data, told["api"], told["sockets"], told["token"])
    try:
        yield service
    finally:
        with process:
            process.terminate()


def start(data: Path) -> Iterator[Measured]:
    """The first start, a later one, and a minute of doing nothing."""
    began = time.perf_counter()
    with serving(data):
        first = time.perf_counter() - began
    began = time.perf_counter()
    with serving(data) as service:
        later = time.perf_counter() - began
        yield Measured("serve: first start", f"{first:.1f} s", "under 15 s", first < 15)
        yield Measured("serve: a later start", f"{later:.1f} s", "under 5 s", later < 5)
        yield Measured("  of it CPU", f"{service.cpu_seconds:.1f} s")
        service.ask("GET", "/health")
        time.sleep(5)
        before = service.cpu_seconds
        time.sleep(IDLE_SECONDS)
        share = (service.cpu_seconds - before) / IDLE_SECONDS
        yield Measured("serve: idle", f"{100 * share:.2f} % of a core", "under 2 %", share < 0.02)


def requests(data: Path) -> Iterator[Measured]:
    """Requests that the API answers, by eight clients at once."""
    with serving(data) as service:
        service.ask("GET", "/health")

        def timed(_: int) -> float:
            began = time.perf_counter()
            service.ask("GET", "/health")
            return time.perf_counter() - began

        with ThreadPoolExecutor(CLIENTS) as pool:
            list(pool.map(timed, range(CLIENTS * 4)))
            began = time.perf_counter()
            times = sorted(pool.map(timed, range(REQUESTS)))
            seconds = time.perf_counter() - began
        yield Measured("API: requests a second", f"{REQUESTS / seconds:.0f}")
        yield Measured("  median", f"{1000 * statistics.median(times):.0f} ms")
        yield Measured("  99th percentile", f"{1000 * times[int(0.99 * len(times))]:.0f} ms")
        one = sorted(timed(0) for _ in range(50))
        yield Measured("API: one client, median", f"{1000 * statistics.median(one):.0f} ms")


def events(data: Path) -> Iterator[Measured]:
    """Events appended, each on the disk before it is acknowledged, and delivered up to the views."""
    from notorious.cli.deployment import deployment

    with serving(data), deployment(data, None).as_a_function_sees_it():
        from notorious.aws import bootstrap
        from notorious.domain import StreamName
        from notorious.domain.library_events import LibraryOpened, SettingsChanged

        # Streams are short in life: a track has a handful of events, a mix some dozens.
        store, stream = bootstrap.events(), StreamName("library", "library")
        tenants = [f"bench-{number}" for number in range(EVENTS // EVENTS_A_STREAM)]
        began = time.perf_counter()
        for version in range(EVENTS_A_STREAM):
            for tenant in tenants:
                event = SettingsChanged(settings={"number": version}) if version else LibraryOpened()
                store.append(tenant, stream, version, [event], command_id=f"change-{version}", actor="bench")
        appended = time.perf_counter() - began
        for tenant in tenants:
            while (
                view := bootstrap.views().get(tenant, "library", "library")
            ) is None or view.version < EVENTS_A_STREAM:
                time.sleep(0.02)
        delivered = time.perf_counter() - began
    yield Measured("events: appended a second, one writer", f"{EVENTS / appended:.0f}")
    yield Measured("events: in the views after the last", f"{1000 * (delivered - appended):.0f} ms")
    yield Measured("events: appended and in the views a second", f"{EVENTS / delivered:.0f}")


def listeners(data: Path) -> Iterator[Measured]:
    """Two hundred listeners, each on one of ten jobs that report twice a second."""
    from notorious.cli.deployment import deployment

    with serving(data) as service, deployment(data, None).as_a_function_sees_it():
        found = deployment(data, None)
        os.environ["NOTORIOUS_NOTIFY_FUNCTION"] = "notorious-embedded-notify"
        # Else the sweep would find that nobody makes these mixes, and have them made.
        found.client("stepfunctions").delete_state_machine(stateMachineArn=found.outputs["MixWorkflow"])
        _make_jobs()
        tickets = [str(service.ask("POST", "/tickets")["ticket"]) for _ in range(LISTENERS)]
        delays, reached, cpu = asyncio.run(_listen(service, tickets))
    delays.sort()
    p95 = delays[int(0.95 * len(delays))] if delays else float("inf")
    yield Measured(
        "sockets: listeners that the last message reached", f"{reached} of {LISTENERS}", "all", reached == LISTENERS
    )
    yield Measured("  messages delivered", f"{len(delays)}")
    yield Measured("sockets: 95th percentile", f"{1000 * p95:.0f} ms", "under 500 ms", p95 < 0.5)
    yield Measured("  median", f"{1000 * statistics.median(delays or [0]):.0f} ms")
    each = [1000 * seconds / max(1, len(delays)) for seconds in cpu]
    yield Measured("  CPU a message: service, functions", f"{each[0]:.2f} ms, {each[1]:.2f} ms")


def _jobs() -> list[str]:
    return [f"{number:026d}" for number in range(JOBS)]


def _make_jobs() -> None:
    """Mixes that have been asked for, put back quietly: nobody is told, so no workflow begins to make them."""
    from notorious.aws import bootstrap
    from notorious.domain import StreamName
    from notorious.domain.mix_events import MixRequested, Selection
    from notorious.eventstore.memory import MemoryStore
    from notorious.eventstore.projector import project

    memory = MemoryStore()
    for job in _jobs():
        event = MixRequested(brief={}, selection=Selection(kind="all"), formats=("flac",))
        memory.append("local", StreamName("mix", job), 0, [event], command_id=job, actor="bench")
    store: Any = bootstrap.events()
    store.put_back("local", memory.feed("local"))
    for job in _jobs():
        project(store, bootstrap.views(), "local", StreamName("mix", job))


async def _listen(service: Service, tickets: list[str]) -> tuple[list[float], int, tuple[float, float]]:
    from websockets.asyncio.client import connect

    from notorious.aws import bootstrap

    jobs = _jobs()
    delays: list[float] = []
    latest = [-1.0] * LISTENERS
    ready = 0
    done = asyncio.Event()

    async def one(number: int, ticket: str) -> None:
        nonlocal ready
        async with connect(f"{service.sockets}?ticket={ticket}", proxy=None, open_timeout=120) as socket:
            await socket.send(json.dumps({"action": "subscribe", "topic": f"mix/{jobs[number % JOBS]}"}))
            ready += 1
            while not done.is_set():
                try:
                    message = json.loads(await asyncio.wait_for(socket.recv(), 0.5))
                except TimeoutError:
                    continue
                progress = message.get("progress") or {}
                if progress.get("detail"):
                    delays.append(time.time() - float(progress["detail"]))
                    latest[number] = progress["current"]

    listening = [asyncio.create_task(one(number, ticket)) for number, ticket in enumerate(tickets)]
    while ready < len(tickets):
        await asyncio.sleep(0.1)
    await asyncio.sleep(2)
    delays.clear()
    before = service.cpu_seconds, service.cpu_seconds_of_functions

    def report(job: str) -> int:
        count = 0
        with bootstrap.progress("local", job) as progress:
            until = time.monotonic() + REPORT_SECONDS
            while time.monotonic() < until:
                progress.report("rendering voices", count, 100, str(time.time()))
                count += 1
                time.sleep(0.5)
        return count

    with ThreadPoolExecutor(JOBS) as pool:
        loop = asyncio.get_running_loop()
        counts = await asyncio.gather(*(loop.run_in_executor(pool, report, job) for job in jobs))
    give_up = time.monotonic() + 20
    while time.monotonic() < give_up and any(
        current < counts[number % JOBS] - 1 for number, current in enumerate(latest)
    ):
        await asyncio.sleep(0.1)
    done.set()
    cpu = service.cpu_seconds - before[0], service.cpu_seconds_of_functions - before[1]
    await asyncio.gather(*listening)
    reached = sum(current == counts[number % JOBS] - 1 for number, current in enumerate(latest))
    return delays, reached, cpu


PARTS = {"start": start, "requests": requests, "events": events, "listeners": listeners}


def measure(only: str | None = None) -> Iterator[Measured]:
    """All parts, each on a data folder of its own, and in a process of its own: adapters are made once a process, for
    one service, its port and its key."""
    for name in PARTS:
        if only in (None, name):
            with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as process:
                yield from process.submit(_measured, name).result()


def _measured(name: str) -> list[Measured]:
    with tempfile.TemporaryDirectory(prefix="notorious-service-") as folder:
        return list(PARTS[name](Path(folder) / "data"))


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--only", choices=sorted(PARTS))
    for row in measure(arguments.parse_args().only):
        sign = {True: "yes", False: "NO", None: ""}[row.reached]
        print(f"{row.what:<52} {row.value:>26}  {row.goal:<22} {sign}", flush=True)
