"""One separation as a job: a track's object in, its stems as objects out, and a word on how it went.

    PREFIX/vocals.flac ...      the stems
    PREFIX/separation.json      how they were made
    PREFIX/stems.json           {name: {key, sha256, size_bytes}}; written last: where it is, the stems are whole
    PREFIX/failure.json         {reason, remedy}, where there are none

The job is idempotent by where it writes: where `stems.json` names stems that are all there, nothing is done again.
"""

import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, Protocol

from notorious.errors import AudioError, NotoriousError
from notorious.stems.separator import Separator
from notorious.stems.track import separate_file

STEMS_NAME: Final = "stems.json"
FAILURE_NAME: Final = "failure.json"
DETAILS_NAME: Final = "separation.json"


class ObjectStore(Protocol):
    """Where tracks come from and stems go to; keys are complete."""

    def find(self, key: str) -> Any | None:
        """None where there is no such object."""
        ...

    def get(self, key: str) -> bytes: ...

    def put(self, key: str, data: bytes, *, content_type: str = ...) -> None: ...

    def download(self, key: str, path: Path) -> None: ...

    def upload(self, path: Path, key: str, *, content_type: str = ...) -> None: ...

    def delete(self, key: str) -> None: ...


def run_job(
    store: ObjectStore,
    *,
    source: str,
    destination: str,
    load: Callable[[], Separator],
    report: Callable[[float, float], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> bool:
    """Separate the track under the key `source`; its stems appear under the prefix `destination`.

    Returns False where they were there already. Raises the NotoriousError that is the reason why there are none, after
    it was written down.
    """
    prefix = destination.rstrip("/") + "/"
    if _is_done(store, prefix):
        return False
    try:
        with tempfile.TemporaryDirectory(prefix="notorious-stems-") as place:
            # The weights first: where they are missing, a track need not be fetched to find out.
            separator = load()
            track = Path(place) / Path(source).name
            store.download(source, track)
            separated = separate_file(track, Path(place) / "stems", separator, report=report, cancelled=cancelled)
            named: dict[str, dict[str, Any]] = {}
            for name, stem in separated.stems.items():
                key = f"{prefix}{stem.path.name}"
                store.upload(stem.path, key, content_type="audio/flac")
                named[name] = {"key": key, "sha256": stem.sha256, "size_bytes": stem.size_bytes}
    except NotoriousError as error:
        store.put(f"{prefix}{FAILURE_NAME}", _json(_told(error)), content_type="application/json")
        raise
    details = {
        "model": separated.model,
        "rate_hz": separated.rate_hz,
        "frames": separated.frames,
        "clipped_samples": separated.clipped_samples,
    }
    store.put(f"{prefix}{DETAILS_NAME}", _json(details), content_type="application/json")
    store.delete(f"{prefix}{FAILURE_NAME}")
    store.put(f"{prefix}{STEMS_NAME}", _json(named), content_type="application/json")
    return True


def _is_done(store: ObjectStore, prefix: str) -> bool:
    if store.find(f"{prefix}{STEMS_NAME}") is None:
        return False
    try:
        named = json.loads(store.get(f"{prefix}{STEMS_NAME}"))
        return bool(named) and all(store.find(stem["key"]) is not None for stem in named.values())
    except (ValueError, TypeError, KeyError, AttributeError):
        return False  # what cannot be read is made anew


def _told(error: NotoriousError) -> dict[str, str]:
    if isinstance(error, AudioError):
        return {"reason": error.reason, "remedy": error.remedy}
    reason, _, remedy = str(error).partition("; ")
    return {"reason": reason, "remedy": remedy}


def _json(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, ensure_ascii=False).encode()
