"""An S3 that is away, or wants nothing to do with us: a server on this machine that gives every request one answer, or none."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from clients.s3 import ObjectStore


class RefusingS3(ThreadingHTTPServer):
    """Answers with ``status`` and S3's error ``code``; with status 0 it hears a request and says nothing until it is closed."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(("127.0.0.1", 0), _Refuse)
        self.status, self.code = status, code
        self.asked: list[str] = []
        self.closing = threading.Event()

    def store(self) -> ObjectStore:
        """A bucket of it, as our client sees it."""
        return bucket_at(self.server_port)


class _Refuse(BaseHTTPRequestHandler):
    server: RefusingS3

    def do_GET(self) -> None:
        self.server.asked.append(f"{self.command} {self.path}")
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if not self.server.status:
            self.server.closing.wait()
            return
        head = self.command == "HEAD"
        body = b"" if head else f"<Error><Code>{self.server.code}</Code><RequestId>r-1</RequestId></Error>".encode()
        self.send_response(self.server.status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_PUT(self) -> None:
        self.do_GET()

    def do_DELETE(self) -> None:
        self.do_GET()

    def log_message(self, format: str, *args: object) -> None:
        """Keep the test's output clean."""


@contextmanager
def refusing_s3(status: int, code: str = "") -> Iterator[RefusingS3]:
    """Such a server while the block lasts."""
    server = RefusingS3(status, code)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.closing.set()
        server.shutdown()
        thread.join()
        server.server_close()


def bucket_at(port: int) -> ObjectStore:
    """A bucket at a port of this machine, of which the client waits a third of a second for an answer."""
    return ObjectStore("aicc-away", region="ap-northeast-2", endpoint_url=f"http://127.0.0.1:{port}", timeout_seconds=0.3)


def closed_port() -> int:
    """A port at which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        port: int = found.getsockname()[1]
    return port
