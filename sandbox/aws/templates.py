"""The templates of ``deployments/aws`` as AWS reads them: references, joins and imports become values, and containers what ECS would start.

What a resource became in the account (an ARN, an address) is put into ``Templates.made``; what nobody here makes is an error that names it.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sandbox.processes import ProcessFailed

ROOT = Path(__file__).resolve().parents[2]
ACCOUNT, REGION = "123456789012", "ap-northeast-2"
DATA, SERVICES = "ReadbackData", "ReadbackServices"
_PSEUDO = {"AWS::AccountId": ACCOUNT, "AWS::Region": REGION, "AWS::Partition": "aws", "AWS::URLSuffix": "amazonaws.com"}

Resource = Mapping[str, Any]


def synthesize(folder: Path, **context: str) -> "Templates":
    """Have the templates made by the command that people run, without a network or credentials; half a minute of Node."""
    nobody = "http://127.0.0.1:9"
    environment = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ} | {
        "HTTPS_PROXY": nobody,
        "HTTP_PROXY": nobody,
    }
    made = subprocess.run(
        [sys.executable, "-m", "deployments.aws.app"],
        cwd=ROOT,
        env={**environment, "CDK_OUTDIR": str(folder), "CDK_CONTEXT_JSON": json.dumps(context)},
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    if made.returncode:
        raise ProcessFailed(f"the templates cannot be made (Node and requirements/aws.txt are needed):\n{made.stderr[-3000:]}")
    return Templates.read(folder)


@dataclass(frozen=True)
class Container:
    """One container of a task definition, as the template says it. ``secrets`` are ARNs, with the field of a JSON where one is meant."""

    name: str
    entry_point: Sequence[str]
    command: Sequence[str]
    environment: Mapping[str, str]
    secrets: Mapping[str, str]
    health: Sequence[str]
    image: str
    ports: Sequence[int]
    execution: Sequence[Resource]  # what ECS may do to start it

    @property
    def argv(self) -> list[str]:
        """What is started."""
        return [*self.entry_point, *self.command]


@dataclass(frozen=True)
class Rule:
    """What the balancer sends where: a host name, paths (none: all), and the container's name and port."""

    host: str
    paths: Sequence[str]
    container: str
    port: int


@dataclass
class Templates:
    """Both stacks. ``made`` holds what resources became: by stack and logical id, ``Ref`` and the attributes."""

    resources: dict[str, dict[str, Resource]]
    exports: dict[str, tuple[str, Any]]
    made: dict[tuple[str, str], dict[str, str]] = field(default_factory=dict)

    @classmethod
    def read(cls, folder: Path) -> "Templates":
        """Read what ``python -m deployments.aws.app`` wrote."""
        resources, exports = {}, {}
        for stack in (DATA, SERVICES):
            template = json.loads((folder / f"{stack}.template.json").read_text("utf-8"))
            resources[stack] = template["Resources"]
            for output in template.get("Outputs", {}).values():
                if "Export" in output:
                    exports[output["Export"]["Name"]] = (stack, output["Value"])
        return cls(resources, exports)

    def of_type(self, kind: str) -> Iterator[tuple[str, str, Resource]]:
        """Stack, logical id and properties of every resource of a kind."""
        for stack, resources in self.resources.items():
            for name, resource in resources.items():
                if resource["Type"] == kind:
                    yield stack, name, resource.get("Properties", {})

    def resolve(self, stack: str, value: Any) -> Any:
        """A value of a template with every function in it carried out."""
        if isinstance(value, list):
            return [self.resolve(stack, one) for one in value]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            [(function, argument)] = value.items()
            if function in self._functions:
                return self._functions[function](self, stack, argument)
            if function.startswith("Fn::"):
                raise ProcessFailed(
                    f"{stack}: the templates use {function}, which nobody here carries out: add it in sandbox/aws/templates.py"
                )
        return {name: self.resolve(stack, one) for name, one in value.items()}

    def _ref(self, stack: str, name: str) -> Any:
        return _PSEUDO[name] if name in _PSEUDO else self._attribute(stack, name, "Ref")

    def _get_att(self, stack: str, argument: Sequence[str]) -> Any:
        name, *attribute = argument
        return self._attribute(stack, name, ".".join(attribute))

    def _join(self, stack: str, argument: Sequence[Any]) -> str:
        separator, parts = argument
        return str(separator).join(str(part) for part in self.resolve(stack, parts))

    def _split(self, stack: str, argument: Sequence[Any]) -> list[str]:
        separator, text = argument
        return str(self.resolve(stack, text)).split(separator)

    def _select(self, stack: str, argument: Sequence[Any]) -> Any:
        number, parts = argument
        return self.resolve(stack, parts)[int(number)]

    def _import(self, stack: str, name: Any) -> Any:
        return self.resolve(*self.exports[self.resolve(stack, name)])

    _functions = {  # noqa: RUF012 - functions of this class
        "Ref": _ref,
        "Fn::GetAtt": _get_att,
        "Fn::Join": _join,
        "Fn::Split": _split,
        "Fn::Select": _select,
        "Fn::ImportValue": _import,
    }

    def _attribute(self, stack: str, name: str, attribute: str) -> str:
        made = self.made.get((stack, name), {})
        if attribute in made:
            return made[attribute]
        resource = self.resources[stack][name]
        told = _named(resource["Type"], name, resource.get("Properties", {}))
        if attribute not in told:
            raise ProcessFailed(
                f"{stack}: nobody here knows {attribute} of {name} ({resource['Type']}): add it in sandbox/aws/templates.py"
            )
        return told[attribute]

    def roles(self) -> dict[str, list[Resource]]:
        """What each container's role may do."""
        return {
            given["Name"]: self.statements(stack, task["TaskRoleArn"])
            for stack, _, task in self.of_type("AWS::ECS::TaskDefinition")
            for given in task["ContainerDefinitions"]
        }

    def containers(self) -> dict[str, Container]:
        """Every container by its name; secrets, queues and addresses must have been made."""
        found = {}
        for stack, _, task in self.of_type("AWS::ECS::TaskDefinition"):
            for given in task["ContainerDefinitions"]:
                found[given["Name"]] = Container(
                    name=given["Name"],
                    entry_point=given.get("EntryPoint", []),
                    command=given.get("Command", []),
                    environment={one["Name"]: str(self.resolve(stack, one["Value"])) for one in given.get("Environment", [])},
                    secrets={one["Name"]: self.resolve(stack, one["ValueFrom"]) for one in given.get("Secrets", [])},
                    health=given.get("HealthCheck", {}).get("Command", []),
                    image=self.resolve(stack, given["Image"]),
                    ports=[one["ContainerPort"] for one in given.get("PortMappings", [])],
                    execution=self.statements(stack, task["ExecutionRoleArn"]) if "ExecutionRoleArn" in task else [],
                )
        return found

    def statements(self, stack: str, role: Any) -> list[Resource]:
        """What a role's policies allow."""
        [name, *_] = role["Fn::GetAtt"]
        found: list[Resource] = []
        for where, _, policy in self.of_type("AWS::IAM::Policy"):
            if where == stack and {"Ref": name} in policy["Roles"]:
                found += self.resolve(stack, policy["PolicyDocument"]["Statement"])
        return found

    def rules(self) -> list[Rule]:
        """What the balancer does, in its order."""
        services = {
            target["TargetGroupArn"]["Ref"]: target
            for _, _, service in self.of_type("AWS::ECS::Service")
            for target in service.get("LoadBalancers", [])
        }
        found = []
        for _, _, rule in sorted(self.of_type("AWS::ElasticLoadBalancingV2::ListenerRule"), key=lambda one: int(one[2]["Priority"])):
            conditions = {one["Field"]: one for one in rule["Conditions"]}
            [host] = conditions["host-header"]["HostHeaderConfig"]["Values"]
            paths = conditions.get("path-pattern", {}).get("PathPatternConfig", {}).get("Values", [])
            target = services[rule["Actions"][0]["TargetGroupArn"]["Ref"]]
            found.append(Rule(host, paths, target["ContainerName"], target["ContainerPort"]))
        return found


def _named(kind: str, name: str, properties: Resource) -> dict[str, str]:
    """What is known of a resource by its properties alone."""
    here = f"{REGION}:{ACCOUNT}"
    if kind == "AWS::S3::Bucket":
        return {"Ref": properties["BucketName"], "Arn": f"arn:aws:s3:::{properties['BucketName']}"}
    if kind == "AWS::SQS::Queue":
        return {"QueueName": properties["QueueName"], "Arn": f"arn:aws:sqs:{here}:{properties['QueueName']}"}
    if kind == "AWS::ECR::Repository":
        return {"Ref": properties["RepositoryName"], "Arn": f"arn:aws:ecr:{here}:repository/{properties['RepositoryName']}"}
    if kind == "AWS::ECS::TaskDefinition":
        return {"Ref": f"arn:aws:ecs:{here}:task-definition/{properties['Family']}:1"}
    made = {
        "AWS::ECS::Cluster": {"Ref": "readback", "Arn": f"arn:aws:ecs:{here}:cluster/readback"},
        "AWS::ECS::CapacityProvider": {"Ref": name},
        "AWS::IAM::Role": {"Ref": name, "Arn": f"arn:aws:iam::{ACCOUNT}:role/{name}"},
        "AWS::Logs::LogGroup": {"Ref": name, "Arn": f"arn:aws:logs:{here}:log-group:{name}:*"},
    }
    return made.get(kind, {})
