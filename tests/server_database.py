"""Everything that a Prefect server keeps, straight from its database: what no request shows is there as well."""

import asyncio
import re
import sqlite3
from collections.abc import Awaitable, Callable
from uuid import uuid4

import asyncpg
from prefect import get_client
from prefect.client.orchestration import PrefectClient
from prefect.settings import get_current_settings

LONGEST_SECONDS = 60.0


async def everything_the_server_keeps() -> str:
    """All rows of all tables of the test server's SQLite, once the events so far have been written."""
    async with get_client() as client:
        return await _once_settled(client, _rows_of_sqlite)


async def everything_on_postgres(api: str, url: str) -> str:
    """The same of a server at ``api`` that keeps its data in PostgreSQL."""
    async with PrefectClient(api) as client:
        return await _once_settled(client, lambda: _rows_of_postgres(url))


async def _once_settled(client: PrefectClient, rows_of: Callable[[], Awaitable[str]]) -> str:
    """Send an event and read until it is there: those before it are then, too."""
    marker = f"marker.{uuid4()}"
    event = {"id": str(uuid4()), "event": marker, "occurred": "2026-01-01T00:00:00Z", "resource": {"prefect.resource.id": marker}}
    (await client.request("POST", "/events", json=[event])).raise_for_status()
    for _ in range(int(LONGEST_SECONDS / 0.5)):
        if marker in (rows := await rows_of()):
            # JSON columns hold Hangul as escapes, those within JSON within JSON as escapes of escapes.
            return re.sub(r"\\+u([0-9a-f]{4})", lambda escape: chr(int(escape[1], 16)), rows)
        await asyncio.sleep(0.5)
    raise AssertionError("the server wrote no events")


async def _rows_of_sqlite() -> str:
    url = get_current_settings().server.database.connection_url
    path = url.get_secret_value().partition("///")[2] if url else ""
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as database:
        tables = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return "\n".join(f"{table} {row}" for table in tables for row in database.execute(f'SELECT * FROM "{table}"'))


async def _rows_of_postgres(url: str) -> str:
    database = await asyncpg.connect(url.replace("+asyncpg", ""))
    try:
        tables = [row["tablename"] for row in await database.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")]
        found = [(table, row[0]) for table in tables for row in await database.fetch(f'SELECT t::text FROM "{table}" t')]
    finally:
        await database.close()
    return "\n".join(f"{table} {row}" for table, row in found)
