"""The library as a whole: settings, imports, statistics; and tickets for the WebSocket."""

from datetime import timedelta
from typing import Final

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response

from notorious.aws.http.library_bodies import ImportOut, LibraryOut, SettingsBody, StartedOut, StatisticsOut, TicketOut
from notorious.aws.http.routing import CallerOf, IdempotencyKey, answers, id_of_key, wisher
from notorious.aws.http.world import World
from notorious.domain import LIBRARY, StreamName
from notorious.domain.library import ChangeSettings
from notorious.domain.library_view import LibraryView
from notorious.eventstore import handle
from notorious.eventstore.projector import view_after
from notorious.service.import_library import begin_import
from notorious.service.ports import Ticket

TICKET_SECONDS: Final = 60


def library_routes(app: APIGatewayHttpResolver, world: World, caller: CallerOf) -> None:
    """Add the routes under /library and /tickets."""

    @app.get(
        "/library", summary="The library", tags=["library"], operation_id="showLibrary", responses=answers(LibraryOut)
    )
    def show_library() -> LibraryOut:
        """Settings and the latest imports."""
        records = world.events.read(caller().tenant, StreamName.library())
        if not records:
            return LibraryOut(name="", settings={}, imports=[])
        view = LibraryView.model_validate(view_after(None, records).content)
        return LibraryOut(
            name=view.name,
            settings=view.settings,
            imports=[ImportOut(**one.model_dump(exclude={"manifest"})) for one in view.imports],
        )

    @app.put(
        "/library/settings",
        summary="Change the settings",
        tags=["library"],
        operation_id="changeSettings",
        responses=answers(SettingsBody),
    )
    def change_settings(body: SettingsBody, idempotency_key: IdempotencyKey = None) -> SettingsBody:
        """Put these settings in the place of those before."""
        who = caller()
        words = wisher(app, who, idempotency_key).words()
        command = ChangeSettings.model_validate({"settings": body.settings, **words})
        handled = handle(world.events, who.tenant, StreamName.library(), command, LIBRARY)
        return SettingsBody(settings=dict(handled.state.settings))

    @app.post(
        "/library/imports",
        summary="Hear what is missing",
        tags=["library"],
        operation_id="startImport",
        responses=answers(StartedOut, status=202),
    )
    def start_import(idempotency_key: IdempotencyKey = None) -> Response[StartedOut]:
        """Have all tracks analysed that today's analysers have not heard; what is known is passed over."""
        who = caller()
        name = id_of_key(who, idempotency_key) if idempotency_key else world.identifiers.mix()
        began = begin_import(world.workflows, who.tenant, name)
        started = StartedOut(id=name, status="started" if began else "started before")
        return Response(status_code=202, content_type="application/json", body=started)

    @app.get(
        "/library/statistics",
        summary="Statistics",
        tags=["library"],
        operation_id="showStatistics",
        responses=answers(StatisticsOut),
    )
    def statistics() -> StatisticsOut:
        """What is in the library, and how much of it was heard. It follows events within a second or so."""
        return statistics_of(dict(world.views.statistics(caller().tenant)))

    @app.post(
        "/tickets",
        summary="A ticket for the WebSocket",
        tags=["library"],
        operation_id="takeTicket",
        responses=answers(TicketOut, status=201),
    )
    def ticket() -> Response[TicketOut]:
        """A ticket opens one WebSocket within a minute: connect to `…?ticket=TICKET`."""
        who = caller()
        secret = world.identifiers.secret()
        expires = world.clock.now() + timedelta(seconds=TICKET_SECONDS)
        world.live.keep_ticket(secret, Ticket(who.tenant, who.user), expires=expires)
        out = TicketOut(ticket=secret, expires_seconds=TICKET_SECONDS)
        return Response(status_code=201, content_type="application/json", body=out)


def statistics_of(counters: dict[str, int]) -> StatisticsOut:
    """The counters of `domain.statistics` as they are shown."""

    def under(name: str) -> dict[str, int]:
        return {key.removeprefix(f"{name}/"): value for key, value in counters.items() if key.startswith(f"{name}/")}

    tracks, ratings = counters.get("tracks", 0), counters.get("ratings", 0)
    analyzed = counters.get("tracks/analyzed", 0)
    return StatisticsOut(
        tracks=tracks,
        analyzed=analyzed,
        waiting=counters.get("tracks/waiting", 0),
        failed=counters.get("tracks/failed", 0),
        rejected=counters.get("rejected", 0),
        coverage=round(analyzed / tracks, 4) if tracks else 1.0,
        hours=round(counters.get("seconds", 0) / 3600, 2),
        gigabytes=round(counters.get("bytes", 0) / 1e9, 3),
        keys=under("key"),
        genres=under("genre"),
        bpm=under("bpm"),
        energy=under("energy"),
        mixes=under("mixes"),
        mix_hours=round(counters.get("mix-seconds", 0) / 3600, 2),
        ratings=ratings,
        mean_stars=round(counters.get("stars", 0) / ratings, 2) if ratings else None,
    )
