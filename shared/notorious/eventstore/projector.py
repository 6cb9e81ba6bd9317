"""From events to views.

An event that is delivered says only that its stream has changed. The projector reads the stream from the view's
version on and applies what it finds, in order; so it does not matter whether events are delivered twice, late, in
another order, or not at all while a later one is. View and statistics change in one transaction that holds the view's
version, so two projectors of one stream cannot count anything twice.

    rebuild:  begin a generation ── all streams of the feed ── what came meanwhile ── read from it ── drop the old one
    project:  ──────────────── writes to both ───────────────────────────────────────┘

A projector that looked before the new generation was begun writes to the old one only. What it projects was appended
before that look, so it is in the feed that the rebuilding reads afterwards.
"""

import random
import time
from collections.abc import Callable, Sequence

from notorious.domain import Category, Recorded, StreamName
from notorious.domain.event import LibraryEvent, MixEvent, TrackEvent
from notorious.domain.library_view import LibraryView, library_view_of_first
from notorious.domain.mix_view import MixView, mix_view_of_first
from notorious.domain.statistics import counts_of
from notorious.domain.track_view import TrackView, track_view_of_first
from notorious.eventstore.errors import StoreIsBusy
from notorious.eventstore.store import EventReader
from notorious.eventstore.upcasting import CATALOGUE, EventCatalogue
from notorious.eventstore.views import PROJECTION, Kind, View, ViewConflict, Views

KIND_OF: dict[Category, Kind] = {"track": "tracks", "mix": "mixes", "library": "library"}

ATTEMPTS = 50
"""How often a view is brought up anew when others write it in between."""

_PAGE = 1000
_LAG_SECONDS = 0.2
_LONGEST_LAG_WAITS = 50
_FORGET_SECONDS = 10.0
"""Readers may remember for a few seconds which generation is read; the old one is dropped only after that."""


def project(
    store: EventReader, views: Views, tenant: str, stream: StreamName, *, catalogue: EventCatalogue = CATALOGUE
) -> None:
    """Bring the view of a stream up to the stream, in all generations. Raises `StoreIsBusy`."""
    for generation in views.generations(tenant).written:
        bring_up_view(store, views, tenant, stream, generation, catalogue=catalogue)


def bring_up_view(
    store: EventReader,
    views: Views,
    tenant: str,
    stream: StreamName,
    generation: int,
    *,
    catalogue: EventCatalogue = CATALOGUE,
    sleep: Callable[[float], object] = time.sleep,
) -> None:
    """Bring the view of a stream up to the stream, in one generation. Raises `StoreIsBusy`."""
    kind = KIND_OF[stream.category]
    for attempt in range(ATTEMPTS):
        before = views.get(tenant, kind, stream.id, generation=generation)
        base = before if before and before.projection == PROJECTION else None
        records = store.read(tenant, stream, after=base.version if base else 0)
        if not records:
            return
        try:
            views.put(tenant, kind, view_after(base, records, catalogue), before=before, generation=generation)
        except ViewConflict:
            sleep(random.uniform(0, min(0.5, 0.005 * 2**attempt)))
            continue
        return
    raise StoreIsBusy(f"the view of {stream} of {tenant} was written by others {ATTEMPTS} times in between; try again")


def rebuild(
    store: EventReader,
    views: Views,
    tenant: str,
    *,
    catalogue: EventCatalogue = CATALOGUE,
    report: Callable[[int, int], object] | None = None,
    sleep: Callable[[float], object] = time.sleep,
) -> int:
    """Make all views of a tenant anew while the service runs; the number of streams.

    An interrupted one is taken up where it was by the next. `report` is called with the feed position reached and the
    last one.
    """
    generation = views.begin(tenant)
    seen: set[StreamName] = set()
    position, waits = 0, 0
    while True:
        page = store.feed(tenant, position, _PAGE)
        # Within a page each stream is brought up once, and to its very end.
        for stream in dict.fromkeys(record.stream for record in page):
            seen.add(stream)
            bring_up_view(store, views, tenant, stream, generation, catalogue=catalogue)
        if page:
            position, waits = page[-1].feed_position, 0
            if report:
                report(position, store.head(tenant))
        elif position >= store.head(tenant):
            break
        elif waits == _LONGEST_LAG_WAITS:
            raise StoreIsBusy(f"the feed of {tenant} ends at {position} for long; start the rebuilding again")
        else:
            # The index lags behind the table: what it does not show yet comes in a moment.
            waits += 1
            sleep(_LAG_SECONDS)
    old = views.switch(tenant, generation)
    sleep(_FORGET_SECONDS)
    views.drop(tenant, old)
    return len(seen)


def view_after(before: View | None, records: Sequence[Recorded], catalogue: EventCatalogue = CATALOGUE) -> View:
    """A view after the next events of its stream. Pure."""
    first = records[0]
    match first.stream.category:
        case "track":
            content: TrackView | MixView | LibraryView = _track(before, records, catalogue)
        case "mix":
            content = _mix(before, records, catalogue)
        case "library":
            content = _library(before, records, catalogue)
    return View(
        id=first.stream.id,
        version=records[-1].version,
        updated=records[-1].feed_position,
        content=content.model_dump(mode="json"),
        counted=counts_of(content),
        is_gone=isinstance(content, TrackView) and content.status == "deleted",
    )


def _track(before: View | None, records: Sequence[Recorded], catalogue: EventCatalogue) -> TrackView:
    view = None if before is None else TrackView.model_validate(before.content)
    for record, event in zip(records, catalogue.events_of(records, TrackEvent), strict=True):
        view = track_view_of_first(event, record) if view is None else view.after(event, record)
    assert view is not None
    return view


def _mix(before: View | None, records: Sequence[Recorded], catalogue: EventCatalogue) -> MixView:
    view = None if before is None else MixView.model_validate(before.content)
    for record, event in zip(records, catalogue.events_of(records, MixEvent), strict=True):
        view = mix_view_of_first(event, record) if view is None else view.after(event, record)
    assert view is not None
    return view


def _library(before: View | None, records: Sequence[Recorded], catalogue: EventCatalogue) -> LibraryView:
    view = None if before is None else LibraryView.model_validate(before.content)
    for record, event in zip(records, catalogue.events_of(records, LibraryEvent), strict=True):
        view = library_view_of_first(event, record) if view is None else view.after(event, record)
    assert view is not None
    return view
