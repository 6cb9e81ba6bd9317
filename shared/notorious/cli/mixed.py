"""What `notorious mix` checks before it works, and what it says when it is done."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from notorious.cli.names import printable
from notorious.cli.screen import Screen, print_json
from notorious.cli.set_list import print_set, set_object
from notorious.errors import InputError
from notorious.library.scan import Skipped
from notorious.planning.plan import Plan
from notorious.rendering.sheet import sheet_paths

if TYPE_CHECKING:
    from notorious.rendering.master import RenderReport

_NOT_ABOUT_THE_SET = frozenset({"paths", "output", "format", "force", "jobs", "json"})


def written_files(output: Path) -> list[Path]:
    """The recording and all that appears beside it."""
    return [output, *sheet_paths(output).all()]


def is_plan_file(paths: Sequence[Path]) -> bool:
    """Whether a plan was given rather than music; InputError where it is both."""
    plans = [path for path in paths if path.suffix.lower() == ".json"]
    if plans and len(paths) > 1:
        raise InputError(f"{plans[0]} is a plan, which is mixed alone; give one plan file, or only music")
    return bool(plans)


def refuse_wishes(context: typer.Context) -> None:
    """Raise InputError where a wish for the set was given together with a plan that settles it."""
    for name in context.params:
        if name not in _NOT_ABOUT_THE_SET and _was_given(context, name):
            option = "--" + name.replace("_", "-")
            raise InputError(f"{option} does not go with a plan, which settles the set; edit the plan, or plan anew")


def _was_given(context: typer.Context, name: str) -> bool:
    source = context.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"


def print_outcome(
    plan: Plan, report: "RenderReport", skipped: Iterable[Skipped], *, screen: Screen, as_json: bool
) -> None:
    """The closing words: the set, where it lies, how it measures, and what was left out."""
    rows = list(skipped)
    files = [str(path) for path in written_files(report.output) if path.exists()]
    if as_json:
        print_json(
            {
                "output": str(report.output),
                "files": files,
                "duration_seconds": report.duration_seconds,
                "integrated_lufs": report.integrated_lufs,
                "range_lu": report.range_lu,
                "true_peak_dbtp": report.true_peak_dbtp,
                "largest_reduction_db": report.largest_reduction_db,
                "notes": list(report.notes),
                "set": set_object(plan),
                "skipped": [{"path": str(row.path), "reason": row.reason} for row in rows],
            }
        )
    else:
        print_set(plan, screen)
        for note in report.notes:
            screen.say(f"Note: {note}")
        screen.say(f"Wrote {printable(str(report.output))}, and its sheet beside it: {report.closing_line()}.")
    screen.say_skipped(rows)
