"""`make setup` says when its Python was built without optimization and takes a better one that it finds."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from sandbox.interpreter import Build, better, build_of, built_with_optimization, others, this_build

SLOW = Build("/slow/python3.11", "3.11", optimized=False, makes_venvs=True)
FAST = Build("/fast/python3.11", "3.11", optimized=True, makes_venvs=True)
WITHOUT_VENV = Build("/bare/python3.11", "3.11", optimized=True, makes_venvs=False)


@pytest.mark.parametrize(
    ("variables", "optimized"),
    [
        ({"CONFIG_ARGS": "'--enable-optimizations' '--with-lto'", "PY_CFLAGS": "-O3", "prefix": "/usr/local"}, True),
        ({"CONFIG_ARGS": "'--enable-shared'", "PY_CFLAGS": "-DNDEBUG -O3", "prefix": "/opt/pyenv/versions/3.11.7"}, False),
        ({"CONFIG_ARGS": "", "PY_CFLAGS_NODIST": "-fprofile-use", "PY_CFLAGS": "-O2", "prefix": "/opt/python"}, True),
        ({"CONFIG_ARGS": "'--enable-shared'", "PY_CFLAGS": "-g -O2", "prefix": "/usr"}, True),
        ({"CONFIG_ARGS": "'--enable-optimizations'", "PY_CFLAGS": "-O3 -Wall -O0", "prefix": "/usr"}, False),
        ({"CONFIG_ARGS": "'--with-pydebug'", "PY_CFLAGS": "-Og", "Py_DEBUG": 1, "prefix": "/usr"}, False),
    ],
)
def test_a_build_tells_whether_it_was_optimized(variables: dict[str, object], optimized: bool) -> None:
    assert built_with_optimization(variables) is optimized


def test_the_first_better_python_is_taken_and_only_in_place_of_a_slow_one() -> None:
    assert better(SLOW, [SLOW, WITHOUT_VENV, FAST]) is FAST
    assert better(SLOW, [SLOW, WITHOUT_VENV]) is None
    assert better(FAST, [FAST]) is None


def test_a_name_that_does_not_run_is_passed_over(tmp_path: Path) -> None:
    shim = tmp_path / "python3.11"
    shim.write_text("#!/bin/sh\necho 'version 3.11 is not active' >&2\nexit 127\n")
    shim.chmod(0o755)
    assert build_of(shim) is None
    assert list(others("3.11", [str(tmp_path), str(tmp_path / "nothing")])) == []


def test_another_python_says_itself_how_it_was_built() -> None:
    told, own = build_of(Path(sys.executable)), this_build()
    assert told == own


@pytest.mark.parametrize("keep", [True, False])
def test_the_command_prints_a_python_that_runs_and_keeps_the_one_that_was_asked_for(keep: bool) -> None:
    command = [sys.executable, "-m", "sandbox.interpreter", *["--keep"] * keep]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60, env=os.environ)
    chosen = done.stdout.strip()
    assert ("was built without optimization" in done.stderr) is not this_build().optimized
    assert chosen == sys.executable or not keep
    assert subprocess.run([chosen, "-c", ""], check=False, timeout=30).returncode == 0
