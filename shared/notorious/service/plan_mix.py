"""The first steps of a mix: look at what is asked for, find who may play, plan.

    validate          the brief and the formats can be meant, and the selection names tracks that were heard
    find_candidates   the profiles of those that may play, kept as one object
    plan              the plan, kept under its hash; MixPlanned

A step whose result is recorded already returns that.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from notorious.analysis.model import Track
from notorious.domain import Reference
from notorious.domain.mix import RecordPlan
from notorious.domain.track_events import TrackCorrected
from notorious.errors import InputError, NothingToMix
from notorious.eventstore import EventStore
from notorious.service import keys
from notorious.service.analyses import read_track
from notorious.service.formats import check_formats
from notorious.service.mix_job import ACTOR, MixJob, open_job, parse_brief, record
from notorious.service.ports import Objects
from notorious.service.profiles import profiles
from notorious.service.progress import Progress
from notorious.service.references import JSON, keep, keep_json, read_json
from notorious.service.selection import LibraryTrack, selected


@dataclass(frozen=True)
class Validated:
    """What the workflow needs to know to choose its way."""

    wants_preview: bool
    wants_approval: bool


@dataclass(frozen=True)
class Planned:
    """The present plan, and the numbers of its voices."""

    plan: Reference
    voices: tuple[int, ...]


def validate(
    tenant: str, mix: str, *, store: EventStore, tracks: Iterable[LibraryTrack], progress: Progress
) -> Validated:
    """Look at a request before work begins. Raises BriefError, InputError, NothingToMix, Cancelled."""
    job = open_job(store, tenant, mix)
    progress.report("validating", 0, 1)
    minutes = parse_brief(job.request.brief).minutes
    check_formats(job.request.formats, None if minutes is None else 60.0 * minutes)
    if job.state.plan is None and not selected(tracks, job.request.selection):
        raise NothingToMix("no track that was heard is in the selection; upload some, or widen it")
    progress.report("validating", 1, 1)
    return Validated(job.request.wants_preview, job.request.wants_approval)


def find_candidates(
    tenant: str,
    mix: str,
    *,
    store: EventStore,
    objects: Objects,
    tracks: Sequence[LibraryTrack],
    progress: Progress,
) -> Reference | None:
    """Who may play, as one object; None where the mix has a plan already.

    tracks : the whole library. Raises BriefError, NothingToMix, Cancelled.
    """
    from notorious.planning.eligible import eligible

    job = open_job(store, tenant, mix)
    if job.state.plan is not None:
        return None
    brief = parse_brief(job.request.brief)
    chosen = {track.sha256: track for track in selected(tracks, job.request.selection)}
    progress.report("finding candidates", 0, len(tracks))
    found = profiles(
        tenant,
        tracks,
        objects=objects,
        report=lambda done, total: progress.report("finding candidates", done, total),
    )
    rows = [row for row in found.rows if row.sha256 in chosen]
    if not rows:
        raise NothingToMix("no track that was heard is in the selection; upload some, or widen it")
    # Told here, before the work begins; what is left out, and why, the planner writes into the plan.
    eligible(rows, brief)
    document = {
        "profiles": [asdict(row) for row in rows],
        "analyses": {sha256: _where(track) for sha256, track in chosen.items()},
    }
    progress.report("finding candidates", len(tracks), len(tracks))
    return keep_json(objects, document, lambda sha256: keys.plan(tenant, mix, sha256), compressed=True)


def _where(track: LibraryTrack) -> dict[str, Any]:
    """Where a track's analysis lies, and what was set right in it."""
    assert track.analysis is not None
    correction = None if track.correction is None else track.correction.model_dump(mode="json")
    return {"analysis": track.analysis.model_dump(mode="json"), "correction": correction}


def plan(
    tenant: str,
    mix: str,
    candidates: Reference | None,
    *,
    store: EventStore,
    objects: Objects,
    progress: Progress,
) -> Planned:
    """Plan the set from its candidates; where there is a plan (a workflow begun again, an edited plan), that one.

    Raises NothingToMix, BriefError, InputError, Cancelled.
    """
    from notorious.planning.planner import plan_set
    from notorious.planning.profile import TrackProfile

    job = open_job(store, tenant, mix)
    if job.state.plan is not None:
        return _planned(job)
    if candidates is None:
        raise InputError(f"the mix {mix} has neither plan nor candidates; find its candidates first")
    document = read_json(objects, candidates)
    rows = [TrackProfile.of_row(row) for row in document["profiles"]]

    def report(phase: str, done: int, total: int) -> None:
        progress.report("planning", done, total, phase)

    made = plan_set(
        rows,
        parse_brief(job.request.brief),
        load=_Analyses(objects, document["analyses"]).track,
        report=report,
    )
    check_formats(job.request.formats, made.duration_seconds)
    if job.request.name:
        made = made.model_copy(update={"title": job.request.name})
    reference = keep(
        objects, made.model_dump_json().encode(), lambda sha256: keys.plan(tenant, mix, sha256), content_type=JSON
    )
    command = RecordPlan(
        command_id=f"plan:{reference.sha256[:32]}",
        actor=ACTOR,
        plan=reference,
        track_count=len(made.slots),
        duration_seconds=made.duration_seconds,
        score=made.score.total,
    )
    progress.report("planning", 1, 1)
    # Somebody may have been faster: what is recorded counts.
    record(store, tenant, mix, command)
    return _planned(open_job(store, tenant, mix))


def _planned(job: MixJob) -> Planned:
    return Planned(job.planned.plan, tuple(range(job.planned.track_count)))


class _Analyses:
    """Reads whole tracks, each when the planner asks for it."""

    def __init__(self, objects: Objects, where: Mapping[str, Any]) -> None:
        self._objects = objects
        self._where = where

    def track(self, sha256: str) -> Track:
        where = self._where[sha256]
        correction = where["correction"]
        return read_track(
            self._objects,
            Reference.model_validate(where["analysis"]),
            None if correction is None else TrackCorrected.model_validate(correction),
        )
