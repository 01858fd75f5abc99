"""Prefect's server as ``prefect server`` starts it, but for two things: ``python -m deployments.prefect_server start --port 4200``.

For every action of an automation, and each call is started by one, Prefect 3.8.8 asks ``create_app()`` for the application that is
running already. It finds it, under a hash over all settings, and sets logging up once more on the way: 0.2 s of the one core that a
server has, a fifth of what a call cost it (benchmarks/LOG.md). The settings of a running server do not change, so here the answer
is remembered. And Python's garbage collector, which took 13 % of the server's time looking at what was imported once and stays, looks
at new objects alone. ADR 9.
"""

import gc
import sys
from functools import wraps
from typing import Any

from prefect.cli import app
from prefect.server.api import server


def remember_the_application() -> None:
    """Let ``create_app()`` without arguments return the application that this process has made."""
    make = server.create_app

    @wraps(make)
    def create_app(*args: Any, **options: Any) -> Any:
        if not args and not options and server.APP_CACHE:
            return next(iter(server.APP_CACHE.values()))
        return make(*args, **options)

    server.create_app = create_app


def spare_the_collector() -> None:
    """Take what is loaded by now for permanent, and collect after 20,000 new objects instead of 700."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


def main() -> None:
    """Run ``prefect server`` with this command's arguments."""
    spare_the_collector()
    remember_the_application()
    sys.argv[1:1] = ["server"]
    app()


if __name__ == "__main__":
    main()
