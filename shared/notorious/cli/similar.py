"""`notorious similar`: which tracks sound like this one."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from notorious.cli import exit_codes
from notorious.cli.options import Jobs, Json, Paths

if TYPE_CHECKING:
    from notorious.cli.screen import Screen
    from notorious.library.similar import Neighbourhood, Portrait


def similar(
    track: Annotated[
        str, typer.Argument(metavar="TRACK", help="Its path, a part of its title, or the beginning of its hash.")
    ],
    paths: Paths,
    count: Annotated[int, typer.Option("--count", "-n", min=1, metavar="N", help="How many to list.")] = 10,
    json: Json = False,
    jobs: Jobs = None,
) -> int:
    """List the tracks that sound most like one of them, and why: sound, tempo, key, energy."""
    from notorious.cli.hearing import hear_paths
    from notorious.cli.screen import Screen, print_json
    from notorious.library.similar import nearest

    screen = Screen()
    crate = hear_paths(paths, jobs=jobs, screen=screen)
    screen.say_skipped(crate.skipped)
    if not len(crate):
        return exit_codes.NO_USABLE_AUDIO if crate.skipped else exit_codes.NOTHING_TO_MIX
    found = nearest(crate, track, count=count)
    if json:
        print_json(_object(found))
    else:
        _print(found, screen)
    if found.incomparable:
        screen.say(
            f"Note: {found.incomparable} tracks were heard with other networks and cannot be compared; "
            "analyse them again."
        )
    return exit_codes.OK


def _print(found: "Neighbourhood", screen: "Screen") -> None:
    from rich.table import Table

    from notorious.cli.names import printable

    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("Likeness", justify="right")
    table.add_column("Track", overflow="fold")
    for heading in ("BPM", "Key"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("Why", overflow="fold")
    table.add_row("", printable(_name(found.of)), f"{found.of.bpm:.2f}", found.of.camelot, "")
    for one in found.neighbours:
        track = one.track
        why = "; ".join(one.reasons)
        table.add_row(f"{one.likeness:.2f}", printable(_name(track)), f"{track.bpm:.2f}", track.camelot, why)
    screen.out.print(table)


def _object(found: "Neighbourhood") -> dict[str, Any]:
    return {
        "track": _track(found.of),
        "embedding": found.of.embedding_name,
        "compared": found.compared,
        "incomparable": found.incomparable,
        "neighbours": [
            {**_track(one.track), "likeness": one.likeness, "reasons": list(one.reasons)} for one in found.neighbours
        ],
    }


def _track(portrait: "Portrait") -> dict[str, Any]:
    hidden = ("embedding", "embedding_name")
    return {name: value for name, value in asdict(portrait).items() if name not in hidden}


def _name(portrait: "Portrait") -> str:
    return f"{portrait.artist} - {portrait.title}" if portrait.artist else portrait.title
