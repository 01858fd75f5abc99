"""Prefect's server as ``prefect server`` starts it, but for three things: ``python -m deployments.prefect_server start --port 4200``.

For every action of an automation, and each call is started by one, Prefect 3.8.8 asks ``create_app()`` for the application that is
running already. It finds it, under a hash over all settings, and sets logging up once more on the way: 0.2 s of the one core that a
server has, a fifth of what a call cost it (benchmarks/LOG.md). The settings of a running server do not change, so here the answer
is remembered. Timestamps go to the database as Python's own, not as pendulum's, and Python's garbage collector looks at new objects
alone. ADR 9.
"""

import sys
from datetime import datetime
from functools import wraps
from typing import Any

from prefect.cli import app
from prefect.server.api import server
from prefect.server.utilities.database import Timestamp

from deployments.collector import spare_the_collector


def remember_the_application() -> None:
    """Let ``create_app()`` without arguments return the application that this process has made."""
    make = server.create_app

    @wraps(make)
    def create_app(*args: Any, **options: Any) -> Any:
        if not args and not options and server.APP_CACHE:
            return next(iter(server.APP_CACHE.values()))
        return make(*args, **options)

    server.create_app = create_app


def bind_plain_timestamps() -> None:
    """Let every timestamp reach the database's driver as a ``datetime``.

    asyncpg subtracts its epoch from each, over a thousand times a call: 18 microseconds for a ``pendulum.DateTime``, 0.1 for a
    ``datetime``, 1.4 to make the one of the other.
    """
    bind = Timestamp.process_bind_param

    @wraps(bind)
    def process_bind_param(self: Timestamp, value: datetime | None, dialect: Any) -> datetime | None:
        it = bind(self, value, dialect)
        if it is None or type(it) is datetime:
            return it
        return datetime(it.year, it.month, it.day, it.hour, it.minute, it.second, it.microsecond, it.tzinfo, fold=it.fold)

    Timestamp.process_bind_param = process_bind_param  # type: ignore[method-assign]


def main() -> None:
    """Run ``prefect server`` with this command's arguments."""
    spare_the_collector()
    remember_the_application()
    bind_plain_timestamps()
    sys.argv[1:1] = ["server"]
    app()


if __name__ == "__main__":
    main()
