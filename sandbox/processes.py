"""Child processes that never outlive their parent, each with a log file of its own."""

import contextlib
import ctypes
import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Protocol, cast

_PR_SET_PDEATHSIG = 1
_PORTS = (20_000, 32_768)  # Linux gives 32,768 and up to outgoing connections


class ProcessFailed(RuntimeError):
    """A process of the stack ended or did not come up; the message carries the end of its log."""


def free_port() -> int:
    """A port that is free, and stays so while others are opened: not one that the kernel would give to the next connection."""
    for _ in range(100):
        with socket.socket() as probe, contextlib.suppress(OSError):
            port = random.randrange(*_PORTS)
            probe.bind(("127.0.0.1", port))
            return port
    raise ProcessFailed(f"no port is free between {_PORTS[0]} and {_PORTS[1]}")


def program(name: str) -> str:
    """A command that a wheel has brought."""
    path = Path(sys.executable).with_name(name)
    if not path.exists():
        raise ProcessFailed(f"{path} is missing: run `make setup`")
    return str(path)


def is_taken(port: int) -> bool:
    """Whether somebody listens on this port already; 0, which means any free one, never is."""
    with socket.socket() as probe:
        return port != 0 and probe.connect_ex(("127.0.0.1", port)) == 0


class Running(Protocol):
    """The part of ``subprocess.Popen`` that a ``Child`` uses."""

    stdin: IO[bytes] | None
    returncode: int | None

    @property
    def pid(self) -> int:
        """Its number."""

    def poll(self) -> int | None:
        """Its exit code, None while it runs."""

    def wait(self, timeout: float | None = None) -> int:
        """Its exit code, once it has ended."""

    def send_signal(self, number: int, /) -> None:
        """Send it a signal, unless it has ended."""


def die_with_parent() -> None:
    """Linux ends the child when the parent is gone, even by kill -9."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


@dataclass
class Child:
    """One process of the stack. ``log`` may hold what predecessors of the same name said, in its first ``log_start`` bytes."""

    name: str
    process: Running
    log: Path
    log_start: int = 0
    _asked: bool = False

    def said(self) -> str:
        """What this process has written so far."""
        return self.log.read_bytes()[self.log_start :].decode("utf-8", "replace")

    def announced(self, timeout: float = 60.0) -> dict[str, Any]:
        """The JSON line that a stand-in prints once it listens."""
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            for line in self.said().splitlines():
                if line.startswith("{"):
                    answer: dict[str, Any] = json.loads(line)
                    return answer
            self.check()
            time.sleep(0.05)
        raise self.failed(f"did not say where it listens within {timeout:.0f} s")

    def check(self) -> None:
        """Raise when the process has ended."""
        if (code := self.process.poll()) is not None:
            raise self.failed(f"ended with code {code}")

    def failed(self, how: str) -> ProcessFailed:
        """The error that tells how this process failed, where its log is, and how that ends."""
        return ProcessFailed(f"{self.name} {how}. Its log is {self.log}, which ends:\n{self.last_words()}")

    def last_words(self) -> str:
        """The end of the log."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-25:])

    def ask_to_end(self) -> None:
        """Send SIGTERM, once: a second one makes a Prefect worker kill itself."""
        if not self._asked and self.process.poll() is None:
            self._asked = True
            self.process.send_signal(signal.SIGTERM)

    def let_go(self, variables: Mapping[str, str]) -> None:
        """Let a command of ``sandbox.held`` run, with variables that were not known when it was started."""
        held = self.process.stdin
        if held is None:
            raise RuntimeError(f"{self.name} is not held")
        try:
            with held:
                held.write(json.dumps(dict(variables)).encode() + b"\n")
        except BrokenPipeError:
            self.process.wait(5)
            self.check()
            raise

    def stop(self, grace_seconds: float = 10.0) -> None:
        """Ask the process to end, then insist; its own children go with it."""
        self.ask_to_end()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(grace_seconds)
        self.kill()

    def kill(self) -> None:
        """End the process and its children at once, as a power cut would."""
        if self.process.stdin is not None:
            self.process.stdin.close()
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            return
        finally:
            self.process.wait()


def spawn(
    name: str,
    command: Sequence[str],
    env: Mapping[str, str],
    logs: Path,
    cwd: Path,
    become: Callable[[], None] | None = None,
    *,
    held: bool = False,
    keep: Sequence[int] = (),
) -> Child:
    """Start a process in a group of its own, its output appended to ``logs/<name>.log``; ``become`` may change its user first.

    One that is ``held`` waits for ``Child.let_go`` (``sandbox.held``). ``keep`` are files that stay open in it.
    """
    log = logs / f"{name}.log"

    def before_start() -> None:
        if become is not None:
            become()
        die_with_parent()

    with log.open("ab") as output:
        log_start = output.tell()
        process = subprocess.Popen(
            list(command),
            stdin=subprocess.PIPE if held else subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=dict(env),
            cwd=cwd,
            start_new_session=True,
            preexec_fn=before_start,
            pass_fds=keep,
        )
    return Child(name, cast(Running, process), log, log_start)


def answers(url: str) -> bool:
    """Whether an address answers a GET now."""
    try:
        with urllib.request.urlopen(url, timeout=2):
            return True
    except OSError:
        return False


def until(ready: Callable[[], bool], child: Child, what: str, timeout: float = 180.0) -> None:
    """Wait for a process; ProcessFailed, with the place and the end of its log, when it ends or takes too long."""
    deadline = time.monotonic() + timeout
    while not ready():
        child.check()
        if time.monotonic() > deadline:
            raise child.failed(f"did not {what} within {timeout:.0f} s")
        time.sleep(0.1)
