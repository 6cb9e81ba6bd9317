"""What is shipped for `notorious serve` is what the sources describe today, byte for byte."""

import json
import zipfile
from pathlib import Path

import cfnlint.api
import pytest
from cfnlint.config import ManualArgs
from infra.carriers import FUNCTIONS_FOLDER
from infra.catalogue import FUNCTIONS
from infra.template import PACKAGED
from synthesised import Synthesised

REMEDY = "`make template` writes it again"
# That a dependency is said twice is how the CDK writes.
SAID_TWICE = "W3005"


def files_of(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_packaged_template_is_what_would_be_made_now(embedded_folder: Path) -> None:
    now, packaged = files_of(embedded_folder), files_of(PACKAGED)
    assert sorted(now) == sorted(packaged), REMEDY
    assert [name for name in now if now[name] != packaged[name]] == [], REMEDY


def test_every_zip_holds_its_handler_and_nothing_that_is_not_code(embedded_folder: Path) -> None:
    handlers = {(FUNCTIONS_FOLDER / row.name / "handler.py").read_text(): row.name for row in FUNCTIONS}
    found = set()
    for path in (embedded_folder / "assets").glob("*.zip"):
        with zipfile.ZipFile(path) as archive:
            assert all(name.endswith(".py") for name in archive.namelist())
            found.add(handlers[archive.read("handler.py").decode()])
    assert found == set(handlers.values())


def test_the_manifest_names_stacks_in_an_order_in_which_nothing_is_missing(embedded_folder: Path) -> None:
    manifest = json.loads((embedded_folder / "manifest.json").read_text())
    exported: set[str] = set()
    for stack in manifest["stacks"]:
        text = (embedded_folder / stack["template"]).read_text()
        template = json.loads(text)
        imported = {part.split('"')[1] for part in text.split('"Fn::ImportValue":')[1:]}
        assert imported <= exported, stack["name"]
        exported |= {output["Export"]["Name"] for output in template.get("Outputs", {}).values() if "Export" in output}


def test_every_asset_that_a_function_names_is_there(embedded: Synthesised) -> None:
    manifest = json.loads((embedded.folder / "manifest.json").read_text())
    there = {asset["key"] for asset in manifest["assets"] if (embedded.folder / asset["file"]).is_file()}
    assert {function["Code"]["S3Key"] for function in embedded.properties("AWS::Lambda::Function")} == there


def test_the_outputs_that_the_embedded_stack_reads_are_there_once(embedded: Synthesised) -> None:
    names = [name for template in embedded.templates.values() for name in template.get("Outputs", {})]
    for name in (
        *("ApiId", "SocketsApiId", "SocketsStage", "UserPoolId", "UserPoolClientId"),
        *("MediaBucket", "EventsTable", "ViewsTable", "LiveTable", "IdempotencyTable", "BusName"),
        *("MixWorkflow", "LibraryWorkflow", "StemsWorkflow", "AnalyzeQueueUrl", "SweepFunction"),
    ):
        assert names.count(name) == 1, name


@pytest.mark.slow  # the linter reads 15 templates against the schemas of all resource types
@pytest.mark.parametrize("stage", ["prod", "embedded"])
def test_the_linter_of_cloudformation_finds_nothing(stage: str, request: pytest.FixtureRequest) -> None:
    synthesised: Synthesised = request.getfixturevalue(stage)
    matches = cfnlint.api.lint_by_config(
        ManualArgs(
            templates=[str(path) for path in sorted(synthesised.folder.glob("*.template.json"))],
            ignore_checks=[SAID_TWICE],
            regions=["eu-central-1"],
        )
    )
    assert [str(match) for match in matches] == []
