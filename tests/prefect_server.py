"""A Prefect server on SQLite for tests, asked by clients that read one certificate authority, as the stack's workers are."""

import fcntl
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp

import prefect
import pytest
from prefect.settings import PREFECT_API_SSL_CERT_FILE, temporary_settings

from models.summarizer.conversion import default_cache
from sandbox.stack import one_certificate

# What a deployed server is given as well (docs/configuration.md): without it a test of a call costs the server half as much again.
_DEPLOYED = {
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_BATCH_SIZE": "100",
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_FLUSH_INTERVAL": "1",
    "PREFECT_SERVER_SERVICES_EVENT_PERSISTER_BATCH_SIZE": "100",
}


@contextmanager
def server_for_tests() -> Iterator[None]:
    """While the context lasts, flows and clients of this process speak to a server of its own.

    A run makes four clients, and each would read the whole bundle of authorities: a quarter of what a test of a call costs.
    """
    from prefect.testing import utilities  # loads the server: seconds for each process that only collects

    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patched:
        for name, value in _DEPLOYED.items():
            patched.setenv(name, value)
        patched.setattr(utilities, "mkdtemp", _with_a_database)
        one = str(one_certificate(Path(folder)))
        with utilities.prefect_test_harness(server_startup_timeout=180), temporary_settings({PREFECT_API_SSL_CERT_FILE: one}):
            yield


def _with_a_database() -> str:
    folder = mkdtemp()
    put_database(Path(folder) / "prefect-test.db")
    return folder


def put_database(target: Path) -> None:
    """Put the database of a server that has just been set up where one will look for it.

    All of Prefect's migrations take ten seconds of a processor; here they are carried out once for each version of Prefect.
    """
    kept = default_cache() / "prefect" / f"{prefect.__version__}.db"
    kept.parent.mkdir(parents=True, exist_ok=True)
    with kept.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not kept.exists():
            _make_database(kept)
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(kept, target)


def _make_database(kept: Path) -> None:
    with TemporaryDirectory(dir=kept.parent) as folder:
        made = Path(folder) / "made.db"
        given = os.environ | {"PREFECT_HOME": folder, "PREFECT_SERVER_DATABASE_CONNECTION_URL": f"sqlite+aiosqlite:///{made}"}
        subprocess.run([sys.executable, "-m", "prefect", "server", "database", "upgrade", "--yes"], env=given, check=True, timeout=600)
        with closing(sqlite3.connect(made)) as database:
            database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        made.rename(kept)
