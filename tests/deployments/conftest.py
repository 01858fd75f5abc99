"""A Prefect server for this folder's tests, the templates of AWS, and code run in a process of its own."""

import json
import os
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from prefect_server import server_for_tests

ROOT = Path(__file__).parents[2]
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


@pytest.fixture(scope="session")
def assembly(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The templates of a site with Amazon Connect, made by the command that people run; half a minute of node."""
    if shutil.which("node") is None:
        pytest.skip("Node is not installed (apt-get install nodejs)")
    folder = tmp_path_factory.mktemp("cdk")
    context = json.dumps({"connect_instance": "instance", "daily_budgets": "returnzero=200000"})
    made = subprocess.run(
        [sys.executable, "-m", "deployments.aws.app"],
        cwd=ROOT,
        env={**_bare_environment(), "CDK_OUTDIR": str(folder), "CDK_CONTEXT_JSON": context},
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    assert made.returncode == 0, made.stderr
    return folder


def _bare_environment() -> dict[str, str]:
    """No credentials, no region, and a proxy that nobody listens at: whoever asks a network fails."""
    nobody = "http://127.0.0.1:9"
    return {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ} | {"HTTPS_PROXY": nobody, "HTTP_PROXY": nobody}
