"""The demo crate: music that is synthesised, worth hearing, and known exactly."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from notorious.demo.crate import Report

__all__ = ["make_crate"]


def make_crate(
    folder: Path,
    *,
    seed: int = 0,
    tracks: int = 12,
    stems: bool = False,
    jobs: int = 1,
    shorten: float = 1.0,
    report: "Report | None" = None,
    force: bool = False,
) -> list[Path]:
    """Synthesises the demo crate: see `notorious.demo.crate.make_crate`, which is imported when it is called."""
    from notorious.demo import crate

    return crate.make_crate(
        folder, seed=seed, tracks=tracks, stems=stems, jobs=jobs, shorten=shorten, report=report, force=force
    )
