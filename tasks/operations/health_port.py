"""A port that tells service managers whether a process does its work: ``GET /healthz`` answers 200, or 503 with the reason.

It listens on this machine alone: compose and ECS ask from inside the container. A thread serves it, so that a process whose loop
stands still can still say so.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from models.errors import ConfigurationError

HEALTHY = "ok"


@contextmanager
def health_port(port: int, trouble: Callable[[], str], *, setting: str) -> Iterator[int]:
    """Serve ``/healthz`` for as long as the block runs; gives the port, which is a free one for 0.

    ``trouble`` says what is wrong, or nothing. ConfigurationError, naming the setting, when the port is taken.
    """

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path != "/healthz":
                self.send_error(404)
                return
            reason = trouble()
            body = (reason or HEALTHY).encode("utf-8")
            self.send_response(503 if reason else 200)
            self.send_header("Content-Type", "text/plain; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Nothing: a probe every half minute is no news."""

    try:
        server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    except OSError as error:
        raise ConfigurationError(f"cannot listen on port {port}: {error.strerror}", remedy=f"Set {setting} to a free port") from error
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, name="health-port", daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
