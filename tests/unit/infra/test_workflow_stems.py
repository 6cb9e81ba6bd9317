"""The workflow `stems`, run in the emulator: the job is a local process that does as its model's name says."""

from typing import Any

import pytest
from played_service import PlayedService
from synthesised import Synthesised


def separation(service: PlayedService, model: str) -> dict[str, str]:
    sha256 = service.job()
    return {
        "tenant": "anna",
        "sha256": sha256,
        "model": model,
        "source": f"tracks/anna/{sha256}/audio.flac",
        "destination": f"stems/anna/{sha256}/{model}/",
    }


def test_the_job_is_told_where_from_where_to_and_with_what(service: PlayedService) -> None:
    wanted = separation(service, "works")
    assert service.ended(service.start("StemsWorkflow", wanted["sha256"], wanted)).status == "SUCCEEDED"
    (job,) = service.calls(wanted["sha256"], "job")
    told = job["event"]
    assert told[0] == "separate"
    assert {told[1]: told[2], told[3]: told[4], told[5]: told[6]} == {
        "--source": wanted["source"],
        "--destination": wanted["destination"],
        "--model": wanted["model"],
    }


def test_what_the_job_left_is_recorded(service: PlayedService) -> None:
    wanted = separation(service, "works")
    service.ended(service.start("StemsWorkflow", wanted["sha256"], wanted))
    (finish,) = service.calls(wanted["sha256"], "finish_stems")
    assert finish["event"] == {name: wanted[name] for name in ("tenant", "sha256", "model", "destination")}
    assert "fail_stems" not in service.called(wanted["sha256"])


def test_a_separation_that_fails_is_recorded_with_its_reason(service: PlayedService) -> None:
    wanted = separation(service, "broken")
    assert service.ended(service.start("StemsWorkflow", wanted["sha256"], wanted)).status == "FAILED"
    (failed,) = service.calls(wanted["sha256"], "fail_stems")
    assert {name: failed["event"][name] for name in ("tenant", "sha256", "model")} == {
        name: wanted[name] for name in ("tenant", "sha256", "model")
    }
    assert failed["event"]["error"]["Error"]
    assert "finish_stems" not in service.called(wanted["sha256"])


def test_stems_that_cannot_be_recorded_count_as_failed(service: PlayedService) -> None:
    wanted = separation(service, "works")
    service.tell(wanted["sha256"], "finish_stems", {"raises": "Unrecoverable"})
    ended = service.ended(service.start("StemsWorkflow", wanted["sha256"], wanted))
    assert (ended.status, ended.error) == ("FAILED", "Unrecoverable")
    assert len(service.calls(wanted["sha256"], "fail_stems")) == 1


@pytest.mark.parametrize("stage", ["prod", "embedded"])
def test_the_same_entry_point_runs_on_both_platforms(stage: str, request: pytest.FixtureRequest) -> None:
    synthesised: Synthesised = request.getfixturevalue(stage)
    (definition,) = synthesised.properties("AWS::Batch::JobDefinition")
    container: dict[str, Any] = definition["ContainerProperties"]
    assert container["Command"][:4] == ["python", "-m", "notorious.stems", "separate"]


def test_a_separation_has_a_gpu_and_no_more_rights_than_it_needs(prod: Synthesised) -> None:
    (definition,) = prod.properties("AWS::Batch::JobDefinition")
    container = definition["ContainerProperties"]
    assert {"Type": "GPU", "Value": "1"} in container["ResourceRequirements"]
    assert not container.get("Privileged", False)


def test_machines_are_spot_machines_and_none_runs_while_nothing_is_separated(prod: Synthesised) -> None:
    (environment,) = prod.properties("AWS::Batch::ComputeEnvironment")
    assert environment["ComputeResources"]["Type"] == "SPOT"
    assert environment["ComputeResources"]["MinvCpus"] == 0


def test_the_network_of_the_machines_costs_nothing_while_idle(prod: Synthesised) -> None:
    assert prod.properties("AWS::EC2::NatGateway") == []
    kinds = [endpoint.get("VpcEndpointType", "Gateway") for endpoint in prod.properties("AWS::EC2::VPCEndpoint")]
    assert kinds == ["Gateway"]
