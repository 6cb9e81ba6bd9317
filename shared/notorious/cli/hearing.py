"""Hearing a crate with a bar on the screen: what `analyze`, `plan` and `mix` begin with."""

from collections.abc import Sequence
from pathlib import Path

from notorious import api
from notorious.cli.screen import Bars, Screen
from notorious.library.crate import Crate, Progress


def hear_paths(paths: Sequence[Path], *, jobs: int | None, screen: Screen) -> Crate:
    """Hear what lies under the paths; what was skipped is the caller's to say, at the end."""
    with screen.bars() as bars:
        crate = api.analyze(paths, jobs=jobs, report=lambda progress: _show(bars, progress))
    for note in crate.notes:
        screen.say(f"Note: {note}.")
    return crate


def _show(bars: Bars, progress: Progress) -> None:
    detail = progress.current.name if progress.current is not None else ""
    if progress.tracks_per_minute is not None:
        detail = f"{progress.tracks_per_minute:.0f} a minute  {detail}"
    bars.show("Hearing", progress.done, progress.total, count=f"{progress.done} of {progress.total}", detail=detail)
