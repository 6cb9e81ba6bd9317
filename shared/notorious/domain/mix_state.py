"""What holds of a mix, and how each event changes it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Literal, TypeVar

from notorious.domain.event import MixEvent
from notorious.domain.mix_events import (
    MixApproved,
    MixCancelled,
    MixExpired,
    MixFailed,
    MixMastered,
    MixPlanned,
    MixPublished,
    MixRequested,
    PlanEdited,
    PreviewRendered,
    RenderingStarted,
    TransitionRated,
    VoiceRendered,
)
from notorious.domain.values import Reference

Status = Literal[
    "unknown",
    "requested",
    "planned",
    "approved",
    "rendering",
    "mastered",
    "published",
    "failed",
    "cancelled",
    "expired",
]
ENDED: frozenset[Status] = frozenset({"published", "failed", "cancelled", "expired"})


@dataclass(frozen=True)
class MixState:
    """What holds of a mix. `voices` are those rendered of the present revision, by index."""

    status: Status = "unknown"
    request: MixRequested | None = None
    plan: MixPlanned | PlanEdited | None = None
    previews: Mapping[int, PreviewRendered] = field(default_factory=lambda: MappingProxyType({}))
    voice_count: int | None = None
    voices: Mapping[int, VoiceRendered] = field(default_factory=lambda: MappingProxyType({}))
    master: MixMastered | None = None
    files: Mapping[str, Reference] = field(default_factory=lambda: MappingProxyType({}))
    failure: MixFailed | None = None
    ratings: Mapping[int, TransitionRated] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def revision(self) -> int:
        """The number of the present plan; 0 before there is one."""
        return 0 if self.plan is None else self.plan.revision

    @property
    def has_ended(self) -> bool:
        """Whether nothing more happens to it by itself."""
        return self.status in ENDED


def evolve(state: MixState, event: MixEvent) -> MixState:
    """The state after an event."""
    match event:
        case MixRequested():
            return MixState(status="requested", request=event)
        case MixPlanned() | PlanEdited():
            return MixState(status="planned", request=state.request, plan=event)
        case PreviewRendered():
            return replace(state, previews=_with(state.previews, event.transition_index, event))
        case MixApproved():
            return replace(state, status="approved")
        case RenderingStarted():
            return replace(state, status="rendering", voice_count=event.voice_count)
        case VoiceRendered():
            return replace(state, voices=_with(state.voices, event.index, event))
        case MixMastered():
            return replace(state, status="mastered", master=event)
        case MixPublished():
            return replace(state, status="published", files=MappingProxyType(dict(event.files)))
        case MixFailed():
            return replace(state, status="failed", failure=event)
        case MixCancelled():
            return replace(state, status="cancelled")
        case TransitionRated():
            return replace(state, ratings=_with(state.ratings, event.transition_index, event))
        case MixExpired():
            return replace(state, status="expired", files=MappingProxyType({}))
        case _:
            raise TypeError(f"{type(event).__name__} is no event of a mix")


V = TypeVar("V")


def _with(mapping: Mapping[int, V], index: int, value: V) -> Mapping[int, V]:
    return MappingProxyType({**mapping, index: value})
