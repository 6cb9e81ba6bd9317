"""The child process that reads and hears files: `python -m notorious.library.worker ENGINE`.

A file is heard in a child so that whatever it does to a decoder, the run goes on. The child takes tasks from its
standard input and answers on its standard output, one length-prefixed pickle each (only our own parent writes to it).
It ends when its input ends, so no child outlives its parent, even one that was killed.

    parent                          child
      |  start ----------------------> |
      | <--------------------- READY   |   the engine is imported
      |  Task ------------------------> |
      | <--------------------- Answer  |   ... again and again
      |  (closes the pipe, or dies) --> |   os._exit
"""

import ctypes
import hashlib
import importlib
import os
import pickle
import queue
import signal
import struct
import sys
import threading
import traceback
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from notorious.errors import AudioError
from notorious.library.store import FileStamp

READY = "ready"
TAGS = "tags"
"""The part that holds a file's tags, beside the parts of the analysers."""
_LENGTH = struct.Struct("<Q")
_PR_SET_PDEATHSIG = 1
_READ_BYTES = 1 << 20


@dataclass(frozen=True)
class Task:
    """Read a file's hash (`sha256` is None), or hear what is missing of it (`known` holds the parts that are not)."""

    path: Path
    sha256: str | None = None
    known: Mapping[str, Any] = field(default_factory=dict)
    wants_tags: bool = False


@dataclass(frozen=True)
class Answer:
    """What became of a task: the hash and its stamp, or the parts, or the reason why neither can be had."""

    sha256: str | None = None
    stamp: FileStamp | None = None
    parts: Mapping[str, Any] | None = None
    failure: str | None = None
    detail: str = ""
    """The traceback of a failure that nobody foresaw."""
    may_pass: bool = False
    """Whether the failure lies in the machine (its memory, its disk) rather than in the file."""


class Engine(Protocol):
    """The module that hears: `notorious.analysis.pipeline`, or a stand-in in tests."""

    ANALYSERS: Mapping[str, int]

    def analyse_file(self, path: Path, sha256: str, *, known: Mapping[str, Any]) -> tuple[Any, dict[str, Any]]: ...


def write_frame(stream: BinaryIO, value: object) -> None:
    """Send one value."""
    data = pickle.dumps(value, protocol=5)
    stream.write(_LENGTH.pack(len(data)) + data)
    stream.flush()


def read_frame(stream: BinaryIO) -> Any:
    """The next value; EOFError where the stream ends, also in the middle of a value."""
    head = stream.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        raise EOFError
    (length,) = _LENGTH.unpack(head)
    data = stream.read(length)
    if len(data) < length:
        raise EOFError
    return pickle.loads(data)


def perform(task: Task, engine: Engine) -> Answer:
    """Do one task; every failure becomes an answer."""
    try:
        before = FileStamp.of(task.path)
        if task.sha256 is None:
            return Answer(sha256=_hash(task.path), stamp=before)
        parts: dict[str, Any] = {}
        if set(engine.ANALYSERS) - set(task.known):
            _, heard = engine.analyse_file(task.path, task.sha256, known=task.known)
            # Not only the missing ones: what rests on a part that was heard anew is heard anew too.
            parts.update({name: value for name, value in heard.items() if task.known.get(name) != value})
        if task.wants_tags:
            from notorious.audio.tags import read_tags

            parts[TAGS] = read_tags(task.path).model_dump(mode="json")
        if FileStamp.of(task.path) != before:
            return Answer(failure="it changed while it was being heard; run again when it is complete")
        return Answer(parts=parts)
    except AudioError as error:
        return Answer(failure=error.reason + (f" ({error.remedy})" if error.remedy else ""))
    except OSError as error:
        return Answer(failure=f"it cannot be read ({error.strerror or error})", may_pass=True)
    except MemoryError:
        return Answer(failure="there is not enough memory to hear it", may_pass=True)
    except Exception as error:  # noqa: BLE001  one bad file never stops a run; the traceback goes with the answer
        reason = f"the analysis failed on it ({type(error).__name__}: {error}); please report this"
        return Answer(failure=reason, detail=traceback.format_exc())


def _hash(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb", buffering=0) as file:
        while block := file.read(_READ_BYTES):
            digest.update(block)
    return digest.hexdigest()


def _die_with_parent() -> None:
    """Ask Linux for a SIGKILL when the parent ends: the thread that waits on the pipe cannot run in a hung decoder."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _receive(stream: BinaryIO, tasks: "queue.SimpleQueue[Task]") -> None:
    while True:
        try:
            tasks.put(read_frame(stream))
        except EOFError:
            os._exit(0)


def main() -> None:
    """Serve tasks until the parent closes the pipe."""
    # Ctrl-C is the parent's to handle: it wants to keep what is done and to say goodbye once.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _die_with_parent()
    answers = os.fdopen(os.dup(1), "wb")
    # Whatever a library prints must not end up between our frames.
    os.dup2(2, 1)
    engine: Engine = importlib.import_module(sys.argv[1])
    tasks: queue.SimpleQueue[Task] = queue.SimpleQueue()
    threading.Thread(target=_receive, args=(sys.stdin.buffer, tasks), daemon=True).start()
    write_frame(answers, READY)
    while True:
        write_frame(answers, perform(tasks.get(), engine))


if __name__ == "__main__":
    # As `__main__` this module's classes would be pickled under another name than the parent knows.
    from notorious.library import worker

    worker.main()
