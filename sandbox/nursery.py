"""One process that loads what several commands need and is forked for each: ``python -m sandbox.nursery SOCKET [--load MODULE]...``.

Importing Prefect takes a second of a fast processor, for every command anew. A fork has it at once, and is otherwise what ``sandbox.held``
is when it is started by itself: a session, a log and variables of its own, gone with whoever started it.
"""

import argparse
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from select import select
from typing import IO

from sandbox import held
from sandbox.processes import Child, die_with_parent, spawn

_KILLED = -signal.SIGKILL
_LONGEST_REQUEST = 1_000_000  # bytes


class Forked:
    """A fork, with the part of ``subprocess.Popen`` that a ``Child`` uses. A pipe tells its number and how it ended."""

    def __init__(self, stdin: IO[bytes], told: IO[bytes]) -> None:
        """Take the writing end of its standard input and the reading end of the pipe."""
        self.stdin: IO[bytes] | None = stdin
        self.returncode: int | None = None
        self._told = told

    @cached_property
    def pid(self) -> int:
        """Its number, once it has been forked; ProcessLookupError when it never will be."""
        if line := self._told.readline():
            return int(line)
        self.returncode = _KILLED
        raise ProcessLookupError("the nursery ended before it forked")

    def poll(self) -> int | None:
        """Its exit code, None while it runs."""
        return self._ended(0.0)

    def wait(self, timeout: float | None = None) -> int:
        """Its exit code, once it has ended; TimeoutExpired when that takes longer."""
        code = self._ended(timeout)
        if code is None:
            raise subprocess.TimeoutExpired("a fork of the nursery", timeout or 0.0)
        return code

    def send_signal(self, number: int) -> None:
        """Send it a signal, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def _ended(self, seconds: float | None) -> int | None:
        if self.returncode is None and (seconds is None or "pid" in self.__dict__ or self._tells(seconds)):
            try:
                _ = self.pid
            except ProcessLookupError:
                return self.returncode
            if self._tells(seconds):
                line = self._told.readline()
                self.returncode = int(line) if line else _KILLED
        return self.returncode

    def _tells(self, seconds: float | None) -> bool:
        return bool(select([self._told], [], [], seconds)[0])


@dataclass
class Nursery:
    """The process, as a ``Child``, and the way to ask it."""

    child: Child
    _asked: socket.socket

    @classmethod
    def start(cls, loads: Sequence[str], env: Mapping[str, str], logs: Path, cwd: Path) -> "Nursery":
        """Start it; it answers once it has loaded, and is asked before."""
        ours, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with its:
            load = [argument for module in loads for argument in ("--load", module)]
            command = [sys.executable, "-m", "sandbox.nursery", str(its.fileno()), *load]
            return cls(spawn("nursery", command, env, logs, cwd, keep=(its.fileno(),)), ours)

    def spawn(self, name: str, arguments: Sequence[str], env: Mapping[str, str], logs: Path) -> Child:
        """A held command, as ``sandbox.processes.spawn`` would start it."""
        log = logs / f"{name}.log"
        given, stdin = os.pipe()
        told, tell = os.pipe()
        with log.open("ab") as output:
            log_start = output.tell()
            request = json.dumps({"arguments": list(arguments), "env": dict(env)}).encode()
            socket.send_fds(self._asked, [request], [given, output.fileno(), tell])
        os.close(given)
        os.close(tell)
        return Child(name, Forked(os.fdopen(stdin, "wb"), os.fdopen(told, "rb", buffering=0)), log, log_start)


def _requests(asked: socket.socket) -> Iterator[tuple[list[str], dict[str, str], list[int]]]:
    while True:
        request, files, _, _ = socket.recv_fds(asked, _LONGEST_REQUEST, 3)
        if not request:
            return
        said = json.loads(request)
        yield said["arguments"], said["env"], files


def _watch(files: Sequence[int]) -> bool:
    """Fork, and tell the fork's number and its exit code; True in the fork itself."""
    stdin, output, tell = files
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    die_with_parent()
    number = os.fork()
    if number:
        os.close(stdin)
        os.write(tell, b"%d\n" % number)
        code = os.waitstatus_to_exitcode(os.waitpid(number, 0)[1])
        os.write(tell, b"%d\n" % code)
        os._exit(0)
    os.setsid()
    die_with_parent()
    for source, target in ((stdin, 0), (output, 1), (output, 2)):
        os.dup2(source, target)
    for source in files:
        os.close(source)
    return True


def main() -> None:
    """Load, and fork for each request, until nobody can ask any more."""
    parser = argparse.ArgumentParser(prog="python -m sandbox.nursery", description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("socket", type=int, help="number of the open socket that requests come by")
    parser.add_argument("--load", action="append", default=[], metavar="MODULE", help="what to import before; repeatable")
    options = parser.parse_args()
    held.load(options.load)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for those who wait
    with socket.socket(fileno=options.socket) as asked:
        for arguments, env, files in _requests(asked):
            if os.fork() == 0 and _watch(files):
                asked.close()
                os.environ.clear()
                os.environ.update(env)
                sys.argv = ["sandbox.held", *arguments]
                held.main()
                return  # and so end as any program does, with whatever it has left for its end
            for file in files:
                os.close(file)


if __name__ == "__main__":
    main()
