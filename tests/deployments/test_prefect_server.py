"""Prefect's server, started our way, is Prefect's server; an automation's action finds the application without looking for it."""

import subprocess
import sys

from tests.deployments.conftest import RunPython


def test_the_running_application_is_found_without_reading_the_settings(run_python: RunPython) -> None:
    said = run_python("""
        from deployments.prefect_server import remember_the_application
        from prefect.server.api import server
        from prefect.server.api.clients import OrchestrationClient
        from prefect.settings.models.root import Settings

        remember_the_application()
        running = server.create_app(ephemeral=True)
        asked = []
        key = Settings.hash_key
        Settings.hash_key = lambda self: asked.append(1) or key(self)
        client = OrchestrationClient()
        print(client._http_client._transport.app is running, len(asked), server.create_app(ephemeral=True) is running, len(asked))
    """).stdout.strip()
    assert said == "True 0 True 1"


def test_the_database_gets_plain_timestamps_of_the_same_instant(run_python: RunPython) -> None:
    said = run_python("""
        from datetime import datetime
        from deployments.prefect_server import bind_plain_timestamps
        from prefect.server.utilities.database import Timestamp
        from prefect.types._datetime import now
        from sqlalchemy.dialects import postgresql

        bind_plain_timestamps()
        to_driver = Timestamp().bind_processor(postgresql.asyncpg.dialect())
        given = now("Asia/Seoul")
        bound = to_driver(given)
        print(type(given) is not datetime, type(bound) is datetime, bound == given, bound.utcoffset() == given.utcoffset(), to_driver(None))
    """).stdout.strip()
    assert said == "True True True True None"


def test_it_takes_the_commands_of_prefect_server() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "deployments.prefect_server", "start", "--help"], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0
    assert "--port" in done.stdout
