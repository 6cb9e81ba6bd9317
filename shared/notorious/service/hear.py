"""Hear a track: download it, let the analysers that are missing hear it, keep and record what they heard.

What lies in the file (no decoder reads it, it is silent) is recorded as AnalysisFailed at once. What lies in the
machine (memory, time) raises HearingInterrupted, so that the queue brings the track back; only its last attempt records
a failure, which then says that it may pass.
"""

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from notorious.analysis.model import Track
from notorious.audio.tags import Tags
from notorious.domain import TRACK, Reference, StreamName, TrackState, TrackSummary
from notorious.domain.track import NoSuchTrack, RecordAnalysis, RecordAnalysisFailure
from notorious.errors import NotoriousError
from notorious.eventstore import EventStore, handle, load
from notorious.library.worker import TAGS
from notorious.service.analyses import keep_parts, keep_track, read_parts
from notorious.service.ear import Ear
from notorious.service.ports import ObjectMissing, Objects

ACTOR = "analyze"
ATTEMPTS = 4
"""How often the queue brings a track; with the last attempt the failure is recorded."""
_TITLE_LENGTH, _GENRE_LENGTH = 500, 200
TRY_AGAIN = "ask for its analysis again"


class HearingInterrupted(NotoriousError):
    """The machine, not the file, kept the track from being heard: another attempt may do better."""


@dataclass(frozen=True)
class Heard:
    """What became of a track; `current`: it had been heard already; `gone`: it is no longer in the library."""

    outcome: Literal["analyzed", "current", "failed", "gone"]
    sha256: str
    reason: str = ""
    fresh_parts: tuple[str, ...] = ()
    """The analysers that ran."""


def hear(
    tenant: str,
    sha256: str,
    *,
    store: EventStore,
    objects: Objects,
    ear: Ear,
    seconds: float,
    is_last_attempt: bool = False,
    folder: Path | None = None,
    correlation_id: str | None = None,
    causation_id: str | None = None,
) -> Heard:
    """Hear one track within `seconds`; `folder` is where its file may lie meanwhile (default: a temporary one).

    Raises HearingInterrupted, unless this is the last attempt.
    """
    stream = StreamName("track", sha256)
    state, version = load(store, tenant, stream, TRACK)
    if state.status != "present" or state.upload is None:
        return Heard("gone", sha256)
    if is_current(state, ear):
        return Heard("current", sha256)
    cause = {"actor": ACTOR, "correlation_id": correlation_id, "causation_id": causation_id}
    try:
        reference, track, fresh = _listen(tenant, state, objects=objects, ear=ear, seconds=seconds, folder=folder)
    except _NotHeard as failure:
        if failure.may_pass and not is_last_attempt:
            raise HearingInterrupted(f"track {sha256} of {tenant}: {failure.reason}") from failure
        command = RecordAnalysisFailure(
            command_id=f"unheard:{version}",
            reason=failure.reason,
            remedy=failure.remedy,
            retryable=failure.may_pass,
            **cause,
        )
        return _recorded(store, tenant, stream, command, Heard("failed", sha256, failure.reason))
    done = RecordAnalysis(
        command_id=f"heard:{version}",
        analysis=reference,
        summary=summary_of(track),
        analysers=dict(ear.versions),
        **cause,
    )
    return _recorded(store, tenant, stream, done, Heard("analyzed", sha256, fresh_parts=fresh))


def is_current(state: TrackState, ear: Ear) -> bool:
    """Whether what is known of a track comes from today's analysers, and nobody waits for it to be heard again."""
    heard = state.analysis
    return heard is not None and not state.analysis_is_pending and heard.analysers == dict(ear.versions)


def summary_of(track: Track) -> TrackSummary:
    """What lists and searches need of a track."""
    heard, tags = track.analysis, track.tags
    return TrackSummary(
        title=track.title[:_TITLE_LENGTH],
        artist=(track.artist or "")[:_TITLE_LENGTH],
        duration_seconds=heard.duration_seconds,
        bpm=heard.tempo.bpm,
        camelot=heard.key.camelot,
        energy=heard.energy.level,
        genre=track.genre[:_GENRE_LENGTH] if track.genre else None,
        album=tags.album[:_TITLE_LENGTH] if tags.album else None,
        year=tags.year if tags.year and 1000 <= tags.year <= 9999 else None,
        loudness_lufs=heard.loudness.integrated_lufs,
    )


class _NotHeard(Exception):
    def __init__(self, reason: str, remedy: str, *, may_pass: bool) -> None:
        self.reason, self.remedy, self.may_pass = reason, remedy, may_pass
        super().__init__(reason)


def _listen(
    tenant: str, state: TrackState, *, objects: Objects, ear: Ear, seconds: float, folder: Path | None
) -> tuple[Reference, Track, tuple[str, ...]]:
    upload = state.upload
    assert upload is not None
    versions = ear.versions
    parts = read_parts(objects, tenant, upload.sha256, versions)
    fresh: tuple[str, ...] = ()
    if set(versions) - set(parts):
        with tempfile.TemporaryDirectory(prefix="hear-", dir=folder) as work:
            path = Path(work) / f"audio.{upload.format}"
            try:
                objects.download(upload.key, path)
            except ObjectMissing as error:
                raise _NotHeard("its audio is gone from the bucket", "upload it again", may_pass=False) from error
            answer = ear.hear(path, upload.sha256, parts, seconds=seconds)
        if answer.failure is not None:
            raise _NotHeard(answer.failure, TRY_AGAIN if answer.may_pass else "", may_pass=answer.may_pass)
        heard = dict(answer.parts or {})
        keep_parts(objects, tenant, upload.sha256, heard, versions)
        parts.update(heard)
        fresh = tuple(sorted(heard))
    tags = Tags.model_validate(parts.pop(TAGS, {}))
    track = Track(path=upload.file_name, tags=tags, analysis=ear.assemble(upload.sha256, parts))
    return keep_track(objects, tenant, track), track, fresh


def _recorded(
    store: EventStore, tenant: str, stream: StreamName, command: RecordAnalysis | RecordAnalysisFailure, heard: Heard
) -> Heard:
    try:
        handle(store, tenant, stream, command, TRACK)
    except NoSuchTrack:
        return Heard("gone", heard.sha256)
    return heard
