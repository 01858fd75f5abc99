"""One stand-in in a process of its own, for as long as a block runs: for tests and benchmarks that need no whole stack."""

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sandbox.processes import Child, spawn

ROOT = Path(__file__).parent.parent


@contextmanager
def stand_in(module: str, *arguments: str, **variables: str) -> Iterator[tuple[dict[str, Any], Child]]:
    """Run ``python -m <module>`` with more ``variables``; gives what it announced (its addresses) and the process.

    >>> with stand_in("sandbox.returnzero", "--latency-seconds", "0") as (address, _):
    ...     address["url"].startswith("http://127.0.0.1:")
    True
    """
    with tempfile.TemporaryDirectory() as logs:
        child = spawn(module, [sys.executable, "-m", module, *arguments], os.environ | variables, Path(logs), ROOT)
        try:
            yield child.announced(), child
        finally:
            child.stop()
