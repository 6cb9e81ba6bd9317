"""The rights that appends and readers of events have on AWS, where there is no journal, tried on the embedded table."""

import json
import uuid
from collections.abc import Sequence

import boto3
from botocore.exceptions import ClientError
from deployed import Deployed

from notorious.cli.deployment import deployment
from notorious.domain import StreamName
from notorious.domain.track_events import AnalysisRequested, TrackDeleted
from notorious.eventstore.dynamodb import DynamoStore

_TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}],
}


def is_enough(deployed: Deployed, actions: Sequence[str]) -> bool:
    """Whether a role with these rights on the table of events can append to a stream, append more, and read it."""
    found = deployment(deployed.data, None)
    assert found.service is not None
    access, table = found.service.access, found.outputs["EventsTable"]
    iam, name = found.client("iam"), f"appends-{uuid.uuid4().hex[:12]}"
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(_TRUST))["Role"]["Arn"]
    resource = f"arn:aws:dynamodb:{access.region}:000000000000:table/{table}"
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": resource}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_role_policy(RoleName=name, PolicyName="appends", PolicyDocument=policy)
    key = found.client("sts").assume_role(RoleArn=role, RoleSessionName=name)["Credentials"]
    client = boto3.client(
        "dynamodb",
        endpoint_url=access.url,
        region_name=access.region,
        aws_access_key_id=key["AccessKeyId"],
        aws_secret_access_key=key["SecretAccessKey"],
        aws_session_token=key["SessionToken"],
    )
    store, stream = DynamoStore(client, table), StreamName("track", "a" * 64)
    try:
        store.append(name, stream, 0, [AnalysisRequested(cause="asked")], command_id="1", actor="test")
        store.append(name, stream, 1, [TrackDeleted()], command_id="2", actor="test")
        return len(store.read(name, stream)) == 2
    except ClientError as error:
        if error.response["Error"]["Code"] != "AccessDeniedException":
            raise
        return False
