"""Stems: a GPU that is there only while a track is separated.

On AWS a Batch environment of spot machines that scales from zero, in a network of its own without a gateway that would
cost by the hour. On the embedded stage the same job definition runs as a local process.
"""

from aws_cdk import CfnOutput, Duration, RemovalPolicy, Size, Stack
from aws_cdk import aws_batch as batch
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecr_assets as ecr_assets
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from constructs import Construct

from infra import carriers
from infra.acknowledged import acknowledge
from infra.catalogue import Workflow
from infra.function import ServiceFunction
from infra.stage import Stage
from infra.state_machine import StateMachine
from infra.storage import Stored
from infra.triggers import EventTrigger

_COMMAND = (
    *("python", "-m", "notorious.stems", "separate"),
    *("--source", "Ref::source", "--destination", "Ref::destination", "--model", "Ref::model"),
)
_ATTEMPTS = 3  # spot machines are taken away; an attempt finds what an earlier one has finished
_JOB_TIMEOUT = Duration.hours(1)
# g4dn.xlarge and g5.xlarge: 4 vCPUs, 16 GiB, one GPU of 16 or 24 GB. The rest of the 16 GiB is the agent's.
_VCPUS = 4
_MEMORY = Size.mebibytes(14_000)
_ECS_POLICY = "service-role/AmazonEC2ContainerServiceforEC2Role"
_MACHINES = ("g4dn.xlarge", "g5.xlarge", "g6.xlarge")


class Stems(Stack):
    """The Batch job, its queue, and the workflow around it."""

    def __init__(self, scope: Construct, *, stage: Stage) -> None:
        super().__init__(scope, "stems", stack_name=stage.name_of("stems"))
        role = iam.Role(
            self,
            "JobRole",
            assumed_by=iam.ServicePrincipal("ecs-tasks.amazonaws.com"),
            description="What the separation of a track may read and write",
        )
        bucket = Stored.seen_from(self, stage).bucket
        for actions, prefixes in (
            (["s3:GetObject"], ("tracks", "stems")),
            (["s3:PutObject", "s3:AbortMultipartUpload", "s3:DeleteObject"], ("stems",)),
        ):
            role.add_to_policy(
                iam.PolicyStatement(actions=actions, resources=[bucket.objects(prefix) for prefix in prefixes])
            )
        if stage.on_aws:
            # To be told of an object that is absent, not that it is forbidden (`Access.misses`).
            role.add_to_policy(iam.PolicyStatement(actions=["s3:ListBucket"], resources=[bucket.arn]))
        environment = {"NOTORIOUS_STAGE": stage.name, "NOTORIOUS_BUCKET": bucket.name}
        if stage.on_aws:
            job_queue, job_definition = self._on_gpus(stage, role, environment)
        else:
            job_queue, job_definition = self._on_this_machine(stage, role, environment)
        self._workflow(stage, job_queue, job_definition)

    def _on_gpus(self, stage: Stage, role: iam.Role, environment: dict[str, str]) -> tuple[str, str]:
        """Returns the addresses of queue and definition."""
        computing = batch.ManagedEc2EcsComputeEnvironment(
            self,
            "Gpus",
            vpc=self._network(),
            vpc_subnets=ec2.SubnetSelection(subnet_type=ec2.SubnetType.PUBLIC),
            instance_types=[ec2.InstanceType(name) for name in _MACHINES],
            use_optimal_instance_classes=False,
            images=[batch.EcsMachineImage(image_type=batch.EcsMachineImageType.ECS_AL2023_NVIDIA)],
            spot=True,
            minv_cpus=0,
            maxv_cpus=stage.gpu_vcpus,
            terminate_on_update=False,
        )
        queue = batch.JobQueue(
            self,
            "Queue",
            job_queue_name=stage.name_of("stems"),
            compute_environments=[batch.OrderedComputeEnvironment(compute_environment=computing, order=1)],
        )
        definition = batch.EcsJobDefinition(
            self,
            "Separation",
            job_definition_name=stage.name_of("stems"),
            container=batch.EcsEc2ContainerDefinition(
                self,
                "Container",
                image=ecs.ContainerImage.from_docker_image_asset(
                    ecr_assets.DockerImageAsset(
                        self,
                        "Image",
                        directory=str(carriers.ROOT),
                        file="containers/stems/Dockerfile",
                        exclude=carriers.everything_but_the_image_context(),
                        platform=ecr_assets.Platform.LINUX_AMD64,
                    )
                ),
                command=[*_COMMAND, "--bucket", environment["NOTORIOUS_BUCKET"]],
                cpu=_VCPUS,
                gpu=1,
                memory=_MEMORY,
                job_role=role,
                environment=environment,
                logging=ecs.LogDriver.aws_logs(
                    stream_prefix="stems",
                    log_group=logs.LogGroup(
                        self,
                        "Log",
                        log_group_name=f"/notorious/{stage.name}/stems",
                        retention=stage.log_retention,
                        removal_policy=RemovalPolicy.DESTROY,
                    ),
                ),
            ),
            retry_attempts=_ATTEMPTS,
            retry_strategies=[
                batch.RetryStrategy.of(batch.Action.RETRY, batch.Reason.SPOT_INSTANCE_RECLAIMED),
                # What the job itself ends with would be the same again.
                batch.RetryStrategy.of(batch.Action.EXIT, batch.Reason.custom(on_exit_code="*")),
            ],
            timeout=_JOB_TIMEOUT,
        )
        acknowledge(
            computing,
            {
                f"AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/{_ECS_POLICY}]": "what an instance of "
                "ECS needs is what AWS keeps in step with its agent"
            },
        )
        return queue.job_queue_arn, definition.job_definition_arn

    def _network(self) -> ec2.Vpc:
        """Two public subnets and nothing that costs by the hour: machines call out and take no calls."""
        network = ec2.Vpc(
            self,
            "Network",
            max_azs=3,
            nat_gateways=0,
            subnet_configuration=[
                ec2.SubnetConfiguration(name="gpus", subnet_type=ec2.SubnetType.PUBLIC, map_public_ip_on_launch=True)
            ],
            gateway_endpoints={"Objects": ec2.GatewayVpcEndpointOptions(service=ec2.GatewayVpcEndpointAwsService.S3)},
            restrict_default_security_group=False,
        )
        acknowledge(
            network,
            {
                "AwsSolutions-VPC7": "flow logs would cost more than the machines, which live for minutes and take no "
                "calls"
            },
        )
        return network

    def _on_this_machine(self, stage: Stage, role: iam.Role, environment: dict[str, str]) -> tuple[str, str]:
        """The same job without machines to choose; returns the addresses of queue and definition."""
        computing = batch.CfnComputeEnvironment(
            self, "ThisMachine", type="UNMANAGED", compute_environment_name=stage.name_of("stems"), state="ENABLED"
        )
        queue = batch.CfnJobQueue(
            self,
            "Queue",
            job_queue_name=stage.name_of("stems"),
            priority=1,
            compute_environment_order=[
                batch.CfnJobQueue.ComputeEnvironmentOrderProperty(
                    compute_environment=computing.attr_compute_environment_arn, order=1
                )
            ],
        )
        definition = batch.CfnJobDefinition(
            self,
            "Separation",
            job_definition_name=stage.name_of("stems"),
            type="container",
            container_properties=batch.CfnJobDefinition.ContainerPropertiesProperty(
                image="notorious/stems",
                command=[*_COMMAND, "--bucket", environment["NOTORIOUS_BUCKET"]],
                job_role_arn=role.role_arn,
                environment=[
                    batch.CfnJobDefinition.EnvironmentProperty(name=name, value=value)
                    for name, value in environment.items()
                ],
                resource_requirements=[
                    batch.CfnJobDefinition.ResourceRequirementProperty(type="VCPU", value="1"),
                    batch.CfnJobDefinition.ResourceRequirementProperty(type="MEMORY", value="4096"),
                ],
            ),
            timeout=batch.CfnJobDefinition.TimeoutProperty(
                # A processor takes tens of times as long as a GPU.
                attempt_duration_seconds=4 * _JOB_TIMEOUT.to_seconds()
            ),
        )
        return queue.ref, definition.ref

    def _workflow(self, stage: Stage, job_queue: str, job_definition: str) -> None:
        addresses = {
            name: ServiceFunction(self, name, stage=stage).function.function_arn
            for name in ("finish_stems", "fail_stems")
        }
        may = [
            iam.PolicyStatement(actions=["lambda:InvokeFunction"], resources=list(addresses.values())),
            iam.PolicyStatement(actions=["batch:SubmitJob"], resources=[job_queue, job_definition]),
        ]
        if stage.on_aws:
            may += [
                iam.PolicyStatement(actions=["batch:DescribeJobs", "batch:TerminateJob"], resources=["*"]),
                # How a state that waits for a job hears of its end.
                iam.PolicyStatement(
                    actions=["events:PutTargets", "events:PutRule", "events:DescribeRule"],
                    resources=[
                        self.format_arn(
                            service="events",
                            resource="rule",
                            resource_name="StepFunctionsGetEventsForBatchJobsRule",
                        )
                    ],
                ),
            ]
        workflow = StateMachine(
            self,
            Workflow.STEMS,
            stage=stage,
            substitutions={**addresses, "job_queue": job_queue, "job_definition": job_definition},
            may=may,
        )
        EventTrigger(self, "submit_stems", stage=stage).invoked_on(["StemsRequested"])
        CfnOutput(self, "StemsWorkflow", value=workflow.machine.state_machine_arn)
