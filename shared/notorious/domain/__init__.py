"""The domain: tracks, mixes and libraries as streams of events. Pure; no I/O, no clock, neither NumPy nor SciPy.

Each kind of stream has a module of its events, and one of its commands, refusals, state and decider:
`track_events` and `track`, `mix_events` and `mix`, `library_events` and `library`.
"""

from notorious.domain.decider import Command, Decider, Refused
from notorious.domain.envelope import Recorded
from notorious.domain.event import DomainEvent, LibraryEvent, MixEvent, TrackEvent
from notorious.domain.library import LIBRARY, LibraryState
from notorious.domain.library_events import LIBRARY_EVENTS
from notorious.domain.mix import MIX
from notorious.domain.mix_events import MIX_EVENTS
from notorious.domain.mix_state import MixState
from notorious.domain.track import TRACK, TrackState
from notorious.domain.track_events import TRACK_EVENTS
from notorious.domain.values import (
    CATEGORIES,
    LIBRARY_ID,
    Category,
    Cue,
    Reference,
    StreamName,
    TrackSummary,
    check_tenant,
)

__all__ = [
    "CATEGORIES",
    "LIBRARY",
    "LIBRARY_EVENTS",
    "LIBRARY_ID",
    "MIX",
    "MIX_EVENTS",
    "TRACK",
    "TRACK_EVENTS",
    "Category",
    "Command",
    "Cue",
    "Decider",
    "DomainEvent",
    "LibraryEvent",
    "LibraryState",
    "MixEvent",
    "MixState",
    "Recorded",
    "Reference",
    "Refused",
    "StreamName",
    "TrackEvent",
    "TrackState",
    "TrackSummary",
    "check_tenant",
]
