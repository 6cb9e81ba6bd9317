"""A stage: what cdk.json may say, and what follows from it."""

import json
from pathlib import Path
from typing import Any

import pytest
from infra.stage import Stage
from pydantic import ValidationError
from synthesised import Synthesised


@pytest.fixture
def described(repository: Path) -> dict[str, Any]:
    stages: dict[str, Any] = json.loads((repository / "cdk.json").read_text())["context"]["stages"]
    return stages


def test_every_stage_of_cdk_json_is_well_described(described: dict[str, Any]) -> None:
    assert set(described) == {"dev", "prod", "embedded"}
    for name, settings in described.items():
        assert Stage(name=name, **settings).prefix == f"notorious-{name}"


def test_an_unknown_setting_is_refused_by_its_name(described: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="voices_at_once_"):
        Stage(name="dev", voices_at_once_=3, **described["dev"])


def test_a_missing_setting_is_refused_by_its_name(described: dict[str, Any]) -> None:
    del described["dev"]["gpu_vcpus"]
    with pytest.raises(ValidationError, match="gpu_vcpus"):
        Stage(name="dev", **described["dev"])


def test_only_one_stage_keeps_its_data_when_its_stacks_go(described: dict[str, Any]) -> None:
    assert [name for name, settings in described.items() if settings["keeps_data"]] == ["prod"]


def test_prod_keeps_tables_and_bucket_and_protects_them(prod: Synthesised) -> None:
    lasting = [
        *prod.resources("AWS::DynamoDB::Table"),
        *prod.resources("AWS::S3::Bucket"),
        *prod.resources("AWS::Cognito::UserPool"),
    ]
    assert {name for name, resource in lasting if resource["DeletionPolicy"] != "Retain"} == set()
    for table in prod.properties("AWS::DynamoDB::Table"):
        assert table["DeletionProtectionEnabled"]


def test_prod_can_go_back_in_time_wherever_something_could_be_lost(prod: Synthesised) -> None:
    recoverable = {
        table["TableName"]
        for table in prod.properties("AWS::DynamoDB::Table")
        if table["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"]
    }
    assert recoverable == {"notorious-prod-events", "notorious-prod-views"}


def test_logs_are_kept_as_long_as_the_stage_says(prod: Synthesised, embedded: Synthesised) -> None:
    assert {group["RetentionInDays"] for group in prod.properties("AWS::Logs::LogGroup")} == {90}
    assert {group["RetentionInDays"] for group in embedded.properties("AWS::Logs::LogGroup")} == {1}


def test_the_embedded_stage_has_no_images_layers_custom_resources_or_alarms(embedded: Synthesised) -> None:
    kinds = {
        resource["Type"] for template in embedded.templates.values() for resource in template["Resources"].values()
    }
    assert not {kind for kind in kinds if kind.startswith(("Custom::", "AWS::CloudFormation::"))}
    assert "AWS::Lambda::LayerVersion" not in kinds
    assert "AWS::CloudWatch::Alarm" not in kinds
    for function in embedded.properties("AWS::Lambda::Function"):
        assert "ImageUri" not in function["Code"]


def test_both_platforms_run_the_same_functions(prod: Synthesised, embedded: Synthesised) -> None:
    def names(synthesised: Synthesised) -> set[str]:
        return {f["FunctionName"].split("-", 2)[2] for f in synthesised.properties("AWS::Lambda::Function")}

    assert names(prod) == names(embedded)


def test_no_stack_but_the_api_ids_and_the_stream_hands_anything_to_another(prod: Synthesised) -> None:
    exported = {
        output["Export"]["Name"].split(":")[1].rstrip("0123456789ABCDEF")
        for template in prod.templates.values()
        for output in template.get("Outputs", {}).values()
        if "Export" in output
    }
    assert len(exported) == 3
    assert all(name.startswith(("ExportsOutputRef", "ExportsOutputFnGetAtt")) for name in exported)
