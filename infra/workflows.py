"""Mixes and imports: the workflows, their steps, and what starts, resumes, stops and sweeps them."""

from aws_cdk import CfnOutput, Duration, Stack
from aws_cdk import aws_iam as iam
from constructs import Construct

from infra.catalogue import Workflow
from infra.function import (
    ServiceFunction,
    Sockets,
    execution_arns_of,
    function_arn_of,
    workflow_arn_of,
)
from infra.stage import Stage
from infra.state_machine import StateMachine
from infra.storage import Stored
from infra.triggers import EventTrigger

MIX_STEPS = (
    "validate",
    "find_candidates",
    "plan",
    "preview",
    "ask_approval",
    "render_voice",
    "master",
    "export",
    "finish",
    "fail",
)


class Workflows(Stack):
    """The state machines `mix` and `analyze-library`."""

    def __init__(self, scope: Construct, *, stage: Stage, sockets: Sockets) -> None:
        super().__init__(scope, "workflows", stack_name=stage.name_of("workflows"))
        self._mix(stage)
        self._library(stage)
        self._sweep(stage, sockets)

    def _mix(self, stage: Stage) -> None:
        steps = {name: ServiceFunction(self, name, stage=stage) for name in MIX_STEPS}
        addresses = {name: step.function.function_arn for name, step in steps.items()}
        mix = StateMachine(
            self,
            Workflow.MIX,
            stage=stage,
            substitutions=addresses,
            may=[iam.PolicyStatement(actions=["lambda:InvokeFunction"], resources=list(addresses.values()))],
        )
        start = self._triggered("start_mix", stage, event_types=["MixRequested"])
        # An edit of a mix that had ended is a wish to hear it.
        start.invoked_on(["PlanEdited"], data={"renders_again": [True]}, rule_id="RenderAgain")
        self._triggered("resume_mix", stage, event_types=["MixApproved"])
        self._triggered("stop_mix", stage, event_types=["MixCancelled"])
        CfnOutput(self, "MixWorkflow", value=mix.machine.state_machine_arn)

    def _triggered(self, name: str, stage: Stage, *, event_types: list[str]) -> EventTrigger:
        trigger = EventTrigger(self, name, stage=stage)
        trigger.invoked_on(event_types)
        return trigger

    def _library(self, stage: Stage) -> None:
        addresses = {
            name: ServiceFunction(self, name, stage=stage).function.function_arn
            for name in ("list_library", "finish_import")
        }
        addresses["analyze"] = function_arn_of(self, stage, "analyze")
        manifests = Stored.seen_from(self, stage).bucket.objects("manifests")
        may = [
            iam.PolicyStatement(actions=["lambda:InvokeFunction"], resources=list(addresses.values())),
            iam.PolicyStatement(actions=["s3:GetObject"], resources=[manifests]),
            # A distributed Map runs every item as an execution of the same machine.
            iam.PolicyStatement(
                actions=["states:StartExecution"], resources=[workflow_arn_of(self, stage, Workflow.LIBRARY)]
            ),
        ]
        if stage.on_aws:
            may += [
                iam.PolicyStatement(
                    actions=["s3:PutObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"],
                    resources=[manifests],
                ),
                iam.PolicyStatement(
                    actions=["states:DescribeExecution", "states:StopExecution"],
                    resources=[execution_arns_of(self, stage, Workflow.LIBRARY)],
                ),
            ]
        library = StateMachine(self, Workflow.LIBRARY, stage=stage, substitutions=addresses, may=may)
        CfnOutput(self, "LibraryWorkflow", value=library.machine.state_machine_arn)

    def _sweep(self, stage: Stage, sockets: Sockets) -> None:
        sweep = EventTrigger(self, "sweep", stage=stage, sockets=sockets)
        sweep.invoked_every(Duration.minutes(stage.sweep_every_minutes))
        CfnOutput(self, "SweepFunction", value=sweep.function.function.function_name)
