"""What the API needs, each made at its first use: who asks for /health waits for nothing."""

import json
from functools import cached_property
from typing import Protocol

from notorious.aws import bootstrap, clients
from notorious.eventstore import EventStore
from notorious.eventstore.views import Views
from notorious.service.ports import Clock, Identifiers, Live, Objects, Workflows
from notorious.service.track_indexes import TrackIndexes


class World(Protocol):
    """The ports that the API's routes use."""

    @property
    def events(self) -> EventStore: ...

    @property
    def views(self) -> Views: ...

    @property
    def objects(self) -> Objects: ...

    @property
    def live(self) -> Live: ...

    @property
    def workflows(self) -> Workflows: ...

    @property
    def clock(self) -> Clock: ...

    @property
    def identifiers(self) -> Identifiers: ...

    @property
    def indexes(self) -> TrackIndexes: ...

    def begin_preview(self, tenant: str, mix: str, transition: int) -> None:
        """Have a preview rendered; nobody waits for it."""


class AwsWorld:
    """The adapters, from the environment."""

    @property
    def events(self) -> EventStore:
        return bootstrap.events()

    @property
    def views(self) -> Views:
        return bootstrap.views()

    @property
    def objects(self) -> Objects:
        return bootstrap.objects()

    @property
    def live(self) -> Live:
        return bootstrap.live()

    @property
    def workflows(self) -> Workflows:
        return bootstrap.workflows()

    @property
    def clock(self) -> Clock:
        return bootstrap.clock()

    @property
    def identifiers(self) -> Identifiers:
        return bootstrap.identifiers()

    @cached_property
    def indexes(self) -> TrackIndexes:
        return TrackIndexes(self.events, self.objects)

    def begin_preview(self, tenant: str, mix: str, transition: int) -> None:
        """See `World.begin_preview`: an asynchronous call of the function."""
        payload = json.dumps({"tenant": tenant, "mix": mix, "transition": transition}).encode()
        clients.functions().invoke(
            FunctionName=bootstrap.setting("NOTORIOUS_PREVIEW_FUNCTION"), InvocationType="Event", Payload=payload
        )
