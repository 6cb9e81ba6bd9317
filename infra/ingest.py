"""From a file in the drop folder to an analysis."""

from aws_cdk import Stack
from aws_cdk import aws_events as events
from constructs import Construct

from infra.function import ServiceFunction
from infra.queues import SOURCE, WorkQueue
from infra.stage import Stage
from infra.storage import Stored

_FILES_AT_ONCE = 10


class Ingest(Stack):
    """Files become tracks, tracks are heard."""

    def __init__(self, scope: Construct, *, stage: Stage) -> None:
        super().__init__(scope, "ingest", stack_name=stage.name_of("ingest"))
        ingest = ServiceFunction(self, "ingest", stage=stage)
        # One file a message and one message a batch: files are large, and a poison file has no neighbours.
        dropped = WorkQueue(self, function=ingest, stage=stage, batch_size=1, at_once=_FILES_AT_ONCE)
        dropped.takes(
            "FileDropped",
            bus=None,  # S3 speaks on the account's own bus
            pattern=events.EventPattern(
                source=["aws.s3"],
                detail_type=["Object Created"],
                detail={
                    "bucket": {"name": [Stored.seen_from(self, stage).bucket.name]},
                    "object": {"key": [{"prefix": "drop/"}]},
                },
            ),
        )
        analyze = ServiceFunction(self, "analyze", stage=stage)
        requested = WorkQueue(self, function=analyze, stage=stage, batch_size=1, at_once=stage.tracks_at_once)
        requested.takes(
            "AnalysisRequested",
            bus=events.EventBus.from_event_bus_name(self, "Bus", stage.bus_name),
            pattern=events.EventPattern(source=[SOURCE], detail_type=["AnalysisRequested"]),
        )
