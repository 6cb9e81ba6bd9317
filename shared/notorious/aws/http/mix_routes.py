"""Mixes: ask for one, follow it, stop it, rate its transitions, download it."""

from typing import Annotated, Any

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from aws_lambda_powertools.event_handler.openapi.params import Path, Query

from notorious.aws.http.bodies import FilesOut, HistoryOut, MixesOut, MixIn, MixOut, RatingIn
from notorious.aws.http.files import file_of
from notorious.aws.http.problems import Problem, wrong_field
from notorious.aws.http.routing import (
    CallerOf,
    IdempotencyKey,
    MixId,
    answers,
    id_of_key,
    no_mix,
    read_offset,
    wisher,
)
from notorious.aws.http.track_routes import history_of
from notorious.aws.http.world import World
from notorious.domain import StreamName
from notorious.domain.mix_events import MixRequested
from notorious.domain.mix_state import ENDED, Status
from notorious.domain.mix_view import MixView
from notorious.errors import BriefError
from notorious.eventstore import event_of
from notorious.eventstore.projector import view_after
from notorious.service.selection import selected
from notorious.service.wishes import MixWish, cancel_mix, rate_transition, request_mix

Transition = Annotated[int, Path(ge=0, description="The transition, counted from 0.")]


def mix_of(world: World, tenant: str, mix: str) -> MixView:
    """A mix of the tenant as it is after every event that was acknowledged before. Raises Problem."""
    records = world.events.read(tenant, StreamName("mix", mix))
    if not records:
        raise no_mix(mix)
    return MixView.model_validate(view_after(None, records).content)


def shown(world: World, tenant: str, view: MixView) -> MixOut:
    """A mix as it is answered: with its progress while it is under way."""
    progress = None if view.status in ENDED else world.live.progress(tenant, view.id)
    return MixOut.of(view, None if progress is None else progress.json_object())


def mix_routes(app: APIGatewayHttpResolver, world: World, caller: CallerOf) -> None:
    """Add the routes under /mixes, those of plans apart."""

    @app.post(
        "/mixes",
        summary="Ask for a mix",
        tags=["mixes"],
        operation_id="requestMix",
        responses=answers(MixOut, 409, status=202),
    )
    def request(body: MixIn, idempotency_key: IdempotencyKey = None) -> Response[MixOut]:
        """Ask for a set. It is planned, rendered and mastered in the background; follow it by `GET /mixes/ID` or over
        the WebSocket."""
        who = caller()
        _check_query(body)
        mix = id_of_key(who, idempotency_key) if idempotency_key else world.identifiers.mix()
        wish = MixWish(
            brief=brief_of(body),
            selection=body.selection.model_dump(mode="json"),
            formats=body.formats,
            name=body.name,
            wants_preview=body.wants_preview,
            wants_approval=body.wants_approval,
            options=body.options,
        )
        handled = request_mix(world.events, who.tenant, mix, wish, wisher(app, who, idempotency_key))
        if handled.was_repeated:
            _check_same(event_of(handled.records[0]), body)
        return Response(
            status_code=202,
            content_type="application/json",
            body=shown(world, who.tenant, mix_of(world, who.tenant, mix)),
            headers={"Location": f"/mixes/{mix}"},
        )

    @app.get("/mixes", summary="List mixes", tags=["mixes"], operation_id="listMixes", responses=answers(MixesOut))
    def list_mixes(
        status: Annotated[Status | None, Query()] = None,
        limit: Annotated[int, Query(ge=1, le=200)] = 50,
        cursor: Annotated[str | None, Query(description="`next_cursor` of the page before.")] = None,
    ) -> MixesOut:
        """The mixes of the library, the latest first. The list follows events within a second or so."""
        tenant = caller().tenant
        views = [MixView.model_validate(view.content) for view in world.views.all(tenant, "mixes")]
        wanted = [view for view in views if status is None or view.status == status]
        wanted.sort(key=lambda view: (view.requested_at, view.id))
        # Counted from the oldest, so that mixes which come in meanwhile do not move the pages.
        end = len(wanted) if cursor is None else read_offset(cursor)
        begin = max(0, end - limit)
        return MixesOut(
            mixes=[shown(world, tenant, view) for view in reversed(wanted[begin:end])],
            total=len(wanted),
            next_cursor=str(begin) if begin else None,
        )

    @app.get("/mixes/<mix>", summary="One mix", tags=["mixes"], operation_id="showMix", responses=answers(MixOut, 404))
    def show(mix: MixId) -> MixOut:
        """A mix, and how far it is."""
        return shown(world, caller().tenant, mix_of(world, caller().tenant, mix))

    @app.post(
        "/mixes/<mix>/cancellation",
        summary="Stop a mix",
        tags=["mixes"],
        operation_id="cancelMix",
        responses=answers(MixOut, 404, 409, status=202),
    )
    def cancel(mix: MixId, idempotency_key: IdempotencyKey = None) -> Response[MixOut]:
        """Stop a mix at any point before it is published."""
        who = caller()
        cancel_mix(world.events, who.tenant, mix, wisher=wisher(app, who, idempotency_key))
        body = shown(world, who.tenant, mix_of(world, who.tenant, mix))
        return Response(status_code=202, content_type="application/json", body=body)

    @app.put(
        "/mixes/<mix>/ratings/<transition>",
        summary="Rate",
        tags=["mixes"],
        operation_id="rateTransition",
        responses=answers(MixOut, 404, 409),
    )
    def rate(mix: MixId, transition: Transition, body: RatingIn) -> MixOut:
        """Give a transition of the present plan one to five stars; a later rating takes the place of an earlier one."""
        who = caller()
        rate_transition(
            world.events,
            who.tenant,
            mix,
            transition=transition,
            stars=body.stars,
            comment=body.comment,
            wisher=wisher(app, who, None),
        )
        return shown(world, who.tenant, mix_of(world, who.tenant, mix))

    @app.get(
        "/mixes/<mix>/files",
        summary="Download a mix",
        tags=["mixes"],
        operation_id="listMixFiles",
        responses=answers(FilesOut, 404),
    )
    def files(mix: MixId) -> FilesOut:
        """Signed addresses of a published mix and its sheet; ask again when they have expired."""
        view = mix_of(world, caller().tenant, mix)
        return FilesOut(
            files=[
                file_of(world, name, f"{view.name or 'mix'}.{reference.key.rsplit('.', 1)[-1]}", reference)
                for name, reference in sorted(view.files.items())
            ]
        )

    @app.get(
        "/mixes/<mix>/history",
        summary="A mix's events",
        tags=["mixes"],
        operation_id="showMixHistory",
        responses=answers(HistoryOut, 404),
    )
    def history(mix: MixId) -> HistoryOut:
        """All that ever happened to a mix."""
        found = history_of(world, caller().tenant, StreamName("mix", mix))
        if found is None:
            raise no_mix(mix)
        return found


def brief_of(body: MixIn) -> dict[str, Any]:
    """What is asked of the set, without what is as always: as the event has it."""
    return body.brief.model_dump(mode="json", exclude_defaults=True)


def _check_query(body: MixIn) -> None:
    """A query that cannot be meant is refused now, not by the workflow later."""
    if body.selection.kind == "query":
        try:
            selected((), body.selection)
        except BriefError as error:
            raise wrong_field("selection.query", str(error), place="body") from error


def _check_same(first: object, body: MixIn) -> None:
    """A key that is used again has to mean the same wish."""
    assert isinstance(first, MixRequested)
    same = (first.name, first.formats, first.wants_preview, first.wants_approval, first.selection, first.options) == (
        body.name,
        tuple(dict.fromkeys(body.formats)),
        body.wants_preview,
        body.wants_approval,
        body.selection,
        body.options,
    )
    if not same or first.brief != brief_of(body):
        raise Problem(
            409,
            "key-used-before",
            "The idempotency key stands for another wish",
            "this key was used for a mix with other wishes; take a new key",
        )
