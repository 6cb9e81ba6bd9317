"""Keep native libraries from writing to the terminal.

libsndfile's MP3 decoder (libmpg123) writes straight to file descriptor 2 whatever it dislikes in a file
("dequantization failed!", "No comment text"), once for every frame, and offers no switch for it. What is wrong with a
file is said in our own words; these lines would only tear the progress bars.
"""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_lock = threading.RLock()
_depth = 0
_kept_descriptor: int | None = None


@contextmanager
def native_messages_muted() -> Iterator[None]:
    """Send file descriptor 2 to the null device while the body runs.

    The descriptor belongs to the whole process: what other threads write there meanwhile is lost as well, so the body
    should be one short call into a library. Bodies may nest; threads take turns.
    """
    global _depth, _kept_descriptor
    with _lock:
        if _depth == 0:
            try:
                _kept_descriptor = os.dup(2)
                null = os.open(os.devnull, os.O_WRONLY)
                os.dup2(null, 2)
                os.close(null)
            except OSError:  # descriptor 2 is closed: then there is nobody to be disturbed
                _kept_descriptor = None
        _depth += 1
        try:
            yield
        finally:
            _depth -= 1
            if _depth == 0 and _kept_descriptor is not None:
                os.dup2(_kept_descriptor, 2)
                os.close(_kept_descriptor)
                _kept_descriptor = None
