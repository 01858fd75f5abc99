"""MLflow's tracking server as we run it: ``python -m deployments.tracking_server --database postgresql://…/mlflow --artifacts s3://…``.

Its tables lie in a database of their own on Prefect's PostgreSQL, which is made where it is missing; its files in the bucket. Trainings
send files through the server, so they need no right to that prefix. With ``--sign-on`` MLflow asks who one is; without it, a proxy has to.
"""

import argparse
import os
import sys
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

from deployments.databases import make_database
from wiring.listening import IDLE_SECONDS

# What MLflow's server would start beside itself is for judging language models by other ones; six processes that we do not use.
SETTINGS = {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", "MLFLOW_DISABLE_TELEMETRY": "true"}
PREFIX = "mlflow"  # of the bucket
# MLflow's own variable: an address in the arguments would show its password to everybody who lists processes.
DATABASE = "MLFLOW_BACKEND_STORE_URI"
# Of MLflow's sign-on. The first user is made by MLFLOW_AUTH_ADMIN_USERNAME and _PASSWORD, further ones by MLflow's API. A password is
# checked for a minute by what was checked last: its hash costs a tenth of a second, and a training asks twice a second.
SIGN_ON = """[mlflow]
default_permission = MANAGE
database_uri = {database}
auth_cache_ttl_seconds = 60
"""


def command(artifacts: str, host: str, port: int, more: list[str]) -> list[str]:
    """What is started; ``more`` are MLflow's own arguments."""
    serving = ["--host", host, "--port", str(port), "--workers", "1", "--uvicorn-opts", f"--timeout-keep-alive {IDLE_SECONDS}"]
    return [sys.executable, "-m", "mlflow", "server", "--artifacts-destination", artifacts, *serving, *more]


def ask_who_one_is(database: str) -> Path:
    """Write the settings of MLflow's sign-on, which it reads from a file alone; returns the file."""
    descriptor, name = tempfile.mkstemp(prefix="readback-mlflow-", suffix=".ini")  # readable by this user alone
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(SIGN_ON.format(database=database.replace("%", "%%")))
    return Path(name)


def main() -> None:
    """Make the database and become the server."""
    parser = argparse.ArgumentParser(prog="python -m deployments.tracking_server", description=__doc__.splitlines()[0] if __doc__ else None)
    given = os.environ.get(DATABASE, "")
    parser.add_argument("--database", default=given, required=not given, help=f"postgresql://user:password@host/mlflow (or {DATABASE})")
    parser.add_argument("--artifacts", required=True, help="s3://bucket/mlflow; credentials as boto3 finds them")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=int(os.environ.get("MLFLOW_PORT", "5000")))
    parser.add_argument(
        "--sign-on", action="store_true", help="let MLflow ask for name and password (MLFLOW_AUTH_ADMIN_USERNAME, _PASSWORD)"
    )
    chosen, more = parser.parse_known_args()
    make_database(chosen.database, chosen.database)
    for name, value in SETTINGS.items():
        os.environ.setdefault(name, value)
    os.environ[DATABASE] = urlsplit(chosen.database)._replace(scheme="postgresql+psycopg").geturl()
    if chosen.sign_on:
        os.environ["MLFLOW_AUTH_CONFIG_PATH"] = str(ask_who_one_is(os.environ[DATABASE]))
        more = ["--app-name", "basic-auth", *more]
    start = command(chosen.artifacts, chosen.host, chosen.port, more)
    os.execv(start[0], start)


if __name__ == "__main__":
    main()
