"""Listeners: who connects, what they listen to, and how they are told.

    ticket ── connect ── subscribe ── the latest message at once ── every message from then on
                                                                     └── nobody there any more: forgotten

A connection belongs to the tenant of its ticket, and topics are kept under that tenant, so nobody can listen to what
is not his own.
"""

import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Any, Final

from notorious.domain import Recorded
from notorious.eventstore.views import Views
from notorious.service.ports import Clock, Connection, Live, Sockets
from notorious.service.progress import LEAST_SECONDS
from notorious.service.topics import Message, TopicRefused, checked_topic, latest, topics_of

LONGEST_CONNECTION: Final = timedelta(hours=2, minutes=10)
"""API Gateway ends a connection after two hours; what is left of it goes a little later."""
MOST_TOPICS: Final = 50
SENDERS: Final = 8


@dataclass(frozen=True)
class Told:
    """How many listeners a message reached, and how many were no longer there."""

    reached: int
    gone: int


class Listening:
    """The use cases of listeners over their ports."""

    def __init__(self, *, live: Live, views: Views, sockets: Sockets, clock: Clock) -> None:
        self._live = live
        self._views = views
        self._sockets = sockets
        self._clock = clock

    def connect(self, connection: Connection) -> None:
        """Somebody has come with a good ticket."""
        self._live.connect(connection, expires=self._clock.now() + LONGEST_CONNECTION)

    def disconnect(self, connection_id: str) -> None:
        """Somebody has gone."""
        self._live.disconnect(connection_id)

    def take(self, connection_id: str, text: str) -> None:
        """Do what a listener's message says: `{"action": "subscribe", "topic": "mix/ID"}`, `unsubscribe`, or `ping`."""
        connection = self._live.connection(connection_id)
        if connection is None:
            self._send(connection_id, _refusal("this connection is not known; connect again with a new ticket"))
            return
        try:
            wish = json.loads(text)
            action, topic = wish.get("action"), wish.get("topic")
        except (ValueError, AttributeError):
            self._send(connection_id, _refusal('send JSON like {"action": "subscribe", "topic": "mix/ID"}'))
            return
        try:
            self._carry_out(connection, action, topic)
        except TopicRefused as error:
            self._send(connection_id, _refusal(str(error)))

    def tell_topic(self, tenant: str, topic: str) -> Told:
        """Send the latest message of a topic to all who listen to it."""
        return self._tell(tenant, checked_topic(topic), event=None)

    def tell_event(self, record: Recorded) -> Told:
        """Send what an event has changed to all whom it concerns. Raises ViewIsBehind."""
        reached = gone = 0
        for topic in topics_of(record):
            told = self._tell(record.tenant, topic, event=record)
            reached, gone = reached + told.reached, gone + told.gone
        return Told(reached, gone)

    def _carry_out(self, connection: Connection, action: object, topic: object) -> None:
        match action:
            case "ping":
                self._send(connection.connection_id, {"type": "pong"})
            case "subscribe":
                self._subscribe(connection, checked_topic(topic))
            case "unsubscribe":
                self._live.unsubscribe(connection, checked_topic(topic))
                self._send(connection.connection_id, {"type": "unsubscribed", "topic": topic})
            case _:
                self._send(connection.connection_id, _refusal(f"there is no action {str(action)[:40]!r}"))

    def _subscribe(self, connection: Connection, topic: str) -> None:
        known = self._live.topics_of(connection.connection_id)
        if topic not in known and len(known) >= MOST_TOPICS:
            raise TopicRefused(f"a connection listens to {MOST_TOPICS} topics at most; unsubscribe from some")
        # Subscribed first, looked up then: what changes in between is told twice, never missed.
        self._live.subscribe(connection, topic, expires=self._clock.now() + LONGEST_CONNECTION)
        self._send(connection.connection_id, self._latest(connection.tenant, topic, None).json_object())

    def _tell(self, tenant: str, topic: str, *, event: Recorded | None) -> Told:
        listeners = self._live.listeners(tenant, topic)
        if not listeners or (topic == "library" and not self._may_tell_library(tenant)):
            return Told(0, 0)
        data = _bytes(self._latest(tenant, topic, event).json_object())
        sent = list(_senders().map(lambda one: self._sockets.send(one, data), listeners))
        gone = [connection_id for connection_id, there in zip(listeners, sent, strict=True) if not there]
        for connection_id in gone:
            self._live.disconnect(connection_id)
        return Told(len(sent) - len(gone), len(gone))

    def _may_tell_library(self, tenant: str) -> bool:
        """An import of thousands changes the library thousands of times; its listeners hear of it twice a second.

        Whoever is granted a moment waits for it, and then tells of all that has happened until then.
        """
        wait = self._live.claim_telling(tenant, "library", now=self._clock.now(), seconds=LEAST_SECONDS, may_wait=True)
        if wait:
            self._clock.sleep(wait)
        return wait is not None

    def _latest(self, tenant: str, topic: str, event: Recorded | None) -> Message:
        return latest(tenant, topic, views=self._views, progress=self._live, clock=self._clock, event=event)

    def _send(self, connection_id: str, message: Mapping[str, Any]) -> None:
        if not self._sockets.send(connection_id, _bytes(message)):
            self._live.disconnect(connection_id)


@cache
def _senders() -> ThreadPoolExecutor:
    """One pool for as long as the process lives: to start threads for every message costs more than to send it."""
    return ThreadPoolExecutor(SENDERS, "sender")


def _refusal(words: str) -> dict[str, Any]:
    return {"type": "problem", "detail": words}


def _bytes(message: Mapping[str, Any]) -> bytes:
    return json.dumps(message, separators=(",", ":"), ensure_ascii=False).encode()
