"""The whole product on one machine: the vendors' stand-ins, Prefect's server, the workers and the listener.

Production code runs unchanged; only the settings in ``Stack.environment`` differ, and they are the ones that a real
deployment sets. Every port is free-chosen unless given, all state lies in one folder, and leaving the context ends everything.
"""

import os
import secrets
import subprocess
import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, ClassVar, Self

import boto3
import certifi
import requests
from botocore.config import Config

from console.roles import Role
from console.users import User, hashed, save
from deployments.environment import Layout, Process, environment
from deployments.tracking_server import PREFIX
from models.retention import kinds, lifecycle
from sandbox.faults import FaultPlan
from sandbox.notices import make_block
from sandbox.nursery import Nursery
from sandbox.oidc import GROUPS, SECRET_VARIABLE
from sandbox.postgres import Postgres
from sandbox.prepared import prepared
from sandbox.processes import Child, answers, free_port, spawn, until
from sandbox.progress import Tell, keep_to_oneself

ROOT = Path(__file__).resolve().parent.parent
RECORDINGS = ROOT / "sandbox" / "recordings"
BUCKET = "aicc-all"
REGION = "ap-northeast-2"
EARS = ("google", "transcribe")  # vendors that hear beside ReturnZero, which every stack has
CONSOLE_DATABASE = "console"
# Who may sign on to the stack's console, each by the name of the role; the password is made anew with the stack.
CONSOLE_USERS = tuple(role.value for role in Role)
# What each process loads before it is let go (``sandbox.held``): what its command would load first.
_OF_A_WORKER = ("prefect.cli", "prefect.cli.worker")
_OF_RESIDENT = (*_OF_A_WORKER, "prefect.events.clients", "deployments.resident")
LOADED: Mapping[str, Sequence[str]] = {
    "prefect-server": ("prefect.cli", "prefect.cli.server", "prefect.server.api.server"),
    "register": ("deployments.register", "deployments.deploying:deployments"),
    "call-worker": (
        *_OF_RESIDENT,
        "flows.process_call",
        "flows.reap",
        "flows.reconcile",
        "google.cloud.texttospeech_v1",
        "models.sound.wav:load_libraries",
        "models.summarizer.own_words:morphology",
    ),
    "summarizer": (*_OF_RESIDENT, "flows.summarize_call", "models.summarizer.own_words:morphology"),
    "watch-s3": ("flows.watch_s3",),
    "console": ("console.acts", "console.app", "models.sound.wav:load_libraries"),
    "training-worker": (*_OF_A_WORKER, "prefect.workers.process"),
    "control-worker": (*_OF_A_WORKER, "prefect.workers.process"),
}
# What the commands in ``NURSED`` all load: one process does, and is forked for each.
NURSERY = ("sandbox.nursery", "prefect.cli", "prefect.cli.worker", "prefect.events.clients", "deployments.resident")
NURSED = ("register", "call-worker", "watch-s3")
# What the stand-ins accept as credentials; no vendor knows them.
CLIENT_ID, CLIENT_SECRET = "sandbox", "sandbox-secret"


@dataclass
class StackOptions:
    """How to run the stack. ``ui_port`` 0 chooses a free one; ``stt_seconds`` is how long a job of the stand-in takes,
    ``stt_noise`` how many percent of the characters it mishears.

    ``logs`` takes each process's output, by default in ``work_dir``. With ``faulty_s3`` the product reaches S3 and SQS through a proxy
    that can be told to spoil requests (``Stack.inject``). ``hears`` names the vendor that hears the calls, and others beside it.
    With ``oidc`` people sign on to the console by a company's provider instead of the users' file.
    With ``tracking`` MLflow's server follows trainings; nobody waits for it. With ``hub`` there is a hub for models, of the stack's own.
    The call worker holds the model; with ``linked_summaries`` a summarizer of its own on pool ``g4dn`` does.
    """

    work_dir: Path
    logs: Path | None = None
    transcripts: Sequence[Path] = (RECORDINGS,)
    ui_port: int = 0
    s3_port: int = 0
    stt_seconds: float = 3.0
    stt_poll_seconds: float = 1.0
    stt_concurrency: int = 10
    call_limit: int = 16
    stt_noise: float = 0.0
    training_worker: bool = False
    console: bool = False
    console_port: int = 0
    oidc: bool = False
    hub: bool = False
    faulty_s3: bool = False
    hears: Sequence[str] = ()
    tracking: bool = False
    linked_summaries: bool = False
    settings: Mapping[str, str] = field(default_factory=dict)


class Stack:
    """A running stack; use it as a context manager."""

    layout: ClassVar[Layout] = Layout.ONE_MACHINE
    # What the others stand on, ended after them.
    foundations: ClassVar[Collection[str]] = (
        "postgres",
        "s3",
        "s3-faults",
        "returnzero",
        *EARS,
        "google-tts",
        "notices",
        "oidc",
        "hub",
        "prefect-server",
        "nursery",
    )

    def __init__(self, options: StackOptions) -> None:
        """Nothing starts before the context is entered."""
        self.options = options
        self.children: dict[str, Child] = {}
        self.vendors: dict[str, str] = {}
        self.api_port = options.ui_port or free_port()
        self.s3_port = options.s3_port or free_port()
        self.listener_port = free_port()
        self.tracking_port = free_port() if options.tracking else 0
        self.console_port = options.console_port or free_port()
        self.console_password = secrets.token_urlsafe(9)
        self._oidc_secret = secrets.token_urlsafe(24)
        self.notices_url = ""
        self.environment = self._environment()
        self.logs = (options.logs or options.work_dir / "logs").resolve()
        self._postgres: Postgres | None = None
        self._nursery: Nursery | None = None
        self._held: dict[str, dict[str, str]] = {}  # the environment that each held process was started with

    @property
    def ui_url(self) -> str:
        """Where the Prefect UI is."""
        return f"http://127.0.0.1:{self.api_port}"

    @property
    def listener_health_url(self) -> str:
        """Where the listener says whether it does its work."""
        return f"http://127.0.0.1:{self.listener_port}/healthz"

    @property
    def console_url(self) -> str:
        """Where the console is, if there is one."""
        return f"http://127.0.0.1:{self.console_port}"

    @property
    def console_access(self) -> str:
        """Where it is and who may sign on, for people."""
        return f"{self.console_url} (sign on as {', '.join(CONSOLE_USERS)}; password {self.console_password})"

    @property
    def s3_url(self) -> str:
        """Where the S3 and SQS stand-in is."""
        return f"http://127.0.0.1:{self.s3_port}"

    @property
    def tracking_url(self) -> str:
        """Where MLflow is; empty where there is none."""
        return f"http://127.0.0.1:{self.tracking_port}" if self.tracking_port else ""

    def _environment(self) -> dict[str, str]:
        options = self.options
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "READBACK_", "AWS_"))}
        # One environment for all: what only the server reads does nothing elsewhere.
        prefect = environment(Process.SERVER, self.layout) | environment(Process.WORKER, self.layout)
        return inherited | {
            "PYTHONUNBUFFERED": "1",
            **prefect,
            "PREFECT_HOME": str(options.work_dir / "prefect"),
            "PREFECT_API_URL": f"{self.ui_url}/api",
            "AWS_ACCESS_KEY_ID": "sandbox",
            "AWS_SECRET_ACCESS_KEY": "sandbox",
            "AWS_DEFAULT_REGION": REGION,
            "READBACK_BUCKET": BUCKET,
            "READBACK_AWS_ENDPOINT_URL": self.s3_url,
            "READBACK_AWS_REGION": REGION,
            "READBACK_RETURNZERO_CLIENT_ID": CLIENT_ID,
            "READBACK_RETURNZERO_CLIENT_SECRET": CLIENT_SECRET,
            "READBACK_STT_POLL_SECONDS": str(options.stt_poll_seconds),
            "READBACK_STT_CONCURRENCY": str(options.stt_concurrency),
            "READBACK_EMBED_AUDIO": "both",
            "READBACK_SUGGEST_ANSWERS": "true",
            "READBACK_TRACKING_URL": self.tracking_url,
            "READBACK_SUMMARIZE_IN_CALL": str(not options.linked_summaries).lower(),
            **options.settings,
        }

    def client(self, service: str) -> Any:
        """A boto3 client of the stand-in, for whoever plays Amazon Connect or the reading system."""
        return boto3.client(  # type: ignore[call-overload]
            service,
            endpoint_url=self.s3_url,
            region_name=REGION,
            aws_access_key_id="sandbox",
            aws_secret_access_key="sandbox",
            config=Config(s3={"addressing_style": "path"}, retries={"total_max_attempts": 3}),
        )

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()

    def start(self, tell: Tell = keep_to_oneself) -> None:
        """Start everything, telling each step; on any failure, end what has started."""
        self.logs.mkdir(parents=True, exist_ok=True)
        self.environment["PREFECT_API_SSL_CERT_FILE"] = str(one_certificate(self.options.work_dir))
        try:
            tell("Making a database; starting S3, the vendors' stand-ins and, held until they are wanted, the server and the workers")
            self._start_side_by_side()
            self._make_database()
            tell("Starting Prefect's server")
            self._let_servers_go()
            self._meet_vendors()
            self._prepare_bucket()
            self._wait_for_servers()
            tell("Registering work pools, queues, deployments and automations")
            self._register()
            tell("Starting the workers, which load the model, and the listener")
            self._let_workers_go()
            self._start_tracking()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """End everything: first, and all at once, who does the work, then what they stand on."""
        workers = {name: child for name, child in self.children.items() if name not in self.foundations}
        for ending in (workers, self.children):
            for child in ending.values():
                child.ask_to_end()
            for child in ending.values():
                child.stop()
        self.children.clear()
        self._held.clear()
        self._nursery = None
        if self._postgres is not None:
            self._postgres.remove()
            self._postgres = None

    def check(self) -> None:
        """Raise when a process of the stack has ended by itself."""
        for child in self.children.values():
            child.check()

    def python(self, name: str, *arguments: str, held: bool = False, **more: str) -> Child:
        """Start ``python -m ...`` in the stack's environment and ``more``; where it is ``held``, it loads and waits for ``_let_go``."""
        environment = self.environment | more
        if held:
            loads = (argument for module in LOADED[name] for argument in ("--load", module))
            arguments = ("sandbox.held", *self._turn(name), *loads, *arguments)
            self._held[name] = environment
            if name in NURSED and self._nursery is not None:
                self.children[name] = child = self._nursery.spawn(name, arguments[1:], environment, self.logs)
                return child
        child = spawn(name, [sys.executable, "-m", *arguments], environment, self.logs, ROOT, held=held)
        self.children[name] = child
        return child

    def run(self, name: str, *arguments: str, timeout_seconds: float = 600) -> str:
        """Run ``python -m ...`` in the stack's environment to its end; returns what it said, or raises ProcessFailed."""
        child = self.python(name, *arguments)
        try:
            code = child.process.wait(timeout_seconds)
        except subprocess.TimeoutExpired as error:
            raise child.failed(f"took longer than {timeout_seconds:.0f} s") from error
        if code != 0:
            raise child.failed(f"ended with code {code}")
        del self.children[name]
        return child.said()

    def _turn(self, name: str) -> tuple[str, ...]:
        """Which of the held load after one another: the server alone has a core for itself, for everything waits for it."""
        if name == "prefect-server":
            return ()
        cores = len(os.sched_getaffinity(0))
        return "--turn", str(self.options.work_dir / f"turn-{len(self._held) % max(1, cores - 1)}")

    def _let_go(self, name: str) -> None:
        """Let a held process run, with what became known since it was started."""
        given = self._held.pop(name)
        self.children[name].let_go({key: value for key, value in self.environment.items() if given.get(key) != value})

    def _start_side_by_side(self) -> None:
        """Start every process but the database; those that need another one are held."""
        self._postgres = Postgres()
        self.environment["PREFECT_API_DATABASE_CONNECTION_URL"] = self._postgres.url
        if self.options.console:
            self.environment["READBACK_INDEX_URL"] = self._postgres.address(CONSOLE_DATABASE)
            self.start_console(held=True)
        self.start_server(held=True)
        self._nursery = Nursery.start(NURSERY, self.environment, self.logs, ROOT)
        self.children["nursery"] = self._nursery.child
        self._start_vendors()
        self.python("register", "deployments.register", held=True)
        self.start_call_worker(held=True)
        self.start_listener(held=True)
        if self.options.linked_summaries:
            self.start_summarizer(held=True)
        if self.options.training_worker:
            self.start_training_worker(held=True)
            self._worker("control-worker", "g4dn", "process", "control", limit=4, held=True)

    def _let_servers_go(self) -> None:
        self._let_go("prefect-server")

    def _wait_for_servers(self) -> None:
        self._wait_for(f"{self.ui_url}/api/health", "prefect-server")

    def _start_vendors(self) -> None:
        self._start_s3()
        options = self.options
        spoken = ("--spoken", str(options.work_dir / "spoken"))
        folders = [argument for folder in options.transcripts for argument in ("--transcripts", str(folder))]
        self.python(
            "returnzero",
            "sandbox.returnzero",
            *folders,
            "--latency-seconds",
            str(options.stt_seconds),
            "--concurrency",
            str(options.stt_concurrency),
            "--state",
            str(options.work_dir / "returnzero.state"),
            "--noise",
            str(options.stt_noise),
            *spoken,
        )
        latency = ("--latency-seconds", str(options.stt_seconds), "--noise", str(options.stt_noise), *spoken)
        if "google" in options.hears:
            self.python("google", "sandbox.google_stt", *folders, *latency)
        if "transcribe" in options.hears:
            self.python("transcribe", "sandbox.amazon_transcribe", *folders, *latency, "--s3", self.s3_url)
        self.python("google-tts", "sandbox.google_tts", *spoken)
        self.python("notices", "sandbox.notices")
        if self.options.oidc:
            self._start_provider()
        if self.options.hub:
            self.environment["HF_TOKEN"] = f"hf_{secrets.token_urlsafe(24)}"
            self.python("hub", "sandbox.hub", READBACK_SANDBOX_HUB_TOKEN=self.environment["HF_TOKEN"])
        if self.options.faulty_s3:
            self.python("s3-faults", "sandbox.s3_faults", "--target", self.s3_url)

    def _start_s3(self) -> None:
        self.python("s3", "sandbox.s3", "--port", str(self.s3_port))

    def _start_provider(self) -> None:
        """Start the provider that signs people on to the console."""
        password = self.options.work_dir / "console-password"
        password.write_text(self.console_password, "utf-8")
        redirect = ("--redirect", f"{self.console_url}/login/back")
        self.environment |= {SECRET_VARIABLE: self._oidc_secret}
        self.python("oidc", "sandbox.oidc", *redirect, "--password-file", str(password))
        del self.environment[SECRET_VARIABLE]

    def _meet_provider(self) -> None:
        met = self.children["oidc"].announced()
        self.vendors["oidc"] = met["url"]
        given = {
            "ISSUER": met["url"],
            "CLIENT_ID": met["client"],
            "ROLES_CLAIM": "groups",
            "ROLES": GROUPS,
        }
        self.environment |= {f"READBACK_CONSOLE_OIDC_{name}": value for name, value in given.items()}
        self.environment["READBACK_CONSOLE_ADDRESS"] = self.console_url

    def _meet_vendors(self) -> None:
        """Note where the stand-ins are, once they listen."""
        returnzero, google, notices = (self.children[name].announced() for name in ("returnzero", "google-tts", "notices"))
        self.vendors |= {"returnzero": returnzero["url"], "google-tts": google["url"]}
        self.environment["READBACK_RETURNZERO_URL"] = self.vendors["returnzero"]
        self.environment["READBACK_TTS_ENDPOINT"] = google["endpoint"]
        self.notices_url = notices["url"]
        self._meet_ears()
        if self.options.oidc:
            self._meet_provider()
        if self.options.hub:
            self.vendors["hub"] = self.environment["HF_ENDPOINT"] = self.children["hub"].announced()["url"]
        self.children["s3"].announced()
        if self.options.faulty_s3:
            self.vendors["s3"] = self.children["s3-faults"].announced()["url"]
            self.environment["READBACK_AWS_ENDPOINT_URL"] = self.vendors["s3"]

    def _meet_ears(self) -> None:
        hears = self.options.hears
        at = {name: self.children[name].announced() for name in EARS if name in hears}
        self.vendors |= {name: address["url"] for name, address in at.items()}
        if "google" in at:
            place = {"PROJECT": "sandbox", "BUCKET": "sandbox-sounds", "ENDPOINT": at["google"]["endpoint"]}
            self.environment |= {f"READBACK_GOOGLE_STT_{name}": value for name, value in place.items()}
            self.environment["READBACK_GOOGLE_STORAGE_URL"] = at["google"]["url"]
        if "transcribe" in at:
            self.environment["READBACK_TRANSCRIBE_ENDPOINT_URL"] = at["transcribe"]["url"]
        if hears:
            self.environment["READBACK_STT_PROVIDER"] = hears[0]

    def _database(self) -> Postgres:
        if self._postgres is None:
            raise RuntimeError("the stack has not been started")
        return self._postgres

    def _make_database(self) -> None:
        postgres = self._database()
        postgres.make(prepared())
        self.children["postgres"] = spawn("postgres", postgres.command, self.environment, self.logs, postgres.data, postgres.become)
        until(postgres.ready, self.children["postgres"], "take connections")
        if self.options.console:
            postgres.create_database(CONSOLE_DATABASE)

    def start_server(self, *, held: bool = False) -> None:
        """Start Prefect's server."""
        start = ("deployments.prefect_server", "start", "--host", "127.0.0.1", "--port", str(self.api_port))
        self.python("prefect-server", *start, held=held)

    def _prepare_bucket(self) -> None:
        s3, sqs = self.client("s3"), self.client("sqs")
        s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
        s3.put_bucket_lifecycle_configuration(Bucket=BUCKET, LifecycleConfiguration=lifecycle(kinds()))  # kept, and not followed by moto
        url = sqs.create_queue(QueueName="readback-recordings", Attributes={"VisibilityTimeout": "30"})["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        rules = [{"Name": "prefix", "Value": "connect/"}, {"Name": "suffix", "Value": ".wav"}]
        s3.put_bucket_notification_configuration(
            Bucket=BUCKET,
            NotificationConfiguration={
                "QueueConfigurations": [{"QueueArn": arn, "Events": ["s3:ObjectCreated:*"], "Filter": {"Key": {"FilterRules": rules}}}]
            },
        )
        self.environment["READBACK_QUEUE_URL"] = url

    def _register(self) -> None:
        user, _, password = self.environment.get("PREFECT_API_AUTH_STRING", "").partition(":")
        block = make_block(f"{self.ui_url}/api", self.notices_url, (user, password) if user else None)
        self.environment["READBACK_NOTIFICATION_BLOCK"] = block
        child = self.children["register"]
        self._let_go("register")
        if child.process.wait(180) != 0:
            raise child.failed("could not register the deployments")
        del self.children["register"]

    def _let_workers_go(self) -> None:
        for name in list(self._held):
            self._let_go(name)
        for name in ("call-worker", "summarizer"):
            if name in self.children:
                self.wait_for_worker(name)
        if self.options.console:
            self._wait_for(f"{self.console_url}/healthz", "console")

    def _start_tracking(self) -> None:
        """Start MLflow's server once the others are up: it takes seconds of a processor, and nothing but a training asks it."""
        if self._postgres is None or not self.tracking_port:
            return
        places = ("--database", self._postgres.address(PREFIX), "--artifacts", f"s3://{BUCKET}/{PREFIX}")
        start = ("deployments.tracking_server", *places, "--port", str(self.tracking_port))
        self.python("mlflow", *start, MLFLOW_S3_ENDPOINT_URL=self.s3_url)

    def start_call_worker(self, *, held: bool = False) -> None:
        """Start the worker of pool ``calls``."""
        self._worker("call-worker", "calls", "resident", "", limit=self.options.call_limit, held=held)

    def start_summarizer(self, *, held: bool = False) -> None:
        """Start the summarizer's worker of pool ``g4dn``."""
        self._worker("summarizer", "g4dn", "resident", "summaries", limit=64, held=held)

    def start_training_worker(self, *, held: bool = False) -> None:
        """Start the worker of queue ``training``, Prefect's own, a process a run; what runs leave on disk goes with the bucket."""
        left = self.options.work_dir / "training"
        left.mkdir(exist_ok=True)
        self._worker("training-worker", "g4dn", "process", "training", limit=1, held=held, TMPDIR=str(left))

    def start_listener(self, *, held: bool = False) -> None:
        """Start the service that turns S3 notifications into Prefect events."""
        self.python("watch-s3", "flows.watch_s3", held=held, READBACK_LISTENER_HEALTH_PORT=str(self.listener_port))

    def start_console(self, *, held: bool = False) -> None:
        """Start the console's pages, with a user for each role."""
        file = self.options.work_dir / "console-users.json"
        password = hashed(self.console_password)
        save(file, {name: User(name=name, roles=[Role(name)], password=password) for name in CONSOLE_USERS})
        self.python(
            "console",
            "console",
            held=held,
            READBACK_CONSOLE_USERS_FILE=str(file),
            READBACK_CONSOLE_SECRET=secrets.token_urlsafe(32),
            READBACK_CONSOLE_PORT=str(self.console_port),
            READBACK_CONSOLE_SECURE_COOKIES="false",
            READBACK_CONSOLE_PREFECT_URL=self.ui_url,
            READBACK_CONSOLE_OIDC_CLIENT_SECRET=self._oidc_secret if self.options.oidc else "",
        )

    @property
    def crashable(self) -> Mapping[str, Callable[[], None]]:
        """Who may be killed at any time, and how it is started again."""
        summarizer = {"summarizer": self.start_summarizer} if self.options.linked_summaries else {}
        console = {"console": self.start_console} if self.options.console else {}
        return {
            "call-worker": self.start_call_worker,
            **summarizer,
            **console,
            "watch-s3": self.start_listener,
            "prefect-server": self.start_server,
        }

    @property
    def victims(self) -> Sequence[str]:
        """What ``crash`` takes."""
        return sorted(self.crashable)

    @property
    def in_trouble(self) -> bool:
        """Whether something that ``crash`` did is not over yet."""
        return False

    def keep_up(self) -> list[str]:
        """Start again those of ``crashable`` that have ended by themselves, as a service manager would; returns their names.

        A worker that starts while Prefect's server is away gives up. Any other process that ends is an error.
        """
        ended = [name for name in self.crashable if name in self.children and self.children[name].process.poll() is not None]
        for name in ended:
            self._start_again(name)
        self.check()
        return ended

    def crash(self, victim: str) -> None:
        """End one of ``victims`` as a power cut would, and start it again as a service manager would."""
        self._start_again(victim)

    def _start_again(self, name: str) -> None:
        self.children.pop(name).kill()
        self.crashable[name]()

    def inject(self, vendor: str, plan: FaultPlan) -> None:
        """Put a plan of faults in force at one of ``vendors``."""
        requests.post(f"{self.vendors[vendor]}/sandbox/faults", data=plan.model_dump_json(), timeout=10).raise_for_status()

    def ask(self, path: str, question: object) -> Any:
        """What Prefect's API answers to a question that is posted."""
        answer = requests.post(f"{self.ui_url}/api/{path}", json=question, timeout=10)
        answer.raise_for_status()
        return answer.json()

    def notices(self) -> list[dict[str, str]]:
        """What people were told so far."""
        arrived: list[dict[str, str]] = requests.get(f"{self.notices_url}/notices", timeout=30).json()
        return arrived

    def counters(self, vendor: str) -> dict[str, Any]:
        """The books that one of ``vendors`` keeps."""
        books: dict[str, Any] = requests.get(f"{self.vendors[vendor]}/sandbox/counters", timeout=30).json()
        return books

    def _worker(self, name: str, pool: str, kind: str, queue: str, *, limit: int, held: bool = False, **more: str) -> None:
        queues = ["--work-queue", queue] if queue else []
        start = ["prefect", "worker", "start", "--pool", pool, "--type", kind, "--name", name, "--limit", str(limit), *queues]
        self.python(name, *start, held=held, **self._more_for(Process.RESIDENT if kind == "resident" else Process.WORKER), **more)

    def environment_of(self, process: Process) -> dict[str, str]:
        """What a kind of process finds in its environment."""
        return self.environment | self._more_for(process)

    def _more_for(self, process: Process) -> dict[str, str]:
        """Prefect's variables of one kind of process that the others are not given."""
        return {name: value for name, value in environment(process, self.layout).items() if name not in self.environment}

    def _wait_for(self, url: str, name: str) -> None:
        until(lambda: answers(url), self.children[name], f"answer at {url}")

    def wait_for_worker(self, name: str) -> None:
        """Return when a worker says that it takes runs."""
        child = self.children[name]
        until(lambda: "started!" in child.said(), child, "start")


def one_certificate(folder: Path) -> Path:
    """A file with a single certificate authority.

    A Prefect worker makes eight clients when it starts and reads the bundle of all authorities for each, 80 ms of a processor, plain
    http or not. The stack's server is plain http; a deployment names the one authority that its server's certificate comes from.
    """
    first, end, _ = Path(certifi.where()).read_text(encoding="ascii", errors="ignore").partition("-----END CERTIFICATE-----")
    path = folder / "one-authority.pem"
    path.write_text(first + end + "\n", encoding="ascii")
    return path
