"""The machine's clock and chance."""

import secrets
import threading
import time
from datetime import UTC, datetime
from typing import Final

_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32, which sorts as it counts and has no letters that look like digits."""


class SystemClock:
    """See `service.ports.Clock`."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


class SortableIdentifiers:
    """See `service.ports.Identifiers`: 48 bits of milliseconds and 80 of chance, as in ULID.

    Within one process they rise even where two fall into the same millisecond.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last = 0

    def mix(self) -> str:
        with self._lock:
            value = (time.time_ns() // 1_000_000) << 80 | secrets.randbits(80)
            self._last = max(value, self._last + 1)
            return _base32(self._last)

    def secret(self) -> str:
        return secrets.token_urlsafe(24).replace("-", "_")


def _base32(value: int) -> str:
    return "".join(_ALPHABET[value >> shift & 31] for shift in range(125, -5, -5))
