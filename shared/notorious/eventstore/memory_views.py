"""Views in memory: for tests, and the shortest statement of what a place for views does."""

import threading
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import replace

from notorious.eventstore.views import Generations, Kind, View, ViewConflict


class MemoryViews:
    """Keeps everything until it is thrown away; safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._views: dict[tuple[str, int, Kind], dict[str, View]] = defaultdict(dict)
        self._counters: dict[tuple[str, int], Counter[str]] = defaultdict(Counter)
        self._generations: dict[str, Generations] = {}

    def get(self, tenant: str, kind: Kind, view_id: str, *, generation: int | None = None) -> View | None:
        """See `Views.get`."""
        with self._lock:
            view = self._views[tenant, generation or self.generations(tenant).current, kind].get(view_id)
            return view and _copy(view)

    def all(self, tenant: str, kind: Kind, *, generation: int | None = None) -> Iterator[View]:
        """See `Views.all`."""
        with self._lock:
            views = self._views[tenant, generation or self.generations(tenant).current, kind]
            return iter([_copy(view) for _, view in sorted(views.items()) if not view.is_gone])

    def put(self, tenant: str, kind: Kind, view: View, *, before: View | None, generation: int) -> None:
        """See `Views.put`."""
        with self._lock:
            views = self._views[tenant, generation, kind]
            there = views.get(view.id)
            if (there and there.version) != (before and before.version):
                raise ViewConflict(f"the view {view.id} of {tenant} was written by somebody else")
            views[view.id] = _copy(view)
            counters = self._counters[tenant, generation]
            counters.update(view.counted)
            counters.subtract(before.counted if before else {})

    def statistics(self, tenant: str, *, generation: int | None = None) -> Mapping[str, int]:
        """See `Views.statistics`."""
        with self._lock:
            counters = self._counters[tenant, generation or self.generations(tenant).current]
            return {name: count for name, count in sorted(counters.items()) if count}

    def generations(self, tenant: str) -> Generations:
        """See `Views.generations`."""
        with self._lock:
            return self._generations.get(tenant, Generations())

    def begin(self, tenant: str) -> int:
        """See `Views.begin`."""
        with self._lock:
            now = self.generations(tenant)
            building = now.building or now.current + 1
            self._generations[tenant] = replace(now, building=building)
            return building

    def switch(self, tenant: str, generation: int) -> int:
        """See `Views.switch`."""
        with self._lock:
            now = self.generations(tenant)
            if now.building != generation:
                raise ViewConflict(f"generation {generation} of {tenant} is not being built")
            self._generations[tenant] = Generations(current=generation)
            return now.current

    def drop(self, tenant: str, generation: int) -> None:
        """See `Views.drop`."""
        with self._lock:
            if generation in self.generations(tenant).written:
                raise ValueError(f"generation {generation} of {tenant} is in use")
            for key in [key for key in self._views if key[:2] == (tenant, generation)]:
                del self._views[key]
            self._counters.pop((tenant, generation), None)


def _copy(view: View) -> View:
    return replace(view, content=deepcopy(dict(view.content)), counted=dict(view.counted))
