"""The HTTPS API, and who may call it."""

from aws_cdk import CfnOutput, Duration, Stack, Tags
from aws_cdk import aws_apigatewayv2 as apigateway
from aws_cdk import aws_apigatewayv2_authorizers as authorizers
from aws_cdk import aws_apigatewayv2_integrations as integrations
from aws_cdk import aws_cognito as cognito
from constructs import Construct

from infra.acknowledged import acknowledge
from infra.function import ServiceFunction
from infra.realtime import write_access_logs
from infra.stage import Stage

_OPEN = ("/health", "/openapi.json", "/docs")
"""What anybody may get: is it alive, and how is it spoken to."""
_TENANT = "tenant"


class Api(Stack):
    """One function behind one HTTP API; tokens are checked before it is asked."""

    def __init__(self, scope: Construct, *, stage: Stage) -> None:
        super().__init__(scope, "api", stack_name=stage.name_of("api"))
        pool, client = self._listeners(stage)
        function = ServiceFunction(self, "api", stage=stage)
        api = apigateway.HttpApi(
            self,
            "HttpApi",
            api_name=stage.name_of("api"),
            description="Tracks, mixes and what is known of them",
            create_default_stage=False,
            cors_preflight=_cors(stage),
        )
        integration = integrations.HttpLambdaIntegration("Integration", function.function)
        tokens = authorizers.HttpJwtAuthorizer(
            "Tokens",
            f"https://cognito-idp.{self.region}.{self.url_suffix}/{pool.user_pool_id}",
            jwt_audience=[client.user_pool_client_id],
        )
        for path in _OPEN:
            for route in api.add_routes(path=path, methods=[apigateway.HttpMethod.GET], integration=integration):
                acknowledge(route, {"AwsSolutions-APIG4": "health and documentation are for everybody"})
        methods = [
            apigateway.HttpMethod.GET,
            apigateway.HttpMethod.POST,
            apigateway.HttpMethod.PUT,
            apigateway.HttpMethod.PATCH,
            apigateway.HttpMethod.DELETE,
        ]
        # OPTIONS has no route: the API answers preflights itself.
        api.add_routes(path="/{proxy+}", methods=methods, integration=integration, authorizer=tokens)
        made = apigateway.HttpStage(
            self,
            "Default",
            http_api=api,
            stage_name="$default",
            auto_deploy=True,
            # The whole deployment; each caller has a bucket of tokens of his own in the function.
            throttle=apigateway.ThrottleSettings(rate_limit=1000, burst_limit=2000),
        )
        write_access_logs(self, made, stage)
        if not stage.on_aws:
            Tags.of(api).add("ms-custom-id", "notorious", include_resource_types=["AWS::ApiGatewayV2::Api"])
        self.api_id = api.api_id
        CfnOutput(self, "ApiId", value=api.api_id)
        CfnOutput(self, "ApiUrl", value=api.api_endpoint)
        CfnOutput(self, "UserPoolId", value=pool.user_pool_id)
        CfnOutput(self, "UserPoolClientId", value=client.user_pool_client_id)

    def exported_id(self) -> str:
        """The id of the HTTP API as another stack knows it."""
        return self.export_value(self.api_id)

    def _listeners(self, stage: Stage) -> tuple[cognito.UserPool, cognito.UserPoolClient]:
        """The users, each with the tenant that an administrator gave him."""
        pool = cognito.UserPool(
            self,
            "Users",
            user_pool_name=stage.name_of("users"),
            self_sign_up_enabled=False,
            sign_in_aliases=cognito.SignInAliases(username=True, email=True),
            sign_in_case_sensitive=False,
            custom_attributes={_TENANT: cognito.StringAttribute(min_len=1, max_len=64, mutable=True)},
            password_policy=cognito.PasswordPolicy(
                min_length=12,
                require_digits=True,
                require_lowercase=True,
                require_uppercase=True,
                require_symbols=True,
            ),
            mfa=cognito.Mfa.OPTIONAL,
            mfa_second_factor=cognito.MfaSecondFactor(sms=False, otp=True),
            account_recovery=cognito.AccountRecovery.EMAIL_ONLY,
            deletion_protection=stage.keeps_data,
            removal_policy=stage.removal,
        )
        acknowledge(
            pool,
            {
                "AwsSolutions-COG2": "a second factor is offered; players and scripts sign in without a person",
                "AwsSolutions-COG3": "threat protection is billed per user and month; who needs it switches the pool's "
                "plan",
                "AwsSolutions-COG8": "the plan that brings threat protection, see COG3",
            },
        )
        client = pool.add_client(
            "Program",
            user_pool_client_name=stage.name_of("program"),
            auth_flows=cognito.AuthFlow(user_srp=True, user_password=True),
            prevent_user_existence_errors=True,
            id_token_validity=Duration.days(1),
            access_token_validity=Duration.hours(1),
            refresh_token_validity=Duration.days(30),
            generate_secret=False,
            disable_o_auth=True,
            # A user who could write his tenant could become anybody's.
            write_attributes=cognito.ClientAttributes().with_standard_attributes(email=True, fullname=True),
            read_attributes=cognito.ClientAttributes()
            .with_standard_attributes(email=True, email_verified=True, fullname=True)
            .with_custom_attributes(_TENANT),
        )
        return pool, client


def _cors(stage: Stage) -> apigateway.CorsPreflightOptions | None:
    if not stage.allowed_origins:
        return None
    return apigateway.CorsPreflightOptions(
        allow_origins=list(stage.allowed_origins),
        allow_methods=[
            apigateway.CorsHttpMethod.GET,
            apigateway.CorsHttpMethod.POST,
            apigateway.CorsHttpMethod.PUT,
            apigateway.CorsHttpMethod.PATCH,
            apigateway.CorsHttpMethod.DELETE,
        ],
        allow_headers=["authorization", "content-type", "idempotency-key", "if-match"],
        expose_headers=["etag", "location", "retry-after"],
        max_age=Duration.hours(1),
    )
