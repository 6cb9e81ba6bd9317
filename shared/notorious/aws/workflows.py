"""Workflows in Step Functions."""

import json
from collections.abc import Mapping
from typing import Any, Final

from notorious.service.ports import ExecutionStatus, WorkflowName

_STATUS: Final[Mapping[str, ExecutionStatus]] = {
    "RUNNING": "running",
    "PENDING_REDRIVE": "running",
    "SUCCEEDED": "succeeded",
    "FAILED": "failed",
    "TIMED_OUT": "failed",
    "ABORTED": "stopped",
}
_LONGEST_CAUSE: Final = 256


class StepFunctions:
    """See `service.ports.Workflows`. `machines` holds the ARN of each state machine."""

    def __init__(self, client: Any, machines: Mapping[WorkflowName, str]) -> None:
        self._client = client
        self._machines = machines

    def start(self, workflow: WorkflowName, name: str, document: Mapping[str, Any]) -> bool:
        try:
            self._client.start_execution(
                stateMachineArn=self._machines[workflow], name=name, input=json.dumps(dict(document))
            )
        except self._client.exceptions.ExecutionAlreadyExists:
            return False
        # With the input that it has already, a running execution is not refused but returned, which is as good.
        return True

    def status(self, workflow: WorkflowName, name: str) -> ExecutionStatus | None:
        try:
            found = self._client.describe_execution(executionArn=self._execution(workflow, name))
        except self._client.exceptions.ExecutionDoesNotExist:
            return None
        return _STATUS[found["status"]]

    def stop(self, workflow: WorkflowName, name: str, *, reason: str) -> None:
        try:
            self._client.stop_execution(
                executionArn=self._execution(workflow, name), error="Cancelled", cause=reason[:_LONGEST_CAUSE]
            )
        except self._client.exceptions.ExecutionDoesNotExist:
            return

    def resume(self, token: str, output: Mapping[str, Any]) -> bool:
        gone = (
            self._client.exceptions.TaskTimedOut,
            self._client.exceptions.TaskDoesNotExist,
            self._client.exceptions.InvalidToken,
        )
        try:
            self._client.send_task_success(taskToken=token, output=json.dumps(dict(output)))
        except gone:
            return False
        return True

    def _execution(self, workflow: WorkflowName, name: str) -> str:
        return f"{self._machines[workflow].replace(':stateMachine:', ':execution:')}:{name}"
