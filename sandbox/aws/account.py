"""An account that holds what the stacks say: bucket, queues, rules, secrets and what ECS is asked for, made in moto with their properties.

One by one, and not by moto's CloudFormation: that knows no secrets, no notifications of a bucket to EventBridge and no Redis.
"""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from sandbox.aws.templates import REGION, Resource, Templates

Client = Callable[[str], Any]
_SECRET_WITHIN = re.compile(r"\{\{resolve:secretsmanager:(arn:[^}]+?):SecretString:([^:}]*):[^}]*\}\}")


class Account:
    """The account; ``client`` gives clients of an administrator."""

    def __init__(self, templates: Templates, client: Client) -> None:
        """Nothing is made yet."""
        self._templates, self._client = templates, client

    def make(self, addresses: Mapping[str, Mapping[str, str]]) -> None:
        """Make everything; ``addresses`` are attributes of resources that the sandbox serves itself, by their type."""
        for kind, attributes in addresses.items():
            for stack, name, _ in self._templates.of_type(kind):
                self._templates.made[stack, name] = dict(attributes)
        for kind, make in (
            ("AWS::S3::Bucket", self._bucket),
            ("AWS::SQS::Queue", self._queue),
            ("AWS::Events::Rule", self._rule),
            ("AWS::SecretsManager::Secret", self._secret),
            ("AWS::ECS::Cluster", self._cluster),
            ("AWS::ECS::TaskDefinition", self._task_definition),
        ):
            for stack, name, properties in self._templates.of_type(kind):
                make(stack, name, properties)

    def fill(self, name: str, value: object) -> None:
        """Fill a secret that people fill by hand."""
        self._client("secretsmanager").put_secret_value(SecretId=f"readback/{name}", SecretString=json.dumps(value))

    def secret(self, source: str) -> str:
        """What a container's secret comes to; ``source`` as in a task definition, ``<arn>`` or ``<arn>:<field>::``."""
        arn, name = source.split(":")[:7], source.split(":")[7:8]
        text: str = self._client("secretsmanager").get_secret_value(SecretId=":".join(arn))["SecretString"]
        return str(json.loads(text)[name[0]]) if name and name[0] else text

    def secret_named(self, name: str) -> str:
        """The value of one of the stack's own secrets."""
        text: str = self._client("secretsmanager").get_secret_value(SecretId=f"readback/{name}")["SecretString"]
        return text

    def _bucket(self, stack: str, logical: str, properties: Resource) -> None:
        s3, name = self._client("s3"), properties["BucketName"]
        s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
        s3.put_bucket_versioning(Bucket=name, VersioningConfiguration=properties["VersioningConfiguration"])
        if properties["NotificationConfiguration"]["EventBridgeConfiguration"]["EventBridgeEnabled"]:
            s3.put_bucket_notification_configuration(Bucket=name, NotificationConfiguration={"EventBridgeConfiguration": {}})

    def _queue(self, stack: str, logical: str, properties: Resource) -> None:
        if (stack, logical) in self._templates.made:
            return
        sqs, given = self._client("sqs"), dict(properties)
        if redrive := given.get("RedrivePolicy"):
            [dead, _] = redrive["deadLetterTargetArn"]["Fn::GetAtt"]
            self._queue(stack, dead, self._templates.resources[stack][dead]["Properties"])
            given["RedrivePolicy"] = json.dumps(self._templates.resolve(stack, redrive))
        named = ("VisibilityTimeout", "MessageRetentionPeriod", "RedrivePolicy", "SqsManagedSseEnabled")
        attributes = {name: str(given[name]) for name in named if name in given}
        url = sqs.create_queue(QueueName=given["QueueName"], Attributes=attributes)["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        self._templates.made[stack, logical] = {"Ref": url, "Arn": arn, "QueueName": given["QueueName"]}

    def _rule(self, stack: str, logical: str, properties: Resource) -> None:
        events, pattern = self._client("events"), self._templates.resolve(stack, properties["EventPattern"])
        events.put_rule(Name=logical, EventPattern=json.dumps(pattern), State=properties["State"])
        targets = self._templates.resolve(stack, properties["Targets"])
        events.put_targets(Rule=logical, Targets=[{"Id": target["Id"], "Arn": target["Arn"]} for target in targets])

    def _secret(self, stack: str, logical: str, properties: Resource) -> str:
        """Make a secret where it is not there yet; returns its ARN."""
        if known := self._templates.made.get((stack, logical)):
            return known["Ref"]
        secrets = self._client("secretsmanager")
        if wanted := properties.get("GenerateSecretString"):
            text = self._generated(wanted)
        else:
            for name in _references(properties["SecretString"]):
                resource = self._templates.resources[stack][name]
                if resource["Type"] == "AWS::SecretsManager::Secret":
                    self._secret(stack, name, resource["Properties"])
                elif resource["Type"] == "AWS::SecretsManager::SecretTargetAttachment":
                    [source] = resource["Properties"]["SecretId"].values()
                    arn = self._secret(stack, source, self._templates.resources[stack][source]["Properties"])
                    self._templates.made[stack, name] = {"Ref": arn}
            text = _SECRET_WITHIN.sub(self._within, self._templates.resolve(stack, properties["SecretString"]))
        made: str = secrets.create_secret(Name=properties.get("Name", logical), SecretString=text)["ARN"]
        self._templates.made[stack, logical] = {"Ref": made}
        return made

    def _cluster(self, stack: str, logical: str, properties: Resource) -> None:
        self._client("ecs").create_cluster(clusterName=self._templates.resolve(stack, {"Ref": logical}))

    def _task_definition(self, stack: str, logical: str, properties: Resource) -> None:
        asked = _as_asked_for(self._templates.resolve(stack, {name: value for name, value in properties.items() if name != "Tags"}))
        for container in asked["containerDefinitions"]:
            if reserved := container.get("memoryReservation"):  # enough for ECS; moto wants the limit as well
                container.setdefault("memory", reserved)
        self._client("ecs").register_task_definition(**asked)

    def _within(self, found: re.Match[str]) -> str:
        return self.secret(f"{found[1]}:{found[2]}::")

    def _generated(self, wanted: Resource) -> str:
        known = {"PasswordLength", "ExcludePunctuation", "ExcludeCharacters"}
        asked = {name: value for name, value in wanted.items() if name in known}
        password: str = self._client("secretsmanager").get_random_password(**asked)["RandomPassword"]
        if "GenerateStringKey" not in wanted:
            return password
        return json.dumps(json.loads(wanted["SecretStringTemplate"]) | {wanted["GenerateStringKey"]: password})


def _references(value: Any) -> list[str]:
    """Names of the resources that a value refers to."""
    if isinstance(value, list):
        return [name for one in value for name in _references(one)]
    if not isinstance(value, dict):
        return []
    return [value["Ref"]] if set(value) == {"Ref"} and not value["Ref"].startswith("AWS::") else _references(list(value.values()))


def _as_asked_for(value: Any) -> Any:
    """A property as ECS's own requests spell it: CloudFormation begins the same names with a capital."""
    if isinstance(value, list):
        return [_as_asked_for(one) for one in value]
    if not isinstance(value, dict):
        return value
    return {f"{name[0].lower()}{name[1:]}": _as_asked_for(one) for name, one in value.items()}
