"""A service in miniature, as a packaged template: everything that the embedded stack has to carry, and little else.

Events are appended by the function `append` (journal first, then table), go from the table's stream over `publish` to
the bus, from there to the queue of `project`, which counts what it sees into the views. `echo` does on request what a
function can do wrong.
"""

import io
import json
import zipfile
from pathlib import Path
from typing import Any

REGION = "eu-central-1"
PREFIX = "notorious-embedded-"

FUNCTIONS = tuple(sorted(path.stem for path in (Path(__file__).parent / "small_functions").glob("*.py")))

Template = dict[str, Any]


def write_template(folder: Path) -> Path:
    """Write the template and its assets; returns the folder."""
    assets = folder / "assets"
    assets.mkdir(parents=True)
    for name in FUNCTIONS:
        code = Path(__file__).parent / "small_functions" / f"{name}.py"
        (assets / f"{name}.zip").write_bytes(_zip(code.read_text()))
    stacks = {"small-storage": _storage(), "small-functions": _functions(), "small-api": _api()}
    for name, template in stacks.items():
        (folder / f"{name}.template.json").write_text(json.dumps(template))
    manifest = {
        "stage": "embedded",
        "region": REGION,
        "stacks": [{"name": name, "template": f"{name}.template.json"} for name in stacks],
        "assets": [{"file": f"assets/{name}.zip", "key": f"{name}.zip"} for name in FUNCTIONS],
    }
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return folder


def _zip(code: str) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("handler.py", code)
    return content.getvalue()


def _resource(kind: str, **properties: Any) -> Template:
    return {"Type": f"AWS::{kind}", "Properties": properties}


def _table(name: str, hash_name: str, range_name: str, **more: Any) -> Template:
    names = (hash_name, range_name)
    return _resource(
        "DynamoDB::Table",
        TableName=PREFIX + name,
        KeySchema=[{"AttributeName": n, "KeyType": k} for n, k in zip(names, ("HASH", "RANGE"), strict=True)],
        AttributeDefinitions=[{"AttributeName": n, "AttributeType": "S"} for n in names],
        BillingMode="PAY_PER_REQUEST",
        **more,
    )


def _export(value: Any, name: str) -> Template:
    return {"Value": value, "Export": {"Name": f"small:{name}"}}


def _import(name: str) -> Template:
    return {"Fn::ImportValue": f"small:{name}"}


def _arn(logical_id: str) -> Template:
    return {"Fn::GetAtt": [logical_id, "Arn"]}


def _storage() -> Template:
    return {
        "Resources": {
            "Media": _resource(
                "S3::Bucket",
                BucketName=PREFIX + "media",
                LifecycleConfiguration={"Rules": [{"Status": "Enabled", "Prefix": "voices/", "ExpirationInDays": 3}]},
                NotificationConfiguration={"EventBridgeConfiguration": {"EventBridgeEnabled": True}},
            ),
            "Events": _table("events", "stream", "item", StreamSpecification={"StreamViewType": "NEW_IMAGE"}),
            "Views": _table("views", "owner", "id"),
            "Live": _table(
                "live", "owner", "id", TimeToLiveSpecification={"AttributeName": "expires_at", "Enabled": True}
            ),
        },
        "Outputs": {
            "MediaBucket": _export({"Ref": "Media"}, "media"),
            "EventsTable": _export({"Ref": "Events"}, "events"),
            "EventsStream": _export({"Fn::GetAtt": ["Events", "StreamArn"]}, "stream"),
            "ViewsTable": _export({"Ref": "Views"}, "views"),
            "LiveTable": _export({"Ref": "Live"}, "live"),
        },
    }


def _functions() -> Template:
    allowed = ["dynamodb:*", "events:PutEvents", "s3:*", "sqs:*", "lambda:InvokeFunction", "batch:*"]
    services = ["lambda.amazonaws.com", "states.amazonaws.com", "batch.amazonaws.com", "ecs-tasks.amazonaws.com"]
    resources: Template = {
        "Role": _resource(
            "IAM::Role",
            AssumeRolePolicyDocument=_policy({"Principal": {"Service": services}, "Action": "sts:AssumeRole"}),
            Policies=[{"PolicyName": "all", "PolicyDocument": _policy({"Action": allowed, "Resource": "*"})}],
        ),
        "Bus": _resource("Events::EventBus", Name=PREFIX + "bus"),
        "Archive": _resource("Events::Archive", SourceArn=_arn("Bus"), ArchiveName="everything"),
        "Dead": _resource("SQS::Queue", QueueName=PREFIX + "project-dead"),
        "Queue": _resource(
            "SQS::Queue",
            QueueName=PREFIX + "project",
            VisibilityTimeout=2,
            RedrivePolicy={"deadLetterTargetArn": _arn("Dead"), "maxReceiveCount": 2},
        ),
        "Uploads": _resource("SQS::Queue", QueueName=PREFIX + "ingest", VisibilityTimeout=30),
        "QueuePolicy": _resource(
            "SQS::QueuePolicy",
            Queues=[{"Ref": "Queue"}, {"Ref": "Uploads"}],
            PolicyDocument=_policy(
                {"Principal": {"Service": "events.amazonaws.com"}, "Action": "sqs:SendMessage", "Resource": "*"}
            ),
        ),
        "ToProject": _resource(
            "Events::Rule",
            EventBusName={"Ref": "Bus"},
            EventPattern={"source": ["notorious"]},
            Targets=[{"Id": "queue", "Arn": _arn("Queue")}],
        ),
        "ToIngest": _resource(
            "Events::Rule",
            EventPattern={
                "source": ["aws.s3"],
                "detail-type": ["Object Created"],
                "detail": {"object": {"key": [{"prefix": "drop/"}]}},
            },
            Targets=[{"Id": "queue", "Arn": _arn("Uploads")}],
        ),
        "FromStream": _resource(
            "Lambda::EventSourceMapping",
            FunctionName={"Ref": "publish"},
            EventSourceArn=_import("stream"),
            StartingPosition="LATEST",
            BatchSize=100,
        ),
        "FromQueue": _resource(
            "Lambda::EventSourceMapping",
            FunctionName={"Ref": "project"},
            EventSourceArn=_arn("Queue"),
            FunctionResponseTypes=["ReportBatchItemFailures"],
        ),
        "FromUploads": _resource(
            "Lambda::EventSourceMapping", FunctionName={"Ref": "ingest"}, EventSourceArn=_arn("Uploads")
        ),
        "Patient": _resource(
            "StepFunctions::StateMachine",
            StateMachineName=PREFIX + "patient",
            RoleArn=_arn("Role"),
            DefinitionString={"Fn::Sub": json.dumps(_patient_workflow())},
        ),
        "Machines": _resource("Batch::ComputeEnvironment", Type="MANAGED", ComputeResources={"Type": "SPOT"}),
        "Jobs": _resource(
            "Batch::JobQueue",
            JobQueueName=PREFIX + "jobs",
            Priority=1,
            ComputeEnvironmentOrder=[{"Order": 1, "ComputeEnvironment": {"Ref": "Machines"}}],
        ),
        "Job": _resource(
            "Batch::JobDefinition",
            JobDefinitionName=PREFIX + "job",
            Type="container",
            Parameters={"code": "pass"},
            ContainerProperties={
                "Image": "none",
                "Command": ["python", "-c", "Ref::code"],
                "JobRoleArn": _arn("Role"),
                "Environment": [{"Name": "COLOUR", "Value": "blue"}],
            },
        ),
        "Separate": _resource(
            "StepFunctions::StateMachine",
            StateMachineName=PREFIX + "separate",
            RoleArn=_arn("Role"),
            DefinitionString={"Fn::Sub": json.dumps(_job_workflow())},
        ),
    }
    for name in FUNCTIONS:
        resources[name] = _function(name)
    return {
        "Resources": resources,
        "Outputs": {
            "SweepFunction": {"Value": {"Ref": "sweep"}},
            "Append": _export(_arn("append"), "append"),
            "Bus": {"Value": {"Ref": "Bus"}},
            "Patient": {"Value": {"Ref": "Patient"}},
            "Separate": {"Value": {"Ref": "Separate"}},
        },
    }


def _function(name: str) -> Template:
    made = _resource(
        "Lambda::Function",
        FunctionName=PREFIX + name,
        Runtime="python3.13",
        Handler="handler.handler",
        Role=_arn("Role"),
        Timeout=300 if name == "heavy" else 30,
        MemorySize=2048 if name == "heavy" else 256,
        Code={"S3Bucket": {"Fn::Sub": "cdk-hnb659fds-assets-${AWS::AccountId}-${AWS::Region}"}, "S3Key": f"{name}.zip"},
        Environment={
            "Variables": {
                "NOTORIOUS_EVENTS_TABLE": _import("events"),
                "NOTORIOUS_VIEWS_TABLE": _import("views"),
                "NOTORIOUS_LIVE_TABLE": _import("live"),
                "NOTORIOUS_BUCKET": _import("media"),
                "NOTORIOUS_BUS": {"Ref": "Bus"},
            }
        },
    )
    if name == "echo":
        made["Properties"].update(
            ReservedConcurrentExecutions=7, DeadLetterConfig={"TargetArn": _arn("Dead")}, Timeout=3
        )
    return made


def _policy(statement: Template) -> Template:
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement}]}


def _patient_workflow() -> Template:
    return {
        "StartAt": "Try",
        "States": {
            "Try": {
                "Type": "Task",
                "Resource": "${echo.Arn}",
                "Retry": [{"ErrorEquals": ["StrangeMaterial"], "IntervalSeconds": 1, "MaxAttempts": 1}],
                "Catch": [{"ErrorEquals": ["StrangeMaterial"], "Next": "Caught"}],
                "End": True,
            },
            "Caught": {"Type": "Pass", "Result": "caught by name", "End": True},
        },
    }


def _job_workflow() -> Template:
    return {
        "StartAt": "Run",
        "States": {
            "Run": {
                "Type": "Task",
                "Resource": "arn:aws:states:::batch:submitJob.sync",
                "Parameters": {
                    "JobName": "a-job",
                    "JobQueue": "${Jobs}",
                    "JobDefinition": "${Job}",
                    "Parameters": {"code.$": "$.code"},
                },
                "ResultPath": None,
                "Catch": [{"ErrorEquals": ["States.TaskFailed"], "Next": "Failed", "ResultPath": "$.error"}],
                "End": True,
            },
            "Failed": {"Type": "Pass", "End": True},
        },
    }


def _api() -> Template:
    proxy = {"Fn::Sub": ["arn:aws:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${F}/invocations",
                         {"F": _import("append")}]}  # fmt: skip
    return {
        "Resources": {
            "Pool": _resource(
                "Cognito::UserPool",
                Schema=[{"Name": "tenant", "AttributeDataType": "String", "Mutable": True}],
            ),
            "Client": _resource(
                "Cognito::UserPoolClient",
                UserPoolId={"Ref": "Pool"},
                ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"],
                IdTokenValidity=24,
            ),
            "Api": _resource(
                "ApiGatewayV2::Api",
                Name="api",
                ProtocolType="HTTP",
                Tags={"ms-custom-id": "notorious"},
                CorsConfiguration={
                    "AllowOrigins": ["https://app.example"],
                    "AllowMethods": ["GET", "POST"],
                    "AllowHeaders": ["authorization"],
                    "MaxAge": 600,
                },
            ),
            "Authorizer": _resource(
                "ApiGatewayV2::Authorizer",
                ApiId={"Ref": "Api"},
                Name="people",
                AuthorizerType="JWT",
                IdentitySource=["$request.header.Authorization"],
                JwtConfiguration={
                    "Audience": [{"Ref": "Client"}],
                    "Issuer": {"Fn::Sub": "https://cognito-idp.${AWS::Region}.amazonaws.com/${Pool}"},
                },
            ),
            "ToAppend": _resource(
                "ApiGatewayV2::Integration",
                ApiId={"Ref": "Api"},
                IntegrationType="AWS_PROXY",
                IntegrationUri=proxy,
                PayloadFormatVersion="2.0",
            ),
            "PostEvents": _resource(
                "ApiGatewayV2::Route",
                ApiId={"Ref": "Api"},
                RouteKey="POST /events",
                AuthorizationType="JWT",
                AuthorizerId={"Ref": "Authorizer"},
                Target={"Fn::Sub": "integrations/${ToAppend}"},
            ),
            "DeleteEvents": _resource(
                "ApiGatewayV2::Route",
                ApiId={"Ref": "Api"},
                RouteKey="DELETE /events",
                Target={"Fn::Sub": "integrations/${ToAppend}"},
            ),
            "Stage": _resource("ApiGatewayV2::Stage", ApiId={"Ref": "Api"}, StageName="$default", AutoDeploy=True),
            "MayCall": _resource(
                "Lambda::Permission",
                Action="lambda:InvokeFunction",
                FunctionName=_import("append"),
                Principal="apigateway.amazonaws.com",
            ),
            "Sockets": _resource(
                "ApiGatewayV2::Api",
                Name="sockets",
                ProtocolType="WEBSOCKET",
                RouteSelectionExpression="$request.body.action",
                Tags={"ms-custom-id": "sockets"},
            ),
        },
        "Outputs": {
            "ApiId": {"Value": {"Ref": "Api"}},
            "SocketsApiId": {"Value": {"Ref": "Sockets"}},
            "SocketsStage": {"Value": "live"},
            "UserPoolId": {"Value": {"Ref": "Pool"}},
            "UserPoolClientId": {"Value": {"Ref": "Client"}},
        },
    }
