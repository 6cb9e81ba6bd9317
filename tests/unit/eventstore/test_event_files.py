"""The files in `events/` describe what is stored, in every version ever written."""

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from notorious.domain import Recorded
from notorious.eventstore import CATALOGUE, event_of
from notorious.eventstore.schemas import schema_files, write_schemas

EVENTS = Path(__file__).parents[3] / "events"
EXAMPLES = sorted(EVENTS.glob("*/*.example.json"))
NAME = re.compile(r"(\w+)\.(\d+)\.example\.json")


def load(path: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(path.read_text())
    return document


def test_the_schemas_are_those_of_the_models() -> None:
    for relative, text in schema_files():
        assert (EVENTS / relative).read_text() == text, f"run `make events`: {relative} is not up to date"


def test_every_version_of_every_event_has_a_schema_and_an_example() -> None:
    expected = {
        f"{event.category}/{event.type()}.{version}.{kind}.json"
        for event in CATALOGUE.classes
        for version in range(1, event.schema_version + 1)
        for kind in ("schema", "example")
    }
    assert {str(path.relative_to(EVENTS)) for path in EVENTS.glob("*/*.json")} == expected


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_an_example_fits_its_schema_and_that_of_the_envelope(path: Path) -> None:
    document = load(path)
    schema = load(path.with_name(path.name.replace(".example.", ".schema.")))
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(document, load(EVENTS / "envelope.schema.json"), cls=jsonschema.Draft202012Validator)
    jsonschema.validate(document["data"], schema, cls=jsonschema.Draft202012Validator)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_an_example_of_any_version_is_read_as_an_event_of_today(path: Path) -> None:
    record = Recorded.from_document(load(path))
    found = NAME.fullmatch(path.name)
    assert found is not None
    assert (record.type, record.schema_version, record.stream.category) == (found[1], int(found[2]), path.parent.name)
    event = event_of(record)
    assert event.type() == record.type
    if event.schema_version == record.schema_version:
        assert event.json_data() == record.data
    assert record.document() == load(path)


def test_a_field_too_many_fits_no_schema() -> None:
    document = load(EVENTS / "mix" / "TransitionRated.1.example.json")
    schema = load(EVENTS / "mix" / "TransitionRated.1.schema.json")
    with pytest.raises(jsonschema.ValidationError, match="'mood' was unexpected"):
        jsonschema.validate({**document["data"], "mood": "good"}, schema, cls=jsonschema.Draft202012Validator)


def test_writing_the_schemas_a_second_time_changes_nothing(tmp_path: Path) -> None:
    assert write_schemas(tmp_path) == len(CATALOGUE.classes) + 1
    assert write_schemas(tmp_path) == 0
