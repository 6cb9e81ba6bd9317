"""`notorious preview`: half a minute of a mix, before it is rendered."""

from pathlib import Path
from typing import Annotated

import typer

from notorious.cli import exit_codes
from notorious.cli.options import Force, FormatName, Json


def preview(
    plan: Annotated[Path, typer.Argument(metavar="PLAN.JSON", help="A plan file, as `plan` and `mix` write it.")],
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="Recording to write.", show_default="preview.mp3"),
    ] = None,
    transition: Annotated[
        int | None,
        typer.Option(
            min=1, metavar="N", help="The transition from track N to the next.", show_default="the best of the set"
        ),
    ] = None,
    at: Annotated[str | None, typer.Option(metavar="M:SS", help="From this moment of the mix on.")] = None,
    seconds: Annotated[float, typer.Option(min=1, max=300, metavar="S", help="How long.")] = 30.0,
    format: Annotated[  # noqa: A002  the word that everybody uses
        FormatName | None, typer.Option(help="Format.", show_default="as the ending says")
    ] = None,
    force: Force = False,
    json: Json = False,
) -> int:
    """Render a short piece of a mix, exactly as it will sound."""
    from notorious import api
    from notorious.cli.outputs import check_output
    from notorious.cli.screen import Screen, print_json
    from notorious.errors import InputError
    from notorious.planning.edit import read_plan
    from notorious.rendering.sheet import clock_time

    if transition is not None and at is not None:
        raise InputError("--transition and --at both say where the preview lies; give one of them")
    target = (output or Path(f"preview.{format or 'mp3'}")).expanduser()
    kind = api.format_of(target, format)
    check_output([target], force=force)
    api.require_encoder(kind)
    read = read_plan(plan.expanduser())
    screen = Screen()
    with screen.bars() as bars:
        heard = api.preview(
            read,
            target,
            transition=None if transition is None else transition - 1,
            at_seconds=None if at is None else _moment(at),
            seconds=seconds,
            format=kind,
            force=force,
            report=lambda progress: bars.show(
                "Voices", progress.current, progress.total, count="", detail=progress.detail
            ),
        )
    number = None if heard.transition is None else heard.transition + 1
    if json:
        print_json(
            {
                "output": str(target),
                "start_seconds": heard.start_seconds,
                "end_seconds": heard.end_seconds,
                "transition": number,
            }
        )
    else:
        where = f"{clock_time(heard.start_seconds)} to {clock_time(heard.end_seconds)} of the mix"
        around = "" if number is None else f", around the transition from track {number} to {number + 1}"
        screen.say(f"Wrote {target}: {where}{around}.")
    return exit_codes.OK


def _moment(text: str) -> float:
    """Seconds of `M:SS`, `H:MM:SS` or `SS`."""
    from notorious.errors import InputError

    parts = text.split(":")
    try:
        values = [float(part) for part in parts]
    except ValueError:
        values = []
    if not 1 <= len(values) <= 3 or any(value < 0 for value in values) or any(value >= 60 for value in values[1:]):
        raise InputError(f'--at {text}: this is no moment of a mix; write it like "12:30"')
    moment = 0.0
    for value in values:
        moment = moment * 60 + value
    return moment
