"""The databases beside Prefect's: each has a user of its own, who is nobody elsewhere; and MLflow in one of them asks who one is."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import requests

from deployments.databases import make_databases, plain_address
from models.errors import ConfigurationError
from sandbox.postgres import Postgres
from sandbox.processes import answers, free_port, spawn, until
from sandbox.stack import ROOT

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def addresses(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """PostgreSQL as RDS gives it: its first user makes users and databases and is no superuser. The environment of the command."""
    postgres = Postgres("of-the-superuser")
    postgres.make()
    child = spawn("postgres", postgres.command, os.environ, tmp_path_factory.mktemp("postgres"), postgres.data, postgres.become)
    try:
        until(postgres.ready, child, "take connections")
        with psycopg.connect(postgres.address("postgres"), password="of-the-superuser", autocommit=True) as connection:
            connection.execute("CREATE ROLE first LOGIN CREATEDB CREATEROLE PASSWORD 'of-the-first'")
            connection.execute("CREATE DATABASE first OWNER first")
        at = f"127.0.0.1:{postgres.port}"
        yield {
            "PREFECT_API_DATABASE_CONNECTION_URL": f"postgresql+asyncpg://first:of-the-first@{at}/first?ssl=prefer",
            "READBACK_INDEX_URL": f"postgresql://console:of-the-console@{at}/console?sslmode=prefer",
            "MLFLOW_BACKEND_STORE_URI": f"postgresql://mlflow:of-mlflow@{at}/mlflow",
        }
    finally:
        child.stop()
        postgres.remove()


def connects(address: str) -> bool:
    try:
        with psycopg.connect(address):
            return True
    except psycopg.OperationalError:
        return False


def test_each_user_reaches_their_own_database_and_no_other(addresses: dict[str, str]) -> None:
    make_databases(addresses)
    make_databases(addresses)
    index, tracking = addresses["READBACK_INDEX_URL"], addresses["MLFLOW_BACKEND_STORE_URI"]
    with psycopg.connect(index) as connection:
        connection.execute("CREATE TABLE mine (one integer)")
    assert connects(tracking)
    assert connects(plain_address(addresses["PREFECT_API_DATABASE_CONNECTION_URL"]))
    assert not connects(index.replace("/console?", "/first?"))
    assert not connects(index.replace("/console?", "/mlflow?"))
    assert not connects(tracking.replace("/mlflow", "/console"))


def test_a_password_that_was_changed_counts_after_the_command(addresses: dict[str, str]) -> None:
    changed = addresses["READBACK_INDEX_URL"].replace("of-the-console", "another")
    make_databases(addresses | {"READBACK_INDEX_URL": changed})
    assert connects(changed)
    assert not connects(addresses["READBACK_INDEX_URL"])
    make_databases(addresses)


def test_without_the_first_users_address_nothing_can_be_made() -> None:
    with pytest.raises(ConfigurationError, match="PREFECT_API_DATABASE_CONNECTION_URL is not set"):
        make_databases({"READBACK_INDEX_URL": "postgresql://a:b@127.0.0.1/c"})


def test_mlflow_asks_who_one_is_and_shows_no_password_in_its_arguments(
    addresses: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mlflow.tracking import MlflowClient  # seconds for each process that only collects

    make_databases(addresses)
    port, password = free_port(), "a-password-of-mlflow"
    given = {
        "MLFLOW_BACKEND_STORE_URI": addresses["MLFLOW_BACKEND_STORE_URI"],
        "MLFLOW_AUTH_ADMIN_USERNAME": "readback",
        "MLFLOW_AUTH_ADMIN_PASSWORD": password,
        "MLFLOW_FLASK_SERVER_SECRET_KEY": "signs",
    }
    start = [sys.executable, "-m", "deployments.tracking_server", "--sign-on", "--artifacts", str(tmp_path / "files"), "--port", str(port)]
    child = spawn("mlflow", [*start, "--static-prefix", "/mlflow"], os.environ | given, tmp_path, ROOT)
    try:
        url = f"http://127.0.0.1:{port}/mlflow"
        until(lambda: answers(f"{url}/health"), child, "answer")
        assert "of-mlflow" not in Path(f"/proc/{child.process.pid}/cmdline").read_text()
        search = f"{url}/api/2.0/mlflow/experiments/search"
        assert requests.post(search, json={"max_results": 1}, timeout=30).status_code == 401
        assert requests.post(search, json={"max_results": 1}, auth=("readback", "wrong"), timeout=30).status_code == 401
        monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", "readback")
        monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", password)
        client = MlflowClient(tracking_uri=url)
        assert client.get_experiment(client.create_experiment("ours")).name == "ours"
    finally:
        child.stop()
