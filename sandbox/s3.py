"""The S3 and SQS stand-in: moto's server, which takes the requests of S3 one after the other.

    python -m sandbox.s3 --port 0

The first line on stdout is JSON with the address.

S3 does a conditional write in one step. moto looks at the entity tag, then writes, and another thread's write may come between
the two: with 3 ms there, 64 claimants of a number were given 50. It also answers 500 when a body is replaced while it is read.
"""

import argparse
import json
import signal
import sys
import threading
from collections.abc import Callable, Iterable
from typing import Any

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import BaseWSGIServer, make_server


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


def listen(host: str, port: int) -> BaseWSGIServer:
    """A server that listens, with a thread for each connection; ``port`` 0 chooses a free one."""
    application = OneAtATime(DomainDispatcherApplication(create_backend_app))
    return make_server(host, port, application, threaded=True, request_handler=MotoRequestHandler)


def main() -> None:
    """Serve until SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0 chooses a free one (default)")
    options = parser.parse_args()
    for ending in (signal.SIGTERM, signal.SIGINT):
        signal.signal(ending, lambda *_: sys.exit(0))
    server = listen(options.host, options.port)
    print(json.dumps({"url": f"http://{options.host}:{server.port}"}), flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
