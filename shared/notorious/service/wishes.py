"""What a listener may wish of a mix: have it made, change its plan, approve it, stop it, rate it.

Whoever takes the wish (the API) passes who wishes, and an id that makes the wish safe to repeat.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from pydantic import ValidationError

from notorious.domain import MIX, TRACK, MixState, StreamName
from notorious.domain.mix import ApproveMix, CancelMix, EditPlan, MixCommand, RateTransition, RequestMix
from notorious.domain.mix_events import Selection
from notorious.errors import BriefError, InputError, PlanError
from notorious.eventstore import EventStore, Handled, handle, load
from notorious.planning.plan import Plan
from notorious.service import keys
from notorious.service.mix_job import parse_brief
from notorious.service.ports import Objects
from notorious.service.references import JSON, keep

FORMATS: Final = ("flac", "wav", "mp3", "ogg", "opus", "m4a")


@dataclass(frozen=True)
class Wisher:
    """Who wishes, and under which id: the same id twice is one wish."""

    actor: str
    command_id: str
    correlation_id: str | None = None

    def words(self) -> dict[str, str | None]:
        return {"actor": self.actor, "command_id": self.command_id, "correlation_id": self.correlation_id}


@dataclass(frozen=True)
class MixWish:
    """A set that is wanted."""

    brief: Mapping[str, Any]
    selection: Mapping[str, Any] = field(default_factory=dict)
    formats: Sequence[str] = ("flac",)
    name: str = ""
    wants_preview: bool = False
    wants_approval: bool = False
    options: Mapping[str, Any] = field(default_factory=dict)


def request_mix(store: EventStore, tenant: str, mix: str, wish: MixWish, wisher: Wisher) -> Handled[MixState]:
    """Ask for a mix under a new id. Raises BriefError, InputError, MixExists."""
    brief = parse_brief(dict(wish.brief))
    formats = tuple(dict.fromkeys(wish.formats)) or ("flac",)
    for name in formats:
        if name not in FORMATS:
            raise InputError(f'"{name}" is no format that a mix can have; choose among {", ".join(FORMATS)}')
    try:
        selection = Selection.model_validate(dict(wish.selection))
    except ValidationError as error:
        problem = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in problem["loc"])
        raise BriefError(f"the selection's {place}: {problem['msg']}") from error
    command = RequestMix(
        brief=brief.model_dump(mode="json", exclude_defaults=True),
        selection=selection,
        formats=formats,
        name=wish.name,
        wants_preview=wish.wants_preview,
        wants_approval=wish.wants_approval,
        options=dict(wish.options),
        **wisher.words(),
    )
    return _carried_out(store, tenant, mix, command)


def edit_plan(
    store: EventStore, objects: Objects, tenant: str, mix: str, plan: Plan, *, based_on: int, wisher: Wisher
) -> Handled[MixState]:
    """Put a plan changed by hand in the place of revision `based_on`.

    Raises PlanError where it holds a track that is not in the library, and the refusals of `domain.mix`.
    """
    for sha256 in dict.fromkeys(slot.track.sha256 for slot in plan.slots):
        state, _ = load(store, tenant, StreamName("track", keys.checked_sha256(sha256)), TRACK)
        if state.status != "present":
            raise PlanError(f"the track {sha256[:12]}… of the plan is not in the library; upload it, or take it out")
    reference = keep(
        objects,
        plan.model_dump_json().encode(),
        lambda sha256: keys.plan(tenant, mix, sha256),
        content_type=JSON,
    )
    command = EditPlan(
        based_on=based_on,
        plan=reference,
        track_count=len(plan.slots),
        duration_seconds=plan.duration_seconds,
        score=plan.score.total,
        **wisher.words(),
    )
    return _carried_out(store, tenant, mix, command)


def approve_mix(store: EventStore, tenant: str, mix: str, *, revision: int, wisher: Wisher) -> Handled[MixState]:
    """Have this revision rendered. The event lets the workflow go on."""
    return _carried_out(store, tenant, mix, ApproveMix(revision=revision, **wisher.words()))


def cancel_mix(store: EventStore, tenant: str, mix: str, *, wisher: Wisher) -> Handled[MixState]:
    """Stop it. The event stops the workflow; who is at work on it sees so within seconds and stops too."""
    return _carried_out(store, tenant, mix, CancelMix(**wisher.words()))


def rate_transition(
    store: EventStore, tenant: str, mix: str, *, transition: int, stars: int, comment: str, wisher: Wisher
) -> Handled[MixState]:
    """Give a transition one to five stars."""
    command = RateTransition(transition_index=transition, stars=stars, comment=comment, **wisher.words())
    return _carried_out(store, tenant, mix, command)


def _carried_out(store: EventStore, tenant: str, mix: str, command: MixCommand) -> Handled[MixState]:
    return handle(store, tenant, StreamName("mix", mix), command, MIX)
