"""The API says how it is spoken to."""

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from http_client import Client

DOCUMENT = Path(__file__).parents[3] / "docs" / "http-api.md"


@pytest.fixture
def document(anna: Client) -> dict[str, Any]:
    found: dict[str, Any] = anna.get("/openapi.json").json
    return found


def operations(document: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (method.upper(), path, operation) for path, of_path in document["paths"].items()
        for method, operation in of_path.items()
    ]  # fmt: skip


def test_the_document_is_openapi_31(document: dict[str, Any]) -> None:
    assert document["openapi"] == "3.1.0"
    assert document["components"]["securitySchemes"]["token"]["scheme"] == "bearer"


def test_every_operation_is_described_and_says_what_can_go_wrong(document: dict[str, Any]) -> None:
    for method, path, operation in operations(document):
        assert operation["summary"], path
        assert operation["description"], path
        assert operation["tags"], path
        if path != "/health":
            for status in ("401", "422", "429"):
                content = operation["responses"][status]["content"]["application/problem+json"]
                assert content["schema"] == {"$ref": "#/components/schemas/Problem"}, f"{method} {path}"


def test_operations_have_names_of_their_own(document: dict[str, Any]) -> None:
    names = [operation["operationId"] for _, _, operation in operations(document)]
    assert len(names) == len(set(names))


def test_all_references_lead_somewhere(document: dict[str, Any]) -> None:
    for name in re.findall(r'"#/components/schemas/([^"]+)"', json.dumps(document)):
        assert name in document["components"]["schemas"]


def test_examples_fit_their_schemas(document: dict[str, Any]) -> None:
    examples = 0
    for name, schema in document["components"]["schemas"].items():
        for example in schema.get("examples", []):
            whole = {"$ref": f"#/components/schemas/{name}", "components": document["components"]}
            jsonschema.validate(example, whole, cls=jsonschema.Draft202012Validator)
            examples += 1
    assert examples >= 10


def test_only_health_needs_no_token(document: dict[str, Any]) -> None:
    assert document["security"] == [{"token": []}]
    assert [path for _, path, operation in operations(document) if operation.get("security") == []] == ["/health"]


def test_the_page_fetches_nothing_from_elsewhere(anna: Client) -> None:
    answer = anna.get("/docs")
    assert (answer.status, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    head = answer.text.split("SwaggerUIBundle(", 1)[0]
    assert not re.search(r"<(script|link|img)[^>]*(src|href)=", head)
    assert "default-src 'self'" in answer.headers["content-security-policy"]
    assert "listTracks" in answer.text


def test_the_page_is_sent_compressed_to_who_takes_that(app: Any) -> None:
    client = Client(app)
    assert len(client.get("/docs", accept_encoding="gzip").text) < 1_000_000


def test_every_operation_is_in_the_handbook(document: dict[str, Any]) -> None:
    text = DOCUMENT.read_text()
    for method, path, _ in operations(document):
        plain = (
            path.replace("{track}", "ID")
            .replace("{mix}", "ID")
            .replace("{transition}", "N")
            .replace("{model}", "MODEL")
        )
        assert f"`{method} {plain}`" in text, f"{method} {plain} is not in {DOCUMENT.name}"
