"""The product as AWS would run it, on this machine: every container of the task definitions as a process, started one after the other.

Command, environment and secrets are those of the templates. What differs is where the others are (``AwsStack.elsewhere``): the addresses
of S3, SQS and the vendors, of the balancer's names, of PostgreSQL and Redis, the ports that processes of one machine cannot share, and who
signs certificates. Each process has its role's credentials and nobody's else, and is refused what the role may not do.
"""

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any, ClassVar

import requests

from console.roles import Role
from console.users import User, hashed
from deployments.environment import Layout
from sandbox.aws.account import Account
from sandbox.aws.allowed import CREDENTIALS, REFUSED, Asked, allows
from sandbox.aws.templates import Container, Templates, synthesize
from sandbox.aws.tls import Authority, Fronts
from sandbox.postgres import Postgres
from sandbox.processes import Child, ProcessFailed, free_port, program, spawn, until
from sandbox.progress import Tell, keep_to_oneself
from sandbox.stack import CLIENT_ID, CLIENT_SECRET, CONSOLE_USERS, ROOT, Stack, StackOptions

DATABASE, REDIS = "database.sandbox", "redis.sandbox"
# Which port a container listens on by itself, and the variable that gives it another one.
PORTS = {
    "server-api": (4200, "PREFECT_SERVER_API_PORT"),
    "listener": (8089, "READBACK_LISTENER_HEALTH_PORT"),
    "console": (8088, "READBACK_CONSOLE_PORT"),
    "tracking": (5000, "MLFLOW_PORT"),
}
# In this order, as docs/aws.md has them started. `trainer` is started by `ecs-worker`, for a training.
SERVER = ("server-api", "databases", "register")
ONCE = ("databases", "register")
OTHERS = ("server-services", "listener", "call-worker", "summarizer", "eraser", "control", "late-runs", "tracking", "console", "ecs-worker")
LONGEST = 300.0


class AwsStack(Stack):
    """A running stack; use it as a context manager. ``started`` are the containers that run, ``left_out`` those that cannot, and why."""

    layout: ClassVar[Layout] = Layout.REDIS

    def __init__(self, options: StackOptions, templates: Path | None = None) -> None:
        """Nothing starts before the context is entered. ``templates`` is a folder that holds them already."""
        self.names: dict[str, str] = {}  # of the balancer's host names: where they are here
        self._hosts: dict[str, str] = {}  # the name that leads to a container
        super().__init__(options)
        self._folder = templates
        self.started: list[str] = []
        self.left_out: dict[str, str] = {}
        self._ports = {name: free_port() for name in PORTS}
        self._fronts: Fronts | None = None
        self._opened: dict[str, int] = {}  # the ports at which TLS is taken
        self.foundations = {*super().foundations, "redis", "balancer"}  # type: ignore[misc]

    @property
    def ui_url(self) -> str:
        """Where the balancer has the server's name."""
        return self.names.get(self._hosts.get("server-api", ""), "")

    @property
    def console_url(self) -> str:
        """Where the balancer has the console's name."""
        return self.names.get(self._hosts.get("console", ""), "")

    def ask(self, path: str, question: object) -> Any:
        """As whoever knows the server's password."""
        user, _, password = self.secret("prefect-auth").partition(":")
        answer = requests.post(f"{self.ui_url}/api/{path}", json=question, auth=(user, password), verify=self._trusted, timeout=10)
        answer.raise_for_status()
        return answer.json()

    def refused(self) -> list[dict[str, str]]:
        """What a role was refused so far."""
        told: list[dict[str, str]] = requests.get(f"{self.s3_url}{REFUSED}", timeout=30).json()
        return told

    def session(self) -> requests.Session:
        """A browser that trusts the balancer."""
        browser = requests.Session()
        browser.trust_env = False  # REQUESTS_CA_BUNDLE would name other authorities
        browser.verify = self._trusted
        return browser

    def secret(self, name: str) -> str:
        """The value of one of the stack's secrets."""
        return self._account.secret_named(name)

    def start(self, tell: Tell = keep_to_oneself) -> None:
        """Start everything, telling each step; on any failure, end what has started."""
        self.logs.mkdir(parents=True, exist_ok=True)
        try:
            tell("Making the templates (cdk synth)")
            made = self.options.work_dir / "cdk"
            self._templates = Templates.read(self._folder) if self._folder else synthesize(made)
            tell("Making an account of them in moto; starting PostgreSQL, Redis and the balancer with TLS, and the vendors' stand-ins")
            self._start_foundations()
            self._containers = self._templates.containers()
            self._start_balancer()
            for name in (*SERVER, *OTHERS):
                tell(f"Starting the container {name}")
                self._run(name)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """End everything."""
        super().stop()
        if self._fronts is not None:
            self._fronts.stop()
            self._fronts = None

    def _start_foundations(self) -> None:
        work = self.options.work_dir
        authority = Authority(work)
        self._authority, self._trusted, self._fronts = authority, str(authority.authority), Fronts(authority)
        (work / "roles.json").write_text(json.dumps(self._templates.roles()))
        self._start_vendors()
        self._meet_vendors()
        self._account = Account(self._templates, self.client)
        self._account.make(
            {
                "AWS::RDS::DBInstance": {"Endpoint.Address": DATABASE},
                "AWS::ElastiCache::ReplicationGroup": {"PrimaryEndPoint.Address": REDIS},
            }
        )
        self._fill_secrets()
        self._start_database()
        self._start_redis()

    def _start_s3(self) -> None:
        self.python("s3", "sandbox.s3", "--port", str(self.s3_port), "--roles", str(self.options.work_dir / "roles.json"))

    def _fill_secrets(self) -> None:
        """What docs/aws.md has people fill by hand."""
        self._account.fill("returnzero", {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET})
        password = hashed(self.console_password)
        users = [User(name=name, roles=[Role(name)], password=password) for name in CONSOLE_USERS]
        self._account.fill("console-users", [user.model_dump(mode="json") for user in users])

    def _start_database(self) -> None:
        """As RDS gives it: one user, whose password is in RDS's own secret, and one database."""
        [source] = {
            properties["SecretId"]["Ref"] for _, _, properties in self._templates.of_type("AWS::SecretsManager::SecretTargetAttachment")
        }
        arn = self._templates.resolve("ReadbackData", {"Ref": source})
        self._postgres = postgres = Postgres(self._account.secret(f"{arn}:password::"))
        postgres.make()
        self.children["postgres"] = spawn("postgres", postgres.command, self.environment, self.logs, postgres.data, postgres.become)
        until(postgres.ready, self.children["postgres"], "take connections")
        postgres.create_database()

    def _start_redis(self) -> None:
        folder, self._redis_port = self.options.work_dir / "redis", free_port()
        folder.mkdir()
        command = [program("redis-server"), "--bind", "127.0.0.1", "--port", str(self._redis_port), "--dir", str(folder), "--save", ""]
        self.children["redis"] = spawn("redis", command, self.environment, self.logs, folder)

    def _start_balancer(self) -> None:
        """A proxy that does what the balancer's rules say, at a port of its own for each name."""
        rules, sites = self._templates.rules(), []
        self._hosts = {rule.container: rule.host for rule in rules}
        self.names = {host: f"https://127.0.0.1:{free_port()}" for host in dict.fromkeys(rule.host for rule in rules)}
        for host, url in self.names.items():
            parts = []
            for rule in (rule for rule in rules if rule.host == host):
                default, _ = PORTS[rule.container]
                if rule.port != default:
                    raise ProcessFailed(f"the balancer asks {rule.container} at {rule.port}, which listens at {default}")
                proxy = f"reverse_proxy 127.0.0.1:{self._ports[rule.container]} {{\nheader_up Host {host}\n}}"
                path = f"@{rule.container} path {' '.join(rule.paths)}\n" if rule.paths else ""
                parts.append(f"{path}handle {f'@{rule.container} ' if path else ''}{{\n{proxy}\n}}")
            body = "\n".join(parts)
            sites.append(f"{url} {{\ntls {self._authority.certificate} {self._authority.key}\n{body}\n}}\n")
        file = self.options.work_dir / "Caddyfile"
        file.write_text("{\nadmin off\nauto_https disable_redirects\nskip_install_trust\n}\n" + "".join(sites))
        stores = {name: str(self.options.work_dir) for name in ("XDG_DATA_HOME", "XDG_CONFIG_HOME")}
        command = [program("caddy"), "run", "--config", str(file), "--adapter", "caddyfile"]
        self.children["balancer"] = spawn("balancer", command, os.environ | stores, self.logs, self.options.work_dir)

    def _run(self, name: str) -> None:
        """Start a container and wait until it does its work; one that is run once, until it has ended."""
        container = self._containers[name]
        if name == "ecs-worker" and (missing := _missing("prefect_aws")):
            self.left_out[name] = missing
            return
        child = spawn(name, self._argv(container), self._environment_of(container), self.logs, ROOT)
        self.children[name] = child
        if name in ONCE:
            if child.process.wait(LONGEST) != 0:
                raise child.failed("did not do its work")
            del self.children[name]
        else:
            until(lambda: self._is_up(container, child), child, "do its work", LONGEST)
        self.started.append(name)

    def _argv(self, container: Container) -> list[str]:
        return [self._here(container, word) for word in container.argv]

    def _environment_of(self, container: Container) -> dict[str, str]:
        """What ECS would give the process, at this machine's addresses."""
        given = {**container.environment, **{name: self._account.secret(source) for name, source in container.secrets.items()}}
        if not_read := self._may_not_read(container):
            raise ProcessFailed(f"{container.name}: ECS may not read {', '.join(not_read)} for it: its execution role lacks that")
        return {name: self._here(container, value) for name, value in given.items()} | self.elsewhere(container)

    def _may_not_read(self, container: Container) -> list[str]:
        arns = {name: ":".join(source.split(":")[:7]) for name, source in container.secrets.items()}
        read = "secretsmanager:GetSecretValue"
        return [name for name, arn in arns.items() if not allows(container.execution, Asked(read, arn))]

    def elsewhere(self, container: Container) -> dict[str, str]:
        """The variables that a process has here beside those of its task definition: where everything is."""
        home = self.options.work_dir / container.name
        for folder in (home, home / "tmp"):
            folder.mkdir(exist_ok=True)
        # Of the image, of ECS, of this machine's certificates; then of AWS's and the vendors' stand-ins.
        places = {
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "HOME": str(home),
            "TMPDIR": str(home / "tmp"),
            "PYTHONUNBUFFERED": "1",
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": f"{self.s3_url}{CREDENTIALS}{container.name}",
            "AWS_EC2_METADATA_DISABLED": "true",
            "PREFECT_API_SSL_CERT_FILE": self._trusted,
            "SSL_CERT_FILE": self._trusted,
            "AWS_ENDPOINT_URL": self.s3_url,
            "READBACK_RETURNZERO_URL": self.environment["READBACK_RETURNZERO_URL"],
            "READBACK_TTS_ENDPOINT": self.environment["READBACK_TTS_ENDPOINT"],
        }
        if "PREFECT_REDIS_MESSAGING_HOST" in container.environment:
            places["PREFECT_REDIS_MESSAGING_PORT"] = str(self._front("redis"))
        if container.name in PORTS:
            places[PORTS[container.name][1]] = str(self._ports[container.name])
        return places

    def _front(self, name: str) -> int:
        """The port at which TLS is taken before PostgreSQL or Redis, opened when it is first asked for."""
        if self._fronts is None or self._postgres is None:
            raise RuntimeError("the stack has not been started")
        if name not in self._opened:
            target = self._postgres.port if name == "postgres" else self._redis_port
            self._opened[name] = self._fronts.open(target, postgres=name == "postgres")
        return self._opened[name]

    def _here(self, container: Container, value: str) -> str:
        """A value with the stack's addresses replaced by this machine's."""
        places = {f"https://{name}": url for name, url in self.names.items()} | {
            f"{DATABASE}:5432": f"127.0.0.1:{self._front('postgres')}",
            REDIS: "127.0.0.1",
            "/tmp/": f"{self.options.work_dir}/{container.name}/tmp/",
        }
        for stack, here in places.items():
            value = value.replace(stack, here)
        return value

    def _is_up(self, container: Container, child: Child) -> bool:
        """Whether a container does its work: by its own health check, by the balancer's, or by what it says."""
        if container.health:
            words = [self._at_its_port(container, word) for word in container.health[1:]]
            return subprocess.run(words, env=self._environment_of(container), cwd=ROOT, capture_output=True, check=False).returncode == 0
        if container.name == "server-api":
            return _answers(f"{self.ui_url}/api/health", self._trusted)
        said = child.said()
        return '"late_runs"' in said if container.name == "late-runs" else "started!" in said

    def _at_its_port(self, container: Container, word: str) -> str:
        default, _ = PORTS.get(container.name, (0, ""))
        return word.replace(f":{default}/", f":{self._ports[container.name]}/") if default else word


def _answers(url: str, trusted: str) -> bool:
    try:
        return requests.get(url, verify=trusted, timeout=5).ok
    except requests.RequestException:
        return False


def _missing(package: str) -> str:
    """Why a container cannot run where its image's package is not installed; empty where it can."""
    return "" if find_spec(package) else f"{package} is not installed (pip install -r requirements/ecs.txt)"
