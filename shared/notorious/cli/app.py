"""The commands of the program, put together."""

import errno
from collections.abc import Sequence
from typing import Annotated

import typer

import notorious
from notorious.cli import exit_codes
from notorious.cli.admin import admin
from notorious.cli.analyze import analyze
from notorious.cli.demo import demo
from notorious.cli.invoke import invoke
from notorious.cli.mix import mix
from notorious.cli.models import models
from notorious.cli.plan import plan
from notorious.cli.preview import preview
from notorious.cli.serve import serve
from notorious.cli.show import show
from notorious.cli.similar import similar
from notorious.cli.watch import watch

EPILOG = "Exit codes: " + "; ".join(f"{code} {meaning}" for code, meaning in exit_codes.MEANINGS.items()) + "."

app = typer.Typer(
    name="notorious",
    help="Hears a folder of music, plans a DJ set, renders it as one recording, and says why.",
    epilog=EPILOG,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"notorious {notorious.__version__}")
        raise typer.Exit


@app.callback()
def _program(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and leave.")
    ] = False,
) -> None:
    pass


for command in (demo, analyze, plan, preview, mix, show, similar, serve, invoke, watch):
    app.command()(command)
app.add_typer(models)
app.add_typer(admin)


def execute(arguments: Sequence[str]) -> int:
    """Run a command; errors come out as exceptions."""
    try:
        code = app(args=list(arguments), prog_name="notorious", standalone_mode=False)
    except SystemExit as ending:
        # Click turns a closed pipe into an exit; it is told apart here.
        cause = ending.__context__
        if isinstance(cause, OSError) and cause.errno == errno.EPIPE:
            raise BrokenPipeError from cause
        raise
    return code if isinstance(code, int) else exit_codes.OK


def is_abort(error: BaseException) -> bool:
    """Whether this is how Typer says that someone pressed Ctrl-C."""
    return isinstance(error, typer.Abort)


def usage_error(error: BaseException) -> str | None:
    """What is wrong with the arguments, and how to learn more; None where it is another kind of error."""
    # The base class of such errors is Click's: old versions of Typer import it, new ones hold a copy.
    base = next(kind for kind in typer.BadParameter.__mro__ if kind.__name__ == "ClickException")
    if not isinstance(error, base):
        return None
    message: str = error.format_message()  # type: ignore[attr-defined]
    context = getattr(error, "ctx", None)
    hint = f"\nTry '{context.command_path} --help'." if context is not None else ""
    return message + hint
