"""Prefect's environment of every process, in one table: the sandbox, compose and docs/configuration.md are made from it.

``python -m deployments.environment`` prints the page's part; tests hold the page and ``compose.yaml`` against the table.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from wiring.listening import IDLE_SECONDS


class Process(StrEnum):
    """A kind of process that reads these variables; the value is its name on the page."""

    SERVER = "server"
    RESIDENT = "resident workers"
    WORKER = "process workers"
    LISTENER = "listener"
    COMMAND = "commands"


class Layout(StrEnum):
    """Where the server keeps what must outlive it."""

    ONE_MACHINE = "one machine"
    REDIS = "Redis"


EVERYONE = frozenset(Process)
CLIENTS = EVERYONE - {Process.SERVER}
WORKERS = frozenset({Process.RESIDENT, Process.WORKER})
SERVER = frozenset({Process.SERVER})
RESIDENT = frozenset({Process.RESIDENT})


@dataclass(frozen=True)
class Variable:
    """One variable: its value (None: each site has its own), who reads it, why, and the only layout that it is for."""

    name: str
    value: str | None
    readers: frozenset[Process]
    why: str
    layout: Layout | None = None


VARIABLES = (
    Variable("PREFECT_API_URL", None, CLIENTS, "Where the server is"),
    Variable("PREFECT_API_AUTH_STRING", None, CLIENTS, "`user:password`, where the server asks for it"),
    Variable("PREFECT_SERVER_API_AUTH_STRING", None, SERVER, "`user:password` that it asks for; without it anyone reads everything"),
    Variable("PREFECT_API_DATABASE_CONNECTION_URL", None, SERVER, "PostgreSQL: `postgresql+asyncpg://…`"),
    Variable("PREFECT_REDIS_MESSAGING_HOST", None, SERVER, "Where Redis is", Layout.REDIS),
    Variable("PREFECT_REDIS_MESSAGING_SSL", None, SERVER, "`true` where Redis speaks TLS", Layout.REDIS),
    Variable(
        "PREFECT_API_SSL_CERT_FILE",
        None,
        CLIENTS,
        "The one authority that the server's certificate comes from: a worker makes eight clients when it starts, and Prefect reads the "
        "whole bundle for each, 80 ms of a processor each",
    ),
    Variable(
        "PREFECT_FLOWS_HEARTBEAT_FREQUENCY",
        "30",
        WORKERS,
        "A dead worker's runs are found by their silence (`READBACK_DEAD_AFTER_SECONDS`); Prefect's default is 180",
    ),
    Variable(
        "PREFECT_WORKER_QUERY_SECONDS",
        "5",
        WORKERS,
        "Resident workers are told of runs by events; this is how long a run waits whose event was lost",
    ),
    Variable(
        "PREFECT_WORKER_PREFETCH_SECONDS",
        "1",
        WORKERS,
        "A run of later is left to whoever is free then; by default a worker takes it ten seconds early and keeps a slot for it",
    ),
    Variable(
        "PREFECT_CLIENT_CSRF_SUPPORT_ENABLED",
        "false",
        CLIENTS,
        "Saves a request for each client that Prefect makes; not where the server asks for tokens",
    ),
    Variable(
        "PREFECT_LOGGING_LOGGERS_PREFECT_TASK_RUNS_LEVEL",
        "WARNING",
        RESIDENT,
        "That a task has completed is its state in the UI already; ten lines a call that say so again cost 5 % of a worker",
    ),
    Variable(
        "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_BATCH_SIZE",
        "100",
        SERVER,
        "Task runs are written together; Prefect's default is one at a time",
    ),
    Variable("PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_FLUSH_INTERVAL", "1", SERVER, "Seconds after which fewer are written"),
    Variable("PREFECT_SERVER_SERVICES_EVENT_PERSISTER_BATCH_SIZE", "100", SERVER, "The same for events"),
    Variable(
        "PREFECT_SERVER_DATABASE_SQLALCHEMY_POOL_SIZE",
        "30",
        SERVER,
        "Connections to PostgreSQL that are kept; Prefect keeps 5 and closes the others after each use, a tenth of what a call costs",
    ),
    Variable(
        "PREFECT_SERVER_API_KEEPALIVE_TIMEOUT",
        str(IDLE_SECONDS),
        SERVER,
        "Longer than Prefect's clients (25 s), the proxy (20 s) and AWS's load balancer (300 s) keep an idle connection: one that the "
        "server closes while it is about to be used is an answer 502",
    ),
    Variable(
        "PREFECT_SERVER_CORS_ALLOWED_ORIGINS",
        "none",
        SERVER,
        "No other site's page may read the API; Prefect's default is every page. The UI needs none: it is a page of the server",
    ),
    Variable(
        "PREFECT_SERVER_UI_API_URL",
        "/api",
        SERVER,
        "The UI asks the address that it came from, whatever name or proxy led there; by default the one that the server listens on",
    ),
    Variable("PREFECT_SERVER_UI_V2_ENABLED", "false", SERVER, "The UI that plays the artifacts' sound is the default one"),
    Variable(
        "PREFECT_SERVER_EVENTS_RETENTION_PERIOD",
        "P2D",
        SERVER,
        "Two days, as ISO 8601: events name runs, and so a contact's digits, and none can be deleted; yesterday's digest counts them",
    ),
    Variable(
        "PREFECT_SERVER_SERVICES_DB_VACUUM_ENABLED",
        "events,orphans",
        SERVER,
        "Logs and artifacts go with the runs that `retain` deletes; Prefect's own rule for runs has one term for calls and trainings",
    ),
    Variable(
        "PREFECT_SERVER_MEMOIZE_BLOCK_AUTO_REGISTRATION",
        "false",
        SERVER,
        "Which types of blocks are registered our server notes in its database; Prefect's file goes with the container",
    ),
    Variable("PREFECT_SERVER_ANALYTICS_ENABLED", "false", SERVER, "Prefect is told nothing of our use"),
    Variable("DO_NOT_TRACK", "1", EVERYONE, "The same for workers and commands"),
    Variable(
        "PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE",
        "prefect.server.concurrency.lease_storage.filesystem",
        SERVER,
        "A restart of the server leaks no slot of a limit; the default keeps leases in memory",
        Layout.ONE_MACHINE,
    ),
    Variable("PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE", "prefect_redis.lease_storage", SERVER, "The same", Layout.REDIS),
    Variable("PREFECT_MESSAGING_BROKER", "prefect_redis.messaging", SERVER, "An accepted event survives the server", Layout.REDIS),
    Variable("PREFECT_MESSAGING_CACHE", "prefect_redis.messaging", SERVER, "The same", Layout.REDIS),
    Variable("PREFECT_SERVER_EVENTS_CAUSAL_ORDERING", "prefect_redis.ordering", SERVER, "The same", Layout.REDIS),
)

# What a server that is started by hand is given as well: our command sets it where nobody has.
CLOSED = {
    variable.name: variable.value
    for variable in VARIABLES
    if variable.value is not None and variable.name in ("PREFECT_SERVER_CORS_ALLOWED_ORIGINS", "PREFECT_SERVER_UI_API_URL")
}


def environment(process: Process, layout: Layout) -> dict[str, str]:
    """What one process is given; a site adds the variables that have no value here."""
    return {
        variable.name: variable.value
        for variable in VARIABLES
        if variable.value is not None and process in variable.readers and variable.layout in (None, layout)
    }


def site_variables() -> frozenset[str]:
    """Names that each site sets for itself."""
    return frozenset(variable.name for variable in VARIABLES if variable.value is None)


def environment_table() -> str:
    """The whole table in markdown, as it stands in ``docs/configuration.md``."""
    rows = ["| variable | value | on | why |", "| --- | --- | --- | --- |"]
    for variable in VARIABLES:
        value = "the site's own" if variable.value is None else f"`{variable.value}`"
        only = f" ({variable.layout})" if variable.layout else ""
        rows.append(f"| `{variable.name}` | {value} | {_named(variable.readers)}{only} | {variable.why} |")
    return "\n".join(rows) + "\n"


def _named(readers: Iterable[Process]) -> str:
    chosen = frozenset(readers)
    groups = {EVERYONE: "all", CLIENTS: "all but the server", WORKERS: "workers"}
    return groups.get(chosen) or ", ".join(process for process in Process if process in chosen)


if __name__ == "__main__":
    print(environment_table(), end="")
