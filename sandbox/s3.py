"""The S3 and SQS stand-in: moto's server, which takes the requests of S3 one after the other and refuses metadata as S3 does.

    python -m sandbox.s3 --port 0

The first line on stdout is JSON with the address.

S3 does a conditional write in one step. moto looks at the entity tag, then writes, and another thread's write may come between
the two: with 3 ms there, 64 claimants of a number were given 50. It also answers 500 when a body is replaced while it is read.

S3 takes 2 KB of user metadata, in ASCII; moto takes any.
"""

import argparse
import json
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from http import HTTPStatus
from io import BytesIO
from pathlib import Path
from typing import Any

from moto.core import responses
from moto.core.errors import ErrorLookupFactory
from moto.core.utils import unix_time
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from moto.sqs.models import Message, SQSBackend
from werkzeug.serving import BaseWSGIServer, make_server
from werkzeug.wrappers import Response

from sandbox.aws.allowed import Application, OnlyWhatIsAllowed, Statement

METADATA_LIMIT_BYTES = 2048
_METADATA = "HTTP_X_AMZ_META_"
_WITHOUT_BODY = (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED)


class RefuseMetadata:
    """A WSGI application that refuses what S3 refuses: over 2 KB of user metadata (names without ``x-amz-meta-``), or other than ASCII."""

    def __init__(self, application: Callable[..., Iterable[bytes]]) -> None:
        self._application = application

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer 400 in S3's words, or pass on."""
        metadata = {name.removeprefix(_METADATA): value for name, value in environ.items() if name.startswith(_METADATA)}
        size = sum(len(name) + len(value) for name, value in metadata.items())
        if size > METADATA_LIMIT_BYTES:
            return _refuse("MetadataTooLarge", "Your metadata headers exceed the maximum allowed metadata size", environ, start_response)
        if not all(value.isascii() for value in metadata.values()):
            return _refuse("InvalidArgument", "User metadata may hold US-ASCII characters only", environ, start_response)
        return self._application(environ, start_response)


def _refuse(code: str, message: str, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))  # or the connection's next request would begin in it
    body = f"<Error><Code>{code}</Code><Message>{message}</Message><RequestId>sandbox</RequestId></Error>"
    return Response(body, 400, content_type="application/xml")(environ, start_response)


class OneAtATime:
    """A WSGI application whose requests of S3 run one after the other.

    Those of SQS name their operation in ``X-Amz-Target`` and pass freely: one that waits for messages would hold up everything.
    """

    def __init__(self, application: Callable[..., Iterable[bytes]]) -> None:
        self._application = application
        self._turn = threading.Lock()

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer, when it is this request's turn; the answer is sent after it."""
        if "HTTP_X_AMZ_TARGET" in environ:
            return self._application(environ, start_response)
        with self._turn:
            return self._application(environ, start_response)


class Handler(MotoRequestHandler):  # type: ignore[misc]
    """Answers one request after another on a connection, as S3 does; werkzeug's closes it after each, so that everybody connects anew."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1  # headers and body leave together
    disable_nagle_algorithm = True

    def run_wsgi(self) -> None:
        """Read a whole request, ask the application, and send its whole answer."""
        if "chunked" in self.headers.get("Transfer-Encoding", ""):
            self.close_connection = True  # werkzeug reads it to its end
            super().run_wsgi()
            return
        if self.headers.get("Expect", "").strip().lower() == "100-continue":
            self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            self.wfile.flush()
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        try:
            self._send(*self._ask(self.make_environ() | {"wsgi.input": BytesIO(body)}))
        except ConnectionError:
            self.close_connection = True

    def _ask(self, environ: dict[str, Any]) -> tuple[str, list[tuple[str, str]], bytes]:
        """What the application answers: status, headers and body; 500, and a traceback in the log, where it fails."""
        begun: list[tuple[str, list[tuple[str, str]]]] = []

        def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> None:
            begun.append((status, headers))

        try:
            answer = self.server.app(environ, start_response)
            content = b"".join(answer)
            if close := getattr(answer, "close", None):
                close()
        except Exception:  # noqa: BLE001 — whatever it is, who asked is told 500 and the log the rest
            self.server.log("error", f"Error on request:\n{traceback.format_exc()}")
            return "500 INTERNAL SERVER ERROR", [], b""
        return *begun[-1], content

    def _send(self, status: str, headers: list[tuple[str, str]], content: bytes) -> None:
        code, _, reason = status.partition(" ")
        self.send_response(int(code), reason)
        for name, value in headers:
            self.send_header(name, value)
        known = {name.lower() for name, _ in headers}
        if "content-length" not in known and int(code) not in _WITHOUT_BODY:
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD" and content:
            self.wfile.write(content)


class Dispatcher(DomainDispatcherApplication):  # type: ignore[misc]
    """moto's own, which lists its modules on disk twice a request to see whose it is; here once for each service."""

    def __init__(self) -> None:
        super().__init__(create_backend_app)
        self._backends: dict[str | None, Any] = {}

    def get_backend_for_host(self, host: str | None) -> Any:
        """The service that answers for a host."""
        if host not in self._backends:
            self._backends[host] = super().get_backend_for_host(host)
        return self._backends[host]


def spare_moto() -> None:
    """Let moto look up once what never changes, a class's methods and a service's errors, and not count a queue for each message in it."""
    responses.method_names_from_class = cache(responses.method_names_from_class)
    ErrorLookupFactory._create_error_lut = staticmethod(cache(ErrorLookupFactory._create_error_lut))
    SQSBackend.is_message_valid_based_on_retention_period = _is_kept


def _is_kept(self: SQSBackend, queue_name: str, message: Message) -> bool:
    sent = float(message.sent_timestamp or 0.0) / 1000
    return bool(sent + self.get_queue(queue_name).message_retention_period > unix_time())


def listen(host: str, port: int, roles: Mapping[str, Sequence[Statement]] | None = None) -> BaseWSGIServer:
    """A server that listens, with a thread for each connection; ``port`` 0 chooses a free one.

    Where ``roles`` are given, by the name of the container that has one, each may do what its statements say (``sandbox.aws.allowed``).
    """
    spare_moto()
    application: Application = RefuseMetadata(OneAtATime(Dispatcher()))
    if roles is not None:
        application = OnlyWhatIsAllowed(application, roles)
    return make_server(host, port, application, threaded=True, request_handler=Handler)


def main() -> None:
    """Serve until SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0 chooses a free one (default)")
    parser.add_argument("--roles", type=Path, help="JSON: what each container's role may do (default: everybody may do everything)")
    options = parser.parse_args()
    roles = json.loads(options.roles.read_text("utf-8")) if options.roles else None
    for ending in (signal.SIGTERM, signal.SIGINT):
        signal.signal(ending, lambda *_: sys.exit(0))
    server = listen(options.host, options.port, roles)
    print(json.dumps({"url": f"http://{options.host}:{server.port}"}), flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
