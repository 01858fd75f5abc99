"""The processes as containers of ECS: command, image, role, size. Their environment comes from ``deployments.environment``.

The commands are those of compose.yaml and docs/how-to-change.md; ``tests/deployments/test_aws.py`` holds them against each other.
"""

from dataclasses import dataclass

from deployments.environment import Layout, Process, environment

RESIDENT = ("prefect", "worker", "start", "--type", "resident", "--pool")
HEALTH = "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8089/healthz', timeout=5)"


@dataclass(frozen=True)
class Container:
    """One process. ``role`` is a policy of ``deployments/iam``, empty where it asks AWS for nothing; ``secrets`` are names of ``SECRETS``.

    ``cpu`` in 1,024ths of a processor, ``memory`` in MiB; ``stop_seconds`` is how long it may take to stop.
    """

    name: str
    process: Process
    command: tuple[str, ...]
    role: str
    cpu: int
    memory: int
    secrets: tuple[str, ...] = ()
    settings: tuple[str, ...] = ("READBACK_BUCKET",)
    image: str = "run"
    gpu: bool = False
    stop_seconds: int = 40
    health: str = ""

    @property
    def prefect(self) -> dict[str, str]:
        """Prefect's variables of this kind of process, with Redis behind the server."""
        return environment(self.process, Layout.REDIS)


# Variable of the process: secret of Secrets Manager, and the field of its JSON (empty: the whole).
SECRETS = {
    "PREFECT_API_AUTH_STRING": ("prefect-auth", ""),
    "PREFECT_SERVER_API_AUTH_STRING": ("prefect-auth", ""),
    "PREFECT_API_DATABASE_CONNECTION_URL": ("database-url", ""),
    "READBACK_RETURNZERO_CLIENT_ID": ("returnzero", "client_id"),
    "READBACK_RETURNZERO_CLIENT_SECRET": ("returnzero", "client_secret"),
    "READBACK_NUMBER_KEY": ("number-key", ""),
    "GOOGLE_CREDENTIALS": ("google", ""),
}
SERVER_SECRETS = ("PREFECT_SERVER_API_AUTH_STRING", "PREFECT_API_DATABASE_CONNECTION_URL")
VENDORS = ("READBACK_RETURNZERO_CLIENT_ID", "READBACK_RETURNZERO_CLIENT_SECRET", "GOOGLE_CREDENTIALS")
AUTH = "PREFECT_API_AUTH_STRING"
CALL_SETTINGS = ("READBACK_BUCKET", "READBACK_CONNECT_INSTANCE_ID", "READBACK_CONTACT_RECORDS_PREFIX", "READBACK_DAILY_BUDGETS")

API = Container(
    "server-api",
    Process.SERVER,
    ("python", "-m", "deployments.prefect_server", "start", "--host", "0.0.0.0", "--no-services"),
    role="",
    cpu=1024,
    memory=2048,
    secrets=SERVER_SECRETS,
    settings=(),
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
)
REGISTER = Container(
    "register",
    Process.COMMAND,
    ("python", "-m", "deployments.register"),
    role="",
    cpu=512,
    memory=1024,
    secrets=(AUTH,),
    settings=("READBACK_BUCKET", "READBACK_TRAINING_ON_ECS"),
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
    settings=("READBACK_BUCKET", "READBACK_QUEUE_URL", "READBACK_CONTACT_RECORDS_PREFIX"),
    health=HEALTH,
)
CALL_WORKER = Container(
    "call-worker",
    Process.RESIDENT,
    (*RESIDENT, "calls", "--limit", "100", "--work-queue", "operations", "--work-queue", "live", "--work-queue", "backfill"),
    role="call-worker",
    cpu=1024,
    memory=2048,
    secrets=(AUTH, *VENDORS),
    settings=CALL_SETTINGS,
)
ERASER = Container(
    "eraser",
    Process.RESIDENT,
    (*RESIDENT, "calls", "--work-queue", "erasure"),
    role="erase",
    cpu=256,
    memory=512,
    secrets=(AUTH,),
    settings=("READBACK_BUCKET", "READBACK_CONNECT_INSTANCE_ID", "READBACK_CONTACT_RECORDS_PREFIX"),
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
TRAINER = Container("trainer", Process.WORKER, (), role="trainer", cpu=3072, memory=14336, secrets=(AUTH,), image="gpu", gpu=True)

FARGATE = (API, SERVICES, LISTENER, CALL_WORKER, ERASER, CONTROL, ECS_WORKER, LATE_RUNS)
ALL = (*FARGATE, REGISTER, SUMMARIZER, TRAINER)
IMAGES = tuple(sorted({container.image for container in ALL}))

# Google's libraries read their credentials from a file alone.
WITH_GOOGLE = ("sh", "-c", 'umask 077; printf %s "$GOOGLE_CREDENTIALS" > /tmp/google.json; exec "$@"', "--")
GOOGLE_FILE = "/tmp/google.json"
