"""A fork of the nursery is a held command like any other, but that what it needs has been loaded before it was asked for."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.nursery import Nursery
from sandbox.processes import Child

COMMAND = """
import json, os, sys, time
import shared
if __name__ == "__main__":
    given = {name.lower(): os.environ.get(name, "") for name in ("GIVEN", "TOLD", "NURSE")}
    seen = {"pid": os.getpid(), "loaded_by": shared.BY, "session": os.getsid(0), "arguments": sys.argv[1:]}
    print(json.dumps(seen | given), flush=True)
    if sys.argv[1:] == ["wait"]:
        time.sleep(60)
    sys.exit(int(os.environ["TOLD"]))
"""


@pytest.fixture
def nursery(tmp_path: Path) -> Iterator[Nursery]:
    (tmp_path / "command.py").write_text(COMMAND)
    (tmp_path / "shared.py").write_text("import os, time\nBY = os.getpid()\ntime.sleep(0.2)\n")
    path = os.pathsep.join((str(tmp_path), str(Path.cwd())))
    started = Nursery.start(["shared"], os.environ | {"PYTHONPATH": path, "NURSE": "yes"}, tmp_path, tmp_path)
    yield started
    started.child.kill()


def forked(nursery: Nursery, name: str, *arguments: str) -> Child:
    """A fork, asked for while the nursery may be loading still."""
    return nursery.spawn(name, ["command", *arguments], {"PATH": os.environ["PATH"], "GIVEN": name}, nursery.child.log.parent)


def test_a_fork_runs_its_command_with_what_was_loaded_and_its_own_variables(nursery: Nursery) -> None:
    first, second = forked(nursery, "first", "--port", "1"), forked(nursery, "second")
    first.let_go({"TOLD": "0"})
    second.let_go({"TOLD": "3"})
    assert [child.process.wait(30) for child in (first, second)] == [0, 3], second.said()
    saw = [child.announced() if child.process.returncode == 0 else json.loads(child.said()) for child in (first, second)]
    for child, seen in zip((first, second), saw, strict=True):
        assert seen["loaded_by"] == nursery.child.process.pid
        # Its own number and session, so that it can be ended with its children; nothing of the nursery's variables.
        assert seen["pid"] == seen["session"] == child.process.pid
        assert (seen["given"], seen["nurse"]) == (child.name, "")
    assert (saw[0]["arguments"], saw[0]["told"]) == (["--port", "1"], "0")


def test_a_fork_is_stopped_killed_and_waited_for_as_a_process_is(nursery: Nursery) -> None:
    stopped, killed = forked(nursery, "stopped", "wait"), forked(nursery, "killed", "wait")
    for child in (stopped, killed):
        child.let_go({"TOLD": "0"})
        child.announced()
        assert child.process.poll() is None
        with pytest.raises(subprocess.TimeoutExpired):
            child.process.wait(0.1)
    stopped.stop()
    killed.kill()
    assert (stopped.process.returncode, killed.process.returncode) == (-signal.SIGTERM, -signal.SIGKILL)
    assert killed.process.poll() == -signal.SIGKILL


def test_a_fork_that_nobody_holds_any_more_ends(nursery: Nursery) -> None:
    child = forked(nursery, "left")
    assert child.process.stdin is not None
    child.process.stdin.close()
    assert child.process.wait(30) == 1
    assert "whoever held this command is gone" in child.said()


def test_no_fork_outlives_the_nursery(nursery: Nursery) -> None:
    child = forked(nursery, "orphan", "wait")
    child.let_go({"TOLD": "0"})
    number = int(child.announced()["pid"])
    nursery.child.kill()
    assert child.process.wait(30) < 0
    for _ in range(300):
        if not _runs(number):
            return
        time.sleep(0.1)
    raise AssertionError("it goes on")


def test_who_was_never_forked_counts_as_killed(nursery: Nursery) -> None:
    nursery.child.process.send_signal(signal.SIGSTOP)
    child = forked(nursery, "never")
    nursery.child.kill()
    child.kill()
    assert child.process.poll() == -signal.SIGKILL
    with pytest.raises(ProcessLookupError, match="before it forked"):
        _ = child.process.pid


def _runs(number: int) -> bool:
    status = Path(f"/proc/{number}/stat")
    return status.exists() and status.read_text().rpartition(")")[2].split()[0] not in "ZX"
