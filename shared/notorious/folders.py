"""Where Notorious keeps what it may lose: the cache folder of the user."""

import os
import sys
from pathlib import Path


def default_cache_folder() -> Path:
    """NOTORIOUS_CACHE, else `notorious` under XDG_CACHE_HOME, else under ~/.cache (~/Library/Caches on a Mac)."""
    override = os.environ.get("NOTORIOUS_CACHE")
    if override:
        return Path(override).expanduser()
    xdg = os.environ.get("XDG_CACHE_HOME")
    # The XDG specification: a relative path is to be treated as unset.
    if xdg and os.path.isabs(xdg):
        return Path(xdg) / "notorious"
    base = Path.home() / ("Library/Caches" if sys.platform == "darwin" else ".cache")
    return base / "notorious"
