"""A workflow from its file in `workflows/`, adapted to the stage, with a role for what it calls."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from aws_cdk import RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from aws_cdk import aws_stepfunctions as stepfunctions
from constructs import Construct

from infra.acknowledged import acknowledge
from infra.catalogue import Workflow
from infra.stage import Stage

WORKFLOWS_FOLDER = Path(__file__).resolve().parent / "workflows"


def definition_of(workflow: Workflow) -> dict[str, Any]:
    """The States Language of a workflow as it is written."""
    text = (WORKFLOWS_FOLDER / f"{workflow.value}.asl.json").read_text(encoding="utf-8")
    loaded: dict[str, Any] = json.loads(text)
    return loaded


def adapted(definition: Mapping[str, Any], *, stage: Stage) -> dict[str, Any]:
    """The definition with the stage's numbers, and on the embedded stage without what its interpreter ignores.

    Numbers cannot be substituted by CloudFormation, which would put them in quotes; so they are set here: an inline Map
    runs `voices_at_once`, a distributed one `tracks_at_once`. A ResultWriter is dropped where it would be ignored, so
    that the definition says what happens there.
    """
    copied: dict[str, Any] = json.loads(json.dumps(definition))
    for state in copied["States"].values():
        if state["Type"] != "Map":
            continue
        distributed = state["ItemProcessor"]["ProcessorConfig"]["Mode"] == "DISTRIBUTED"
        state["MaxConcurrency"] = stage.tracks_at_once if distributed else stage.voices_at_once
        if not stage.on_aws:
            state.pop("ResultWriter", None)
    return copied


class StateMachine(Construct):
    """One workflow."""

    def __init__(
        self,
        scope: Construct,
        workflow: Workflow,
        *,
        stage: Stage,
        substitutions: Mapping[str, str],
        may: Sequence[iam.PolicyStatement],
    ) -> None:
        """Build it.

        Args:
            scope: the stack.
            workflow: which; its file has the same name.
            stage: the stage.
            substitutions: what `${…}` in the file stands for.
            may: what its role allows.
        """
        super().__init__(scope, "".join(part.capitalize() for part in workflow.value.split("-")))
        role = iam.Role(
            self,
            "Role",
            assumed_by=iam.ServicePrincipal("states.amazonaws.com"),
            description=f"The workflow {workflow.value}",
        )
        for statement in may:
            role.add_to_policy(statement)
        log_group = logs.LogGroup(
            self,
            "Log",
            # Log groups with this name share one resource policy, of which an account may only have few.
            log_group_name=f"/aws/vendedlogs/states/{stage.prefix}-{workflow.value}",
            retention=stage.log_retention,
            removal_policy=RemovalPolicy.DESTROY,
        )
        self.machine = stepfunctions.StateMachine(
            self,
            "Machine",
            state_machine_name=stage.name_of(workflow.value),
            definition_body=stepfunctions.DefinitionBody.from_string(
                json.dumps(adapted(definition_of(workflow), stage=stage))
            ),
            definition_substitutions=dict(substitutions),
            role=role,
            tracing_enabled=stage.on_aws,
            logs=stepfunctions.LogOptions(
                destination=log_group, level=stepfunctions.LogLevel.ALL, include_execution_data=False
            )
            if stage.on_aws
            else None,
        )
        if not stage.on_aws:
            acknowledge(
                self.machine,
                {
                    "AwsSolutions-SF1": "the embedded stage keeps the history of executions and has no log delivery",
                    "AwsSolutions-SF2": "the embedded stage has no tracing",
                },
            )
