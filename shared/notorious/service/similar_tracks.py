"""Which tracks of a library sound like one, and why.

The embeddings of a whole library lie in one object of the bucket, each beside the hash of the analysis that it comes
from. What was heard since is added by whoever asks, a bounded number at a time; the answer says how many tracks were
compared and how many could not be yet. The object is a cache: two who add at once may undo each other's work, never
spoil it.
"""

import base64
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from notorious.domain.track_view import TrackView
from notorious.library.similar import Portrait, reasons
from notorious.service import keys
from notorious.service.analyses import read_track
from notorious.service.followers import NotHeard
from notorious.service.ports import ObjectMissing, Objects
from notorious.service.references import GZIP, json_bytes, parse_json
from notorious.service.track_index import TrackColumns, TrackIndex

MOST_READ: Final = 300
"""Analyses read for one question: some two seconds."""
READERS: Final = 16
_NAME: Final = "likeness-1.json.gz"


@dataclass(frozen=True)
class SimilarTrack:
    """A track that sounds like another: `likeness` is a cosine (1: the same), `reasons` say what they share."""

    track: TrackView
    likeness: float
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class SimilarTracks:
    """The nearest tracks; `compared` were ranked, `not_compared` are yet to be read or were heard by other networks."""

    nearest: tuple[SimilarTrack, ...]
    compared: int
    not_compared: int


def similar_tracks(
    tenant: str, track: TrackView, index: TrackIndex, objects: Objects, *, count: int = 10
) -> SimilarTracks:
    """The tracks that sound most like one, nearest first. Raises NotHeard."""
    if track.analysis is None:
        raise NotHeard(f"{track.title} has not been heard yet")
    columns = index.columns()
    ids = columns.ids
    rows = _rows(tenant, track, index, columns, objects)
    own = rows.get(track.id)
    if own is None or not own["data"]:
        raise NotHeard(f"{track.title} was heard without an embedding to compare by; have it analysed again")
    others = [one for one in ids if one != track.id]
    comparable = [one for one in others if one in rows and rows[one]["name"] == own["name"] and rows[one]["data"]]
    if not comparable:
        return SimilarTracks((), 0, len(others))
    points = np.stack([_point(rows[one]) for one in comparable])
    likeness = points @ _point(own)
    order = np.argsort(-likeness, kind="stable")[:count]
    near = index.tracks(comparable[number] for number in order)
    found = [
        SimilarTrack(view, round(float(likeness[number]), 4), _reasons(track, view, float(likeness[number])))
        for view, number in zip(near, order, strict=True)
    ]
    return SimilarTracks(tuple(found), len(comparable), len(others) - len(comparable))


def _rows(
    tenant: str, track: TrackView, index: TrackIndex, columns: TrackColumns, objects: Objects
) -> dict[str, dict[str, Any]]:
    """The embedding of every track, as far as they could be had: name, data, and the analysis that it comes from."""
    key = keys.index(tenant, _NAME)
    rows = _read(objects, key)
    made_from = dict(zip(columns.ids, columns.analyses, strict=True))
    missing = [one for one, analysis in made_from.items() if rows.get(one, {}).get("from") != analysis]
    # The track that is asked about comes first, so that it is never one of those that are left for later.
    missing.sort(key=lambda one: one != track.id)
    gone = set(rows) - set(made_from)
    views = index.tracks(missing[:MOST_READ])
    with ThreadPoolExecutor(READERS) as readers:
        for view, row in zip(views, readers.map(lambda one: _row(objects, one), views), strict=True):
            rows[view.id] = row
    for one in gone:
        del rows[one]
    if missing or gone:
        objects.put(key, json_bytes(rows, compressed=True), content_type=GZIP)
    return rows


def _row(objects: Objects, view: TrackView) -> dict[str, Any]:
    assert view.analysis is not None
    embedding = read_track(objects, view.analysis).analysis.embedding
    name, data = ("", "") if embedding is None else (embedding.name, embedding.data)
    return {"from": view.analysis.sha256, "name": name, "data": data}


def _read(objects: Objects, key: str) -> dict[str, dict[str, Any]]:
    try:
        rows = parse_json(objects.get(key))
    except (ObjectMissing, OSError, ValueError, EOFError):
        return {}
    return rows if isinstance(rows, dict) else {}


def _point(row: dict[str, Any]) -> NDArray[np.float32]:
    values = np.frombuffer(base64.b64decode(row["data"]), "<f2").astype(np.float32)
    return values / max(float(np.linalg.norm(values)), 1e-9)


def _reasons(of: TrackView, other: TrackView, likeness: float) -> tuple[str, ...]:
    return reasons(_portrait(of), _portrait(other), likeness)


def _portrait(view: TrackView) -> Portrait:
    return Portrait(
        path=view.file_name,
        sha256=view.id,
        title=view.title,
        artist=view.artist,
        bpm=view.bpm or 1.0,
        camelot=view.camelot or "8A",
        energy=view.energy or 5.0,
        genre=view.genre,
        embedding_name="",
        embedding="",
    )
