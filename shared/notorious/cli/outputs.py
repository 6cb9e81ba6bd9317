"""Checks of what is to be written, made before the work and not after it."""

import os
from collections.abc import Iterable
from pathlib import Path

from notorious.errors import OutputExists, OutputFailed


def check_output(targets: Iterable[Path], *, force: bool) -> None:
    """Raise OutputExists or OutputFailed if one of these files could not be written."""
    for target in targets:
        folder = target.parent
        if not folder.is_dir():
            raise OutputFailed(f"{target}: there is no folder {folder}; make it first, or write somewhere else")
        if not os.access(folder, os.W_OK):
            raise OutputFailed(f"{target}: the folder {folder} may not be written to")
        if target.is_dir():
            raise OutputFailed(f"{target} is a folder; give the name of a file")
        if not force and os.path.lexists(target):
            raise OutputExists(f"{target} is there already; choose another name, or overwrite it with --force")
