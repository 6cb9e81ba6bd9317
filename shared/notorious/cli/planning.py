"""Planning a set with a bar on the screen: what `plan` and `mix` share."""

from collections.abc import Sequence
from pathlib import Path

from notorious import api
from notorious.cli.hearing import hear_paths
from notorious.cli.screen import Screen
from notorious.cli.wishes import Wishes
from notorious.errors import NothingToMix
from notorious.library.crate import Crate
from notorious.library.finding import find_track
from notorious.planning.plan import Plan


def plan_paths(paths: Sequence[Path], wishes: Wishes, *, jobs: int | None, screen: Screen) -> tuple[Plan, Crate]:
    """Hear what lies under the paths and make a set of it."""
    wishes.brief()  # what cannot be meant is said before a night of hearing, not after
    crate = hear_paths(paths, jobs=jobs, screen=screen)
    if not len(crate):
        screen.say_skipped(crate.skipped)
        where = "none of the files could be heard" if crate.skipped else "there are no audio files there"
        raise NothingToMix(f"there is nothing to mix: {where}")
    with screen.bars() as bars:

        def show(progress: api.PlanningProgress) -> None:
            bars.show(progress.phase, progress.done, progress.total, count=f"{progress.done} of {progress.total}")

        if wishes.names_tracks:
            pool = api.profiles(crate, report=show)
            brief = wishes.brief(lambda name: find_track(name, pool))
        else:
            brief = wishes.brief()
        return api.plan(crate, brief, report=show), crate
