"""`notorious show`: read a plan aloud."""

from pathlib import Path
from typing import Annotated

import typer

from notorious.cli import exit_codes
from notorious.cli.options import Json


def show(
    plan: Annotated[Path, typer.Argument(metavar="PLAN.JSON", help="A plan file, as `plan` and `mix` write it.")],
    json: Json = False,
) -> int:
    """Show a plan: when each track plays, how it goes into the next, and why."""
    from notorious.cli.screen import Screen, print_json
    from notorious.cli.set_list import print_set, set_object
    from notorious.planning.edit import read_plan

    read = read_plan(plan.expanduser())
    if json:
        print_json(set_object(read))
    else:
        print_set(read, Screen(), reasons=True)
    return exit_codes.OK
