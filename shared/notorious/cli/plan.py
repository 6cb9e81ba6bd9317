"""`notorious plan`: make a set on paper."""

from pathlib import Path
from typing import Annotated

import typer

from notorious.cli import exit_codes, options


def plan(
    paths: options.Paths,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="Plan file to write.", show_default="plan.json"),
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
    """Choose tracks, order them, decide every transition, and write it all down.

    The plan can be read, edited by hand, and given to `notorious mix`. With --json it is printed, and written only
    where -o says so.
    """
    from notorious.cli.outputs import check_output
    from notorious.cli.planning import plan_paths
    from notorious.cli.screen import Screen
    from notorious.cli.wishes import Wishes
    from notorious.planning.edit import write_plan

    target = output or (None if json else Path("plan.json"))
    if target is not None:
        target = target.expanduser()
        check_output([target], force=force)
    wishes = Wishes(
        settings={
            "minutes": minutes, "curve": curve, "time_of_day": time_of_day, "venue": venue, "genre": genre,
            "transition_rule": rule, "energy_boosts": boosts, "trust_key_tags": trust_key_tags, "seed": seed,
        },
        plateaus=plateau or (), bpm=bpm, start=start, end=end, exclude=exclude or (),
    )  # fmt: skip
    screen = Screen()
    made, crate = plan_paths(paths, wishes, jobs=jobs, screen=screen)
    if target is not None:
        write_plan(made, target)
    if json:
        typer.echo(made.model_dump_json())
    else:
        from notorious.cli.set_list import print_set

        print_set(made, screen)
        screen.say(f"Wrote {target}; `notorious mix {target} -o mix.flac` renders it.")
    screen.say_skipped(crate.skipped)
    return exit_codes.OK
