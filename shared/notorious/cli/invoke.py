"""`notorious invoke`: call one function of the service."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from notorious.cli import exit_codes


def invoke(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The function, as its folder in functions/ is called.")],
    event: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="The event; without it, functions/NAME/event.json.", show_default=False),
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Data folder of a running service; without it, an empty service is started for this call.",
            show_default=False,
        ),
    ] = None,
) -> int:
    """Call one function of the service and print what it returns; its log goes to standard error."""
    import sys

    from notorious.embedded.invocation import event_of
    from notorious.embedded.invocation import invoke as call
    from notorious.embedded.reach import reach

    content = event_of(name, event)
    if data is not None:
        answer = call(reach(data), name, content)
    else:
        with _throwaway() as folder:
            answer = call(reach(folder), name, content)
    if answer.log:
        print(answer.log.rstrip("\n"), file=sys.stderr)
    print(answer.payload)
    return exit_codes.OK


@contextmanager
def _throwaway() -> Iterator[Path]:
    """The data folder of a service that is started for one call and leaves nothing."""
    import tempfile

    from notorious.cli.journal import open_journal
    from notorious.embedded.supervisor import Supervisor, Wishes

    with tempfile.TemporaryDirectory(prefix="notorious-", ignore_cleanup_errors=True) as name:
        supervisor = Supervisor(Wishes(data=Path(name), port=0), open_journal=open_journal)
        supervisor.start()
        try:
            yield Path(name)
        finally:
            supervisor.stop()
