"""A stage: everything in which two deployments of the service may differ, and nothing else.

The values are in `cdk.json` under `stages`; `--context stage=NAME` picks one. `platform` is not a size but the one
switch between AWS and the embedded emulator; what hangs on it is listed in docs/service.md and nowhere decided but by
`Stage.on_aws`.
"""

from typing import Literal

from aws_cdk import App, RemovalPolicy
from aws_cdk.aws_logs import RetentionDays
from pydantic import BaseModel, ConfigDict, Field

_LOG_RETENTIONS = {
    1: RetentionDays.ONE_DAY,
    7: RetentionDays.ONE_WEEK,
    14: RetentionDays.TWO_WEEKS,
    30: RetentionDays.ONE_MONTH,
    90: RetentionDays.THREE_MONTHS,
    365: RetentionDays.ONE_YEAR,
}


class Stage(BaseModel):
    """One stage as `cdk.json` describes it; an unknown or missing entry is refused with its name."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=r"^[a-z][a-z0-9]{1,11}$")
    platform: Literal["aws", "embedded"]
    keeps_data: bool
    """Tables and bucket outlive the stack and are protected from deletion."""
    log_retention_days: Literal[1, 7, 14, 30, 90, 365]
    alarm_email: str | None = None
    allowed_origins: tuple[str, ...]
    """Origins of web pages that may call the API; empty: none."""
    voices_at_once: int = Field(ge=1, le=40)
    """Voices of one mix that render side by side (an inline Map runs at most 40)."""
    tracks_at_once: int = Field(ge=2, le=1000)
    """Tracks that are analysed side by side, by the queue and by an import, each (a queue takes 2 at least)."""
    gpu_vcpus: int = Field(ge=4)
    """Most vCPUs of GPU machines at once; the environment scales from zero."""
    sweep_every_minutes: int = Field(ge=1)
    archive_every_hours: int = Field(ge=0)
    """0: only when it is asked for."""

    @classmethod
    def from_context(cls, app: App) -> "Stage":
        """The stage that the app's context names.

        Raises:
            ValueError: the context describes no such stage, or wrongly.
        """
        name = app.node.try_get_context("stage")
        stages = app.node.try_get_context("stages") or {}
        if name not in stages:
            raise ValueError(f"cdk.json describes no stage {name!r}; it has {', '.join(sorted(stages))}")
        return cls(name=name, **stages[name])

    @property
    def on_aws(self) -> bool:
        """False on the embedded emulator: the only question that switches the template."""
        return self.platform == "aws"

    @property
    def prefix(self) -> str:
        """What the names of functions, queues and workflows begin with."""
        return f"notorious-{self.name}"

    @property
    def removal(self) -> RemovalPolicy:
        """What happens to tables and bucket when their stack is deleted."""
        return RemovalPolicy.RETAIN if self.keeps_data else RemovalPolicy.DESTROY

    @property
    def log_retention(self) -> RetentionDays:
        """How long log lines are kept."""
        return _LOG_RETENTIONS[self.log_retention_days]

    @property
    def bus_name(self) -> str:
        """The bus that all events come over."""
        return self.prefix

    def name_of(self, thing: str) -> str:
        """The name of a function, queue, table or workflow.

        Fixed names, everywhere: stacks know each other's parts by them and export nothing, so that each can be changed,
        taken away and put back alone; and on the embedded stage every start deploys afresh over objects that are kept.
        """
        return f"{self.prefix}-{thing}"
