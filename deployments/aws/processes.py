"""The processes as containers of ECS: command, image, role, size. Their environment comes from ``deployments.environment``.

The commands are those of compose.yaml and docs/how-to-change.md; ``tests/deployments/test_aws.py`` holds them against each other.
"""

from dataclasses import dataclass

from deployments.environment import Layout, Process, environment

RESIDENT = ("prefect", "worker", "start", "--type", "resident", "--pool")
_ASK = "import urllib.request; urllib.request.urlopen('http://127.0.0.1:{}', timeout=5)"
TRACKING_PATH = "/mlflow"
TRACKING_USER = "readback"
MODELS = "/home/readback/.cache/readback/models"  # READBACK_MODEL_CACHE of the image's user
# What a name of the site stands for in a command; the rest of a command is the same everywhere.
BUCKET, SERVER_NAME = "{bucket}", "{server_name}"


@dataclass(frozen=True)
class Container:
    """One process. ``role`` is a policy of ``deployments/iam``, empty where it asks AWS for nothing; ``secrets`` are names of ``SECRETS``.

    ``process`` is None where it is no process of Prefect's. ``cpu`` in 1,024ths of a processor, ``memory`` in MiB; ``stop_seconds`` is how
    long it may take to stop. ``port`` is where it listens for the balancer, 0 where it does not. ``kept`` is a folder that stays on the
    machine when the task goes, of the image's user.
    """

    name: str
    process: Process | None
    command: tuple[str, ...]
    role: str
    cpu: int
    memory: int
    secrets: tuple[str, ...] = ()
    settings: tuple[str, ...] = ("READBACK_BUCKET",)
    image: str = "run"
    gpu: bool = False
    stop_seconds: int = 40
    health: tuple[str, ...] = ()
    port: int = 0
    kept: str = ""

    @property
    def prefect(self) -> dict[str, str]:
        """Prefect's variables of this kind of process, with Redis behind the server."""
        return environment(self.process, Layout.REDIS) if self.process else {}

    @property
    def files(self) -> dict[str, str]:
        """Where secrets are put that are read from files: the variable that names the file, by the secret's."""
        return {secret: FILES[secret][0] for secret in self.secrets if secret in FILES}

    @property
    def entry_point(self) -> tuple[str, ...]:
        """What puts these files there before the command begins; empty where there are none."""
        if not self.files:
            return ()
        writes = (f'printf %s "${secret}" > "${variable}"; unset {secret}; ' for secret, variable in self.files.items())
        return "sh", "-c", f'umask 077; {"".join(writes)}exec "$@"', "--"


def _answers(address: str) -> tuple[str, ...]:
    """The health check of a process that listens: a port and a path."""
    return "python", "-c", _ASK.format(address)


# Variable of the process: secret of Secrets Manager, and the field of its JSON (empty: the whole).
SECRETS = {
    "PREFECT_API_AUTH_STRING": ("prefect-auth", ""),
    "PREFECT_SERVER_API_AUTH_STRING": ("prefect-auth", ""),
    "PREFECT_API_DATABASE_CONNECTION_URL": ("database-url", ""),
    "READBACK_RETURNZERO_CLIENT_ID": ("returnzero", "client_id"),
    "READBACK_RETURNZERO_CLIENT_SECRET": ("returnzero", "client_secret"),
    "READBACK_NUMBER_KEY": ("number-key", ""),
    "READBACK_INDEX_URL": ("index-url", ""),
    "READBACK_CONSOLE_SECRET": ("console-secret", ""),
    "CONSOLE_USERS": ("console-users", ""),
    "MLFLOW_BACKEND_STORE_URI": ("tracking-url", ""),
    "MLFLOW_AUTH_ADMIN_PASSWORD": ("tracking-password", ""),
    "MLFLOW_TRACKING_PASSWORD": ("tracking-password", ""),
    "MLFLOW_FLASK_SERVER_SECRET_KEY": ("tracking-key", ""),
    "GOOGLE_CREDENTIALS": ("google", ""),
}
# Secrets that are read from a file alone, by the variable that names it: Google's libraries do, and the console its users.
FILES = {
    "GOOGLE_CREDENTIALS": ("GOOGLE_APPLICATION_CREDENTIALS", "/tmp/google.json"),
    "CONSOLE_USERS": ("READBACK_CONSOLE_USERS_FILE", "/tmp/console-users.json"),
}
SERVER_SECRETS = ("PREFECT_SERVER_API_AUTH_STRING", "PREFECT_API_DATABASE_CONNECTION_URL")
VENDORS = ("READBACK_RETURNZERO_CLIENT_ID", "READBACK_RETURNZERO_CLIENT_SECRET", "GOOGLE_CREDENTIALS")
AUTH = "PREFECT_API_AUTH_STRING"
INDEX = "READBACK_INDEX_URL"  # of everybody who writes a call's record (tasks.call.listing), and of the console
RECORDINGS = ("READBACK_BUCKET", "READBACK_RECORDINGS_PREFIX")
CONTACTS = ("READBACK_CONNECT_INSTANCE_ID", "READBACK_CONTACT_RECORDS_PREFIX")

API = Container(
    "server-api",
    Process.SERVER,
    ("python", "-m", "deployments.prefect_server", "start", "--host", "0.0.0.0", "--no-services"),
    role="",
    cpu=1024,
    memory=2048,
    secrets=SERVER_SECRETS,
    settings=(),
    port=4200,
)
SERVICES = Container(
    "server-services",
    Process.SERVER,
    ("python", "-m", "deployments.prefect_server", "services", "start"),
    role="",
    cpu=1024,
    memory=2048,
    secrets=SERVER_SECRETS,
    settings=(),
    health=("python", "-m", "deployments.services_health"),
)
DATABASES = Container(
    "databases",
    None,
    ("python", "-m", "deployments.databases"),
    role="",
    cpu=256,
    memory=512,
    secrets=("PREFECT_API_DATABASE_CONNECTION_URL", INDEX, "MLFLOW_BACKEND_STORE_URI"),
    settings=(),
    image="track",  # which has a driver for it
)
REGISTER = Container(
    "register",
    Process.COMMAND,
    ("python", "-m", "deployments.register"),
    role="",
    cpu=512,
    memory=1024,
    secrets=(AUTH,),
    settings=("READBACK_BUCKET", "READBACK_TRAINING_ON_ECS", "READBACK_NOTIFICATION_BLOCK"),
)
LATE_RUNS = Container(
    "late-runs",
    Process.COMMAND,
    ("python", "-m", "deployments.aws.late_runs"),
    role="",
    cpu=256,
    memory=512,
    secrets=(AUTH,),
    settings=(),
)
LISTENER = Container(
    "listener",
    Process.LISTENER,
    ("python", "-m", "flows.watch_s3"),
    role="listener",
    cpu=256,
    memory=512,
    secrets=(AUTH, "READBACK_NUMBER_KEY"),
    settings=(*RECORDINGS, "READBACK_QUEUE_URL", "READBACK_CONTACT_RECORDS_PREFIX"),
    health=_answers("8089/healthz"),
)
CALL_WORKER = Container(
    "call-worker",
    Process.RESIDENT,
    (*RESIDENT, "calls", "--limit", "100", "--work-queue", "operations", "--work-queue", "live", "--work-queue", "backfill"),
    role="call-worker",
    cpu=1024,
    memory=2048,
    secrets=(AUTH, *VENDORS, INDEX),
    settings=(*RECORDINGS, *CONTACTS, "READBACK_DAILY_BUDGETS", "READBACK_KEPT_DAYS", "READBACK_SUMMARIZE_IN_CALL"),
)
ERASER = Container(
    "eraser",
    Process.RESIDENT,
    (*RESIDENT, "calls", "--work-queue", "erasure"),
    role="erase",
    cpu=256,
    memory=512,
    secrets=(AUTH, INDEX),
    settings=(*RECORDINGS, *CONTACTS),
)
CONTROL = Container(
    "control",
    Process.WORKER,
    ("prefect", "worker", "start", "--pool", "g4dn", "--work-queue", "control"),
    role="promoter",
    cpu=1024,
    memory=4096,
    secrets=(AUTH,),
    image="gpu",
)
SUMMARIZER = Container(
    "summarizer",
    Process.RESIDENT,
    (*RESIDENT, "g4dn", "--work-queue", "summaries", "--limit", "64"),
    role="summarizer",
    cpu=3072,
    memory=12288,
    secrets=(AUTH,),
    image="gpu",
    gpu=True,
    kept=MODELS,
)
ECS_WORKER = Container(
    "ecs-worker",
    Process.WORKER,
    ("prefect", "worker", "start", "--pool", "training", "--type", "ecs", "--work-queue", "training"),
    role="",  # it starts tasks: ``stacks.services`` says which
    cpu=256,
    memory=1024,
    secrets=(AUTH,),
    settings=(),
    image="ecs",
)
TRAINER = Container(
    "trainer",
    Process.WORKER,
    (),  # the run that it is started for says what it does
    role="trainer",
    cpu=3072,
    memory=14336,
    secrets=(AUTH, "MLFLOW_TRACKING_PASSWORD"),
    settings=("READBACK_BUCKET", "READBACK_TRACKING_URL", "MLFLOW_TRACKING_USERNAME"),
    image="gpu",
    gpu=True,
)
CONSOLE = Container(
    "console",
    Process.COMMAND,
    ("python", "-m", "console", "--host", "0.0.0.0", "--behind-proxy"),
    role="console",
    cpu=512,
    memory=1024,
    secrets=(AUTH, INDEX, "READBACK_CONSOLE_SECRET", "CONSOLE_USERS"),
    settings=(*RECORDINGS, "READBACK_CONSOLE_PREFECT_URL"),
    health=_answers("8088/healthz"),
    port=8088,
)
TRACKING = Container(
    "tracking",
    None,
    (
        *("python", "-m", "deployments.tracking_server", "--sign-on", "--host", "0.0.0.0", "--artifacts", f"s3://{BUCKET}/mlflow"),
        *("--static-prefix", TRACKING_PATH, "--allowed-hosts", SERVER_NAME),
    ),
    role="tracking",
    cpu=512,
    memory=2048,
    secrets=("MLFLOW_BACKEND_STORE_URI", "MLFLOW_AUTH_ADMIN_PASSWORD", "MLFLOW_FLASK_SERVER_SECRET_KEY"),
    settings=("MLFLOW_AUTH_ADMIN_USERNAME",),
    image="track",
    health=_answers(f"5000{TRACKING_PATH}/health"),
    port=5000,
)

FARGATE = (API, SERVICES, LISTENER, CALL_WORKER, ERASER, CONTROL, ECS_WORKER, LATE_RUNS, CONSOLE, TRACKING)
# Run once and after each release, before what needs them: docs/aws.md.
ONCE = (DATABASES, REGISTER)
ALL = (*FARGATE, *ONCE, SUMMARIZER, TRAINER)
IMAGES = tuple(sorted({container.image for container in ALL}))
