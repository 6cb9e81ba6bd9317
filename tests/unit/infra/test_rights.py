"""Least privilege: what each role allows, and that none allows more than its row in the catalogue says."""

import pytest
from infra.catalogue import FUNCTIONS, Function
from synthesised import Synthesised, listed, spelt

EVERY_FUNCTION = pytest.mark.parametrize("row", FUNCTIONS, ids=lambda row: row.name)
# Actions that know no resources; cdk-nag sees to all others.
WITHOUT_RESOURCES = {"dynamodb:ListStreams", "xray:PutTraceSegments", "xray:PutTelemetryRecords"}


def allowed(synthesised: Synthesised, function: str) -> set[tuple[str, str]]:
    return {
        (action, spelt(resource))
        for statement in synthesised.statements(function)
        for action in listed(statement["Action"])
        for resource in listed(statement["Resource"])
    }


def test_every_function_has_a_role_of_its_own(prod: Synthesised) -> None:
    roles = [function["Role"]["Fn::GetAtt"][0] for function in prod.properties("AWS::Lambda::Function")]
    assert len(set(roles)) == len(roles) == len(FUNCTIONS)


@EVERY_FUNCTION
def test_no_role_allows_everything_of_anything(prod: Synthesised, row: Function) -> None:
    for action, resource in allowed(prod, row.name):
        assert "*" not in action
        assert resource != "*" or action in WITHOUT_RESOURCES


@EVERY_FUNCTION
def test_objects_are_reached_by_the_folders_in_the_catalogue(prod: Synthesised, row: Function) -> None:
    def folders(action: str) -> set[str]:
        return {
            resource.split("/")[-2]
            for found, resource in allowed(prod, row.name)
            if found == action and resource.endswith("/*")
        }

    assert folders("s3:GetObject") == set(row.access.reads)
    assert folders("s3:PutObject") == set(row.access.writes)
    assert folders("s3:DeleteObject") == set(row.access.deletes)


@EVERY_FUNCTION
def test_a_function_is_told_of_what_it_may_touch_and_of_nothing_else(prod: Synthesised, row: Function) -> None:
    told = set(prod.function(row.name)["Environment"]["Variables"])
    # Its own dead letters are sent by the service, not by the function.
    rights = " ".join(
        f"{action} {resource}" for action, resource in allowed(prod, row.name) if "DeadLetters" not in resource
    )
    for variable, needs in {
        "NOTORIOUS_EVENTS_TABLE": "table/notorious-prod-events ",
        "NOTORIOUS_VIEWS_TABLE": "table/notorious-prod-views",
        "NOTORIOUS_LIVE_TABLE": "table/notorious-prod-live",
        "NOTORIOUS_IDEMPOTENCY_TABLE": "table/notorious-prod-idempotency",
        "NOTORIOUS_BUCKET": ":::notorious-prod-media",
        "NOTORIOUS_BUS": "events:PutEvents",
        "NOTORIOUS_NOTIFY_FUNCTION": "function:notorious-prod-notify",
        "NOTORIOUS_MIX_WORKFLOW": ("states:SendTaskSuccess", ":notorious-prod-mix"),
        "NOTORIOUS_LIBRARY_WORKFLOW": ":notorious-prod-analyze-library",
        "NOTORIOUS_STEMS_WORKFLOW": ":notorious-prod-stems",
        "NOTORIOUS_ANALYZE_QUEUE_URL": "sqs:SendMessage",
        "NOTORIOUS_SOCKETS_API_ID": "execute-api:ManageConnections",
    }.items():
        signs = needs if isinstance(needs, tuple) else (needs,)
        assert (variable in told) == any(sign in f"{rights} " for sign in signs), variable


def test_a_token_is_handed_back_to_the_workflow_of_mixes_only(prod: Synthesised) -> None:
    handed = {
        (row.name, resource.rsplit(":", 1)[1])
        for row in FUNCTIONS
        for action, resource in allowed(prod, row.name)
        if action == "states:SendTaskSuccess"
    }
    assert handed == {("resume_mix", "notorious-prod-mix"), ("ask_approval", "notorious-prod-mix")}


def test_only_what_is_written_in_parts_can_be_left_in_parts(prod: Synthesised) -> None:
    folders = {
        resource.split("/")[-2]
        for row in FUNCTIONS
        for action, resource in allowed(prod, row.name)
        if action == "s3:AbortMultipartUpload"
    }
    assert folders == {"voices", "previews", "mixes"}


def test_only_publish_may_put_events_on_the_bus(prod: Synthesised) -> None:
    assert [
        row.name for row in FUNCTIONS if any(action == "events:PutEvents" for action, _ in allowed(prod, row.name))
    ] == ["publish"]


def test_events_are_appended_and_never_deleted(prod: Synthesised) -> None:
    for row in FUNCTIONS:
        for action, resource in allowed(prod, row.name):
            if "table/notorious-prod-events" in resource:
                assert "Delete" not in action
                assert "BatchWrite" not in action


def test_functions_on_aws_may_write_their_own_log_and_no_other(prod: Synthesised) -> None:
    for row in FUNCTIONS:
        logs = {resource for action, resource in allowed(prod, row.name) if action.startswith("logs:")}
        (log,) = logs
        assert log.startswith("<" + "".join(part.capitalize() for part in row.name.split("_")) + "Log")


def test_the_tenant_of_a_user_cannot_be_written_by_the_user(prod: Synthesised) -> None:
    (pool,) = prod.properties("AWS::Cognito::UserPool")
    assert "tenant" in {attribute["Name"] for attribute in pool["Schema"]}
    assert pool["AdminCreateUserConfig"]["AllowAdminCreateUserOnly"] is True
    (client,) = prod.properties("AWS::Cognito::UserPoolClient")
    assert "custom:tenant" in client["ReadAttributes"]
    assert "custom:tenant" not in client["WriteAttributes"]


def test_every_route_of_the_api_wants_a_token_but_health_and_documentation(prod: Synthesised) -> None:
    open_to_all = {
        route["RouteKey"]
        for name, resource in prod.resources("AWS::ApiGatewayV2::Route")
        if name.startswith("api/") and (route := resource["Properties"]).get("AuthorizationType", "NONE") == "NONE"
    }
    assert open_to_all == {"GET /health", "GET /openapi.json", "GET /docs"}


def test_a_websocket_wants_a_ticket(prod: Synthesised) -> None:
    (connect,) = (r for r in prod.properties("AWS::ApiGatewayV2::Route") if r["RouteKey"] == "$connect")
    assert connect["AuthorizationType"] == "CUSTOM"
    (authorizer,) = (a for a in prod.properties("AWS::ApiGatewayV2::Authorizer") if a["AuthorizerType"] == "REQUEST")
    assert authorizer["IdentitySource"] == ["route.request.querystring.ticket"]


@pytest.mark.parametrize("stage", ["prod", "embedded"])
def test_a_workflow_may_call_what_its_definition_names_and_nothing_else(
    stage: str, request: pytest.FixtureRequest
) -> None:
    """The embedded interpreter does not ask whether a workflow may call a function, so this is read from both sides."""
    synthesised: Synthesised = request.getfixturevalue(stage)
    for _, machine in synthesised.resources("AWS::StepFunctions::StateMachine"):
        properties = machine["Properties"]
        named = {spelt(value) for value in properties["DefinitionSubstitutions"].values()}
        role = properties["RoleArn"]["Fn::GetAtt"][0]
        called = {
            spelt(resource)
            for policy in synthesised.properties("AWS::IAM::Policy")
            if {"Ref": role} in policy["Roles"]
            for statement in policy["PolicyDocument"]["Statement"]
            if {"lambda:InvokeFunction", "batch:SubmitJob"} & set(listed(statement["Action"]))
            for resource in listed(statement["Resource"])
        }
        # A function may be called in all its versions, too.
        assert {resource.removesuffix(":*") for resource in called} == named


# What a definition says, which actions that needs, and which more on AWS.
NEEDED = {
    '"Type": "Task"': ({"lambda:InvokeFunction"}, set[str]()),
    "batch:submitJob": (
        {"batch:SubmitJob"},
        {"batch:DescribeJobs", "batch:TerminateJob", "events:PutTargets", "events:PutRule", "events:DescribeRule"},
    ),
    '"Mode": "DISTRIBUTED"': ({"states:StartExecution"}, {"states:DescribeExecution", "states:StopExecution"}),
    "s3:getObject": ({"s3:GetObject"}, set()),
    "s3:putObject": ({"s3:PutObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"}, set()),
}


@pytest.mark.parametrize("stage", ["prod", "embedded"])
def test_a_workflow_may_do_what_its_definition_says_and_nothing_else(
    stage: str, request: pytest.FixtureRequest
) -> None:
    synthesised: Synthesised = request.getfixturevalue(stage)
    for name, machine in synthesised.resources("AWS::StepFunctions::StateMachine"):
        definition = machine["Properties"]["DefinitionString"]
        role = machine["Properties"]["RoleArn"]["Fn::GetAtt"][0]
        given = {
            action
            for policy in synthesised.properties("AWS::IAM::Policy")
            if {"Ref": role} in policy["Roles"]
            for statement in policy["PolicyDocument"]["Statement"]
            for action in listed(statement["Action"])
            # Every workflow on AWS writes a log and traces, which the CDK allows.
            if stage == "embedded" or not action.startswith(("logs:", "xray:"))
        }
        needs = [actions for said, actions in NEEDED.items() if said in definition]
        assert given == {
            action for always, on_aws in needs for action in always | (on_aws if stage == "prod" else set())
        }, name
