"""What listeners are sent: the whole latest document of a topic, with a version.

    mix/ID       the mix and, while it is under way, its progress
    track/ID     the track
    library      the statistics of the library, and what has changed last

A message always holds everything, so one that was missed is made good by the next, and somebody who joins late is sent
the latest at once. Messages may overtake each other on their way (each is sent by a function of its own): whoever
listens passes over a version below the one that he has seen. The version of a mix is that of its stream plus that of
its progress; both only rise, so their sum does.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from notorious.domain import Recorded
from notorious.domain.mix_state import ENDED
from notorious.domain.mix_view import MixView
from notorious.domain.track_view import TrackView
from notorious.errors import InputError, NotoriousError
from notorious.eventstore.projector import KIND_OF, view_after
from notorious.eventstore.views import View, Views
from notorious.service import keys
from notorious.service.ports import Clock, ProgressDocuments

PATIENCE_SECONDS: Final = 3.0
"""How long a view may take to follow an event before the message about it is left to the next attempt."""
_LOOK_SECONDS: Final = 0.05


class TopicRefused(InputError):
    """A topic that nobody can listen to."""


class ViewIsBehind(NotoriousError):
    """The view of a stream does not hold an event yet that listeners are to hear of."""


@dataclass(frozen=True)
class Message:
    """The latest document of a topic."""

    topic: str
    version: int
    document: Mapping[str, Any] | None
    progress: Mapping[str, Any] | None = None
    change: Mapping[str, Any] | None = None

    def json_object(self) -> dict[str, Any]:
        """The message as it is sent."""
        whole = {
            "type": "state",
            "topic": self.topic,
            "version": self.version,
            "document": self.document,
            "progress": self.progress,
            "change": self.change,
        }
        return {name: value for name, value in whole.items() if value is not None or name == "document"}


def checked_topic(topic: object) -> str:
    """The topic, if it can be one. Raises TopicRefused."""
    if topic == "library":
        return "library"
    kind, _, name = str(topic).partition("/")
    try:
        if kind in ("mix", "track") and keys.checked_name(name):
            return f"{kind}/{name}"
    except keys.KeyRefused:
        pass
    raise TopicRefused(f"{str(topic)[:80]!r} is no topic; listen to mix/ID, track/ID or library")


def topics_of(record: Recorded) -> tuple[str, ...]:
    """Whom an event concerns: its own topic, and the library's where the library changes by it."""
    if record.stream.category == "library":
        return ("library",)
    own = str(record.stream)
    if record.stream.category == "track":
        return (own, "library")
    return (own, "library") if record.type in ("MixRequested", "MixPublished", "MixFailed", "MixCancelled") else (own,)


def latest(
    tenant: str,
    topic: str,
    *,
    views: Views,
    progress: ProgressDocuments,
    clock: Clock,
    event: Recorded | None = None,
) -> Message:
    """The latest message of a topic. With `event`, its document holds at least that event.

    A view that is one event behind is brought on by the event itself; one that is farther behind is waited for. Raises
    ViewIsBehind.
    """
    if topic == "library":
        statistics = dict(views.statistics(tenant))
        change = None if event is None else {"stream": str(event.stream), "type": event.type}
        version = int(clock.now().timestamp() * 1000)
        return Message(topic, version, {"statistics": statistics}, change=change)
    category, _, name = topic.partition("/")
    view = _view(tenant, "mix" if category == "mix" else "track", name, views=views, clock=clock, event=event)
    if view is None:
        return Message(topic, 0, None)
    change = None if event is None else {"type": event.type}
    if category == "track":
        return Message(topic, view.version, _track_document(view), change=change)
    mix = MixView.model_validate(view.content)
    now = progress.progress(tenant, name)
    version = view.version + (0 if now is None else now.version)
    shown = None if now is None or mix.status in ENDED else now.json_object()
    return Message(topic, version, _mix_document(mix), shown, change)


def _view(tenant: str, category: Any, name: str, *, views: Views, clock: Clock, event: Recorded | None) -> View | None:
    own = event if event is not None and (event.stream.category, event.stream.id) == (category, name) else None
    kind = KIND_OF[category]
    waited = 0.0
    while True:
        view = views.get(tenant, kind, name)
        seen = 0 if view is None else view.version
        if own is None or seen >= own.version:
            return view
        if seen == own.version - 1:
            return view_after(view, [own])
        if waited >= PATIENCE_SECONDS:
            raise ViewIsBehind(f"the view of {own.stream} is at {seen} and does not hold event {own.version} yet")
        clock.sleep(_LOOK_SECONDS)
        waited += _LOOK_SECONDS


def _mix_document(view: MixView) -> dict[str, Any]:
    """A mix without what may be large: brief, selection, and where things lie."""
    hidden = {"brief", "selection", "options", "plan", "previews", "master", "files", "voices_rendered"}
    shown = view.model_dump(mode="json", exclude=hidden, exclude_none=True)
    return {
        **shown,
        "previews": sorted(view.previews),
        "files": sorted(view.files),
        "voices_rendered": len(view.voices_rendered),
    }


def _track_document(view: View) -> dict[str, Any]:
    """A track without where things lie."""
    track = TrackView.model_validate(view.content)
    hidden = {"key", "analysis", "analysers", "stems", "heard"}
    stems = {model: one.status for model, one in track.stems.items()}
    return {**track.model_dump(mode="json", exclude=hidden, exclude_none=True), "stems": stems}
