"""Wires between processes that can be cut: what is cut carries nothing, and nobody is told, as when a network is divided.

A connection over a cut link stays open and silent; a new one is accepted and stays silent as well, as under a listener that no longer
answers. Once the link is mended, what was sent meanwhile arrives.
"""

import asyncio
import contextlib
import threading
from collections.abc import Collection
from dataclasses import dataclass, field

from sandbox.processes import free_port

_PIECE = 64 * 1024


@dataclass
class _Link:
    ends: frozenset[str]
    target: int
    port: int
    whole: asyncio.Event = field(default_factory=asyncio.Event)


class Links:
    """Links over this machine's ports, carried by a thread; use it as a context manager."""

    def __init__(self) -> None:
        """Nothing is carried before the context is entered."""
        self._links: list[_Link] = []
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="links", daemon=True)
        self._carrying: set[asyncio.Task[None]] = set()

    def start(self) -> None:
        """Begin to carry."""
        self._thread.start()

    def stop(self) -> None:
        """Close every connection."""
        if self._thread.is_alive():
            asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(10)
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(10)

    def open(self, near: str, far: str, target: int) -> int:
        """Lay a link from one process to the port of another; returns the port at its near end."""
        link = _Link(frozenset((near, far)), target, free_port())
        asyncio.run_coroutine_threadsafe(self._listen(link), self._loop).result(10)
        self._links.append(link)
        return link.port

    def cut(self, name: str) -> None:
        """Cut a process off from all others."""
        for link in self._of(name):
            self._loop.call_soon_threadsafe(link.whole.clear)

    def mend(self, name: str) -> None:
        """Let its links carry again, with what was sent meanwhile."""
        for link in self._of(name):
            self._loop.call_soon_threadsafe(link.whole.set)

    def _of(self, name: str) -> Collection[_Link]:
        return [link for link in self._links if name in link.ends]

    async def _listen(self, link: _Link) -> None:
        link.whole.set()

        async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            self._keep(asyncio.current_task())
            try:
                await link.whole.wait()
                far_reader, far_writer = await asyncio.open_connection("127.0.0.1", link.target)
            except (OSError, asyncio.CancelledError):
                writer.close()  # as who calls a port where nobody listens
                return
            ways = [asyncio.create_task(_carry(link, *way)) for way in ((reader, far_writer), (far_reader, writer))]
            for way in ways:
                self._keep(way)
            await asyncio.wait(ways)

        await asyncio.start_server(accept, "127.0.0.1", link.port, backlog=256)

    def _keep(self, task: "asyncio.Task[None] | None") -> None:
        if task is not None:
            self._carrying.add(task)
            task.add_done_callback(self._carrying.discard)

    async def _close(self) -> None:
        for task in list(self._carrying):
            task.cancel()
        await asyncio.gather(*self._carrying, return_exceptions=True)


async def _carry(link: _Link, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while piece := await reader.read(_PIECE):
            await link.whole.wait()
            writer.write(piece)
            await writer.drain()
        await link.whole.wait()
    writer.close()
