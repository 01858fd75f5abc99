"""MLflow's tracking server as we run it: ``python -m deployments.tracking_server --database postgresql://…/mlflow --artifacts s3://…``.

Its tables lie in a database of their own on Prefect's PostgreSQL, which is made where it is missing; its files in the bucket. Trainings
send files through the server, so they need no right to that prefix.
"""

import argparse
import os
import sys
from urllib.parse import urlsplit

# What MLflow's server would start beside itself is for judging language models by other ones; six processes that we do not use.
SETTINGS = {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", "MLFLOW_DISABLE_TELEMETRY": "true"}
PREFIX = "mlflow"  # of the bucket


def make_database(address: str) -> None:
    """Make the database where it is missing."""
    import psycopg
    from psycopg import sql

    parts = urlsplit(address)
    name = parts.path.lstrip("/")
    with psycopg.connect(parts._replace(path="/postgres").geturl(), autocommit=True) as connection:
        if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,)).fetchone() is None:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))


def command(address: str, artifacts: str, host: str, port: int, more: list[str]) -> list[str]:
    """What is started; ``more`` are MLflow's own arguments."""
    database = urlsplit(address)._replace(scheme="postgresql+psycopg").geturl()
    places = ["--backend-store-uri", database, "--artifacts-destination", artifacts]
    return [sys.executable, "-m", "mlflow", "server", *places, "--host", host, "--port", str(port), "--workers", "1", *more]


def main() -> None:
    """Make the database and become the server."""
    parser = argparse.ArgumentParser(prog="python -m deployments.tracking_server", description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--database", required=True, help="postgresql://user:password@host/mlflow")
    parser.add_argument("--artifacts", required=True, help="s3://bucket/mlflow; credentials as boto3 finds them")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=5000)
    chosen, more = parser.parse_known_args()
    make_database(chosen.database)
    for name, value in SETTINGS.items():
        os.environ.setdefault(name, value)
    start = command(chosen.database, chosen.artifacts, chosen.host, chosen.port, more)
    os.execv(start[0], start)


if __name__ == "__main__":
    main()
