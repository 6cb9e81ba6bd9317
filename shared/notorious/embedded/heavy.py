"""Which functions are heavy: they work for long on a core of their own, and others have to answer meanwhile."""

from collections.abc import Mapping
from typing import Any

_FROM_MB = 1500
_FROM_SECONDS = 120


def is_heavy(config: Mapping[str, Any]) -> bool:
    """Whether a function with this configuration is heavy: near one CPU's memory or more, and minutes of time.

    The API has that memory for its speed, and seconds of time; the sweep has the time, and little memory.
    """
    return int(config.get("MemorySize", 128)) >= _FROM_MB and int(config.get("Timeout", 3)) >= _FROM_SECONDS
