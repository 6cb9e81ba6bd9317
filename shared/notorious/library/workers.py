"""A pool of child processes that survives what files do to them.

The pools of the standard library wait for ever for a child that hangs and give up altogether when one crashes. Here a
child that takes too long is killed, one that dies is replaced, and in both cases only the file that it held is lost,
with the reason. Children are started as programs, not forked: nothing of the caller's state reaches them, and a
script that calls the engine needs no `if __name__ == "__main__"`.
"""

import contextlib
import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, BinaryIO, Self, cast

from notorious.errors import Cancelled, NotoriousError
from notorious.library.worker import READY, Answer, Task, read_frame, write_frame

TASKS_PER_CHILD = 250
"""A child is replaced after so many tasks, so that what decoders leak stays small."""
_POLL_SECONDS = 0.2
_START_SECONDS = 300.0
_SINGLE_THREADED = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")


def patience_seconds(task: Task) -> float:
    """How long a task may take: two minutes and five seconds a megabyte.

    Hearing four minutes of MP3 (10 MB) takes about two seconds on one core; the allowance is some eighty times that,
    for slow disks and busy machines. It is meant for what never ends.
    """
    try:
        size = task.path.stat().st_size
    except OSError:
        size = 0
    return 120.0 + 5.0 * size / 1e6


@dataclass(frozen=True)
class _Event:
    child: "_Child"
    value: object
    ended: bool


class _Child:
    """One child process, and the thread that reads its answers."""

    def __init__(self, engine: str, events: "queue.SimpleQueue[_Event]") -> None:
        self.complaints: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115  closed in `end`
        package_root = str(Path(__file__).parents[2])  # where `notorious` lies, installed or not
        paths = [package_root, *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "notorious.library.worker", engine],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.complaints,
            env={**os.environ, **dict.fromkeys(_SINGLE_THREADED, "1"), "PYTHONPATH": os.pathsep.join(paths)},
            process_group=0,  # a Ctrl-C in the terminal is for the parent alone
        )
        self.ready = False
        self.task: Task | None = None
        self.tasks_done = 0
        self.deadline = time.monotonic() + _START_SECONDS
        self.too_slow = False
        self._thread = threading.Thread(target=self._listen, args=(events,), daemon=True)
        self._thread.start()

    def _listen(self, events: "queue.SimpleQueue[_Event]") -> None:
        assert self.process.stdout is not None
        with contextlib.suppress(EOFError):
            while True:
                events.put(_Event(self, read_frame(cast(BinaryIO, self.process.stdout)), ended=False))
        events.put(_Event(self, None, ended=True))

    def give(self, task: Task, patience: float) -> None:
        assert self.process.stdin is not None
        self.task = task
        self.deadline = time.monotonic() + patience
        # A child that has just died is noticed by the end of its output; the task fails with it.
        with contextlib.suppress(BrokenPipeError):
            write_frame(cast(BinaryIO, self.process.stdin), task)

    def last_words(self) -> str:
        self.complaints.seek(0)
        return self.complaints.read()[-2000:].decode(errors="replace").strip()

    def end(self) -> None:
        self.process.kill()
        self.process.wait()
        self._thread.join()
        for stream in (self.process.stdin, self.process.stdout, self.complaints):
            if stream is not None:
                with contextlib.suppress(BrokenPipeError):
                    stream.close()


class WorkerPool:
    """Children that hear files. Use it as a context manager: at its end no child is left.

    `engine` names the module that hears (see `worker.Engine`); `patience` says how many seconds a task may take.
    """

    def __init__(self, engine: str, jobs: int, *, patience: Callable[[Task], float] = patience_seconds) -> None:
        self._engine = engine
        self._jobs = max(1, jobs)
        self._patience = patience
        self._events: queue.SimpleQueue[_Event] = queue.SimpleQueue()
        self._children: list[_Child] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for child in self._children:
            child.end()
        self._children.clear()

    def run(
        self,
        next_task: Callable[[], Task | None],
        settle: Callable[[Task, Answer], None],
        *,
        cancelled: Callable[[], bool] | None = None,
    ) -> None:
        """Give tasks to children until `next_task` has none while none is under way.

        `settle` is called for each task as it ends, in the order in which they end; it may make new tasks. Raises
        Cancelled soon after `cancelled` says so, and NotoriousError when the engine cannot be started at all.
        """
        waiting: list[Task] = []  # taken, because a child is being started for it
        while True:
            if cancelled is not None and cancelled():
                raise Cancelled("stopped while the tracks were being heard; what was heard is kept")
            for child in self._children:
                if child.ready and child.task is None:
                    task = waiting.pop(0) if waiting else next_task()
                    if task is None:
                        break
                    child.give(task, self._patience(task))
            while len(self._children) < self._jobs:
                starting = sum(not child.ready for child in self._children)
                if len(waiting) <= starting:
                    task = next_task()
                    if task is None:
                        break
                    waiting.append(task)
                self._children.append(_Child(self._engine, self._events))
            if not waiting and all(child.task is None for child in self._children):
                return
            self._wait(settle)

    def _wait(self, settle: Callable[[Task, Answer], None]) -> None:
        try:
            event = self._events.get(timeout=_POLL_SECONDS)
        except queue.Empty:
            self._kill_the_hung()
            return
        child = event.child
        if child not in self._children:
            return
        if event.ended:
            self._bury(child, settle)
        elif event.value == READY:
            child.ready = True
        else:
            assert isinstance(event.value, Answer)
            task = child.task
            assert task is not None
            child.task = None
            child.tasks_done += 1
            if child.tasks_done >= TASKS_PER_CHILD:
                self._children.remove(child)
                child.end()
            settle(task, event.value)
        self._kill_the_hung()

    def _kill_the_hung(self) -> None:
        now = time.monotonic()
        for child in self._children:
            if (child.task is not None or not child.ready) and now > child.deadline and not child.too_slow:
                child.too_slow = True
                child.process.kill()  # its end comes back as an event

    def _bury(self, child: _Child, settle: Callable[[Task, Answer], None]) -> None:
        self._children.remove(child)
        words = child.last_words() if not child.too_slow else ""
        child.end()
        code = child.process.returncode
        if not child.ready:
            reason = "it did not answer" if child.too_slow else words or f"it ended with {code}"
            raise NotoriousError(f"the process that hears tracks cannot be started: {reason}")
        if child.task is not None:
            killed = code == -signal.SIGKILL and not child.too_slow
            settle(child.task, Answer(failure=_cause_of_death(child, code), detail=words, may_pass=killed))


def _cause_of_death(child: _Child, code: int) -> str:
    if child.too_slow:
        return "hearing it took far too long and was stopped; it is probably broken"
    if code == -signal.SIGKILL:
        return "the system stopped the process that heard it, probably for lack of memory; try fewer --jobs"
    if code < 0:
        return f"it crashed the process that heard it ({signal.Signals(-code).name}); it is probably broken"
    return f"it ended the process that heard it (exit status {code}); it is probably broken"
