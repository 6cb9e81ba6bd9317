"""Children that end when the service ends, however it ends.

The service holds the only writing end of a pipe. Whoever it starts gets the reading end, leads a process group of its
own, and kills that group when the pipe closes, which the operating system does even after `kill -9`. (A parent-death
signal would not do: it is sent when the *thread* that started the child ends.)

As a program, `python lifeline.py COMMAND...` runs a command under such a watch; it imports the standard library only.
"""

import contextlib
import os
import signal
import subprocess
import sys
import threading
from functools import cache

VARIABLE = "_NOTORIOUS_LIFELINE"

# The same watch as `watch` below, as text for the emulator's worker script (inside a function, four blanks deep).
WATCH = f"""\
    import signal as _signal, threading as _threading
    def _watch(end=int(os.environ.pop({VARIABLE!r}))):
        while os.read(end, 1):
            pass
        os.killpg(0, _signal.SIGKILL)
    _threading.Thread(target=_watch, daemon=True).start()
"""


@cache
def _pipe() -> tuple[int, int]:
    # Neither end is inherited unless it is passed on by name, so the writing end stays here.
    return os.pipe()


def watched() -> int:
    """The end of the pipe that a child has to inherit (`pass_fds`) and find in the variable `VARIABLE`."""
    return _pipe()[0]


def watch() -> None:
    """In a child: from now on, end this process group when the service ends."""
    end = int(os.environ.pop(VARIABLE))

    def wait() -> None:
        while os.read(end, 1):
            pass
        os.killpg(0, signal.SIGKILL)

    threading.Thread(target=wait, daemon=True).start()


def start(command: list[str], *, environment: dict[str, str], **options: object) -> "subprocess.Popen[str]":
    """Start a command in a group of its own that ends with the service; it reads nothing from standard input."""
    return subprocess.Popen(  # type: ignore[call-overload,no-any-return]
        [sys.executable, os.path.abspath(__file__), *command],
        env={**environment, VARIABLE: str(watched())},
        stdin=subprocess.DEVNULL,
        start_new_session=True,
        pass_fds=(watched(),),
        text=True,
        **options,
    )


def end_group(process: "subprocess.Popen[str]") -> None:
    """Ask a child, and what it started, to end."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)


def kill_group(process: "subprocess.Popen[str]") -> None:
    """End a child, and what it started, at once."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def _run(command: list[str]) -> int:
    watch()
    return subprocess.run(command, check=False).returncode


if __name__ == "__main__":
    sys.exit(_run(sys.argv[1:]))
