"""The sandbox's PostgreSQL starts without a complaint."""

import os
from pathlib import Path

from sandbox.postgres import Postgres
from sandbox.processes import spawn, until


def test_its_log_names_no_fault_when_it_is_waited_for(tmp_path: Path) -> None:
    postgres = Postgres()
    postgres.make()
    child = spawn("postgres", postgres.command, os.environ, tmp_path, postgres.data, postgres.become)
    try:
        until(postgres.ready, child, "take connections")
        postgres.create_database()
        assert "ready to accept connections" in child.said()
        faults = [line for line in child.said().splitlines() if "FATAL" in line or "ERROR" in line]
        # What it says to whoever asks before it is ready, if anybody was so quick.
        assert not [line for line in faults if not line.endswith("the database system is starting up")]
    finally:
        child.stop()
        postgres.remove()
