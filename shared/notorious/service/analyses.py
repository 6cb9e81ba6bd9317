"""Analyses in the bucket: whole ones, which events refer to, and their parts, which spare an analyser its work.

A whole one is a Track as JSON (its file's name, tags, analysis) under the hash of its bytes. A part lies under its
analyser's name and version, so that a new version of one analyser makes that one alone run again.
"""

import re
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from notorious.analysis.model import Track
from notorious.domain import Reference
from notorious.domain.track_events import TrackCorrected
from notorious.service import keys
from notorious.service.corrections import corrected
from notorious.service.ports import ObjectMissing, Objects
from notorious.service.references import GZIP, json_bytes, keep_json, parse_json, read_json

_PART = re.compile(r"([A-Za-z0-9_]+)-(\d+)\.json\.gz")
_READERS = 8


def keep_track(objects: Objects, tenant: str, track: Track) -> Reference:
    """Keep what was heard in a track, whole."""
    value = track.model_dump(mode="json")
    return keep_json(objects, value, lambda sha256: keys.analysis(tenant, track.sha256, sha256), compressed=True)


def read_track(objects: Objects, reference: Reference, correction: TrackCorrected | None = None) -> Track:
    """A track as it was heard and then set right. Raises ObjectMissing, ContentDiffers."""
    return corrected(Track.model_validate(read_json(objects, reference)), correction)


def read_parts(objects: Objects, tenant: str, sha256: str, versions: Mapping[str, int]) -> dict[str, Any]:
    """What is kept of a track, by analyser, in exactly these versions; what is missing is left out."""
    prefix = keys.parts_prefix(tenant, sha256)
    wanted: dict[str, str] = {}
    for found in objects.under(prefix):
        match = _PART.fullmatch(found.key.removeprefix(prefix))
        if match and versions.get(match.group(1)) == int(match.group(2)):
            wanted[match.group(1)] = found.key
    with ThreadPoolExecutor(_READERS) as readers:
        values = list(readers.map(lambda key: _part_or_none(objects, key), wanted.values()))
    return {name: value for name, value in zip(wanted, values, strict=True) if value is not None}


def _part_or_none(objects: Objects, key: str) -> Any:
    """A part, if it is there and whole: it is a cache, and what cannot be read is heard again."""
    try:
        return parse_json(objects.get(key))
    except (ObjectMissing, OSError, ValueError, EOFError):
        return None


def keep_parts(
    objects: Objects, tenant: str, sha256: str, parts: Mapping[str, Any], versions: Mapping[str, int]
) -> None:
    """Keep parts beside those that are there; older versions of the same parts go."""

    def keep(name: str) -> None:
        key = keys.part(tenant, sha256, name, versions[name])
        objects.put(key, json_bytes(parts[name], compressed=True), content_type=GZIP)

    with ThreadPoolExecutor(_READERS) as writers:
        list(writers.map(keep, sorted(parts)))
    prefix = keys.parts_prefix(tenant, sha256)
    for found in list(objects.under(prefix)):
        match = _PART.fullmatch(found.key.removeprefix(prefix))
        if match and match.group(1) in parts and int(match.group(2)) < versions[match.group(1)]:
            objects.delete(found.key)
