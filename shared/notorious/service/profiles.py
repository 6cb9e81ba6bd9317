"""The profiles of a whole library, read as one object.

Planning asks little of each of ten thousand tracks and all of a few. That little is kept for all of them in one index,
beside the hash of what it was made from; where a track was heard anew or set right, its row no longer matches and is
made again from its analysis. So the first mix after an import of ten thousand reads ten thousand analyses, unless the
import or the sweep has refreshed the index before, and every other mix reads one object.

The index is a cache: two refreshes at once may undo each other's work, never spoil it.
"""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from typing import Any, Final

from notorious.planning.profile import TrackProfile, profile_version
from notorious.service import keys
from notorious.service.analyses import read_track
from notorious.service.ports import ObjectMissing, Objects
from notorious.service.references import GZIP, json_bytes, parse_json
from notorious.service.selection import LibraryTrack

READERS: Final = 32
"""Analyses that are read at once: what one connection pool to S3 carries."""
BATCH: Final = 512


@dataclass(frozen=True)
class Profiles:
    """The profiles of some tracks, and how many of them had to be made now."""

    rows: tuple[TrackProfile, ...]
    made: int


def profiles(
    tenant: str,
    tracks: Sequence[LibraryTrack],
    *,
    objects: Objects,
    report: Callable[[int, int], None] | None = None,
) -> Profiles:
    """The profiles of all heard tracks of a library, in the order of their hashes; the index is refreshed by the way.

    tracks : the whole library, so that rows of tracks that are gone leave the index
    """
    heard = sorted((track for track in tracks if track.analysis is not None), key=lambda track: track.sha256)
    key = keys.index(tenant, f"profiles-{profile_version()}.json.gz")
    index = _read(objects, key)
    wanted = {track.sha256: made_from(track) for track in heard}
    missing = [track for track in heard if index.get(track.sha256, {}).get("from") != wanted[track.sha256]]
    for done, row in enumerate(_made(objects, missing), start=1):
        index[row.sha256] = {"from": wanted[row.sha256], "row": asdict(row)}
        if report is not None and (done % BATCH == 0 or done == len(missing)):
            report(done, len(missing))
    gone = set(index) - set(wanted)
    for sha256 in gone:
        del index[sha256]
    if missing or gone:
        objects.put(key, json_bytes(index, compressed=True), content_type=GZIP)
    return Profiles(tuple(TrackProfile.of_row(index[track.sha256]["row"]) for track in heard), len(missing))


def made_from(track: LibraryTrack) -> str:
    """Names all that a track's profile is made from."""
    assert track.analysis is not None
    correction = "" if track.correction is None else track.correction.model_dump_json()
    return hashlib.sha256(f"{track.analysis.sha256}\n{track.file_name}\n{correction}".encode()).hexdigest()[:32]


def _read(objects: Objects, key: str) -> dict[str, Any]:
    try:
        index = parse_json(objects.get(key))
    except (ObjectMissing, OSError, ValueError, EOFError):
        return {}
    return index if isinstance(index, dict) else {}


def _made(objects: Objects, tracks: Sequence[LibraryTrack]) -> Iterable[TrackProfile]:
    def make(track: LibraryTrack) -> TrackProfile:
        assert track.analysis is not None
        return TrackProfile.of(read_track(objects, track.analysis, track.correction))

    with ThreadPoolExecutor(READERS) as readers:
        for start in range(0, len(tracks), BATCH):
            yield from readers.map(make, tracks[start : start + BATCH])
