"""The CDK app: `cdk deploy --all --context stage=dev` runs this, `build` is what tests and `make template` call."""

import json
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

from aws_cdk import App, DefaultStackSynthesizer, Stack, Tags, Validations
from cdk_nag import AwsSolutionsChecks

from infra.acknowledged import acknowledge_wildcards
from infra.api import Api
from infra.carriers import ROOT
from infra.events import Events
from infra.ingest import Ingest
from infra.observability import Observability
from infra.realtime import Realtime
from infra.stage import Stage
from infra.stems import Stems
from infra.storage import Storage
from infra.workflows import Workflows


def build(app: App) -> tuple[Stack, ...]:
    """Put the stacks of the app's stage into it; returns them in the order of their deployment."""
    stage = Stage.from_context(app)
    Validations.of(app).add_plugins(AwsSolutionsChecks(app))
    storage = Storage(app, stage=stage)
    events = Events(app, stage=stage, table=storage.events)
    realtime = Realtime(app, stage=stage)
    ingest = Ingest(app, stage=stage)
    stems = Stems(app, stage=stage)
    workflows = Workflows(app, stage=stage, sockets=realtime.exported_sockets())
    api = Api(app, stage=stage)
    stacks: tuple[Stack, ...] = (storage, events, realtime, ingest, stems, workflows, api)
    if stage.on_aws:
        stacks += (Observability(app, stage=stage, watched=stacks, api_id=api.exported_id()),)
    for before, after in pairwise(stacks):
        # Functions know each other by name; in this order each finds what it calls.
        after.add_stack_dependency(before)
    acknowledge_wildcards(app)
    Tags.of(app).add("notorious:stage", stage.name)
    return stacks


def new_app(stage: str, *, outdir: str | None = None, context: Mapping[str, Any] | None = None) -> App:
    """An app with the context of cdk.json, as the cdk program would start it."""
    settings = json.loads((ROOT / "cdk.json").read_text(encoding="utf-8"))["context"]
    return App(
        outdir=outdir,
        context={**settings, **(context or {}), "stage": stage},
        analytics_reporting=False,
        default_stack_synthesizer=DefaultStackSynthesizer(generate_bootstrap_version_rule=stage != "embedded"),
    )


def main() -> None:
    """What `cdk` runs."""
    app = App()
    build(app)
    app.synth()


if __name__ == "__main__":
    main()
