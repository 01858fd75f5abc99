"""A proxy in front of the S3 and SQS stand-in that spoils a seeded share of the requests, as AWS does on a bad day.

    python -m sandbox.s3_faults --target http://127.0.0.1:5000 --port 0 --faults '{"seed": 7, "rate": 0.2}'

The first line on stdout is JSON with the address. moto itself never answers SlowDown or 409 and never loses an answer. Beside
what it passes on there are ``GET /sandbox/counters`` and ``GET | POST /sandbox/faults``, as with the other stand-ins.

Kinds of fault: ``latency``; ``reset_before`` (nothing was done), ``reset_after`` (done, and the answer lost); ``500``; ``SlowDown``
(503); ``truncated`` (a body that ends in its middle); and for conditional writes ``409`` (ConditionalRequestConflict, nothing
written) and ``412`` (written, and answered as a repetition of the same request is: PreconditionFailed, by one's own hand).
"""

import argparse
import asyncio
import contextlib
import http.client
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urlsplit

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.faults import Faults
from sandbox.serving import CutShort, parse_with_faults, sandbox_routes, serve

FAULTS_AT_READ = frozenset({"latency", "reset_before", "500", "SlowDown", "truncated"})
FAULTS_AT_LOOK = FAULTS_AT_READ - {"truncated"}
FAULTS_AT_WRITE = FAULTS_AT_LOOK | {"reset_after"}
FAULTS_AT_CONDITIONAL_WRITE = FAULTS_AT_WRITE | {"409", "412"}
FAULTS_AT_QUEUE = frozenset({"latency", "reset_before", "reset_after", "500"})
KINDS = FAULTS_AT_READ | FAULTS_AT_CONDITIONAL_WRITE | FAULTS_AT_QUEUE

_ERRORS = {
    "500": (500, "InternalError", "We encountered an internal error. Please try again."),
    "SlowDown": (503, "SlowDown", "Please reduce your request rate."),
    "409": (409, "ConditionalRequestConflict", "The conditional request cannot succeed due to a conflicting operation."),
    "412": (412, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold"),
}
_HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "te", "trailer", "upgrade", "proxy-connection", "expect"}


@dataclass(frozen=True)
class Asked:
    """A request as it came in; ``path`` still percent-encoded, the query with it, for keys may hold anything."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def possible(self) -> frozenset[str]:
        """The faults that this request can meet."""
        if "x-amz-target" in self.headers or self.method == "POST":
            return FAULTS_AT_QUEUE
        if self.method == "PUT":
            conditional = "if-match" in self.headers or "if-none-match" in self.headers
            return FAULTS_AT_CONDITIONAL_WRITE if conditional else FAULTS_AT_WRITE
        return {"GET": FAULTS_AT_READ, "HEAD": FAULTS_AT_LOOK}.get(self.method, FAULTS_AT_WRITE)


@dataclass
class Proxy:
    """Passes requests on, spoils some, and keeps books of what was written."""

    target: str
    faults: Faults
    requests: Counter[str] = field(default_factory=Counter)
    written: Counter[str] = field(default_factory=Counter)

    async def answer(self, asked: Asked) -> Response:
        """Answer one request, or cut it short."""
        self.requests[asked.method] += 1
        fault = self.faults.next(asked.possible)
        if fault == "latency":
            await asyncio.sleep(self.faults.plan.latency_seconds)
        if fault == "reset_before":
            return CutShort()
        if fault in ("500", "SlowDown", "409"):
            return _error(fault, asked.method)
        whole = await asyncio.to_thread(self._pass_on, asked)
        if whole.status_code == 200 and asked.method == "PUT":
            self.written[unquote(asked.path.partition("?")[0])] += 1
        if fault == "reset_after":
            return CutShort()
        if fault == "truncated" and len(whole.body) > 1:
            return CutShort(whole)
        if fault == "412" and whole.status_code == 200:
            return _error(fault, asked.method)
        return whole

    def counters(self) -> dict[str, Any]:
        """The books, for audits: ``written`` counts the writes that took effect, by ``/bucket/key``."""
        return {"requests": dict(self.requests), "written": dict(self.written), "faults": self.faults.injected}

    def _pass_on(self, asked: Asked) -> Response:
        connection = http.client.HTTPConnection(self.target, timeout=60)
        with contextlib.closing(connection):
            connection.putrequest(asked.method, asked.path, skip_host=True, skip_accept_encoding=True)
            for name, value in asked.headers.items():
                if name not in _HOP_BY_HOP and name != "content-length":
                    connection.putheader(name, value)
            if asked.body or asked.method in ("PUT", "POST"):
                connection.putheader("content-length", str(len(asked.body)))
            connection.endheaders(asked.body or None)
            answer = connection.getresponse()
            body = answer.read()
        headers = {name: value for name, value in answer.getheaders() if name.lower() not in _HOP_BY_HOP}
        return Response(body, answer.status, headers)


def _error(kind: str, method: str) -> Response:
    status, code, message = _ERRORS[kind]
    body = "" if method == "HEAD" else f"<Error><Code>{code}</Code><Message>{message}</Message><RequestId>sandbox</RequestId></Error>"
    return Response(body, status, media_type="application/xml")


def build_app(proxy: Proxy) -> Starlette:
    """The proxy and its own two addresses."""

    async def everything_else(request: Request) -> Response:
        path, query = request.scope["raw_path"].decode("latin-1"), request.scope["query_string"].decode("latin-1")
        address = f"{path}?{query}" if query else path
        return await proxy.answer(Asked(request.method, address, dict(request.headers), await request.body()))

    return Starlette(
        routes=[
            *sandbox_routes(proxy.counters, proxy.faults),
            Route("/{rest:path}", everything_else, methods=["GET", "HEAD", "PUT", "POST", "DELETE"]),
        ]
    )


def main() -> None:
    """Parse the command line and serve."""
    parser = argparse.ArgumentParser(description="S3 and SQS on a bad day: passes requests on to a stand-in and spoils some.")
    parser.add_argument("--target", required=True, help="the stand-in, such as http://127.0.0.1:5000")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0 chooses a free one")
    options, faults = parse_with_faults(parser, "READBACK_SANDBOX_S3_FAULTS", KINDS)
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(serve(build_app(Proxy(urlsplit(options.target).netloc, faults)), options.host, options.port, {}))


if __name__ == "__main__":
    main()
