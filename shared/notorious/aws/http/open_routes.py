"""What anybody may get: whether it answers, and how it is spoken to."""

import json
from functools import cache
from typing import Any, Final

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from aws_lambda_powertools.event_handler.openapi.models import HTTPBearer, Server, Tag

import notorious
from notorious.aws.http.library_bodies import HealthOut

TITLE: Final = "Notorious"
_TAGS: Final = (
    Tag(name="tracks", description="What is in the library, and what was heard."),
    Tag(name="mixes", description="Sets that were asked for."),
    Tag(name="plans", description="A set on paper."),
    Tag(name="library", description="The library as a whole, and tickets for the WebSocket."),
    Tag(name="open", description="Without a token."),
)
_PROBLEM: Final[dict[str, Any]] = {
    "type": "object",
    "description": "RFC 9457",
    "required": ["type", "title", "status", "detail", "instance"],
    "properties": {
        "type": {"type": "string", "examples": ["/problems/invalid-input"]},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "instance": {"type": "string", "description": "Names the request, as the log does."},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["field", "in", "message"],
                "properties": {
                    "field": {"type": "string", "examples": ["brief.minutes"]},
                    "in": {"type": "string", "enum": ["body", "query", "path", "header"]},
                    "message": {"type": "string"},
                },
            },
        },
    },
}


def open_routes(app: APIGatewayHttpResolver) -> None:
    """Add /health, /openapi.json and /docs."""

    @app.get(
        "/health",
        summary="Does it answer?",
        tags=["open"],
        operation_id="health",
        responses={200: {"description": "it answers", "content": {"application/json": {"model": HealthOut}}}},
    )
    def health() -> HealthOut:
        """Whether the API answers; it asks nothing of the tables."""
        return HealthOut(status="ok", version=notorious.__version__)

    @app.get("/openapi.json", include_in_schema=False)
    def openapi() -> Response[str]:
        return Response(status_code=200, content_type="application/json", body=json.dumps(document(app)))

    @app.get("/docs", include_in_schema=False)
    def docs() -> Response[str]:
        return Response(
            status_code=200,
            content_type="text/html; charset=utf-8",
            body=page(json.dumps(document(app))),
            # Everything is in the page; nothing is fetched from elsewhere.
            headers={"Content-Security-Policy": "default-src 'self' 'unsafe-inline' data:"},
            compress=True,
        )


def document(app: APIGatewayHttpResolver) -> dict[str, Any]:
    """The OpenAPI 3.1 document of an API."""
    text = app.get_openapi_json_schema(
        title=TITLE,
        version=notorious.__version__,
        openapi_version="3.1.0",
        summary="Hears tracks, plans DJ sets, renders them.",
        tags=list(_TAGS),
        servers=[Server(url="/")],
        security_schemes={"token": HTTPBearer(bearerFormat="JWT", description="Cognito's id token.")},
        security=[{"token": []}],
    )
    found: dict[str, Any] = json.loads(text)
    found["components"]["schemas"]["Problem"] = _PROBLEM
    for path, operations in found["paths"].items():
        for operation in operations.values():
            if path == "/health":
                operation["security"] = []
                del operation["responses"]["422"]
            operation["responses"].get("204", {}).pop("content", None)
    for unused in ("HTTPValidationError", "ValidationError", "ResponseValidationError"):
        found["components"]["schemas"].pop(unused, None)
    return found


@cache
def _swagger() -> tuple[str, str]:
    from importlib.resources import files

    folder = files("aws_lambda_powertools.event_handler.openapi.swagger_ui")
    return (folder / "swagger-ui-bundle.min.js").read_text("utf-8"), (folder / "swagger-ui.min.css").read_text("utf-8")


def page(specification: str) -> str:
    """The documentation as one HTML page, with all that it needs inside."""
    script, style = _swagger()
    inside = specification.replace("</", "<\\/")
    return (
        f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>{TITLE}</title>'
        f'<style>{style}</style></head><body><div id="ui"></div><script>{script}</script><script>'
        f'SwaggerUIBundle({{spec: {inside}, dom_id: "#ui", deepLinking: true}});</script></body></html>'
    )
