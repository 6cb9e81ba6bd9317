"""`notorious mix`: from tracks, or from a plan, to one recording."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from notorious.cli import exit_codes, options

if TYPE_CHECKING:
    from notorious.cli.screen import Bars
    from notorious.rendering.progress import Progress

_PHASES = {"check": "Checking", "voices": "Voices", "master": "Mastering", "sheet": "Writing"}


def mix(
    context: typer.Context,
    paths: Annotated[
        list[Path],
        typer.Argument(metavar="PATH...|PLAN.JSON", help="Audio files and folders of them, or one plan file."),
    ],
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="Recording to write.", show_default="mix.flac"),
    ] = None,
    format: Annotated[  # noqa: A002  the word that everybody uses
        options.FormatName | None, typer.Option(help="Format.", show_default="as the ending says")
    ] = None,
    minutes: options.Minutes = None,
    curve: options.Curve = "late-peak",
    plateau: options.Plateaus = None,
    time_of_day: options.TimeOfDay = None,
    venue: options.Venue = None,
    genre: options.Genre = None,
    rule: options.Rule = "practice",
    boosts: options.Boosts = True,
    trust_key_tags: options.TrustTags = 0.0,
    start: options.Start = None,
    end: options.End = None,
    exclude: options.Exclude = None,
    bpm: options.Bpm = None,
    seed: options.Seed = 0,
    force: options.Force = False,
    jobs: options.Jobs = None,
    json: options.Json = False,
) -> int:
    """Hear tracks, plan a set of them, and render it as one recording.

    Beside mix.flac appear mix.plan.json, mix.cue, mix.m3u8, mix.tracklist.txt and mix.png. From a plan file, the set is
    rendered as it stands there; the options about the set do not go with it.
    """
    from notorious import api
    from notorious.cli.mixed import is_plan_file, print_outcome, refuse_wishes, written_files
    from notorious.cli.outputs import check_output
    from notorious.cli.planning import plan_paths
    from notorious.cli.screen import Screen
    from notorious.cli.wishes import Wishes
    from notorious.library.scan import Skipped
    from notorious.planning.edit import read_plan

    target = (output or Path(f"mix.{format or 'flac'}")).expanduser()
    kind = api.format_of(target, format)
    from_plan = is_plan_file(paths)
    # The plan that is mixed may be the one that lies beside the mix.
    given = {path.expanduser().resolve() for path in paths} if from_plan else set()
    check_output([path for path in written_files(target) if path.resolve() not in given], force=force)
    api.require_encoder(kind)
    screen = Screen()
    skipped: tuple[Skipped, ...] = ()
    if from_plan:
        refuse_wishes(context)
        made = read_plan(paths[0].expanduser())
    else:
        wishes = Wishes(
            settings={
                "minutes": minutes, "curve": curve, "time_of_day": time_of_day, "venue": venue, "genre": genre,
                "transition_rule": rule, "energy_boosts": boosts, "trust_key_tags": trust_key_tags, "seed": seed,
            },
            plateaus=plateau or (), bpm=bpm, start=start, end=end, exclude=exclude or (),
        )  # fmt: skip
        made, crate = plan_paths(paths, wishes, jobs=jobs, screen=screen)
        skipped = crate.skipped
    with screen.bars() as bars:
        report = api.mix(
            made, target, format=kind, jobs=jobs, force=force, report=lambda progress: _show(bars, progress)
        )
    print_outcome(made, report, skipped, screen=screen, as_json=json)
    return exit_codes.OK


def _show(bars: "Bars", progress: "Progress") -> None:
    share = progress.current / progress.total if progress.total else 1.0
    bars.show(
        _PHASES.get(progress.phase, progress.phase),
        progress.current,
        progress.total,
        count=f"{100 * share:.0f} %",
        detail=progress.detail,
    )
