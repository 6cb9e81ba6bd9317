"""Voices rendered in processes of our own, so that every one of them can be watched, replaced by an error, or stopped.

A worker gets the plan once and then slot numbers; it answers with frames done, a finished voice, or what went wrong.

    parent ── index ──▶ worker            the parent never blocks on a worker: it waits on all pipes at once
    parent ◀─ Done ──── worker            (or Advanced many times before, or Failed)
    parent ── close ──▶ worker            a worker whose pipe is gone ends by itself, also when the parent was killed

Processes are spawned, not forked: a fork of a process with threads (a progress display has one) may hang.
"""

import multiprocessing
import pickle
import signal
import threading
import traceback
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from notorious.errors import NotoriousError
from notorious.planning.plan import Plan
from notorious.rendering.voice import RenderedVoice, render_voice


@dataclass(frozen=True)
class Advanced:
    """A voice has this many of its frames."""

    index: int
    frames_done: int


@dataclass(frozen=True)
class Done:
    """A voice is finished."""

    voice: RenderedVoice


@dataclass(frozen=True)
class Failed:
    """A voice cannot be rendered; `error` is a NotoriousError wherever the reason is known."""

    index: int
    error: Exception


Message = Advanced | Done | Failed


class VoiceRenderer(Protocol):
    """Something that renders voices: slot numbers go in, messages come out."""

    def submit(self, index: int) -> None: ...

    def messages(self, timeout_seconds: float) -> list[Message]: ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


def voice_path(folder: Path, index: int) -> Path:
    """Where the raw frames of a voice lie while the mix is made."""
    return folder / f"voice-{index:04d}.f32"


class InProcess:
    """Renders in the calling process, one voice at a time: what one job means, and what a test can step through."""

    def __init__(self, plan: Plan, folder: Path) -> None:
        self._plan = plan
        self._folder = folder
        self._waiting: deque[int] = deque()

    def submit(self, index: int) -> None:
        self._waiting.append(index)

    def messages(self, timeout_seconds: float) -> list[Message]:
        """Renders the next voice, if the caller is willing to wait at all."""
        if not self._waiting or timeout_seconds <= 0:
            return []
        index = self._waiting.popleft()
        return [Done(render_voice(self._plan, index, voice_path(self._folder, index)))]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._waiting.clear()


class Workers:
    """Renders in child processes. Leaving the context stops them at once, whatever they are doing."""

    def __init__(self, plan: Plan, folder: Path, *, jobs: int) -> None:
        self._waiting: deque[int] = deque()
        self._busy: dict[Connection, int] = {}
        self._idle: list[Connection] = []
        self._processes: list[BaseProcess] = []
        context = multiprocessing.get_context("spawn")
        document = plan.model_dump_json()
        try:
            with _interrupts_held_back():
                for _ in range(jobs):
                    ours, theirs = context.Pipe()
                    process = context.Process(
                        target=_serve, args=(theirs, document, str(folder)), name="notorious-voice", daemon=True
                    )
                    process.start()
                    theirs.close()
                    self._processes.append(process)
                    self._idle.append(ours)
        except BaseException:
            self.stop()
            raise

    def submit(self, index: int) -> None:
        self._waiting.append(index)
        self._hand_out()

    def messages(self, timeout_seconds: float) -> list[Message]:
        """What the workers have said, waiting at most so long for the first word."""
        heard: list[Message] = []
        for ready in wait(list(self._busy), timeout=timeout_seconds):
            assert isinstance(ready, Connection)
            try:
                message = ready.recv()
            except (EOFError, ConnectionResetError):
                index = self._busy.pop(ready)
                message = Failed(index, NotoriousError(_DIED.format(index=index)))
            else:
                if not isinstance(message, Advanced):
                    del self._busy[ready]
                    self._idle.append(ready)
            heard.append(message)
        self._hand_out()
        return heard

    def stop(self) -> None:
        """End every worker; returns when they are gone."""
        for process in self._processes:
            process.kill()
        for process in self._processes:
            process.join()
            process.close()
        for connection in (*self._idle, *self._busy):
            connection.close()
        self._processes, self._idle, self._busy = [], [], {}

    def _hand_out(self) -> None:
        while self._waiting and self._idle:
            connection = self._idle.pop(0)
            index = self._waiting.popleft()
            self._busy[connection] = index
            # A dead worker's pipe is broken; the next look at it says so.
            with suppress(BrokenPipeError, ConnectionResetError):
                connection.send(index)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


_DIED = (
    "the process that rendered voice {index} died without a word (killed, or out of memory); try again with fewer "
    "--jobs. From a script of your own, start the work below `if __name__ == '__main__':` or pass jobs=1"
)


def _serve(connection: Connection, document: str, folder: str) -> None:
    """The life of a worker: render what is asked for until the pipe closes."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the parent decides
    plan = Plan.model_validate_json(document)
    try:
        while True:
            index = connection.recv()

            def advance(frames: int, index: int = index) -> None:
                connection.send(Advanced(index, frames))

            message: Message
            try:
                message = Done(render_voice(plan, index, voice_path(Path(folder), index), report=advance))
            except BrokenPipeError:
                return
            except Exception as error:  # noqa: BLE001 - whatever it is, the parent raises it with its trace
                message = Failed(index, _portable(error))
            connection.send(message)
    except (EOFError, BrokenPipeError, ConnectionResetError):
        return


def _portable(error: Exception) -> Exception:
    """The error itself where it survives pickling, with the child's trace as a note; else its words."""
    trace = "".join(traceback.format_exception(error))
    try:
        copy: Exception = pickle.loads(pickle.dumps(error))
    except Exception:  # noqa: BLE001 - an exception with a constructor of its own may raise anything here
        copy = NotoriousError(f"a voice could not be rendered: {error}")
    if not isinstance(copy, NotoriousError):
        copy.add_note(f"in a worker process:\n{trace}")
    return copy


@contextmanager
def _interrupts_held_back() -> Iterator[None]:
    """Children started within never see SIGINT, not even while they are still importing; ours comes afterwards.

    The mask is for the children, who inherit it. It does not hold back ours: another thread (a progress bar's) may take
    the signal, and Python raises in the main thread all the same; so the handler waits as well.
    """
    # The first child brings the resource tracker with it, and its start lifts the mask: so it starts ahead of it.
    resource_tracker.ensure_running()
    held: list[int] = []
    ours = None
    if threading.current_thread() is threading.main_thread():
        ours = signal.getsignal(signal.SIGINT)
        if ours is not None:  # None: set by something that is not Python, which could not be put back
            signal.signal(signal.SIGINT, lambda number, _frame: held.append(number))
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        if ours is not None:
            signal.signal(signal.SIGINT, ours)
        if held:
            signal.raise_signal(signal.SIGINT)
