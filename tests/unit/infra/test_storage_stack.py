"""What lasts: encrypted, closed to the public, and gone when its time has come."""

import pytest
from infra.storage import EXPIRING_PREFIXES
from synthesised import Synthesised, spelt


def test_what_can_be_made_again_expires(prod: Synthesised) -> None:
    (bucket,) = prod.properties("AWS::S3::Bucket")
    days = {
        rule["Prefix"]: rule["ExpirationInDays"]
        for rule in bucket["LifecycleConfiguration"]["Rules"]
        if "ExpirationInDays" in rule
    }
    assert days["voices/"] == 3
    assert days["stems/"] == 7
    assert days["mixes/"] == 30


@pytest.mark.parametrize("lasting", ["tracks", "analyses", "parts", "plans", "indexes", "archive"])
def test_what_cannot_be_made_again_does_not_expire(lasting: str) -> None:
    assert lasting not in EXPIRING_PREFIXES


def test_uploads_that_nobody_finishes_are_removed(prod: Synthesised) -> None:
    (bucket,) = prod.properties("AWS::S3::Bucket")
    rules = bucket["LifecycleConfiguration"]["Rules"]
    assert [rule["AbortIncompleteMultipartUpload"] for rule in rules if "AbortIncompleteMultipartUpload" in rule] == [
        {"DaysAfterInitiation": 1}
    ]


@pytest.mark.parametrize("stage", ["prod", "embedded"])
def test_the_bucket_is_encrypted_and_closed(stage: str, request: pytest.FixtureRequest) -> None:
    (bucket,) = request.getfixturevalue(stage).properties("AWS::S3::Bucket")
    assert bucket["BucketEncryption"]
    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}


def test_the_bucket_refuses_whoever_does_not_encrypt_the_way_to_it(prod: Synthesised) -> None:
    (policy,) = prod.properties("AWS::S3::BucketPolicy")
    refused = [statement for statement in policy["PolicyDocument"]["Statement"] if statement["Effect"] == "Deny"]
    assert {"Bool": {"aws:SecureTransport": "false"}} in [statement["Condition"] for statement in refused]


def test_every_queue_refuses_whoever_does_not_encrypt_the_way_to_it(prod: Synthesised) -> None:
    policies = prod.properties("AWS::SQS::QueuePolicy")
    closed = {
        spelt(queue)
        for policy in policies
        for statement in policy["PolicyDocument"]["Statement"]
        if statement["Effect"] == "Deny" and "aws:SecureTransport" in str(statement["Condition"])
        for queue in policy["Queues"]
    }
    assert len(closed) == len(prod.properties("AWS::SQS::Queue"))


def test_the_bucket_tells_the_bus_of_every_object(embedded: Synthesised) -> None:
    (bucket,) = embedded.properties("AWS::S3::Bucket")
    assert bucket["NotificationConfiguration"]["EventBridgeConfiguration"]["EventBridgeEnabled"] is True


def test_tables_cost_nothing_while_idle(prod: Synthesised) -> None:
    assert {table["BillingMode"] for table in prod.properties("AWS::DynamoDB::Table")} == {"PAY_PER_REQUEST"}


def test_what_is_live_and_what_was_done_expires(prod: Synthesised) -> None:
    expires = {
        table["TableName"]: table["TimeToLiveSpecification"]["AttributeName"]
        for table in prod.properties("AWS::DynamoDB::Table")
        if "TimeToLiveSpecification" in table
    }
    assert expires == {"notorious-prod-live": "expires_at", "notorious-prod-idempotency": "expiration"}


def test_events_have_a_stream_and_a_feed(prod: Synthesised) -> None:
    (events,) = (t for t in prod.properties("AWS::DynamoDB::Table") if t["TableName"] == "notorious-prod-events")
    assert events["StreamSpecification"] == {"StreamViewType": "NEW_IMAGE"}
    (feed,) = events["GlobalSecondaryIndexes"]
    assert [key["AttributeName"] for key in feed["KeySchema"]] == ["tenant", "feed_position"]
