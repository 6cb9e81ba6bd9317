"""The plan of a mix: read it, change it, listen to its transitions, approve it."""

from typing import Annotated

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from aws_lambda_powertools.event_handler.openapi.params import Path

from notorious.aws.http.bodies import ApprovalIn, FileOut, MixOut, PlanIn, PlanOut, PreviewIn
from notorious.aws.http.files import file_of
from notorious.aws.http.library_bodies import StartedOut
from notorious.aws.http.mix_routes import mix_of, shown
from notorious.aws.http.problems import Problem, not_found
from notorious.aws.http.routing import CallerOf, IdempotencyKey, MixId, answers, wisher
from notorious.aws.http.world import World
from notorious.domain.mix_state import ENDED
from notorious.domain.mix_view import MixView
from notorious.planning.edit import plan_of_value
from notorious.service.references import read_json
from notorious.service.wishes import approve_mix, edit_plan

Transition = Annotated[int, Path(ge=0, description="The transition, counted from 0.")]


def plan_routes(app: APIGatewayHttpResolver, world: World, caller: CallerOf) -> None:
    """Add the routes under /mixes/ID/plan, /previews and /approval."""

    @app.get(
        "/mixes/<mix>/plan",
        summary="A mix's plan",
        tags=["plans"],
        operation_id="readPlan",
        responses=answers(PlanOut, 404, 409),
    )
    def read_plan(mix: MixId) -> PlanOut:
        """The present plan, with the reasons for every choice."""
        view = _planned(mix_of(world, caller().tenant, mix))
        assert view.plan is not None
        return PlanOut(revision=view.revision, edited=view.plan_is_edited, plan=read_json(world.objects, view.plan))

    @app.put(
        "/mixes/<mix>/plan",
        summary="Change a plan",
        tags=["plans"],
        operation_id="changePlan",
        responses=answers(MixOut, 404, 409),
    )
    def change_plan(mix: MixId, body: PlanIn, idempotency_key: IdempotencyKey = None) -> MixOut:
        """Put a plan changed by hand in the place of revision `based_on`. A mix that was finished is made again; only
        the voices that changed are rendered."""
        who = caller()
        mix_of(world, who.tenant, mix)
        edit_plan(
            world.events,
            world.objects,
            who.tenant,
            mix,
            plan_of_value(body.plan),
            based_on=body.based_on,
            wisher=wisher(app, who, idempotency_key),
        )
        return shown(world, who.tenant, mix_of(world, who.tenant, mix))

    @app.post(
        "/mixes/<mix>/previews",
        summary="Preview a transition",
        tags=["plans"],
        operation_id="beginPreview",
        responses=answers(StartedOut, 404, 409, status=202),
    )
    def begin_preview(mix: MixId, body: PreviewIn) -> Response[StartedOut]:
        """Have half a minute around a transition rendered; the mix lists it under `previews` when it is there."""
        view = _planned(mix_of(world, caller().tenant, mix))
        if view.status in ENDED:
            raise Problem(
                409, "mix-has-ended", "The present state does not allow it", f"the mix is {view.status} already"
            )
        if view.track_count is None or body.transition >= view.track_count - 1:
            raise not_found(f"there is no transition {body.transition} in the plan")
        world.begin_preview(caller().tenant, mix, body.transition)
        started = StartedOut(id=f"{mix}/{body.transition}", status="started")
        return Response(status_code=202, content_type="application/json", body=started)

    @app.get(
        "/mixes/<mix>/previews/<transition>",
        summary="Listen",
        tags=["plans"],
        operation_id="showPreview",
        responses=answers(FileOut, 404),
    )
    def preview(mix: MixId, transition: Transition) -> FileOut:
        """A signed address of a preview that was rendered."""
        found = mix_of(world, caller().tenant, mix).previews.get(transition)
        if found is None:
            raise not_found(f"there is no preview of transition {transition}; POST to /mixes/{mix}/previews first")
        return file_of(world, f"preview-{transition}", f"transition {transition}.flac", found.audio)

    @app.post(
        "/mixes/<mix>/approval",
        summary="Approve a plan",
        tags=["plans"],
        operation_id="approvePlan",
        responses=answers(MixOut, 404, 409, status=202),
    )
    def approve(mix: MixId, body: ApprovalIn, idempotency_key: IdempotencyKey = None) -> Response[MixOut]:
        """Have a revision rendered that waits for it."""
        who = caller()
        approve_mix(world.events, who.tenant, mix, revision=body.revision, wisher=wisher(app, who, idempotency_key))
        out = shown(world, who.tenant, mix_of(world, who.tenant, mix))
        return Response(status_code=202, content_type="application/json", body=out)


def _planned(view: MixView) -> MixView:
    if view.plan is None:
        words = f"the mix is {view.status} and has no plan yet; wait until it is planned"
        raise Problem(409, "not-planned-yet", "The present state does not allow it", words)
    return view
