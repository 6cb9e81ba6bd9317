"""A tenant's tracks and mixes as the use cases read them, out of the views."""

from notorious.domain.mix_view import MixView
from notorious.domain.track_events import TrackCorrected
from notorious.domain.track_view import Correction, TrackView
from notorious.eventstore.views import Views
from notorious.service.selection import LibraryTrack
from notorious.service.sweep import MixRow


def library_tracks(views: Views, tenant: str) -> list[LibraryTrack]:
    """All tracks of a library, also those that are not heard yet; what was rejected is no track."""
    found = (TrackView.model_validate(view.content) for view in views.all(tenant, "tracks"))
    return [_track(view) for view in found if view.sha256 is not None and view.status not in ("rejected", "deleted")]


def mix_rows(views: Views, tenant: str) -> list[MixRow]:
    """All mixes of a tenant."""
    found = (MixView.model_validate(view.content) for view in views.all(tenant, "mixes"))
    return [MixRow(view.id, view.status, view.published_at) for view in found]


def _track(view: TrackView) -> LibraryTrack:
    return LibraryTrack(
        sha256=view.sha256 or "",
        file_name=view.file_name,
        analysis=view.analysis,
        correction=_correction(view.correction),
        title=view.title,
        artist=view.artist,
        album=view.album or "",
        genre=view.genre or "",
        bpm=view.bpm or 0.0,
        camelot=view.camelot or "",
        energy=view.energy or 0.0,
        duration_seconds=view.duration_seconds or 0.0,
        added_at=view.added.isoformat(),
        analysers=view.analysers,
        pending_since=None if view.pending_since is None else view.pending_since.isoformat(),
        stems_under_way=tuple(model for model, stems in view.stems.items() if stems.status == "waiting"),
    )


def _correction(correction: Correction | None) -> TrackCorrected | None:
    """What was set right, as the event that says all of it."""
    if correction is None or correction == Correction():
        return None
    return TrackCorrected.model_validate(correction.model_dump())
