"""`notorious demo`: make music to try the program on."""

from pathlib import Path
from typing import Annotated

import typer

from notorious.cli import exit_codes
from notorious.cli.options import Force, Jobs


def demo(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder to write the tracks to; made if need be.")],
    stems: Annotated[bool, typer.Option("--stems", help="Write the stems of each track beside it.")] = False,
    seed: Annotated[int, typer.Option(metavar="N", help="Another number gives another crate.")] = 0,
    force: Force = False,
    jobs: Jobs = None,
) -> int:
    """Synthesise a crate of twelve tracks in four genres, with the exact truth of each beside it as JSON."""
    import os

    from notorious import api
    from notorious.cli.screen import Screen

    screen = Screen()
    with screen.bars() as bars:
        paths = api.make_demo_crate(
            folder,
            seed=seed,
            stems=stems,
            jobs=jobs or os.cpu_count() or 1,
            force=force,
            report=lambda name, done, total: bars.show("Making", done, total, count=f"{done} of {total}", detail=name),
        )
    screen.say(f"Wrote {len(paths)} tracks to {folder}; `notorious mix {folder} -o mix.flac` mixes them.")
    return exit_codes.OK
