"""A held command has loaded what it needs before it is let go, runs as itself, and does not outlive who holds it."""

import importlib
import importlib.util
import os
import sys
from pathlib import Path

import pytest

from sandbox.processes import Child, ProcessFailed, spawn
from sandbox.stack import LOADED

SAYS_WHAT_IT_SEES = """
import json, os, sys
import later
if __name__ == "__main__":
    seen = {"arguments": sys.argv[1:], "told": os.environ["TOLD"], "before": later.BEFORE}
    print(json.dumps(seen | {"rest": sys.stdin.read()}))
"""
# A module that knows whether it was loaded before the command was let go.
LATER = """
import importlib
import importlib.util
import os
BEFORE = "TOLD" not in os.environ
def tell():
    print("loaded", flush=True)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a command and the module that it needs."""
    (tmp_path / "command.py").write_text(SAYS_WHAT_IT_SEES)
    (tmp_path / "later.py").write_text(LATER)
    return tmp_path


def hold(folder: Path, *arguments: str) -> Child:
    """A held command of the folder."""
    path = os.pathsep.join((str(folder), str(Path.cwd())))
    command = [sys.executable, "-m", "sandbox.held", *arguments]
    return spawn("held", command, os.environ | {"PYTHONPATH": path}, folder, folder, held=True)


def test_a_held_command_has_loaded_before_it_is_let_go_and_then_runs_as_itself(folder: Path) -> None:
    child = hold(folder, "--load", "command", "--load", "later:tell", "--turn", str(folder / "turn"), "command", "--port", "4200")
    while "loaded" not in child.said():
        child.check()
    child.let_go({"TOLD": "yes"})
    assert child.announced() == {"arguments": ["--port", "4200"], "told": "yes", "before": True, "rest": ""}
    assert child.process.wait(30) == 0


def test_those_of_one_turn_load_one_after_another(folder: Path) -> None:
    (folder / "slow.py").write_text(
        "import pathlib, time\nhere = pathlib.Path(__file__).with_name('here')\nhere.mkdir()\ntime.sleep(0.3)\nhere.rmdir()\n"
    )
    (folder / "command.py").write_text("")
    held = [hold(folder, "--load", "slow", "--turn", str(folder / "turn"), "command") for _ in range(3)]
    for child in held:
        child.let_go({})
    assert [child.process.wait(30) for child in held] == [0, 0, 0], held[0].said()


def test_a_held_command_ends_when_nobody_holds_it_any_more(folder: Path) -> None:
    child = hold(folder, "command")
    assert child.process.stdin is not None
    child.process.stdin.close()
    assert child.process.wait(30) == 1
    assert "whoever held this command is gone" in child.said()


def test_a_command_that_cannot_load_is_named_with_its_log_when_it_is_let_go(folder: Path) -> None:
    child = hold(folder, "--load", "no_such_module", "command")
    child.process.wait(30)
    with pytest.raises(ProcessFailed, match="held ended with code 1"):
        child.let_go({})


@pytest.mark.slow
@pytest.mark.parametrize("name", LOADED)
def test_what_a_process_loads_before_it_is_let_go_is_there(name: str) -> None:
    for wanted in LOADED[name]:
        module, _, function = wanted.partition(":")
        assert importlib.util.find_spec(module) is not None, wanted
        assert not function or callable(getattr(importlib.import_module(module), function))
