"""WebSockets: who may connect, what they listen to, and what they are told."""

from aws_cdk import CfnOutput, RemovalPolicy, Stack, Tags
from aws_cdk import aws_apigatewayv2 as apigateway
from aws_cdk import aws_apigatewayv2_authorizers as authorizers
from aws_cdk import aws_apigatewayv2_integrations as integrations
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from constructs import Construct

from infra.acknowledged import acknowledge
from infra.function import ServiceFunction, Sockets
from infra.stage import Stage
from infra.triggers import EventTrigger

_STAGE_NAME = "live"
_ACTIONS = ("subscribe", "unsubscribe")
_TOLD = (
    *("TrackUploaded", "TrackRejected", "AnalysisRequested", "TrackAnalyzed", "AnalysisFailed", "TrackCorrected"),
    *("StemsRequested", "StemsSeparated", "StemsFailed", "TrackDeleted"),
    *("MixRequested", "MixPlanned", "PlanEdited", "PreviewRendered", "MixApproved", "RenderingStarted"),
    *("VoiceRendered", "MixMastered", "MixPublished", "MixFailed", "MixCancelled", "TransitionRated", "MixExpired"),
    *("LibraryOpened", "ImportStarted", "ImportFinished", "SettingsChanged"),
)
"""Events that listeners hear of; spelt out, since a rule that names none would hear of the projector's rebuilds too."""


class Realtime(Stack):
    """The WebSocket API and the functions behind it."""

    def __init__(self, scope: Construct, *, stage: Stage) -> None:
        super().__init__(scope, "realtime", stack_name=stage.name_of("realtime"))
        api = apigateway.WebSocketApi(
            self,
            "SocketsApi",
            api_name=stage.name_of("sockets"),
            description="Progress and news of jobs, tracks and library",
            route_selection_expression="$request.body.action",
        )
        self.sockets = Sockets(api_id=api.api_id, stage_name=_STAGE_NAME)
        authorize = ServiceFunction(self, "authorize", stage=stage)
        sockets = ServiceFunction(self, "sockets", stage=stage, sockets=self.sockets)
        EventTrigger(self, "notify", stage=stage, sockets=self.sockets).invoked_on(_TOLD)
        self._routes(api, authorize, sockets)
        self._stage(api, stage)
        if not stage.on_aws:
            Tags.of(api).add("ms-custom-id", "sockets", include_resource_types=["AWS::ApiGatewayV2::Api"])
        CfnOutput(self, "SocketsApiId", value=api.api_id)
        CfnOutput(self, "SocketsStage", value=_STAGE_NAME)

    def exported_sockets(self) -> Sockets:
        """The API as another stack knows it."""
        return Sockets(api_id=self.export_value(self.sockets.api_id), stage_name=self.sockets.stage_name)

    def _routes(self, api: apigateway.WebSocketApi, authorize: ServiceFunction, sockets: ServiceFunction) -> None:
        authorizer = authorizers.WebSocketLambdaAuthorizer(
            "Ticket", authorize.function, identity_source=["route.request.querystring.ticket"]
        )
        for route in ("$connect", "$disconnect", "$default", *_ACTIONS):
            made = api.add_route(
                route,
                integration=integrations.WebSocketLambdaIntegration(f"{route.strip('$')}Integration", sockets.function),
                authorizer=authorizer if route == "$connect" else None,
            )
            if route != "$connect":
                acknowledge(
                    made,
                    {"AwsSolutions-APIG4": "only $connect can be authorised; the rest comes over its connection"},
                )

    def _stage(self, api: apigateway.WebSocketApi, stage: Stage) -> None:
        made = apigateway.WebSocketStage(
            self,
            "Live",
            web_socket_api=api,
            stage_name=_STAGE_NAME,
            auto_deploy=True,
            throttle=apigateway.ThrottleSettings(rate_limit=500, burst_limit=1000),
        )
        write_access_logs(self, made, stage)


def write_access_logs(scope: Construct, made: apigateway.WebSocketStage | apigateway.HttpStage, stage: Stage) -> None:
    """One line a request, without who asked; on AWS only, where somebody reads them."""
    if not stage.on_aws:
        acknowledge(made, {"AwsSolutions-APIG1": "the embedded stage's requests are in the program's own log"})
        return
    group = logs.LogGroup(scope, "AccessLog", retention=stage.log_retention, removal_policy=RemovalPolicy.DESTROY)
    group.grant_write(iam.ServicePrincipal("apigateway.amazonaws.com"))
    resource = made.node.default_child
    assert isinstance(resource, apigateway.CfnStage)
    resource.access_log_settings = apigateway.CfnStage.AccessLogSettingsProperty(
        destination_arn=group.log_group_arn,
        format='{"request":"$context.requestId","route":"$context.routeKey","status":"$context.status",'
        '"milliseconds":"$context.responseLatency","error":"$context.integrationErrorMessage"}',
    )
