"""The stacks: what holds data (``data``) and what runs (``services``), made of the tables beside this file.

Constructs are functions over a stack, so that a reader follows one list of what there is. Nothing is looked up in an account: the templates
are the same wherever they are made, and need no network.
"""

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from aws_cdk import (
    Duration,
    RemovalPolicy,
    SecretValue,
    aws_autoscaling,
    aws_cloudwatch,
    aws_cloudwatch_actions,
    aws_connect,
    aws_ec2,
    aws_ecr,
    aws_ecs,
    aws_elasticache,
    aws_elasticloadbalancingv2,
    aws_events,
    aws_events_targets,
    aws_iam,
    aws_kinesisfirehose,
    aws_logs,
    aws_rds,
    aws_route53,
    aws_route53_targets,
    aws_s3,
    aws_secretsmanager,
    aws_sns,
    aws_sqs,
)
from aws_cdk.aws_applicationautoscaling import ScalingInterval
from pydantic import SecretStr

from deployments.aws import processes, retention, roles
from deployments.aws.processes import Container
from deployments.environment import Process
from models.errors import ConfigurationError
from wiring.configuration import Settings

CONNECT_FLOW = Path(__file__).parent / "connect_flow.json"
METRICS = "Readback"
REDIS_PORT = 6379
GPU_INSTANCE = "g4dn.xlarge"
API_USER = "readback"


@dataclass(frozen=True)
class Site:
    """What differs between sites. ``connect_instance`` empty: no contact is told, no contact records arrive, no flow is made.

    ``certificate_arn`` is of a certificate for both names. ``people`` are networks, by commas, from which people reach the balancer beside
    its own (a VPN's, an office's). ``settings`` is a JSON object of further settings for every process (docs/configuration.md), none of
    them a secret. Before ``deployments.register`` has run once, ``registered`` is false: then Prefect's server alone is started.
    """

    bucket: str = "aicc-all"
    server_name: str = "prefect.readback.internal"
    console_name: str = "console.readback.internal"
    people: str = ""
    registered: bool = True
    notification_block: str = ""
    settings: str = "{}"
    certificate_arn: str = "arn:aws:acm:ap-northeast-2:111111111111:certificate/00000000-0000-0000-0000-000000000000"
    recordings_prefix: str = "connect/"
    contact_records_prefix: str = "ctr/"
    connect_instance: str = ""
    daily_budgets: str = ""
    kept_days: str = ""
    image_tag: str = "release"
    call_workers: int = 2
    most_call_workers: int = 8
    summarizers: int = 1
    most_summarizers: int = 3
    most_trainers: int = 2
    database: str = "t4g.medium"
    redis: str = "cache.t4g.small"
    several_zones: bool = True


@dataclass(frozen=True)
class Data:
    """What the services stand on."""

    vpc: Any
    bucket: Any
    queue: Any
    dead: Any
    database: Any
    redis: Any
    inside: Any
    images: dict[str, Any]
    secrets: dict[str, Any]


def data(stack: Any, site: Site) -> Data:
    """Network, bucket, queue, database, Redis, images and secrets: what outlives a deployment."""
    vpc = aws_ec2.Vpc(stack, "Network", max_azs=2, nat_gateways=1, subnet_configuration=_subnets())
    vpc.add_gateway_endpoint("S3", service=aws_ec2.GatewayVpcEndpointAwsService.S3)
    vpc.add_flow_log("FlowLog")
    inside = aws_ec2.SecurityGroup(stack, "Inside", vpc=vpc, description="Processes of Readback")
    bucket = _bucket(stack, site)
    queue, dead = _queue(stack, site)
    database = _database(stack, site, vpc, inside)
    secrets = {
        "database-url": _database_url(stack, database, "database-url", "prefect", "postgresql+asyncpg", "ssl=require", database.secret),
        "index-url": _database_url(stack, database, "index-url", "console", "postgresql", "sslmode=require"),
        "tracking-url": _database_url(stack, database, "tracking-url", "mlflow", "postgresql", "sslmode=require"),
        "prefect-auth": _prefect_auth(stack),
        "number-key": _generated(stack, "number-key", "Key of the hashes of callers' numbers; a new one finds no caller of before"),
        "console-secret": _generated(stack, "console-secret", "What the console signs its sessions with; a new one ends them all"),
        "tracking-password": _generated(stack, "tracking-password", "Password of MLflow's first user"),
        "tracking-key": _generated(stack, "tracking-key", "What MLflow signs its forms with"),
        "returnzero": _filled_by_hand(stack, "returnzero", {"client_id": "", "client_secret": ""}),
        "google": _filled_by_hand(stack, "google", {}),
        "console-users": _filled_by_hand(stack, "console-users", []),
    }
    images = {name: _repository(stack, name) for name in processes.IMAGES}
    if site.connect_instance:
        _contact_records(stack, site, bucket)
        content = CONNECT_FLOW.read_text("utf-8")
        aws_connect.CfnContactFlow(
            stack, "ReadbackFlow", instance_arn=_connect_arn(stack, site), name="Readback", type="CONTACT_FLOW", content=content
        )
    return Data(vpc, bucket, queue, dead, database, _redis(stack, site, vpc, inside), inside, images, secrets)


def _subnets() -> list[Any]:
    kinds = (
        ("public", aws_ec2.SubnetType.PUBLIC),
        ("private", aws_ec2.SubnetType.PRIVATE_WITH_EGRESS),
        ("data", aws_ec2.SubnetType.PRIVATE_ISOLATED),
    )
    return [aws_ec2.SubnetConfiguration(name=name, subnet_type=kind, cidr_mask=20) for name, kind in kinds]


def _bucket(stack: Any, site: Site) -> Any:
    """Encrypted, versioned, closed, and told of by EventBridge; each kind of data has its term."""
    rules = [
        aws_s3.LifecycleRule(
            id=kind.name,
            prefix=kind.prefix,
            expiration=Duration.days(kind.days) if kind.days else None,
            transitions=[
                aws_s3.Transition(storage_class=aws_s3.StorageClass.INFREQUENT_ACCESS, transition_after=Duration.days(kind.cold_days))
            ]
            if kind.cold_days
            else None,
        )
        for kind in retention.in_bucket(
            site.kept_days, recordings_prefix=site.recordings_prefix, contact_files_prefix=site.contact_records_prefix
        )
    ]
    rules.append(
        aws_s3.LifecycleRule(
            id="old-versions",
            noncurrent_version_expiration=Duration.days(retention.OLD_VERSIONS_DAYS),
            expired_object_delete_marker=True,
            abort_incomplete_multipart_upload_after=Duration.days(retention.UNFINISHED_UPLOADS_DAYS),
        )
    )
    bucket = aws_s3.Bucket(
        stack,
        "Bucket",
        bucket_name=site.bucket,
        encryption=aws_s3.BucketEncryption.S3_MANAGED,
        enforce_ssl=True,
        versioned=True,
        block_public_access=aws_s3.BlockPublicAccess.BLOCK_ALL,
        object_ownership=aws_s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
        lifecycle_rules=rules,
        removal_policy=RemovalPolicy.RETAIN,
    )
    # CDK's own switch is a function with rights over every bucket; the property itself needs none.
    bucket.node.default_child.add_property_override("NotificationConfiguration", {"EventBridgeConfiguration": {"EventBridgeEnabled": True}})
    if site.connect_instance:
        bucket.add_to_resource_policy(
            aws_iam.PolicyStatement(
                sid="ConnectPlaysPrompts",
                actions=["s3:GetObject"],
                principals=[aws_iam.ServicePrincipal("connect.amazonaws.com")],
                resources=[bucket.arn_for_objects("tts/*")],
                conditions={"StringEquals": {"aws:SourceArn": _connect_arn(stack, site)}},
            )
        )
    return bucket


def _queue(stack: Any, site: Site) -> tuple[Any, Any]:
    """The listener's queue with its dead letters, filled by EventBridge with what lands under the two prefixes."""
    dead = aws_sqs.Queue(
        stack,
        "DeadLetters",
        queue_name="readback-dead-letters",
        retention_period=Duration.days(14),
        enforce_ssl=True,
        encryption=aws_sqs.QueueEncryption.SQS_MANAGED,
    )
    queue = aws_sqs.Queue(
        stack,
        "Notifications",
        queue_name="readback-notifications",
        visibility_timeout=Duration.seconds(60),
        retention_period=Duration.days(14),
        enforce_ssl=True,
        encryption=aws_sqs.QueueEncryption.SQS_MANAGED,
        dead_letter_queue=aws_sqs.DeadLetterQueue(queue=dead, max_receive_count=20),
    )
    prefixes = (site.recordings_prefix, site.contact_records_prefix)
    landed = aws_events.EventPattern(
        source=["aws.s3"],
        detail_type=["Object Created"],
        detail={"bucket": {"name": [site.bucket]}, "object": {"key": [{"prefix": prefix} for prefix in prefixes]}},
    )
    target = aws_events_targets.SqsQueue(queue, dead_letter_queue=dead, retry_attempts=185, max_event_age=Duration.hours(24))
    aws_events.Rule(stack, "Landed", description="Recordings and contact records that landed", event_pattern=landed, targets=[target])
    return queue, dead


def _database(stack: Any, site: Site, vpc: Any, inside: Any) -> Any:
    """PostgreSQL for Prefect's server, the console's list and MLflow."""
    database = aws_rds.DatabaseInstance(
        stack,
        "Database",
        engine=aws_rds.DatabaseInstanceEngine.postgres(version=aws_rds.PostgresEngineVersion.of("17.6", "17")),
        instance_type=aws_ec2.InstanceType(site.database),
        vpc=vpc,
        vpc_subnets=aws_ec2.SubnetSelection(subnet_type=aws_ec2.SubnetType.PRIVATE_ISOLATED),
        credentials=aws_rds.Credentials.from_generated_secret("prefect", exclude_characters=" %+~`#$&*()|[]{}:;<>?!'/@\"\\,="),
        database_name="prefect",
        allocated_storage=50,
        max_allocated_storage=500,
        storage_type=aws_rds.StorageType.GP3,
        storage_encrypted=True,
        multi_az=site.several_zones,
        backup_retention=Duration.days(7),
        deletion_protection=True,
        auto_minor_version_upgrade=True,
        enable_performance_insights=True,
        removal_policy=RemovalPolicy.RETAIN,
    )
    database.connections.allow_default_port_from(inside)
    return database


def _database_url(stack: Any, database: Any, name: str, user: str, scheme: str, tls: str, owner: Any = None) -> Any:
    """The address of a user's own database, with the password: a secret, which CloudFormation makes.

    ``owner`` is RDS's secret of the first user; the others' passwords are made here, and ``deployments.databases`` makes the users by them.
    """
    if owner is None:
        made = _generated(stack, f"{user}-database", f"Password of {user} in the database")
        password = SecretValue.secrets_manager(made.secret_arn).unsafe_unwrap()
    else:
        password = SecretValue.secrets_manager(owner.secret_arn, json_field="password").unsafe_unwrap()
    address = f"{scheme}://{user}:{password}@{database.db_instance_endpoint_address}:5432/{user}?{tls}"
    return aws_secretsmanager.Secret(
        stack,
        name,
        secret_name=f"readback/{name}",
        description=f"Address of the database {user}; CloudFormation puts the password in",
        secret_string_value=SecretValue.unsafe_plain_text(address),
    )


def _redis(stack: Any, site: Site, vpc: Any, inside: Any) -> Any:
    """Redis with TLS, for Prefect's events, their order and its leases."""
    group = aws_ec2.SecurityGroup(stack, "RedisGroup", vpc=vpc, description="Redis of the Prefect server", allow_all_outbound=False)
    group.add_ingress_rule(inside, aws_ec2.Port.tcp(REDIS_PORT))
    isolated = vpc.select_subnets(subnet_type=aws_ec2.SubnetType.PRIVATE_ISOLATED).subnet_ids
    subnets = aws_elasticache.CfnSubnetGroup(stack, "RedisSubnets", description="Readback", subnet_ids=isolated)
    return aws_elasticache.CfnReplicationGroup(
        stack,
        "Redis",
        replication_group_description="Prefect's events and leases",
        engine="valkey",
        engine_version="8.0",
        cache_node_type=site.redis,
        num_cache_clusters=2 if site.several_zones else 1,
        automatic_failover_enabled=site.several_zones,
        multi_az_enabled=site.several_zones,
        at_rest_encryption_enabled=True,
        transit_encryption_enabled=True,
        snapshot_retention_limit=1,
        cache_subnet_group_name=subnets.ref,
        security_group_ids=[group.security_group_id],
    )


def _prefect_auth(stack: Any) -> Any:
    """``user:password`` of Prefect's API, made here."""
    made = _generated(stack, "prefect-password", "Password of the Prefect server's API")
    password = SecretValue.secrets_manager(made.secret_arn).unsafe_unwrap()
    return aws_secretsmanager.Secret(
        stack,
        "prefect-auth",
        secret_name="readback/prefect-auth",
        description="PREFECT_API_AUTH_STRING, for processes and for people's first page",
        secret_string_value=SecretValue.unsafe_plain_text(f"{API_USER}:{password}"),
    )


def _generated(stack: Any, name: str, description: str) -> Any:
    rule = aws_secretsmanager.SecretStringGenerator(exclude_punctuation=True, password_length=40)
    return aws_secretsmanager.Secret(
        stack,
        name,
        secret_name=f"readback/{name}",
        description=description,
        generate_secret_string=rule,
        removal_policy=RemovalPolicy.RETAIN,
    )


def _filled_by_hand(stack: Any, name: str, fields: dict[str, str] | list[str]) -> Any:
    return aws_secretsmanager.Secret(
        stack,
        name,
        secret_name=f"readback/{name}",
        description="Filled by hand: docs/aws.md",
        secret_string_value=SecretValue.unsafe_plain_text(json.dumps(fields)),
        removal_policy=RemovalPolicy.RETAIN,
    )


def _repository(stack: Any, name: str) -> Any:
    return aws_ecr.Repository(
        stack,
        f"Image{name.capitalize()}",
        repository_name=f"readback/{name}",
        image_scan_on_push=True,
        encryption=aws_ecr.RepositoryEncryption.AES_256,
        lifecycle_rules=[aws_ecr.LifecycleRule(max_image_count=20)],
        removal_policy=RemovalPolicy.RETAIN,
    )


def _connect_arn(stack: Any, site: Site) -> str:
    return f"arn:aws:connect:{stack.region}:{stack.account}:instance/{site.connect_instance}"


def _contact_records(stack: Any, site: Site, bucket: Any) -> None:
    """Contact records by Firehose into the bucket."""
    role = aws_iam.Role(stack, "FirehoseRole", assumed_by=aws_iam.ServicePrincipal("firehose.amazonaws.com"))
    bucket.grant_put(role, f"{site.contact_records_prefix}*")
    stream = aws_kinesisfirehose.CfnDeliveryStream(
        stack,
        "ContactRecords",
        delivery_stream_type="DirectPut",
        delivery_stream_encryption_configuration_input={"keyType": "AWS_OWNED_CMK"},
        extended_s3_destination_configuration={
            "bucketArn": bucket.bucket_arn,
            "roleArn": role.role_arn,
            "prefix": site.contact_records_prefix,
            "errorOutputPrefix": "ctr-errors/",
            "compressionFormat": "GZIP",
            "bufferingHints": {"intervalInSeconds": 60, "sizeInMBs": 5},
        },
    )
    aws_connect.CfnInstanceStorageConfig(
        stack,
        "ContactRecordsToFirehose",
        instance_arn=_connect_arn(stack, site),
        resource_type="CONTACT_TRACE_RECORDS",
        storage_type="KINESIS_FIREHOSE",
        kinesis_firehose_config={"firehoseArn": stream.attr_arn},
    )


@dataclass(frozen=True)
class _Running:
    """What containers are made with."""

    stack: Any
    site: Site
    data: Data
    cluster: Any
    logs: Any
    names: dict[str, str]
    training: str = ""


def services(stack: Any, site: Site, kept: Data) -> None:
    """Everything that runs, what it is scaled by, and who is told when it does not."""
    cluster = aws_ecs.Cluster(stack, "Cluster", vpc=kept.vpc, container_insights_v2=aws_ecs.ContainerInsights.ENABLED)
    logs = aws_logs.LogGroup(stack, "Logs", retention=aws_logs.RetentionDays.ONE_MONTH, removal_policy=RemovalPolicy.RETAIN)
    names = {
        "bucket": site.bucket,
        "recordings_prefix": site.recordings_prefix,
        "contact_records_prefix": site.contact_records_prefix,
        "region": stack.region,
        "account": stack.account,
        "queue": kept.queue.queue_name,
        "connect_instance": site.connect_instance,
    }
    inside = aws_ec2.SecurityGroup.from_security_group_id(stack, "InsideGroup", kept.inside.security_group_id, mutable=False)
    running = _Running(stack, site, replace(kept, inside=inside), cluster, logs, names)
    # One task fills the empty database: two that did so at once would fail.
    made = {"server-api": _fargate(running, processes.API, 2 if site.registered else 1)}
    others = (container for container in processes.FARGATE if container not in (processes.API, processes.ECS_WORKER))
    for container in others:
        count = site.call_workers if container is processes.CALL_WORKER else 1
        made[container.name] = _fargate(running, container, count if site.registered else 0)
    balancer, doors = _balancer(running, made)
    summaries = _gpu_group(running, "summaries", least=site.summarizers, most=site.most_summarizers)
    made["summarizer"] = _gpu_service(running, processes.SUMMARIZER, summaries)
    training = _gpu_group(running, "training", least=0, most=site.most_trainers)
    made["ecs-worker"] = _training(running)
    for container in processes.ONCE:
        _task(replace(running, training=training.capacity_provider_name), container, aws_ecs.FargateTaskDefinition)
    _late_runs(running)
    _scale(running, made)
    _watch(running, made, balancer, doors)


def _task(running: _Running, container: Container, kind: Any) -> Any:
    """A task definition: the container with its role, its environment and its secrets."""
    role = aws_iam.Role(running.stack, f"{container.name}-role", assumed_by=aws_iam.ServicePrincipal("ecs-tasks.amazonaws.com"))
    for name in roles_of(container, running.site):
        document = aws_iam.PolicyDocument.from_json(roles.policy(name, running.names))
        also = "" if name == container.role else f"-{name}"
        role.attach_inline_policy(aws_iam.Policy(running.stack, f"{container.name}{also}-policy", document=document))
    size = {} if container.gpu else {"cpu": container.cpu, "memory_limit_mib": container.memory}
    task = kind(running.stack, f"{container.name}-task", family=f"readback-{container.name}", task_role=role, **size)
    health = {"health_check": _health(container)} if container.health else {}
    gpu = {"gpu_count": 1, "cpu": container.cpu, "memory_reservation_mib": container.memory} if container.gpu else {}
    task.add_container(
        container.name,
        image=aws_ecs.ContainerImage.from_ecr_repository(running.data.images[container.image], running.site.image_tag),
        command=_command(running.site, container) or None,
        entry_point=list(container.entry_point) or None,
        environment=environment_of(running, container),
        secrets={name: _secret(running, name) for name in container.secrets},
        logging=aws_ecs.LogDrivers.aws_logs(stream_prefix=container.name, log_group=running.logs),
        stop_timeout=Duration.seconds(container.stop_seconds),
        **health,
        **gpu,
    )
    if container.kept:
        # A volume of Docker's takes the folder's owner from the image; a folder of the machine would be root's.
        lasting = aws_ecs.DockerVolumeConfiguration(driver="local", scope=aws_ecs.Scope.SHARED, autoprovision=True)
        task.add_volume(name="kept", docker_volume_configuration=lasting)
        mounted = aws_ecs.MountPoint(container_path=container.kept, source_volume="kept", read_only=False)
        task.default_container.add_mount_points(mounted)
    if container.port:
        task.default_container.add_port_mappings(aws_ecs.PortMapping(container_port=container.port))
    return task


def _command(site: Site, container: Container) -> list[str]:
    """The command with the site's names in it."""
    names = {processes.BUCKET: site.bucket, processes.SERVER_NAME: site.server_name}
    words = list(container.command)
    for name, value in names.items():
        words = [word.replace(name, value) for word in words]
    return words


def roles_of(container: Container, site: Site) -> tuple[str, ...]:
    """The policies that a process has; call workers that summarize themselves read models as well."""
    also = ("summarizer",) if container is processes.CALL_WORKER and not site.summarizers else ()
    return (*((container.role,) if container.role else ()), *also)


def settings_for_all(site: Site) -> dict[str, str]:
    """The site's further settings; ConfigurationError for one that there is not, and for a secret, which a template may not hold."""
    given = json.loads(site.settings)
    for name in given:
        field = Settings.model_fields.get(name.removeprefix("READBACK_").lower()) if name.startswith("READBACK_") else None
        if field is None or field.annotation is SecretStr:
            why = "is a secret" if field else "is no setting"
            remedy = "docs/configuration.md lists the settings; secrets are filled in Secrets Manager (docs/aws.md)"
            raise ConfigurationError(f"-c settings: {name} {why}", remedy=remedy)
    return {name: str(value) for name, value in given.items()}


def environment_of(running: _Running, container: Container) -> dict[str, str]:
    """Prefect's variables from the one table, the site's own, and the settings that the process reads."""
    site = running.site
    given = {
        "READBACK_BUCKET": site.bucket,
        "READBACK_RECORDINGS_PREFIX": site.recordings_prefix,
        "READBACK_QUEUE_URL": running.data.queue.queue_url,
        "READBACK_CONTACT_RECORDS_PREFIX": site.contact_records_prefix if site.connect_instance else "",
        "READBACK_CONNECT_INSTANCE_ID": site.connect_instance,
        "READBACK_DAILY_BUDGETS": site.daily_budgets,
        "READBACK_KEPT_DAYS": site.kept_days,
        "READBACK_TRAINING_ON_ECS": f"{running.cluster.cluster_name},readback-trainer,{running.training}",
        "READBACK_NOTIFICATION_BLOCK": site.notification_block,
        # Said here: by itself a process decides by what is installed, and the image of the call workers holds all that the reader needs.
        "READBACK_SUMMARIZE_IN_CALL": str(not site.summarizers).lower(),
        "READBACK_CONSOLE_PREFECT_URL": f"https://{site.server_name}",
        "READBACK_TRACKING_URL": f"https://{site.server_name}{processes.TRACKING_PATH}",
        "MLFLOW_TRACKING_USERNAME": processes.TRACKING_USER,
        "MLFLOW_AUTH_ADMIN_USERNAME": processes.TRACKING_USER,
    }
    chosen = {name: given[name] for name in container.settings if given[name]}
    chosen["READBACK_AWS_REGION"] = chosen["AWS_DEFAULT_REGION"] = running.stack.region
    if container.process in (None, Process.SERVER):
        own: dict[str, str] = {}
    else:
        own = settings_for_all(site)
        chosen["PREFECT_API_URL"] = f"https://{site.server_name}/api"
    if container.process is Process.SERVER:
        chosen["PREFECT_REDIS_MESSAGING_HOST"] = running.data.redis.attr_primary_end_point_address
        chosen["PREFECT_REDIS_MESSAGING_SSL"] = "true"
    chosen |= {variable: processes.FILES[secret][1] for secret, variable in container.files.items()}
    if container is processes.ECS_WORKER:
        chosen["PREFECT_INTEGRATIONS_AWS_ECS_OBSERVER_SQS_QUEUE_NAME"] = OBSERVER_QUEUE
    return container.prefect | own | chosen


def _health(container: Container) -> Any:
    return aws_ecs.HealthCheck(
        command=["CMD", *container.health],
        interval=Duration.seconds(30),
        timeout=Duration.seconds(10),
        retries=4,
        start_period=Duration.seconds(60),
    )


def _secret(running: _Running, variable: str) -> Any:
    name, field = processes.SECRETS[variable]
    secret = running.data.secrets[name]
    return aws_ecs.Secret.from_secrets_manager(secret, field) if field else aws_ecs.Secret.from_secrets_manager(secret)


def _fargate(running: _Running, container: Container, count: int) -> Any:
    task = _task(running, container, aws_ecs.FargateTaskDefinition)
    return aws_ecs.FargateService(
        running.stack,
        container.name,
        cluster=running.cluster,
        service_name=f"readback-{container.name}",
        task_definition=task,
        desired_count=count,
        security_groups=[running.data.inside],
        vpc_subnets=aws_ec2.SubnetSelection(subnet_type=aws_ec2.SubnetType.PRIVATE_WITH_EGRESS),
        circuit_breaker=aws_ecs.DeploymentCircuitBreaker(rollback=True),
        # One scheduler at a time: a second one would only make runs' states twice as dear.
        min_healthy_percent=0 if count == 1 else 50,
        max_healthy_percent=100 if container is processes.SERVICES else 200,
        enable_execute_command=False,
    )


def _balancer(running: _Running, made: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
    """One address for people and processes: TLS, inside the network and for the networks that the site names, never from the internet.

    By name and path: Prefect's server, MLflow below the server's name, the console. Each of them asks who one is. Returns the balancer
    and the target group of each.
    """
    stack, site, vpc = running.stack, running.site, running.data.vpc
    group = aws_ec2.SecurityGroup(stack, "BalancerGroup", vpc=vpc, description="Address of the Prefect server")
    for network in (vpc.vpc_cidr_block, *filter(None, (network.strip() for network in site.people.split(",")))):
        group.add_ingress_rule(aws_ec2.Peer.ipv4(network), aws_ec2.Port.tcp(443))
    balancer = aws_elasticloadbalancingv2.ApplicationLoadBalancer(
        stack,
        "Balancer",
        vpc=vpc,
        internet_facing=False,
        security_group=group,
        idle_timeout=Duration.seconds(300),
        drop_invalid_header_fields=True,
    )
    certificate = aws_elasticloadbalancingv2.ListenerCertificate.from_arn(site.certificate_arn)
    nobody = aws_elasticloadbalancingv2.ListenerAction.fixed_response(404, content_type="text/plain", message_body="Nothing has this name")
    listener = balancer.add_listener(
        "Https",
        port=443,
        certificates=[certificate],
        ssl_policy=aws_elasticloadbalancingv2.SslPolicy.RECOMMENDED_TLS,
        open=False,
        default_action=nobody,
    )
    doors = {}
    for container, name, path, health in (
        (processes.TRACKING, site.server_name, processes.TRACKING_PATH, f"{processes.TRACKING_PATH}/health"),
        (processes.CONSOLE, site.console_name, "", "/healthz"),
        (processes.API, site.server_name, "", "/api/health"),
    ):
        doors[container.name] = _behind(running, group, listener, container, made[container.name], name, path, health)
    for number, name in enumerate((site.server_name, site.console_name)):
        also = "Console" if number else ""
        zone = aws_route53.PrivateHostedZone(stack, f"{also}Zone", vpc=vpc, zone_name=name)
        target = aws_route53.RecordTarget.from_alias(aws_route53_targets.LoadBalancerTarget(balancer))
        aws_route53.ARecord(stack, f"{also}Address", zone=zone, target=target)
    return balancer, doors


def _behind(running: _Running, group: Any, listener: Any, container: Container, service: Any, name: str, path: str, health: str) -> Any:
    """Let the balancer send what asks for this name and path to a service; returns its target group."""
    ours = aws_elasticloadbalancingv2.ListenerCondition
    conditions = [ours.host_headers([name])]
    if path:
        conditions.append(ours.path_patterns([path, f"{path}/*"]))
    door = listener.add_targets(
        container.name,
        port=container.port,
        protocol=aws_elasticloadbalancingv2.ApplicationProtocol.HTTP,
        targets=[service],
        conditions=conditions,
        priority=(processes.TRACKING, processes.CONSOLE, processes.API).index(container) + 1,
        health_check=aws_elasticloadbalancingv2.HealthCheck(path=health, interval=Duration.seconds(15), healthy_http_codes="200"),
        deregistration_delay=Duration.seconds(30),
    )
    # Said by the group itself, the two stacks would need each other.
    aws_ec2.CfnSecurityGroupIngress(
        running.stack,
        f"{container.name}-from-balancer",
        group_id=running.data.inside.security_group_id,
        source_security_group_id=group.security_group_id,
        ip_protocol="tcp",
        from_port=container.port,
        to_port=container.port,
    )
    return door


def _gpu_group(running: _Running, name: str, *, least: int, most: int) -> Any:
    """A group of g4dn.xlarge as a capacity provider: tasks that need a GPU bring machines up, and machines without tasks go."""
    stack = running.stack
    role = aws_iam.Role(stack, f"{name}-machine-role", assumed_by=aws_iam.ServicePrincipal("ec2.amazonaws.com"))
    template = aws_ec2.LaunchTemplate(
        stack,
        f"{name}-machine",
        instance_type=aws_ec2.InstanceType(GPU_INSTANCE),
        machine_image=aws_ecs.EcsOptimizedImage.amazon_linux2023(aws_ecs.AmiHardwareType.GPU),
        security_group=running.data.inside,
        role=role,
        require_imdsv2=True,
        user_data=aws_ec2.UserData.for_linux(),
        block_devices=[aws_ec2.BlockDevice(device_name="/dev/xvda", volume=_volume())],
    )
    group = aws_autoscaling.AutoScalingGroup(
        stack,
        f"{name}-group",
        vpc=running.data.vpc,
        vpc_subnets=aws_ec2.SubnetSelection(subnet_type=aws_ec2.SubnetType.PRIVATE_WITH_EGRESS),
        launch_template=template,
        min_capacity=least,
        max_capacity=most,
        new_instances_protected_from_scale_in=True,
    )
    provider = aws_ecs.AsgCapacityProvider(
        stack, f"{name}-provider", auto_scaling_group=group, enable_managed_termination_protection=True, enable_managed_draining=True
    )
    running.cluster.add_asg_capacity_provider(provider)
    return provider


def _volume() -> Any:
    return aws_ec2.BlockDeviceVolume.ebs(120, encrypted=True, volume_type=aws_ec2.EbsDeviceVolumeType.GP3)


def _gpu_service(running: _Running, container: Container, provider: Any) -> Any:
    """The resident summarizer: a service whose task reserves the machine's GPU."""
    strategy = aws_ecs.CapacityProviderStrategy(capacity_provider=provider.capacity_provider_name, weight=1)
    return aws_ecs.Ec2Service(
        running.stack,
        container.name,
        cluster=running.cluster,
        service_name=f"readback-{container.name}",
        task_definition=_task(running, container, aws_ecs.Ec2TaskDefinition),
        desired_count=running.site.summarizers if running.site.registered else 0,
        capacity_provider_strategies=[strategy],
        circuit_breaker=aws_ecs.DeploymentCircuitBreaker(rollback=True),
        # The only GPU of a machine is taken: the old task goes before the new one comes, and calls wait a minute.
        min_healthy_percent=0,
        max_healthy_percent=100,
    )


OBSERVER_QUEUE = "readback-training-tasks"


def _training(running: _Running) -> Any:
    """Training as ECS tasks: Prefect's ECS worker starts them, and hears by a queue how they ended."""
    stack = running.stack
    queue = aws_sqs.Queue(
        stack,
        "TrainingTasks",
        queue_name=OBSERVER_QUEUE,
        retention_period=Duration.days(1),
        enforce_ssl=True,
        encryption=aws_sqs.QueueEncryption.SQS_MANAGED,
    )
    changes = aws_events.EventPattern(
        source=["aws.ecs"], detail_type=["ECS Task State Change"], detail={"clusterArn": [running.cluster.cluster_arn]}
    )
    aws_events.Rule(stack, "TrainingTaskChanges", event_pattern=changes, targets=[aws_events_targets.SqsQueue(queue)])
    trainer = _task(running, processes.TRAINER, aws_ecs.Ec2TaskDefinition)
    execution = trainer.obtain_execution_role()
    worker = _fargate(running, processes.ECS_WORKER, 1 if running.site.registered else 0)
    role = worker.task_definition.task_role
    family = f"arn:aws:ecs:{stack.region}:{stack.account}:task-definition/readback-trainer:*"
    allowed = {"ArnEquals": {"ecs:cluster": running.cluster.cluster_arn}}
    tasks = f"arn:aws:ecs:{stack.region}:{stack.account}:task/{running.cluster.cluster_name}/*"
    said = f"arn:aws:logs:{stack.region}:{stack.account}:log-group:{running.logs.log_group_name}:log-stream:{processes.TRAINER.name}/*"
    for sid, actions, resources, conditions in (
        ("StartTraining", ["ecs:RunTask"], [family], allowed),
        ("StopTraining", ["ecs:StopTask", "ecs:DescribeTasks"], [tasks], allowed),
        ("ReadDefinitions", ["ecs:DescribeTaskDefinition"], ["*"], None),  # it knows no resources
        ("TagWhatItStarts", ["ecs:TagResource"], [tasks], {"StringEquals": {"ecs:CreateAction": "RunTask"}}),
        (
            "HearHowItEnded",
            ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueUrl", "sqs:GetQueueAttributes"],
            [queue.queue_arn],
            None,
        ),
        ("TellWhatItSaidLast", ["logs:GetLogEvents"], [said], None),  # of a training that ended before it reached Prefect
    ):
        statement = aws_iam.PolicyStatement(sid=sid, actions=actions, resources=resources, conditions=conditions)
        role.add_to_principal_policy(statement)
    passed = [trainer.task_role.role_arn, execution.role_arn]
    ours = {"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}}
    role.add_to_principal_policy(aws_iam.PolicyStatement(sid="PassItsRoles", actions=["iam:PassRole"], resources=passed, conditions=ours))
    return worker


def _late_runs(running: _Running) -> None:
    """The figures that the process writes into the log, a JSON object a line, as metrics."""
    aws_logs.MetricFilter(
        running.stack,
        "LateRuns",
        log_group=running.logs,
        filter_pattern=aws_logs.FilterPattern.exists("$.late_runs"),
        metric_namespace=METRICS,
        metric_name="LateRuns",
        metric_value="$.late_runs",
        dimensions={"Queue": "$.queue"},
    )


def _scale(running: _Running, made: dict[str, Any]) -> None:
    """Workers by the runs that wait for them and by their processors, the listener by its queue, the server by its processors."""
    site = running.site
    if not site.registered:
        return
    calls = made["call-worker"].auto_scale_task_count(min_capacity=site.call_workers, max_capacity=site.most_call_workers)
    steps = [ScalingInterval(upper=5, change=-1), ScalingInterval(lower=50, change=1), ScalingInterval(lower=300, change=3)]
    calls.scale_on_metric("LateCalls", metric=_late("live"), scaling_steps=steps, cooldown=Duration.minutes(3))
    calls.scale_on_cpu_utilization("Processor", target_utilization_percent=65)
    summarizers = made["summarizer"].auto_scale_task_count(min_capacity=site.summarizers, max_capacity=site.most_summarizers)
    waiting = [ScalingInterval(upper=2, change=-1), ScalingInterval(lower=30, change=1)]
    summarizers.scale_on_metric("LateSummaries", metric=_late("summaries"), scaling_steps=waiting, cooldown=Duration.minutes(10))
    listener = made["listener"].auto_scale_task_count(min_capacity=1, max_capacity=4)
    backlog = running.data.queue.metric_approximate_number_of_messages_visible(statistic="Maximum", period=Duration.minutes(1))
    listener.scale_on_metric(
        "Backlog", metric=backlog, scaling_steps=[ScalingInterval(upper=100, change=-1), ScalingInterval(lower=2000, change=1)]
    )
    api = made["server-api"].auto_scale_task_count(min_capacity=2, max_capacity=10)
    api.scale_on_cpu_utilization("Processor", target_utilization_percent=60)


def _late(queue: str) -> Any:
    """A figure of ``deployments.aws.late_runs``, which ``_late_runs`` reads from the log."""
    return aws_cloudwatch.Metric(
        namespace=METRICS, metric_name="LateRuns", dimensions_map={"Queue": queue}, statistic="Maximum", period=Duration.minutes(1)
    )


def _tasks(running: _Running, container: Container) -> Any:
    """How many tasks of a service run; one that fails its health check is replaced and counts nothing meanwhile."""
    service = {"ClusterName": running.cluster.cluster_name, "ServiceName": f"readback-{container.name}"}
    return aws_cloudwatch.Metric(
        namespace="ECS/ContainerInsights", metric_name="RunningTaskCount", dimensions_map=service, statistic="Minimum"
    )


def _watch(running: _Running, made: dict[str, Any], balancer: Any, doors: dict[str, Any]) -> None:
    """Alarms to one topic, and a dashboard of the same figures."""
    stack, kept = running.stack, running.data
    people = aws_sns.Topic(stack, "People", topic_name="readback-alarms", enforce_ssl=True)
    dead = kept.dead.metric_approximate_number_of_messages_visible(statistic="Maximum")
    age = kept.queue.metric_approximate_age_of_oldest_message(statistic="Maximum")
    broken = balancer.metrics.http_code_target(aws_elasticloadbalancingv2.HttpCodeTarget.TARGET_5XX_COUNT, statistic="Sum")
    below, above = (
        aws_cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD,
        aws_cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
    )
    alarms = (
        ("DeadLetters", dead, 1, above, 1, "A message could not be read twenty times: docs/operations.md, The listener"),
        ("OldNotifications", age, 600, above, 3, "Recordings wait ten minutes to be announced"),
        ("ListenerGone", _tasks(running, processes.LISTENER), 1, below, 3, "No listener runs"),
        ("ServicesGone", _tasks(running, processes.SERVICES), 1, below, 5, "Prefect's services do not run: no call is started"),
        ("ConsoleGone", doors["console"].metrics.healthy_host_count(statistic="Minimum"), 1, below, 5, "Nobody reaches the console"),
        ("TrackingGone", doors["tracking"].metrics.healthy_host_count(statistic="Minimum"), 1, below, 5, "MLflow does not answer"),
        ("ServerFails", broken, 20, above, 3, "Prefect's server answers 5xx"),
        ("CallsLate", _late("live"), 500, above, 10, "Calls wait although workers run: vendor, budget or too few workers"),
        ("SummariesLate", _late("summaries"), 100, above, 10, "Summaries wait: the g4dn group, its quota, or the model"),
        ("DatabaseFull", kept.database.metric_free_storage_space(), 5 * 1024**3, below, 3, "Less than 5 GB are free"),
        ("DatabaseBusy", kept.database.metric_cpu_utilization(), 85, above, 10, "The database is at its limit: a larger one"),
    )
    for name, metric, threshold, operator, minutes, told in alarms:
        alarm = aws_cloudwatch.Alarm(
            stack,
            name,
            alarm_description=told,
            metric=metric.with_(period=Duration.minutes(1)),
            threshold=threshold,
            comparison_operator=operator,
            evaluation_periods=minutes,
            treat_missing_data=aws_cloudwatch.TreatMissingData.BREACHING
            if name in ("ListenerGone", "ServicesGone")
            else aws_cloudwatch.TreatMissingData.NOT_BREACHING,
        )
        alarm.add_alarm_action(aws_cloudwatch_actions.SnsAction(people))
    board = aws_cloudwatch.Dashboard(stack, "Dashboard", dashboard_name="readback")
    late = [_late(queue) for queue in ("live", "backfill", "summaries", "training")]
    board.add_widgets(
        aws_cloudwatch.GraphWidget(title="대기 중인 실행 (예정 시각이 지난 것)", left=late, width=12),
        aws_cloudwatch.GraphWidget(title="알림 큐", left=[age], right=[dead], width=12),
        aws_cloudwatch.GraphWidget(title="서버 5xx", left=[broken], width=12),
        aws_cloudwatch.GraphWidget(
            title="프로세서 사용률",
            left=[made[name].metric_cpu_utilization() for name in ("server-api", "call-worker", "summarizer")],
            right=[kept.database.metric_cpu_utilization()],
            width=12,
        ),
    )
