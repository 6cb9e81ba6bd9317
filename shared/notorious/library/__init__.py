"""The library: finding tracks, hearing those that are new, remembering what was heard."""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from notorious.folders import default_cache_folder
    from notorious.library.crate import Crate, Entry, Progress, hear
    from notorious.library.finding import find_track
    from notorious.library.scan import Skipped, find_audio_files
    from notorious.library.store import Store

_HOME = {
    "Crate": "crate",
    "Entry": "crate",
    "Progress": "crate",
    "Skipped": "scan",
    "Store": "store",
    "default_cache_folder": "store",
    "find_audio_files": "scan",
    "find_track": "finding",
    "hear": "crate",
}

__all__ = [
    "Crate",
    "Entry",
    "Progress",
    "Skipped",
    "Store",
    "default_cache_folder",
    "find_audio_files",
    "find_track",
    "hear",
]


def __getattr__(name: str) -> Any:
    # Only when asked for: the program's help must not pay for the values of an analysis.
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOME[name]}"), name)
