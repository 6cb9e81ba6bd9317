"""What functions log, in files: logs/NAME.log, one per function, kept small.

The emulator keeps every line in memory for ever; a night of analysing would fill it. A file that has grown to
`MOST_BYTES` becomes NAME.log.1, and the one before it goes.
"""

import os
import threading
import time
from pathlib import Path
from typing import Any

MOST_BYTES = 4_000_000
_lock = threading.Lock()
_folder: Path | None = None


def write_to(folder: Path | None) -> None:
    """Write the logs of functions to this folder from now on; None drops them."""
    global _folder
    _folder = folder
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)


def emit(
    function: dict[str, Any],
    request_id: str,
    log_text: str,
    error: bool,
    duration_ms: int,
    *,
    log_source: str | None = None,
) -> None:
    """Take the log of one call; has the signature of the emulator's function that it stands in for."""
    if _folder is None:
        return
    name = str((function.get("config") or function).get("FunctionName", "unknown"))
    stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.localtime())
    ending = "failed" if error else "ok"
    text = f"{stamp} {request_id} {ending} {duration_ms} ms\n"
    if log_text:
        text += log_text.rstrip("\n") + "\n"
    path = _folder / f"{name}.log"
    with _lock:
        if path.exists() and path.stat().st_size > MOST_BYTES:
            os.replace(path, path.with_name(path.name + ".1"))
        with path.open("a", encoding="utf-8", errors="replace") as file:
            file.write(text)
