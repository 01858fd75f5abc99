"""What the stand-ins that speak HTTP share: serving on a free port, answers that are cut short, the address of the fault plan."""

import argparse
import asyncio
import json
import os
import signal
import socket
import struct
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from uvicorn.protocols.http.h11_impl import H11Protocol

from sandbox.faults import FaultPlan, Faults


class _OpenProtocol(H11Protocol):
    """uvicorn's protocol, which also lets a fault cut the connection under a request: ASGI has no word for that."""

    transports: dict[tuple[str, int], asyncio.Transport] = {}  # noqa: RUF012 - one server a process

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if self.client:
            self.transports[self.client] = transport

    def connection_lost(self, exc: Exception | None) -> None:
        if self.client:
            self.transports.pop(self.client, None)
        super().connection_lost(exc)


class CutShort(Response):
    """Sends nothing, or the first half of a response, and resets the connection."""

    def __init__(self, whole: Response | None = None) -> None:
        super().__init__()
        self._whole = whole

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Send what is to be sent and reset the connection."""
        if self._whole is not None:
            body = bytes(self._whole.body)
            await send({"type": "http.response.start", "status": self._whole.status_code, "headers": self._whole.raw_headers})
            await send({"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True})
            await asyncio.sleep(0.02)  # a reset discards what the other side has not read
        transport = _OpenProtocol.transports.get(tuple(scope["client"]))
        if transport is None:
            return
        if self._whole is None:
            linger = struct.pack("ii", 1, 0)  # closing sends RST instead of FIN
            transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        transport.abort()
        while (await receive())["type"] != "http.disconnect":
            pass


def sandbox_routes(counters: Callable[[], Mapping[str, Any]], faults: Faults) -> list[Route]:
    """The sandbox's own addresses: the books, and the plan of faults, shown or replaced; one that makes no sense is 400 with the reason."""

    async def books(request: Request) -> Response:
        return JSONResponse(counters())

    async def plan(request: Request) -> Response:
        if request.method == "POST":
            try:
                faults.replace(FaultPlan.model_validate_json(await request.body()))
            except ValueError as problem:
                return JSONResponse({"error": str(problem)}, 400)
        return JSONResponse(faults.plan.model_dump())

    return [Route("/sandbox/counters", books, methods=["GET"]), Route("/sandbox/faults", plan, methods=["GET", "POST"])]


def parse_with_faults(parser: argparse.ArgumentParser, variable: str, kinds: Collection[str]) -> tuple[argparse.Namespace, Faults]:
    """Read the command line with one more option, the plan of faults; ``variable`` names the environment variable of its default."""
    parser.add_argument(
        "--faults",
        default=os.environ.get(variable, "{}"),
        help='fault plan as JSON, such as \'{"seed": 7, "rate": 0.2, "kinds": ["500"]}\'; kinds: ' + ", ".join(sorted(kinds)),
    )
    options = parser.parse_args()
    try:
        return options, Faults(FaultPlan.model_validate_json(options.faults), kinds)
    except ValueError as problem:
        parser.error(f"--faults: {problem}")


def add_ear(parser: argparse.ArgumentParser) -> None:
    """Options of a stand-in's ear: how much it mishears (``sandbox/noise.py``), and whose voice it knows."""
    noise = "percent of the characters that come out wrong (sandbox/noise.py); keywords less often"
    parser.add_argument("--noise", type=float, default=0.0, metavar="PERCENT", help=noise)
    parser.add_argument("--noise-seed", type=int, default=0, help="draws other errors")
    parser.add_argument("--spoken", type=Path, metavar="FOLDER", help="where the voice's stand-in writes what it speaks, to decode prompts")


async def serve(app: Starlette, host: str, port: int, announce: dict[str, str]) -> None:
    """Serve until SIGTERM or SIGINT; says where on stdout, in one JSON line, before the first request is taken."""
    listener = socket.create_server((host, port), backlog=1024)
    address = f"http://{host}:{listener.getsockname()[1]}"
    config = uvicorn.Config(app, http=_OpenProtocol, log_level="warning", access_log=False, timeout_graceful_shutdown=1)
    signal.signal(signal.SIGTERM, lambda number, frame: None)  # uvicorn raises it again once it has shut down in good order
    print(json.dumps({"url": address} | announce), flush=True)
    await uvicorn.Server(config).serve([listener])
