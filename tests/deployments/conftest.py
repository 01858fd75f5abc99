"""A Prefect server for this folder's tests, and code run in a process of its own."""

import os
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator

import pytest
from prefect_server import server_for_tests

RunPython = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def prefect_server() -> Iterator[None]:
    with server_for_tests():
        yield


@pytest.fixture(scope="session")
def run_python() -> RunPython:
    """``run_python(code, NAME="value")``: workers and the server change the process that they are in. ``ends`` is the code expected."""

    def run(code: str, *, ends: int = 0, **environment: str) -> subprocess.CompletedProcess[str]:
        command, env = [sys.executable, "-c", textwrap.dedent(code)], os.environ | environment
        done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=600, check=False)
        assert done.returncode == ends, done.stderr
        return done

    return run
