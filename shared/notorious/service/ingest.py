"""Take up a file that was dropped: it becomes a track, or its rejection says why not.

    dropped ── looked at (size, first bytes) ── hashed as a stream ── copied ── TrackUploaded + AnalysisRequested
                    │                                                                    │
                    └── TrackRejected (reason, remedy) ──────────────── the dropped file goes

The name of a file says nothing of what it is. Every step may be repeated: the same drop leads to the same events once,
and the dropped file goes last.
"""

import hashlib
from dataclasses import dataclass
from typing import Final, Literal

from notorious.domain import TRACK, StreamName
from notorious.domain.track import RejectTrack, RequestAnalysis, UploadTrack
from notorious.eventstore import EventStore, handle
from notorious.service import keys
from notorious.service.ports import ObjectMissing, Objects, StoredObject
from notorious.service.sound_files import HEAD_BYTES, Kind, kind_of

MOST_BYTES: Final = 1_000_000_000
"""An hour of stereo in 24 bits at 44.1 kHz: the longest track that the engine hears, in the largest usual format."""
ACTOR: Final = "ingest"

Outcome = Literal["uploaded", "known", "asked again", "rejected", "gone"]


@dataclass(frozen=True)
class Ingested:
    """What became of a dropped file; `gone`: it had been taken up before."""

    outcome: Outcome
    tenant: str
    sha256: str | None = None
    reason: str = ""


@dataclass(frozen=True)
class _Rejection:
    reason: str
    remedy: str


def ingest(key: str, *, store: EventStore, objects: Objects, most_bytes: int = MOST_BYTES) -> Ingested:
    """Take up the file under a key of the drop folder. Raises KeyRefused for any other key, ObjectChanged where the
    file is replaced meanwhile (another event tells of the new one)."""
    dropped = keys.parse_drop(key)
    found = objects.find(key)
    if found is None:
        return Ingested("gone", dropped.tenant)
    rejection = _rejection_by_size(found, most_bytes)
    kind = None
    if rejection is None:
        kind = kind_of(objects.get_range(key, 0, HEAD_BYTES))
        if kind is None:
            rejection = _Rejection(
                "it is none of the sound files that can be read",
                "drop WAV, AIFF, FLAC, MP3, OGG, Opus, M4A or AAC; what a file is, its content says, not its name",
            )
    if kind is None:
        assert rejection is not None
        return _reject(dropped, found, rejection, store=store, objects=objects)
    try:
        sha256 = _hash(objects, found)
        taken = _take_up(dropped, found, sha256, kind, store=store, objects=objects)
    except ObjectMissing:
        return Ingested("gone", dropped.tenant)
    objects.delete(key)
    return taken


def _rejection_by_size(found: StoredObject, most_bytes: int) -> _Rejection | None:
    if found.bytes == 0:
        return _Rejection("the file is empty", "copy or download it again")
    if found.bytes > most_bytes:
        return _Rejection(
            f"it has {found.bytes / 1e6:.0f} MB, and a track at most {most_bytes / 1e6:.0f} MB",
            "cut a recorded set into its tracks, or store it as FLAC",
        )
    return None


def _hash(objects: Objects, found: StoredObject) -> str:
    digest = hashlib.sha256()
    for chunk in objects.chunks(found.key, if_etag=found.etag):
        digest.update(chunk)
    return digest.hexdigest()


def _take_up(
    dropped: keys.Drop, found: StoredObject, sha256: str, kind: Kind, *, store: EventStore, objects: Objects
) -> Ingested:
    target = keys.track_audio(dropped.tenant, sha256, kind.ending)
    there = objects.find(target)
    if there is None or there.bytes != found.bytes:
        objects.copy(found.key, target, if_etag=found.etag)
    stream = StreamName("track", sha256)
    upload = UploadTrack(
        command_id=f"upload:{_identity(found)}",
        actor=ACTOR,
        correlation_id=dropped.upload,
        sha256=sha256,
        key=target,
        file_name=dropped.file_name,
        size_bytes=found.bytes,
        format=kind.ending,
    )
    handled = handle(store, dropped.tenant, stream, upload, TRACK)
    if handled.records:
        return Ingested("uploaded", dropped.tenant, sha256)
    if handled.state.analysis is None and not handled.state.analysis_is_pending:
        # It is there, but could not be heard: who drops it again wants it to be tried again.
        again = RequestAnalysis(
            command_id=f"again:{_identity(found)}", actor=ACTOR, correlation_id=dropped.upload, cause="asked"
        )
        handle(store, dropped.tenant, stream, again, TRACK)
        return Ingested("asked again", dropped.tenant, sha256)
    return Ingested("known", dropped.tenant, sha256)


def _reject(
    dropped: keys.Drop, found: StoredObject, rejection: _Rejection, *, store: EventStore, objects: Objects
) -> Ingested:
    identity = _identity(found)
    command = RejectTrack(
        command_id=f"reject:{identity}",
        actor=ACTOR,
        correlation_id=dropped.upload,
        file_name=dropped.file_name,
        key=found.key,
        size_bytes=found.bytes,
        reason=rejection.reason,
        remedy=rejection.remedy,
    )
    handle(store, dropped.tenant, StreamName("track", f"upload-{identity}"), command, TRACK)
    objects.delete(found.key)
    return Ingested("rejected", dropped.tenant, reason=rejection.reason)


def _identity(found: StoredObject) -> str:
    """32 hex digits that name this content under this key at this time: one drop, however often it is told of."""
    text = f"{found.key}\n{found.etag}\n{found.modified.isoformat()}"
    return hashlib.sha256(text.encode()).hexdigest()[:32]
