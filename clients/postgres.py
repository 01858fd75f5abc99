"""PostgreSQL, for what can be made again: statements in, rows out, from any thread.

asyncpg is bound to one event loop while our stores are called from many threads, so one thread of ours holds a loop with a small pool.
"""

import asyncio
import threading
from collections.abc import Coroutine, Sequence
from typing import Any, TypeVar

import asyncpg

from models.errors import AccessRefused, ReadbackError, VendorRefused, VendorReply, VendorUnreachable

VENDOR = "PostgreSQL"
_REMEDY = "Check READBACK_INDEX_URL, and that the database runs"

T = TypeVar("T")


class Postgres:
    """One database. Thread-safe; nothing is connected before the first statement."""

    def __init__(self, url: str, *, timeout_seconds: float, connections: int = 8) -> None:
        """``url`` is ``postgresql://user:password@host/database``; ``timeout_seconds`` bounds a connection and a statement."""
        self._url = url.replace("postgresql+asyncpg://", "postgresql://", 1)
        self._timeout = timeout_seconds
        self._connections = connections
        self._pool: Any = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._starting = threading.Lock()

    def rows(self, statement: str, *values: object) -> Sequence[Any]:
        """What a query answers; a row is read by its columns' names."""
        found: Sequence[Any] = self._run(self._fetch(statement, values))
        return found

    def execute(self, statement: str, *values: object) -> int:
        """Carry a statement out; returns how many rows it touched. Without values it may be several statements."""
        status: str = self._run(self._execute(statement, values))
        return int(status.rpartition(" ")[2]) if status.rpartition(" ")[2].isdecimal() else 0

    def execute_many(self, statement: str, rows: Sequence[Sequence[object]]) -> None:
        """Carry one statement out for many rows, in one transaction."""
        self._run(self._execute_many(statement, rows), patience=20.0)

    def close(self) -> None:
        """Close the connections and end the thread."""
        if self._loop is None:
            return
        if self._pool is not None:
            self._run(self._pool.close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._loop = self._pool = None

    def _run(self, work: Coroutine[Any, Any, T], *, patience: float = 2.0) -> T:
        """Run it on our loop. A statement has its own time limit; what waits longer than that and a connection is given up."""
        waiting = asyncio.run_coroutine_threadsafe(work, self._loop_of_ours())
        try:
            return waiting.result(self._timeout * 2 * patience)
        except (OSError, TimeoutError, asyncpg.InterfaceError, asyncpg.PostgresConnectionError, asyncpg.CannotConnectNowError) as error:
            waiting.cancel()
            said = f"{VENDOR} does not answer ({type(error).__name__})"
            raise VendorUnreachable(said, remedy=_REMEDY, reply=VendorReply(VENDOR), case="index") from None
        except asyncpg.PostgresError as error:
            raise _ours(error) from None

    def _loop_of_ours(self) -> asyncio.AbstractEventLoop:
        with self._starting:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                threading.Thread(target=self._loop.run_forever, name="postgres", daemon=True).start()
            return self._loop

    async def _connected(self) -> Any:
        if self._pool is None:
            self._pool = asyncpg.create_pool(
                self._url, min_size=0, max_size=self._connections, timeout=self._timeout, command_timeout=self._timeout
            )
        return await self._pool  # returns itself at once where it is there

    async def _fetch(self, statement: str, values: Sequence[object]) -> Any:
        return await (await self._connected()).fetch(statement, *values)

    async def _execute(self, statement: str, values: Sequence[object]) -> Any:
        return await (await self._connected()).execute(statement, *values)

    async def _execute_many(self, statement: str, rows: Sequence[Sequence[object]]) -> None:
        await (await self._connected()).executemany(statement, rows)


def _ours(error: asyncpg.PostgresError) -> ReadbackError:
    """Map a refusal. Its message may hold values, so it is told by its class and code alone."""
    reply = VendorReply(VENDOR, code=str(getattr(error, "sqlstate", "") or ""))
    said = f"{VENDOR} refused: {type(error).__name__}"
    if isinstance(error, asyncpg.InvalidAuthorizationSpecificationError | asyncpg.InsufficientPrivilegeError):
        return AccessRefused(said, remedy=_REMEDY, reply=reply, case="index")
    return VendorRefused(said, remedy="Rebuild the index: run `index-calls`", reply=reply, case="index")
