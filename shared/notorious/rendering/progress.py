"""What a running render says of itself, and how it is told to stop."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from notorious.errors import Cancelled

Phase = Literal["check", "voices", "master", "sheet"]


@dataclass(frozen=True)
class Progress:
    """How far a phase has come: `current` of `total`, in files (check, sheet) or in seconds of audio (voices, master).

    `voices` and `master` run side by side. `detail` names what is in hand, in words.
    """

    phase: Phase
    current: float
    total: float
    detail: str = ""


Report = Callable[[Progress], None]
IsCancelled = Callable[[], bool]


def stop_if(cancelled: IsCancelled | None) -> None:
    """Raise Cancelled once whoever started the run has asked for it."""
    if cancelled is not None and cancelled():
        raise Cancelled("the mix was cancelled; nothing of it is left behind")
