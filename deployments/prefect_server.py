"""Prefect's server as ``prefect server`` starts it, at less cost: ``python -m deployments.prefect_server start --port 4200``.

Python's garbage collector leaves alone what was loaded at the start, and what Prefect does twice is done once (ADR 9, 35, 44). It does
not listen beyond this machine without a password, and answers no page of another site: whoever reaches the API reads every transcript.
A service of it that ends is begun again (``kept_services``).
"""

import os
import sys
from collections.abc import Mapping, Sequence
from functools import wraps
from typing import Any

from deployments.environment import CLOSED
from deployments.garbage import freeze_gc, no_gc_while_loading
from deployments.own_pages import OwnPages, is_this_machine


def open_to_everybody(arguments: Sequence[str], environment: Mapping[str, str]) -> str:
    """Why the server may not start as it is told to; empty where it may.

    >>> open_to_everybody(["start", "--host", "127.0.0.1"], {})
    ''
    """
    host = _host(arguments) or environment.get("PREFECT_SERVER_API_HOST", "127.0.0.1")
    if "start" not in arguments or is_this_machine(host) or environment.get("PREFECT_SERVER_API_AUTH_STRING"):
        return ""
    return (
        f"prefect_server: --host {host} opens the API to other machines while PREFECT_SERVER_API_AUTH_STRING is not set: anyone who "
        "reaches it reads every transcript. Set it to user:password (PREFECT_API_AUTH_STRING of workers and commands to the same), "
        "or listen on 127.0.0.1."
    )


def _host(arguments: Sequence[str]) -> str:
    for argument, following in zip(arguments, [*arguments[1:], ""], strict=True):
        if argument == "--host":
            return following
        if argument.startswith("--host="):
            return argument.removeprefix("--host=")
    return ""


def answer_own_pages(environment: Mapping[str, str]) -> None:
    """Let the server that this process starts refuse browsers' requests for pages of other sites."""
    from prefect.server.api import server

    make = server.create_app
    allowed = environment["PREFECT_SERVER_CORS_ALLOWED_ORIGINS"].split(",")
    password = bool(environment.get("PREFECT_SERVER_API_AUTH_STRING"))

    @wraps(make)
    def create_app(*arguments: Any, **options: Any) -> Any:
        app = make(*arguments, **options)
        # What is served alone: the server's own services ask the application without a network, and under a name of Prefect's.
        return OwnPages(app, allowed=allowed, password=password) if options.get("final") else app

    server.create_app = create_app


def main() -> None:
    """Run ``prefect server`` with this command's arguments."""
    if reason := open_to_everybody(sys.argv[1:], os.environ):
        sys.exit(reason)
    # Before Prefect is imported, which reads its settings then.
    for name, value in CLOSED.items():
        os.environ.setdefault(name, value)
    with no_gc_while_loading():
        from prefect.cli import app

        from deployments.kept_services import keep_services
        from deployments.prefect_private import spare_the_server

        answer_own_pages(os.environ)
    keep_services()
    freeze_gc()
    spare_the_server()
    sys.argv[1:1] = ["server"]
    app()


if __name__ == "__main__":
    main()
