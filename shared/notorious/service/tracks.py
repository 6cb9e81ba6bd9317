"""What an owner may do with a track: have it heard again, set it right, have it separated, take it out."""

from datetime import datetime

from notorious.domain import TRACK, Cue, StreamName, TrackState
from notorious.domain.track import CorrectTrack, DeleteTrack, RequestAnalysis, RequestStems
from notorious.eventstore import EventStore, Handled, handle
from notorious.service import keys
from notorious.service.ports import Objects
from notorious.service.wishes import Wisher


def correct_track(
    store: EventStore,
    tenant: str,
    sha256: str,
    *,
    wisher: Wisher,
    bpm: float | None = None,
    camelot: str | None = None,
    cues: tuple[Cue, ...] | None = None,
) -> Handled[TrackState]:
    """Set right what was heard. Raises NoSuchTrack, NotYetAnalyzed, NothingCorrected."""
    command = CorrectTrack(bpm=bpm, camelot=camelot, cues=cues, **wisher.words())
    return handle(store, tenant, StreamName("track", sha256), command, TRACK)


def request_analysis(store: EventStore, tenant: str, sha256: str, *, wisher: Wisher) -> Handled[TrackState]:
    """Have it heard again. Raises NoSuchTrack."""
    command = RequestAnalysis(cause="asked", **wisher.words())
    return handle(store, tenant, StreamName("track", sha256), command, TRACK)


def request_stems(
    store: EventStore, tenant: str, sha256: str, *, model: str, now: datetime, wisher: Wisher
) -> Handled[TrackState]:
    """Have it separated. Raises NoSuchTrack, KeyRefused."""
    command = RequestStems(model=keys.checked_name(model), asked_at=now, **wisher.words())
    return handle(store, tenant, StreamName("track", sha256), command, TRACK)


def delete_track(
    store: EventStore, objects: Objects, tenant: str, sha256: str, *, wisher: Wisher
) -> Handled[TrackState]:
    """Take it out of the library, and its audio, analyses and stems out of the bucket. Raises NoSuchTrack.

    The event comes first: what refers to objects that are gone is worse than objects that nobody refers to.
    """
    handled = handle(store, tenant, StreamName("track", sha256), DeleteTrack(**wisher.words()), TRACK)
    if handled.state.status == "deleted":
        for prefix in keys.track_prefixes(tenant, sha256):
            for found in list(objects.under(prefix)):
                objects.delete(found.key)
    return handled
