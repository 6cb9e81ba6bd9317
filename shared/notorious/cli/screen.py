"""What people see while the program works: bars on a terminal, nothing where there is none.

Results go to standard output, everything else to standard error, so that a program can read the one and a person the
other.
"""

import json
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.text import Text

from notorious.cli.names import printable

if TYPE_CHECKING:
    from rich.progress import TaskID

    from notorious.library.scan import Skipped

_DETAIL_WIDTH = 36


class Screen:
    """The two consoles of a run."""

    def __init__(self) -> None:
        self.out = Console(highlight=False, markup=False, emoji=False, soft_wrap=True)
        self.diagnostics = Console(stderr=True, highlight=False, markup=False, emoji=False, soft_wrap=True)

    def say(self, text: str) -> None:
        """A line for people, on standard error."""
        self.diagnostics.print(Text(text))

    def say_skipped(self, skipped: Iterable["Skipped"]) -> None:
        """List what was left out, with reasons."""
        rows = list(skipped)
        if not rows:
            return
        self.say(f"Skipped {len(rows)} {'file' if len(rows) == 1 else 'files'}:")
        for row in rows:
            self.say(f"  {printable(str(row.path))}: {row.reason}")

    @contextmanager
    def bars(self) -> Iterator["Bars"]:
        """Progress bars until the block ends; they vanish without a trace."""
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        with Progress(
            TextColumn("{task.description:<12}"),
            BarColumn(bar_width=28),
            TextColumn("{task.fields[count]:>12}"),
            TimeRemainingColumn(compact=True),
            TextColumn("{task.fields[detail]}", markup=False),
            console=self.diagnostics,
            transient=True,
            disable=not self.diagnostics.is_terminal,
        ) as progress:
            yield Bars(progress)


class Bars:
    """A bar for each thing that is under way, made when it is first shown."""

    def __init__(self, progress: Any) -> None:
        self._progress = progress
        self._tasks: dict[str, TaskID] = {}

    def show(self, what: str, done: float, total: float, *, count: str = "", detail: str = "") -> None:
        """Move the bar called `what`; `count` and `detail` are said beside it."""
        if self._progress.disable:
            return
        if what not in self._tasks:
            self._tasks[what] = self._progress.add_task(what, total=total, count=count, detail="")
        shown = printable(detail)
        if len(shown) > _DETAIL_WIDTH:
            shown = shown[: _DETAIL_WIDTH - 1] + "…"
        self._progress.update(self._tasks[what], completed=done, total=total, count=count, detail=shown)


def print_json(value: object) -> None:
    """One JSON object on one line of standard output."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, allow_nan=False) + "\n")
