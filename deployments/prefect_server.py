"""Prefect's server as ``prefect server`` starts it, at less cost: ``python -m deployments.prefect_server start --port 4200``.

Python's garbage collector leaves alone what was loaded at the start, and timestamps go to the database as Python's own (ADR 9).
"""

import sys

from prefect.cli import app

from deployments.collector import spare_the_collector
from deployments.prefect_private import bind_plain_timestamps


def main() -> None:
    """Run ``prefect server`` with this command's arguments."""
    spare_the_collector()
    bind_plain_timestamps()
    sys.argv[1:1] = ["server"]
    app()


if __name__ == "__main__":
    main()
