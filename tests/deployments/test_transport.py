"""A resident worker's requests go by aiohttp, and whoever uses httpx sees no difference: answers, connections and errors are its own."""

import asyncio
import gzip
import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import httpx
import pytest

from deployments.transport import AiohttpTransport

Handler = Callable[[bytes, asyncio.StreamWriter], Awaitable[None]]
TIMEOUT = httpx.Timeout(5, read=0.5)


class Server:
    """HTTP by hand: what a handler writes, for each request that has come whole."""

    def __init__(self, handler: Handler) -> None:
        self.handler = handler
        self.connections = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                length = next((line.split(b":")[1] for line in head.lower().split(b"\r\n") if line.startswith(b"content-length")), b"0")
                await self.handler(head + await reader.readexactly(int(length)), writer)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()


@asynccontextmanager
async def client_of(handler: Handler, connections: int = 8) -> AsyncIterator[tuple[httpx.AsyncClient, Server]]:
    server = Server(handler)
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    transport = AiohttpTransport(connections, 25.0, ssl.create_default_context())
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}/api", transport=transport, timeout=TIMEOUT) as client:
        yield client, server
    listening.close()


def answer(body: bytes, *headers: str, status: str = "200 OK") -> bytes:
    return "\r\n".join([f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", ""]).encode() + body


async def echo(request: bytes, writer: asyncio.StreamWriter) -> None:
    head, _, body = request.partition(b"\r\n\r\n")
    said = json.dumps({"head": head.decode(), "body": body.decode()}).encode()
    writer.write(answer(gzip.compress(said), "Content-Type: application/json", "Content-Encoding: gzip"))


async def test_method_path_headers_and_body_arrive_as_they_were_given_and_a_packed_answer_is_unpacked() -> None:
    async with client_of(echo) as (client, _):
        found = (await client.post("/runs/a%20b?x=1&y=%2F", json={"state": "Pending"}, headers={"X-PREFECT": "3"})).json()
    first, *headers = found["head"].split("\r\n")
    assert first == "POST /api/runs/a%20b?x=1&y=%2F HTTP/1.1"
    assert json.loads(found["body"]) == {"state": "Pending"}
    known = [header.partition(":")[0].lower() for header in headers]
    assert sorted(known) == sorted(set(known)), "no header goes twice"
    assert "X-PREFECT: 3" in headers


async def test_requests_one_after_another_share_a_connection_and_many_at_once_no_more_than_are_allowed() -> None:
    async with client_of(echo, connections=3) as (client, server):
        for _ in range(5):
            await client.get("/")
        assert server.connections == 1
        await asyncio.gather(*(client.get("/") for _ in range(20)))
        assert server.connections == 3


async def test_a_redirect_and_an_error_of_the_server_are_answers_that_the_client_decides_on() -> None:
    async def refuse(_: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(answer(b"", "Location: /elsewhere", status="307 Temporary Redirect"))

    async with client_of(refuse) as (client, _):
        found = await client.get("/")
    assert (found.status_code, found.headers["location"]) == (307, "/elsewhere")


async def silent(_: bytes, writer: asyncio.StreamWriter) -> None:
    """Never answer."""


async def close(_: bytes, writer: asyncio.StreamWriter) -> None:
    writer.close()


async def cut_short(_: bytes, writer: asyncio.StreamWriter) -> None:
    writer.write(answer(b"half")[:-2])
    await writer.drain()
    writer.close()


async def gibberish(_: bytes, writer: asyncio.StreamWriter) -> None:
    writer.write(b"not HTTP at all\r\n\r\n")


@pytest.mark.parametrize(
    ("handler", "error"),
    [
        (silent, httpx.ReadTimeout),
        (close, httpx.RemoteProtocolError),
        (cut_short, httpx.RemoteProtocolError),
        (gibberish, httpx.RemoteProtocolError),
    ],
)
async def test_what_goes_wrong_is_told_as_the_error_that_prefects_client_asks_again_after(
    handler: Handler, error: type[httpx.TransportError]
) -> None:
    async with client_of(handler) as (client, _):
        with pytest.raises(error) as told:
            await client.post("/", json={})
    assert told.value.request.method == "POST"


async def test_nobody_who_listens_is_a_connection_that_failed() -> None:
    async with client_of(echo) as (client, _):
        with pytest.raises(httpx.ConnectError):
            await client.get("http://127.0.0.1:1/")
