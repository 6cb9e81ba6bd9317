"""`notorious models`: the networks on this machine."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from notorious.cli import exit_codes
from notorious.cli.options import Json

if TYPE_CHECKING:
    from notorious.cli.screen import Bars, Screen
    from notorious.networks import Family

Families = Annotated[
    list[str] | None,
    typer.Argument(metavar="[NAME]...", help="BeatNet, musicnn; both unless named."),
]
Wheels = Annotated[
    Path | None,
    typer.Option(metavar="DIR", help="Take the authors' wheels from this folder instead of the package index."),
]

models = typer.Typer(
    name="models",
    help="The networks that help to hear: install, list, check, remove them. Without them everything works, too.",
    no_args_is_help=True,
)


@models.command("list")
def list_(json: Json = False) -> int:
    """Say which networks there are, and which of them are installed."""
    from notorious.cli.screen import Screen, print_json
    from notorious.networks import FAMILIES, can_run, folder, missing_files

    screen = Screen()
    rows = [
        {
            "name": family.name,
            "hears": family.hears,
            "licence": family.licence,
            "installed": not missing_files(family),
            "files": [str(folder() / name) for name in family.files],
        }
        for family in FAMILIES
    ]
    if json:
        print_json({"folder": str(folder()), "runtime": can_run(), "networks": rows})
        return exit_codes.OK
    for row in rows:
        state = "installed" if row["installed"] else "not installed"
        screen.out.print(f"{row['name']:<9} {state:<14} {row['licence']:<10} {row['hears']}")
    screen.out.print(f"in {folder()}")
    _say_if_nothing_can_run(screen)
    return exit_codes.OK


@models.command("install")
def install(names: Families = None, wheels: Wheels = None) -> int:
    """Fetch networks from their authors' packages, check them, convert them, and keep them.

    About 40 MB come from the package index that pip would use; 9 MB are kept in the user's cache. Nothing of the
    packages is run. Tracks that were heard before are heard anew where the networks have a say.
    """
    from notorious.cli.screen import Screen
    from notorious.networks import folder
    from notorious.networks.install import install as install_family

    screen = Screen()
    for family in _families(names):
        with screen.bars() as bars:
            report = partial(_show, bars, family.name)
            install_family(family, wheels=wheels, say=screen.say, report=report)
        screen.out.print(f"{family.name} is installed in {folder()} ({family.licence}: see {family.attribution} there)")
    _say_if_nothing_can_run(screen)
    return exit_codes.OK


@models.command("check")
def check(names: Families = None) -> int:
    """Check that the installed networks are those that were installed, and that they run."""
    from notorious.cli.screen import Screen
    from notorious.errors import NetworkError
    from notorious.networks import can_run, folder, missing_files
    from notorious.networks.install import faults
    from notorious.networks.session import Session

    screen = Screen()
    wrong = 0
    for family in _families(names):
        if len(missing_files(family)) == len(family.files):
            screen.out.print(f"{family.name}: not installed")
            continue
        found = faults(family)
        if not found and can_run():
            for name in family.files:
                try:
                    Session(folder() / name)
                except NetworkError as error:
                    found.append(str(error))
        wrong += len(found)
        screen.out.print(f"{family.name}: " + ("as it should be" if not found else "; ".join(found)))
    if wrong:
        screen.say("Mend it with: notorious models install")
    _say_if_nothing_can_run(screen)
    return exit_codes.NETWORK if wrong else exit_codes.OK


@models.command("remove")
def remove(names: Families = None) -> int:
    """Delete installed networks. What they had a say in is heard anew without them."""
    from notorious.cli.screen import Screen
    from notorious.networks.install import remove as remove_family

    screen = Screen()
    for family in _families(names):
        gone = remove_family(family)
        screen.out.print(f"{family.name}: " + (f"{len(gone)} files removed" if gone else "was not installed"))
    return exit_codes.OK


def _show(bars: "Bars", what: str, done: int, total: int) -> None:
    bars.show(what, done, max(total, done), count=f"{done / 1e6:.0f} of {total / 1e6:.0f} MB")


def _families(names: Sequence[str] | None) -> "list[Family]":
    from notorious.networks import FAMILIES

    wanted = {name.casefold() for name in names or ()}
    unknown = wanted - {family.name.casefold() for family in FAMILIES}
    if unknown:
        known = ", ".join(family.name for family in FAMILIES)
        raise typer.BadParameter(f"there are no networks called {', '.join(sorted(unknown))}; there are {known}")
    return [family for family in FAMILIES if not wanted or family.name.casefold() in wanted]


def _say_if_nothing_can_run(screen: "Screen") -> None:
    from notorious.networks import can_run

    if not can_run():
        screen.say("Networks are not used: onnxruntime is missing. Install it with: pip install 'notorious[networks]'")
