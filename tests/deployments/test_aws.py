"""The templates are made of the tables: commands, environments and policies are those of everything else, and AWS's schemas take them."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3
import pytest
import yaml
from moto import mock_aws

from deployments.aws import costs, processes, retention, roles
from deployments.aws.costs import cost_table
from deployments.aws.stacks import Site, roles_of, settings_for_all
from deployments.aws.training_pool import job_template
from deployments.environment import Layout, environment, site_variables
from deployments.register import pools, training_pool
from models.errors import ConfigurationError
from sandbox.aws.account import Account
from sandbox.aws.allowed import Asked, allows
from sandbox.aws.templates import REGION, Templates
from wiring.configuration import Settings
from wiring.listening import IDLE_SECONDS

ROOT = Path(__file__).parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "deployments" / "compose.yaml").read_text("utf-8"))["services"]
SITE = {
    "bucket": "aicc-all",
    "recordings_prefix": "connect/",
    "contact_records_prefix": "ctr/",
    "region": "REGION",
    "account": "ACCOUNT",
    "queue": "QUEUE",
    "connect_instance": "instance",
}


@pytest.fixture(scope="module")
def data(assembly: Path) -> dict[str, Any]:
    return json.loads((assembly / "ReadbackData.template.json").read_text("utf-8"))["Resources"]


@pytest.fixture(scope="module")
def running(assembly: Path) -> dict[str, Any]:
    return json.loads((assembly / "ReadbackServices.template.json").read_text("utf-8"))["Resources"]


def of_type(resources: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    return [one["Properties"] for one in resources.values() if one["Type"] == kind]


def plain(value: Any) -> Any:
    """A template's value with what only AWS knows named: region, account, names of resources."""
    if isinstance(value, list):
        return [plain(one) for one in value]
    if not isinstance(value, dict):
        return value
    if "Fn::Join" in value:
        return "".join(str(plain(part)) for part in value["Fn::Join"][1])
    if value.get("Ref", "").startswith("AWS::"):
        return {"AWS::Region": "REGION", "AWS::AccountId": "ACCOUNT", "AWS::Partition": "aws"}.get(value["Ref"], value["Ref"])
    if "Fn::ImportValue" in value:
        return (
            "QUEUE" if "QueueName" in value["Fn::ImportValue"] or "Notifications" in value["Fn::ImportValue"] else value["Fn::ImportValue"]
        )
    return {name: plain(one) for name, one in value.items()}


def container(running: dict[str, Any], name: str) -> dict[str, Any]:
    [task] = [task for task in of_type(running, "AWS::ECS::TaskDefinition") if task["Family"] == f"readback-{name}"]
    return task["ContainerDefinitions"][0]


# Actions that AWS takes for every resource alone, and the log lines of a machine's agent.
KNOW_NO_RESOURCES = {
    "ecs:DescribeTaskDefinition",
    "ecr:GetAuthorizationToken",
    "ecs:DiscoverPollEndpoint",
    "logs:CreateLogStream",
    "logs:PutLogEvents",
}
ALL = pytest.mark.parametrize("made", processes.ALL, ids=lambda made: made.name)


@pytest.mark.slow
@ALL
def test_a_container_has_its_command_and_the_environment_of_the_one_table(running: dict[str, Any], made: processes.Container) -> None:
    given = container(running, made.name)
    variables = {one["Name"]: one["Value"] for one in given.get("Environment", [])}
    secrets = {one["Name"] for one in given.get("Secrets", [])}
    names = {processes.BUCKET: "aicc-all", processes.SERVER_NAME: "prefect.readback.internal"}
    words = " ".join(made.command)
    for name, value in names.items():
        words = words.replace(name, value)
    assert " ".join(given.get("Command", [])) == words
    table = environment(made.process, Layout.REDIS) if made.process else {}
    assert {name: variables[name] for name in table} == table
    prefect = {name for name in variables if name.startswith("PREFECT_")} - table.keys()
    assert {name for name in prefect if "INTEGRATIONS" not in name} | {name for name in secrets if "PREFECT" in name} <= site_variables()
    assert {name for name in variables | dict.fromkeys(secrets, "") if name.startswith("READBACK_")} <= {
        f"READBACK_{name.upper()}" for name in Settings.model_fields
    }
    assert secrets == set(made.secrets)


@pytest.mark.slow
@ALL
def test_a_process_may_do_what_its_tested_policy_says(running: dict[str, Any], made: processes.Container) -> None:
    attached = [
        plain(policy["PolicyDocument"]["Statement"])
        for name, resource in running.items()
        if resource["Type"] == "AWS::IAM::Policy" and name.startswith(f"{made.name.replace('-', '')}policy")
        for policy in (resource["Properties"],)
    ]
    expected = [roles.policy(made.role, SITE)["Statement"]] if made.role else []
    assert [[_sorted(one) for one in statements] for statements in attached] == [[_sorted(one) for one in some] for some in expected]


def _sorted(statement: dict[str, Any]) -> dict[str, Any]:
    def listed(value: Any) -> list[Any]:
        return sorted(value if isinstance(value, list) else [value])

    return {**statement, "Action": listed(statement["Action"]), "Resource": listed(statement["Resource"])}


@pytest.mark.slow
def test_no_role_may_do_everything(running: dict[str, Any], data: dict[str, Any]) -> None:
    policies = of_type(running, "AWS::IAM::Policy") + of_type(data, "AWS::IAM::Policy")
    statements = [one for policy in policies for one in policy["PolicyDocument"]["Statement"]]
    for statement in statements:
        actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
        assert "*" not in actions
        if statement["Resource"] == "*" and "Condition" not in statement:
            assert set(actions) <= KNOW_NO_RESOURCES, statement


@pytest.mark.slow
def test_nothing_in_the_templates_runs_code_of_ours_in_lambda_or_is_open(running: dict[str, Any], data: dict[str, Any]) -> None:
    assert of_type(running, "AWS::Lambda::Function") == of_type(data, "AWS::Lambda::Function") == []
    [bucket] = of_type(data, "AWS::S3::Bucket")
    assert all(bucket["PublicAccessBlockConfiguration"].values())
    assert bucket["BucketEncryption"]
    assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}
    assert bucket["NotificationConfiguration"] == {"EventBridgeConfiguration": {"EventBridgeEnabled": True}}
    [database] = of_type(data, "AWS::RDS::DBInstance")
    assert (database["StorageEncrypted"], database["PubliclyAccessible"], database["DeletionProtection"]) == (True, False, True)
    [balancer] = of_type(running, "AWS::ElasticLoadBalancingV2::LoadBalancer")
    assert balancer["Scheme"] == "internal"
    assert {service["NetworkConfiguration"]["AwsvpcConfiguration"]["AssignPublicIp"] for service in _fargate(running)} == {"DISABLED"}
    groups = of_type(data, "AWS::EC2::SecurityGroup") + of_type(running, "AWS::EC2::SecurityGroup")
    opened = [rule for group in groups for rule in group.get("SecurityGroupIngress", [])]
    assert all(rule.get("CidrIp") != "0.0.0.0/0" for rule in opened)


def _fargate(running: dict[str, Any]) -> list[dict[str, Any]]:
    return [service for service in of_type(running, "AWS::ECS::Service") if "CapacityProviderStrategy" not in service]


@pytest.mark.slow
def test_whoever_keeps_the_list_of_calls_is_told_where_it_is(running: dict[str, Any]) -> None:
    told = {
        made.name for made in processes.ALL if "READBACK_INDEX_URL" in {one["Name"] for one in container(running, made.name)["Secrets"]}
    }
    assert told == {"databases", "call-worker", "eraser", "console"}


@pytest.mark.slow
def test_what_is_counted_by_hand_in_the_costs_is_there(data: dict[str, Any], running: dict[str, Any]) -> None:
    assert len(of_type(data, "AWS::SecretsManager::Secret")) == costs.SECRETS
    assert len(of_type(running, "AWS::Route53::HostedZone")) == costs.ZONES


@pytest.mark.slow
def test_names_lead_to_their_service_and_any_other_to_nothing(assembly: Path, running: dict[str, Any]) -> None:
    found = [(rule.host, list(rule.paths), rule.container) for rule in Templates.read(assembly).rules()]
    assert found == [
        ("prefect.readback.internal", ["/mlflow", "/mlflow/*"], "tracking"),
        ("console.readback.internal", [], "console"),
        ("prefect.readback.internal", [], "server-api"),
    ]
    [listener] = of_type(running, "AWS::ElasticLoadBalancingV2::Listener")
    assert listener["DefaultActions"][0]["FixedResponseConfig"]["StatusCode"] == "404"
    assert listener["Protocol"] == "HTTPS"


@pytest.mark.slow
def test_the_balancer_lets_go_of_an_idle_connection_before_any_server_behind_it_does(running: dict[str, Any]) -> None:
    [balancer] = of_type(running, "AWS::ElasticLoadBalancingV2::LoadBalancer")
    idle = {a["Key"]: a["Value"] for a in balancer["LoadBalancerAttributes"]}["idle_timeout.timeout_seconds"]
    assert 2 * int(idle) <= IDLE_SECONDS


@pytest.mark.slow
def test_the_account_that_the_templates_describe_gives_every_container_its_values(assembly: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        templates = Templates.read(assembly)
        account = Account(templates, lambda service: boto3.client(service, region_name=REGION))
        at = {"Endpoint.Address": "database"}
        account.make({"AWS::RDS::DBInstance": at, "AWS::ElastiCache::ReplicationGroup": {"PrimaryEndPoint.Address": "redis"}})
        given = templates.containers()
        for made in given.values():
            for source in made.secrets.values():
                assert allows(made.execution, Asked("secretsmanager:GetSecretValue", ":".join(source.split(":")[:7]))), made.name
                account.secret(source)
        index, tracking = given["console"].secrets["READBACK_INDEX_URL"], given["tracking"].secrets["MLFLOW_BACKEND_STORE_URI"]
        passwords = {urlsplit(account.secret(source)).password for source in (index, tracking)}
        assert len(passwords) == 2
        assert all(password and len(password) == 40 for password in passwords)
        assert account.secret(given["server-api"].secrets["PREFECT_SERVER_API_AUTH_STRING"]) == account.secret_named("prefect-auth")
        assert given["server-api"].environment["PREFECT_REDIS_MESSAGING_HOST"] == "redis"
        s3, sqs = (boto3.client(service, region_name=REGION) for service in ("s3", "sqs"))
        for key in ("connect/a.wav", "elsewhere/a.wav", "ctr/a"):
            s3.put_object(Bucket="aicc-all", Key=key, Body=b"x")
        queue = given["listener"].environment["READBACK_QUEUE_URL"]
        messages = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10)["Messages"]
        told = [json.loads(message["Body"])["detail"]["object"]["key"] for message in messages]
        assert sorted(told) == ["connect/a.wav", "ctr/a"]


@pytest.mark.slow
def test_each_kind_of_data_has_its_term(data: dict[str, Any]) -> None:
    [bucket] = of_type(data, "AWS::S3::Bucket")
    rules = {rule["Prefix"]: rule for rule in bucket["LifecycleConfiguration"]["Rules"] if "Prefix" in rule}
    assert {prefix: rule.get("ExpirationInDays") for prefix, rule in rules.items()} == {
        kind.prefix: kind.days for kind in retention.in_bucket()
    }


@pytest.mark.slow
def test_what_lands_reaches_the_listeners_queue_and_what_nobody_can_read_its_dead_letters(data: dict[str, Any]) -> None:
    [rule] = of_type(data, "AWS::Events::Rule")
    assert rule["EventPattern"]["detail"]["object"]["key"] == [{"prefix": "connect/"}, {"prefix": "ctr/"}]
    queues = {queue["QueueName"]: queue for queue in of_type(data, "AWS::SQS::Queue")}
    assert queues["readback-notifications"]["RedrivePolicy"]["maxReceiveCount"] == 20
    assert "readback-dead-letters" in queues


@pytest.mark.slow
def test_the_summarizer_reserves_a_gpu_and_trainings_scale_to_zero(running: dict[str, Any]) -> None:
    for name in ("summarizer", "trainer"):
        assert container(running, name)["ResourceRequirements"] == [{"Type": "GPU", "Value": "1"}]
    groups = sorted((int(group["MinSize"]), int(group["MaxSize"])) for group in of_type(running, "AWS::AutoScaling::AutoScalingGroup"))
    assert groups == [(0, 2), (1, 3)]
    templates = of_type(running, "AWS::EC2::LaunchTemplate")
    assert {template["LaunchTemplateData"]["InstanceType"] for template in templates} == {"g4dn.xlarge"}
    assert all(template["LaunchTemplateData"]["MetadataOptions"]["HttpTokens"] == "required" for template in templates)


@pytest.mark.slow
def test_workers_are_scaled_by_the_runs_that_wait_and_the_listener_by_its_queue(running: dict[str, Any]) -> None:
    targets = {
        name: one["Properties"]["ResourceId"]["Fn::Join"][1][-1]["Fn::GetAtt"][0]
        for name, one in running.items()
        if one["Type"] == "AWS::ApplicationAutoScaling::ScalableTarget"
    }
    services = {name: one["Properties"]["ServiceName"] for name, one in running.items() if one["Type"] == "AWS::ECS::Service"}
    policies = {
        name: services[targets[one["Properties"]["ScalingTargetId"]["Ref"]]]
        for name, one in running.items()
        if one["Type"] == "AWS::ApplicationAutoScaling::ScalingPolicy"
    }
    scaled_by = {
        (policies[action["Ref"]], alarm["MetricName"], *(one["Value"] for one in alarm["Dimensions"] if isinstance(one["Value"], str)))
        for alarm in of_type(running, "AWS::CloudWatch::Alarm")
        for action in alarm["AlarmActions"]
        if action["Ref"] in policies
    }
    assert {
        ("readback-call-worker", "LateRuns", "live"),
        ("readback-summarizer", "LateRuns", "summaries"),
        ("readback-listener", "ApproximateNumberOfMessagesVisible"),
    } <= scaled_by
    [figures] = of_type(running, "AWS::Logs::MetricFilter")
    [made] = figures["MetricTransformations"]
    assert (made["MetricName"], made["MetricValue"], made["Dimensions"]) == (
        "LateRuns",
        "$.late_runs",
        [{"Key": "Queue", "Value": "$.queue"}],
    )


@pytest.mark.slow
def test_what_stands_still_is_told_to_people(running: dict[str, Any]) -> None:
    [topic] = [name for name, one in running.items() if one["Type"] == "AWS::SNS::Topic"]
    told = [alarm for alarm in of_type(running, "AWS::CloudWatch::Alarm") if alarm["AlarmActions"] == [{"Ref": topic}]]
    watched = {one["Value"] for alarm in told for one in alarm.get("Dimensions", []) if one["Name"] == "ServiceName"}
    assert watched == {"readback-listener", "readback-server-services"}
    assert {"LateRuns", "ApproximateAgeOfOldestMessage", "FreeStorageSpace", "UnHealthyHostCount", "HealthyHostCount"} & {
        alarm["MetricName"] for alarm in told
    } == {"LateRuns", "ApproximateAgeOfOldestMessage", "FreeStorageSpace", "HealthyHostCount"}
    assert all(alarm["AlarmDescription"] for alarm in told)
    [board] = of_type(running, "AWS::CloudWatch::Dashboard")
    assert "LateRuns" in json.dumps(board["DashboardBody"])


@pytest.mark.slow
def test_models_that_were_fetched_stay_on_the_summarizers_machine(running: dict[str, Any]) -> None:
    [task] = [task for task in of_type(running, "AWS::ECS::TaskDefinition") if task["Family"] == "readback-summarizer"]
    assert task["Volumes"][0]["DockerVolumeConfiguration"] == {"Autoprovision": True, "Driver": "local", "Scope": "shared"}
    [mounted] = task["ContainerDefinitions"][0]["MountPoints"]
    assert mounted["ContainerPath"] == processes.MODELS
    assert not mounted["ReadOnly"]
    # The image makes the folder, with its user as the owner: Docker's volume takes both.
    assert f"mkdir -p {processes.MODELS} && chown -R readback" in (ROOT / "deployments" / "Dockerfile").read_text("utf-8")


@pytest.mark.slow
def test_cfn_lint_finds_nothing(assembly: Path) -> None:
    # W3005: CDK writes a dependency that a reference says already.
    command = [str(Path(sys.executable).parent / "cfn-lint"), "--ignore-checks", "W3005", "--regions", "ap-northeast-2", "--"]
    found = subprocess.run(
        [*command, *map(str, assembly.glob("*.template.json"))], capture_output=True, text=True, timeout=600, check=False
    )
    assert (found.returncode, found.stdout) == (0, "")


@pytest.mark.slow
def test_aws_cdk_itself_finds_nothing_in_the_templates(assembly: Path) -> None:
    report = assembly / "validation-report.json"
    assert not report.exists() or "WARNING" not in report.read_text("utf-8"), report.read_text("utf-8")


@pytest.mark.parametrize("service", ["call-worker", "listener", "register", "console"])
def test_compose_and_ecs_start_a_process_by_the_same_command(service: str) -> None:
    def options(command: list[str]) -> list[str]:
        return sorted(command)

    [made] = [made for made in processes.ALL if made.name == service]
    of_ecs = [word for word in made.command if word not in ("--work-queue", "operations", "live", "backfill")]
    assert options(of_ecs) == options(COMPOSE[service]["command"])


def test_every_queue_of_every_pool_is_served() -> None:
    commands = [made.command for made in processes.ALL]
    for pool in pools(Settings()):
        for queue in pool.queues:
            served = [command for command in commands if pool.name in command and queue.name in command]
            assert served or queue.name == "training", f"{pool.name}/{queue.name}"


def test_every_role_of_iam_has_its_process() -> None:
    assert {made.role for made in processes.ALL if made.role} == set(roles.role_names())


@pytest.mark.parametrize("name", ["recordings_prefix", "contact_records_prefix"])
def test_a_prefix_that_would_open_the_whole_bucket_is_refused(name: str) -> None:
    with pytest.raises(ConfigurationError, match="could read the whole bucket"):
        roles.policy("listener", {**SITE, name: "/"})


def test_without_amazon_connect_no_role_may_ask_it() -> None:
    text = json.dumps(roles.policy("call-worker", {**SITE, "connect_instance": ""}))
    assert "connect:" not in text.replace("arn:aws:connect:", "")


def test_a_setting_of_the_site_reaches_every_process_of_ours_and_a_secret_is_refused() -> None:
    given = settings_for_all(Site(settings='{"READBACK_STT_PROVIDER": "google", "READBACK_STT_CONCURRENCY": 20}'))
    assert given == {"READBACK_STT_PROVIDER": "google", "READBACK_STT_CONCURRENCY": "20"}
    for name, why in (("READBACK_INDEX_URL", "is a secret"), ("READBACK_NOTHING", "is no setting"), ("PATH", "is no setting")):
        with pytest.raises(ConfigurationError, match=f"{name} {why}"):
            settings_for_all(Site(settings=json.dumps({name: "x"})))


def test_call_workers_that_summarize_themselves_may_read_models() -> None:
    assert roles_of(processes.CALL_WORKER, Site()) == ("call-worker",)
    assert roles_of(processes.CALL_WORKER, Site(summarizers=0)) == ("call-worker", "summarizer")
    assert roles_of(processes.API, Site(summarizers=0)) == ()


def test_a_secret_that_is_read_from_a_file_lies_there_for_its_owner_alone_and_no_longer_in_the_environment(tmp_path: Path) -> None:
    file = tmp_path / "users.json"
    shown = "import os, pathlib; f = pathlib.Path(os.environ['READBACK_CONSOLE_USERS_FILE']); "
    shown += "print(f.read_text(), oct(f.stat().st_mode), os.environ.get('CONSOLE_USERS'))"
    given = {"CONSOLE_USERS": '[{"name": "a \\n %s"}]', "READBACK_CONSOLE_USERS_FILE": str(file), "PATH": os.environ["PATH"]}
    done = subprocess.run(
        [*processes.CONSOLE.entry_point, sys.executable, "-c", shown], env=given, capture_output=True, text=True, check=True
    )
    assert done.stdout == '[{"name": "a \\n %s"}] 0o100600 None\n'


def test_each_image_is_a_stage_of_the_dockerfile() -> None:
    stages = (ROOT / "deployments" / "Dockerfile").read_text("utf-8")
    assert all(f" AS {image}\n" in stages for image in processes.IMAGES)


def test_trainings_go_to_ecs_where_the_settings_say_so() -> None:
    assert training_pool(Settings()) is None
    pool, template = training_pool(Settings(training_on_ecs="cluster, readback-trainer, gpu")) or pytest.fail("no pool")
    assert (pool.name, pool.type) == ("training", "ecs")
    assert template == job_template(cluster="cluster", family="readback-trainer", container="trainer", capacity_provider="gpu")
    # A variable of the run that repeats a secret's name is refused by ECS, and shows the password to who may describe tasks.
    name, field = processes.SECRETS[processes.AUTH]
    assert processes.AUTH in processes.TRAINER.secrets
    assert (template["job_configuration"]["prefect_api_auth_string_secret_arn"], field) == (f"readback/{name}", "")
    with pytest.raises(ConfigurationError, match="READBACK_TRAINING_ON_ECS has 1 parts"):
        training_pool(Settings(training_on_ecs="cluster"))


def test_the_page_shows_the_table_of_costs() -> None:
    assert cost_table() in (ROOT / "docs" / "aws.md").read_text("utf-8"), "run: python -m deployments.aws.costs"
