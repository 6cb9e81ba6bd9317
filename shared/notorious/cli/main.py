"""Where the program begins and ends: errors become messages and exit codes here and nowhere else.

This module imports the standard library only, and everything else late: whoever presses Ctrl-C while the program is
still loading gets the same quiet goodbye.
"""

import os
import signal
import sys
from collections.abc import Sequence
from types import FrameType

from notorious.cli import exit_codes

_was_told_to_stop = False


def main() -> None:
    """The entry point of the program."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, _pass_over)
    signal.signal(signal.SIGTERM, _stop)
    code = run(sys.argv[1:])
    # Whoever reads our output may have gone: then there is nobody to flush to.
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = exit_codes.PIPE_CLOSED
    sys.exit(code)


def run(arguments: Sequence[str]) -> int:
    """Run the program with these arguments and return its exit code."""
    try:
        return _dispatch(arguments)
    except KeyboardInterrupt:
        return _stopped()


def _dispatch(arguments: Sequence[str]) -> int:
    from notorious.cli.app import execute, is_abort, usage_error
    from notorious.errors import Cancelled, NotoriousError

    try:
        return execute(arguments)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return exit_codes.PIPE_CLOSED
    except Cancelled:
        return _stopped()
    except NotoriousError as error:
        _complain(str(error))
        return error.exit_code
    except Exception as error:
        if is_abort(error):
            return _stopped()
        text = usage_error(error)
        if text is not None:
            _complain(text)
            return exit_codes.INPUT
        if os.environ.get("NOTORIOUS_DEBUG"):
            raise
        _complain(
            f"something went wrong that should not have: {type(error).__name__}: {error}\n"
            f"Please report it with what you did and what this prints when you\n"
            "set NOTORIOUS_DEBUG=1 before you run it again."
        )
        return exit_codes.UNEXPECTED


def _complain(text: str) -> None:
    print(f"notorious: {text}", file=sys.stderr)


def _stopped() -> int:
    _complain("stopped; what was heard so far is kept, and the next run goes on from there")
    return exit_codes.STOPPED


def _stop(_number: int, _frame: FrameType | None) -> None:
    # SIGTERM takes the way of Ctrl-C, so that a half-written mix is removed too; it becomes a Ctrl-C rather than an
    # exception here, so that whoever holds Ctrl-C back for a moment holds this back too.
    global _was_told_to_stop
    _was_told_to_stop = True
    signal.raise_signal(signal.SIGINT)


def _pass_over(_number: int, _frame: FrameType | None) -> None:
    # A shell starts what runs in the background with Ctrl-C ignored. That is kept, but SIGTERM still has to arrive.
    if _was_told_to_stop:
        raise KeyboardInterrupt
