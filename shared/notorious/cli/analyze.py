"""`notorious analyze`: hear tracks and print what was heard."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from notorious.cli import exit_codes
from notorious.cli.options import Force, Jobs, Json, Paths

if TYPE_CHECKING:
    from notorious.analysis.model import Analysis, Genre, Track
    from notorious.cli.screen import Screen
    from notorious.library.crate import Crate


def analyze(
    paths: Paths,
    json: Json = False,
    explain: Annotated[
        bool,
        typer.Option("--explain", help="Draw a picture of one track: waveform, beats, sections, key, energy, cues."),
    ] = False,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="PICTURE.PNG", help="Where to draw it.", show_default="FILE.png"),
    ] = None,
    force: Force = False,
    jobs: Jobs = None,
) -> int:
    """Hear tracks: tempo, beats, key, energy, sections, loudness, voices, genre.

    With --json, one object a line for each track, in the order of the files. What was heard before is remembered.
    """
    from notorious.cli.hearing import hear_paths
    from notorious.cli.screen import Screen, print_json

    screen = Screen()
    target = _picture_target(paths, output, force=force) if explain or output is not None else None
    crate = hear_paths(paths, jobs=jobs, screen=screen)
    if json:
        for track in crate:
            print_json(track.json_object())
    elif len(crate):
        _print_table(crate, screen)
    screen.say_skipped(crate.skipped)
    if len(crate):
        if target is not None:
            from notorious import api

            api.explain(next(iter(crate)), target, force=force)
            screen.say(f"Drawn: {target}")
        return exit_codes.OK
    if crate.skipped:
        return exit_codes.NO_USABLE_AUDIO
    screen.say("There are no audio files there.")
    return exit_codes.NOTHING_TO_MIX


def _picture_target(paths: list[Path], output: Path | None, *, force: bool) -> Path:
    """Where the picture goes, checked before anything is heard. Raises InputError where it is not about one file."""
    from notorious.cli.outputs import check_output
    from notorious.errors import InputError

    if len(paths) != 1 or not paths[0].expanduser().is_file():
        raise InputError("--explain draws one track: give the path of one audio file")
    target = output.expanduser() if output is not None else Path(f"{paths[0].name}.png")
    if target.suffix.lower() != ".png":
        raise InputError(f"{target}: the picture is a PNG; let its name end in .png")
    check_output([target], force=force)
    return target


def _print_table(crate: "Crate", screen: "Screen") -> None:
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("Track", overflow="fold")
    for heading in ("Time", "BPM", "Key", "Energy", "LUFS", "Voice"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("Genre", no_wrap=True)
    table.add_column("Sections", overflow="fold")
    for track in crate:
        table.add_row(*_cells(track))
    screen.out.print(table)
    for track in crate:
        for note in track.analysis.notes:
            screen.say(f"Note: {_name(track)}: {note}.")


def _cells(track: "Track") -> list[str]:
    from notorious.cli.names import clock_time

    heard = track.analysis
    return [
        _name(track),
        clock_time(heard.duration_seconds),
        f"{heard.tempo.bpm:.2f}" + ("" if heard.tempo.steady else "~"),
        heard.key.camelot,
        f"{heard.energy.level:.0f}",
        f"{heard.loudness.integrated_lufs:.1f}",
        _voice(heard),
        _genre(heard.genre),
        " ".join(section.kind for section in heard.sections),
    ]


def _genre(genre: "Genre | None") -> str:
    return "" if genre is None else genre.label + ("?" if genre.unsure else "")


def _voice(heard: "Analysis") -> str:
    """How much of a track is sung: "34 %", "-" where nothing is; a question mark where that is a guess."""
    if heard.vocals is None:
        return ""
    sung = sum(end - start for start, end in heard.vocals.regions)
    share = f"{max(100 * sung / heard.duration_seconds, 1):.0f} %" if sung else "-"
    return f"{share}?" if heard.vocals.unsure else share


def _name(track: "Track") -> str:
    from notorious.cli.names import printable

    return printable(f"{track.artist} - {track.title}" if track.artist else track.title)
