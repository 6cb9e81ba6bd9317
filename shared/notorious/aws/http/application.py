"""The resolver: every request passes here, is checked, counted, and answered with a result or a problem."""

import inspect
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from aws_lambda_powertools.event_handler.exceptions import NotFoundError
from aws_lambda_powertools.event_handler.openapi.exceptions import RequestValidationError

from notorious.aws.handling import count, logger
from notorious.aws.http.caller import Caller, caller_of
from notorious.aws.http.library_routes import library_routes
from notorious.aws.http.mix_routes import mix_routes
from notorious.aws.http.open_routes import open_routes
from notorious.aws.http.plan_routes import plan_routes
from notorious.aws.http.problems import Problem, not_found, of_error, of_validation, too_many_requests, wrong_method
from notorious.aws.http.track_routes import track_routes
from notorious.aws.http.world import World
from notorious.errors import NotoriousError

REQUESTS_PER_SECOND: Final = 20.0
BURST: Final = 100.0
"""Of one user: a page that opens asks for some dozens of things at once, a script that goes on and on is slowed."""

OPEN_PATHS: Final = ("/health", "/openapi.json", "/docs")
JSON: Final = "application/json"

_UNFORESEEN: Final = Problem(
    500,
    "failed",
    "It could not be done",
    "something went wrong that was not foreseen; the log has it under this instance",
)


class HttpApi(APIGatewayHttpResolver):
    """A resolver that knows who asks before it looks at what is asked.

    It describes each route by the docstring of its function, and knows which methods a path takes.
    """

    def __init__(self, world: World) -> None:
        super().__init__(enable_validation=True)
        self._world = world
        self._methods: list[tuple[re.Pattern[str], str]] = []
        self._caller: Caller | None = None

    def caller(self) -> Caller:
        """Who asks. Only for routes that are not open."""
        assert self._caller is not None, "an open route does not ask who calls"
        return self._caller

    def methods_of(self, path: str) -> list[str]:
        """The methods that a path takes; none where there is no such path."""
        return sorted({method for pattern, method in self._methods if pattern.fullmatch(path)})

    def route(self, *given: Any, **named: Any) -> Any:
        bound = inspect.signature(APIGatewayHttpResolver.route).bind(self, *given, **named)
        pattern = re.compile(re.sub(r"<\w+>", "[^/]+", bound.arguments["rule"]))
        self._methods.append((pattern, bound.arguments["method"]))

        def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
            bound.arguments["description"] = " ".join((function.__doc__ or "").split())
            decorator: Callable[..., Any] = APIGatewayHttpResolver.route(*bound.args, **bound.kwargs)
            decorated: Callable[..., Any] = decorator(function)
            return decorated

        return decorate

    def resolve(self, event: Any, context: Any) -> dict[str, Any]:
        """Answer a request of API Gateway. Powertools' own checks of a request come after these."""
        self._caller = None
        try:
            if event["rawPath"] not in OPEN_PATHS:
                self._caller = self._admitted(event)
                _check_type(event)
        except Problem as problem:
            return _as_dictionary(problem.response(_request_id(event)))
        except Exception:  # noqa: BLE001  # whatever it is, there has to be an answer
            logger.exception("a caller could not be checked")
            return _as_dictionary(_UNFORESEEN.response(_request_id(event)))
        return super().resolve(event, context)

    def _admitted(self, event: Mapping[str, Any]) -> Caller:
        """Who asks, unless he asks too soon again. Raises Problem."""
        caller = caller_of(event)
        logger.append_keys(tenant=caller.tenant, user=caller.user)
        wait = self._world.live.take_token(
            caller.tenant, caller.user, per_second=REQUESTS_PER_SECOND, burst=BURST, now=self._world.clock.now()
        )
        if wait > 0:
            count("TooManyRequests")
            raise too_many_requests(wait)
        return caller


def http_api(world: World) -> HttpApi:
    """The API over some world."""
    app = HttpApi(world)
    _answer_errors(app)
    open_routes(app)
    track_routes(app, world, app.caller)
    mix_routes(app, world, app.caller)
    plan_routes(app, world, app.caller)
    library_routes(app, world, app.caller)
    return app


def _check_type(event: Mapping[str, Any]) -> None:
    """A body is JSON. Raises Problem."""
    kind = str((event.get("headers") or {}).get("content-type", JSON))
    if event.get("body") and kind.partition(";")[0].strip().lower() != JSON:
        words = f"send the body as JSON, with `Content-Type: {JSON}`, not {kind[:80]!r}"
        raise Problem(415, "not-json", "The body is of another type", words)


def _request_id(event: Mapping[str, Any]) -> str:
    return str(event.get("requestContext", {}).get("requestId", ""))


def _as_dictionary(response: Response[Any]) -> dict[str, Any]:
    headers = {**response.headers, "Content-Type": response.content_type}
    return {"statusCode": response.status_code, "headers": headers, "body": response.body, "isBase64Encoded": False}


def _answer_errors(app: HttpApi) -> None:
    def request_id() -> str:
        return _request_id(app.current_event.raw_event)

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
        methods = app.methods_of(event.path)
        if methods and event.http_method not in methods:
            return wrong_method(event.http_method, methods).response(request_id())
        return not_found(f"there is no {event.http_method} {event.path}; /docs shows what there is").response(
            request_id()
        )

    @app.exception_handler(Exception)  # type: ignore[untyped-decorator]  # of Powertools
    def _unforeseen(error: Exception) -> Response[Any]:
        logger.exception("a request failed in a way that was not foreseen")
        return _UNFORESEEN.response(request_id())
