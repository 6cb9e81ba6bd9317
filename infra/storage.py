"""What lasts: the table of events, the tables made from it, and the bucket of files."""

from dataclasses import dataclass

from aws_cdk import CfnOutput, Duration, Stack
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_s3 as s3
from constructs import Construct

from infra.acknowledged import acknowledge
from infra.stage import Stage

EXPIRING_PREFIXES = {
    "voices": Duration.days(3),  # made again from plan and tracks within a minute
    "previews": Duration.days(3),
    "stems": Duration.days(7),
    "mixes": Duration.days(30),
    "manifests": Duration.days(30),
    "drop": Duration.days(7),  # what nobody took up: it is in the dead letters of ingest, which last longer
}
_ABANDONED_UPLOADS = Duration.days(1)


@dataclass(frozen=True)
class Address:
    """What another stack has to know of a table or a bucket."""

    name: str
    arn: str

    def objects(self, folder: str) -> str:
        """The address of all objects under the first part of a key, where this is a bucket."""
        return f"{self.arn}/{folder}/*"


@dataclass(frozen=True)
class Stored:
    """Where everything that lasts is, by name: whoever uses this imports nothing from the stack of storage."""

    events: Address
    views: Address
    live: Address
    idempotency: Address
    bucket: Address

    @classmethod
    def seen_from(cls, stack: Stack, stage: Stage) -> "Stored":
        """The addresses on a stage, in the terms of the stack that uses them."""

        def table(name: str) -> Address:
            physical = stage.name_of(name)
            return Address(physical, stack.format_arn(service="dynamodb", resource="table", resource_name=physical))

        bucket = bucket_name(stack, stage)
        return cls(
            events=table("events"),
            views=table("views"),
            live=table("live"),
            idempotency=table("idempotency"),
            bucket=Address(bucket, f"arn:{stack.partition}:s3:::{bucket}"),
        )


def bucket_name(stack: Stack, stage: Stage) -> str:
    """The bucket's name: on AWS with account and region, since there the whole world shares the names of buckets."""
    name = stage.name_of("media")
    return f"{name}-{stack.account}-{stack.region}" if stage.on_aws else name


class Storage(Stack):
    """Tables and bucket; everything else can be deployed afresh over them."""

    def __init__(self, scope: Construct, *, stage: Stage) -> None:
        super().__init__(scope, "storage", stack_name=f"{stage.prefix}-storage")
        self.events = self._table(stage, "events", "stream", "item", stream=dynamodb.StreamViewType.NEW_IMAGE)
        self.events.add_global_secondary_index(
            index_name="feed",
            partition_key=_string("tenant"),
            sort_key=dynamodb.Attribute(name="feed_position", type=dynamodb.AttributeType.NUMBER),
            projection_type=dynamodb.ProjectionType.ALL,
        )
        self.views = self._table(stage, "views", "owner", "id")
        self.live = self._table(stage, "live", "owner", "id", expires="expires_at")
        self.idempotency = self._table(stage, "idempotency", "id", None, expires="expiration")
        self.bucket = self._bucket(stage)
        for name, value in {
            "EventsTable": self.events.table_name,
            "ViewsTable": self.views.table_name,
            "LiveTable": self.live.table_name,
            "IdempotencyTable": self.idempotency.table_name,
            "MediaBucket": self.bucket.bucket_name,
        }.items():
            CfnOutput(self, name, value=value)

    def _table(
        self,
        stage: Stage,
        name: str,
        partition_key: str,
        sort_key: str | None,
        *,
        stream: dynamodb.StreamViewType | None = None,
        expires: str | None = None,
    ) -> dynamodb.Table:
        # What expires can be lost without loss; of what does not, a deployment that keeps data can go back in time.
        recoverable = stage.on_aws and expires is None
        table = dynamodb.Table(
            self,
            name.capitalize(),
            table_name=stage.name_of(name),
            partition_key=_string(partition_key),
            sort_key=_string(sort_key) if sort_key else None,
            billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
            encryption=dynamodb.TableEncryption.DEFAULT,
            point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
                point_in_time_recovery_enabled=recoverable
            ),
            deletion_protection=stage.keeps_data,
            removal_policy=stage.removal,
            stream=stream,
            time_to_live_attribute=expires,
        )
        if not recoverable:
            acknowledge(
                table,
                {
                    "AwsSolutions-DDB3": "nothing is lost with it: its items expire within days, or, on the embedded "
                    "stage, the journal on disk is what is recovered from"
                },
            )
        return table

    def _bucket(self, stage: Stage) -> s3.Bucket:
        bucket = s3.Bucket(
            self,
            "Media",
            bucket_name=bucket_name(self, stage),
            encryption=s3.BucketEncryption.S3_MANAGED,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            enforce_ssl=stage.on_aws,
            minimum_tls_version=1.2 if stage.on_aws else None,
            removal_policy=stage.removal,
            cors=[
                # A page of an allowed origin puts files through presigned addresses and plays what it got.
                s3.CorsRule(
                    allowed_methods=[s3.HttpMethods.GET, s3.HttpMethods.HEAD, s3.HttpMethods.PUT, s3.HttpMethods.POST],
                    allowed_origins=list(stage.allowed_origins),
                    allowed_headers=["*"],
                    exposed_headers=["ETag", "Content-Range", "Accept-Ranges"],
                    max_age=3600,
                )
            ]
            if stage.allowed_origins
            else None,
            lifecycle_rules=[
                s3.LifecycleRule(id="abandoned-uploads", abort_incomplete_multipart_upload_after=_ABANDONED_UPLOADS),
                *(
                    s3.LifecycleRule(id=prefix, prefix=f"{prefix}/", expiration=after)
                    for prefix, after in EXPIRING_PREFIXES.items()
                ),
            ],
        )
        # The construct's own switch would add a custom resource, a function that runs at deployment; the property
        # itself needs none.
        resource = bucket.node.default_child
        assert isinstance(resource, s3.CfnBucket)
        resource.notification_configuration = s3.CfnBucket.NotificationConfigurationProperty(
            event_bridge_configuration=s3.CfnBucket.EventBridgeConfigurationProperty(event_bridge_enabled=True)
        )
        reasons = {
            "AwsSolutions-S1": "what is read and written is in the functions' logs and the events; access logs would "
            "cost more than the files of a small library, and CloudTrail's data events can be switched on without us"
        }
        if not stage.on_aws:
            reasons["AwsSolutions-S10"] = "the embedded stage speaks plain HTTP to 127.0.0.1 and to nothing else"
        acknowledge(bucket, reasons)
        return bucket


def _string(name: str) -> dynamodb.Attribute:
    return dynamodb.Attribute(name=name, type=dynamodb.AttributeType.STRING)
