"""The resolver: every request passes here, is checked, counted, and answered with a result or a problem."""

import inspect
from collections.abc import Callable
from typing import Any, Final

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from aws_lambda_powertools.event_handler.exceptions import NotFoundError
from aws_lambda_powertools.event_handler.middlewares import NextMiddleware
from aws_lambda_powertools.event_handler.openapi.exceptions import RequestValidationError

from notorious.aws.handling import count, logger
from notorious.aws.http.caller import Caller, caller_of
from notorious.aws.http.library_routes import library_routes
from notorious.aws.http.mix_routes import mix_routes
from notorious.aws.http.open_routes import open_routes
from notorious.aws.http.plan_routes import plan_routes
from notorious.aws.http.problems import Problem, not_found, of_error, of_validation, too_many_requests
from notorious.aws.http.track_routes import track_routes
from notorious.aws.http.world import World
from notorious.errors import NotoriousError

REQUESTS_PER_SECOND: Final = 20.0
BURST: Final = 100.0
"""Of one user: a page that opens asks for some dozens of things at once, a script that goes on and on is slowed."""

OPEN_PATHS: Final = ("/health", "/openapi.json", "/docs")


class _Described(APIGatewayHttpResolver):
    """A resolver whose documentation describes each route by the docstring of its function."""

    def route(self, *given: Any, **named: Any) -> Any:
        bound = inspect.signature(APIGatewayHttpResolver.route).bind(self, *given, **named)

        def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
            bound.arguments["description"] = " ".join((function.__doc__ or "").split())
            decorator: Callable[..., Any] = APIGatewayHttpResolver.route(*bound.args, **bound.kwargs)
            decorated: Callable[..., Any] = decorator(function)
            return decorated

        return decorate


def http_api(world: World) -> APIGatewayHttpResolver:
    """The API over some world."""
    app = _Described(enable_validation=True)

    def checked(app: APIGatewayHttpResolver, next_middleware: NextMiddleware) -> Response[Any]:
        """Who asks, and whether he may ask so soon again."""
        event = app.current_event.raw_event
        if app.current_event.path not in OPEN_PATHS:
            caller = caller_of(event)
            logger.append_keys(tenant=caller.tenant, user=caller.user)
            app.context["caller"] = caller
            wait = world.live.take_token(
                caller.tenant,
                caller.user,
                per_second=REQUESTS_PER_SECOND,
                burst=BURST,
                now=world.clock.now(),
            )
            if wait > 0:
                count("TooManyRequests")
                raise too_many_requests(wait)
        return next_middleware(app)

    app.use([checked])
    _answer_errors(app)

    def caller() -> Caller:
        found: Caller = app.context["caller"]
        return found

    open_routes(app)
    track_routes(app, world, caller)
    mix_routes(app, world, caller)
    plan_routes(app, world, caller)
    library_routes(app, world, caller)
    return app


def _answer_errors(app: APIGatewayHttpResolver) -> None:
    def request_id() -> str:
        return str(app.current_event.raw_event.get("requestContext", {}).get("requestId", ""))

    @app.exception_handler(Problem)  # type: ignore[untyped-decorator]  # of Powertools
    def _problem(problem: Problem) -> Response[Any]:
        return problem.response(request_id())

    @app.exception_handler(RequestValidationError)  # type: ignore[untyped-decorator]  # of Powertools
    def _invalid(error: RequestValidationError) -> Response[Any]:
        return of_validation(error.errors()).response(request_id())

    @app.exception_handler(NotoriousError)  # type: ignore[untyped-decorator]  # of Powertools
    def _ours(error: NotoriousError) -> Response[Any]:
        problem = of_error(error)
        if problem.status >= 500:
            logger.exception("a request failed")
        return problem.response(request_id())

    @app.not_found
    def _unknown(error: NotFoundError) -> Response[Any]:
        event = app.current_event
        return not_found(f"there is no {event.http_method} {event.path}; /docs shows what there is").response(
            request_id()
        )

    @app.exception_handler(Exception)  # type: ignore[untyped-decorator]  # of Powertools
    def _unforeseen(error: Exception) -> Response[Any]:
        logger.exception("a request failed in a way that was not foreseen")
        words = "something went wrong that was not foreseen; the log has it under this instance"
        return Problem(500, "failed", "It could not be done", words).response(request_id())
