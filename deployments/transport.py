"""How a resident worker's requests reach Prefect's server: httpx' client as ever, its transport by aiohttp, whose HTTP is written in C.

httpx' own, written in Python, takes three times as long for a request, and looks at every request that waits whenever one begins or ends:
a fifth of what a worker does when many calls come at once.
"""

import asyncio
import ssl
from collections.abc import Mapping

import aiohttp
import httpx
from yarl import URL

# What a caller of httpx knows each error as, the first that fits. Prefect's client asks again after every one of these.
_ERRORS: Mapping[type[BaseException], type[httpx.TransportError]] = {
    aiohttp.ConnectionTimeoutError: httpx.ConnectTimeout,
    asyncio.TimeoutError: httpx.ReadTimeout,
    aiohttp.ClientConnectorError: httpx.ConnectError,
    aiohttp.ServerDisconnectedError: httpx.RemoteProtocolError,
    aiohttp.ClientConnectionResetError: httpx.WriteError,
    aiohttp.ClientOSError: httpx.ReadError,
    aiohttp.ClientError: httpx.RemoteProtocolError,
}


class AiohttpTransport(httpx.AsyncBaseTransport):
    """HTTP/1.1 over so many connections, which are kept; proxies as the environment names them. For answers that fit in memory."""

    def __init__(self, connections: int, keepalive_seconds: float, tls: ssl.SSLContext) -> None:
        """Nothing is opened before the first request, in whose event loop the transport then stays."""
        self._connections, self._keepalive_seconds, self._tls = connections, keepalive_seconds, tls
        self._session: aiohttp.ClientSession | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request and read its answer to the end; errors are httpx' own."""
        session, timeout = self._opened(), request.extensions.get("timeout", {})
        free, connected, answered = (timeout.get(name) for name in ("pool", "connect", "read"))
        body = await request.aread()
        try:
            async with session.request(
                request.method,
                URL(str(request.url), encoded=True),
                headers=[(name.decode("latin-1"), value.decode("latin-1")) for name, value in request.headers.raw],
                data=body or None,
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(total=None, connect=free, sock_connect=connected, sock_read=answered),
            ) as answer:
                content = await answer.read()
                return httpx.Response(answer.status, headers=answer.raw_headers, stream=httpx.ByteStream(content), request=request)
        except tuple(_ERRORS) as error:
            raise _as_httpx(error, request) from error

    async def aclose(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            connector = aiohttp.TCPConnector(limit=self._connections, keepalive_timeout=self._keepalive_seconds, ssl=self._tls)
            # Cookies and compressed bodies are the client's business.
            self._session = aiohttp.ClientSession(
                connector=connector, cookie_jar=aiohttp.DummyCookieJar(), auto_decompress=False, trust_env=True
            )
        return self._session


def _as_httpx(error: BaseException, request: httpx.Request) -> httpx.TransportError:
    theirs = next(known for kind, known in _ERRORS.items() if isinstance(error, kind))
    return theirs(str(error) or type(error).__name__, request=request)
