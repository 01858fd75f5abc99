"""A slow host made of this one: ``python -m benchmarks.slow_host [--piece-ms 17] [-- COMMAND]``.

The command, and all that it starts, gets so little of the processors that the fixed piece of Python (``benchmarks.host``) takes so many
milliseconds: one process alone never more than that share of one core, all together never more than that share of all cores, in every ten
milliseconds. So it is with cores that are slower by this factor, but that threads of one process, and a process's children until they
are seen, share one core. Memory and disks stay as fast. Without a command: ``benchmarks.calls``, whose wait and rate are then those of a
slow host. Processor seconds are not lengthened by a quota, so a call's pieces are those of this host; what it would use on a slow one is
its pieces times the piece.

Linux's control groups do it, version 1 with the controller ``cpu``, which root may write to.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from statistics import mean
from types import TracebackType
from typing import Any, NoReturn, Self

from benchmarks.host import measured
from sandbox.stack import ROOT

PERIOD_US = 10_000
LEAST_QUOTA_US = 1_000  # the kernel takes no less
LOOK_SECONDS = 0.1
CALLS = ("--paced", "40", "--crowd", "100", "--polled", "10")


class NoControlGroups(Exception):
    """Processors cannot be rationed here; the message says why."""


def own_group(mounts: str, groups: str) -> Path:
    """Where this process's control group of the controller ``cpu`` lies, by /proc/self/mounts and /proc/self/cgroup.

    >>> own_group("cgroup /sys/fs/cgroup/cpu,cpuacct cgroup rw,cpu,cpuacct 0 0", "4:cpu,cpuacct:/user.slice")
    PosixPath('/sys/fs/cgroup/cpu,cpuacct/user.slice')
    >>> own_group("cgroup2 /sys/fs/cgroup cgroup2 rw,nosuid 0 0", "0::/user.slice")
    Traceback (most recent call last):
    benchmarks.slow_host.NoControlGroups: no control groups of version 1 with the controller cpu are mounted
    """
    mounted = [fields[1] for fields in map(str.split, mounts.splitlines()) if fields[2] == "cgroup" and "cpu" in fields[3].split(",")]
    paths = [path for _, names, path in (line.split(":", 2) for line in groups.splitlines()) if "cpu" in names.split(",")]
    if not mounted or not paths:
        raise NoControlGroups("no control groups of version 1 with the controller cpu are mounted")
    return Path(mounted[0]) / paths[0].lstrip("/")


@dataclass
class Ration:
    """So large a share of each core for every process that enters, and of all cores for all of them; a context manager."""

    share: float
    group: Path
    _ended: threading.Event = field(default_factory=threading.Event)
    _watcher: threading.Thread | None = None

    def __post_init__(self) -> None:
        """Refuse what the kernel would."""
        if not LEAST_QUOTA_US / PERIOD_US <= self.share <= 1:
            raise NoControlGroups(f"a share of {self.share:.2f} of a core cannot be given: 0.1 is the least, 1 the most")

    def __enter__(self) -> Self:
        """Make the group of all."""
        try:
            self.group.mkdir()
        except OSError as error:
            raise NoControlGroups(
                f"{self.group} cannot be made ({error.strerror}): root is wanted, and control groups that may be written"
            ) from error
        self._limit(self.group, self.share * (os.cpu_count() or 1))
        self._watcher = threading.Thread(target=self._watch, daemon=True)
        self._watcher.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Remove the groups; who is still in one goes on without a limit."""
        self._ended.set()
        if self._watcher:
            self._watcher.join()
        for group in [*self._one_each(), self.group]:
            for process in _processes(group):
                _move(process, self.group.parent)
            _remove(group)

    def start(self, command: Sequence[str]) -> subprocess.Popen[str]:
        """Start a command inside, its output to be read."""
        enter = 'mkdir "$0/$$" && echo "$1" > "$0/$$/cpu.cfs_period_us" && echo "$2" > "$0/$$/cpu.cfs_quota_us"'
        inside = f'{enter} && echo $$ > "$0/$$/cgroup.procs" && shift 2 && exec "$@"'
        limits = (str(PERIOD_US), str(_quota(self.share)))
        # Threads of one process share one core here: where several wait for one another by spinning they use up what they wait for.
        environment = {"OMP_NUM_THREADS": "1"} | os.environ
        return subprocess.Popen(
            ["sh", "-c", inside, str(self.group), *limits, *command], stdout=subprocess.PIPE, text=True, cwd=ROOT, env=environment
        )

    def _watch(self) -> None:
        while not self._ended.wait(LOOK_SECONDS):
            for group in self._one_each():
                here = _processes(group)
                for process in here:
                    if process != group.name:
                        self._give_group(process)
                if not here and not Path("/proc", group.name).exists():  # an empty one may be of a command that is about to enter
                    _remove(group)

    def _give_group(self, process: str) -> None:
        group = self.group / process
        group.mkdir(exist_ok=True)
        self._limit(group, self.share)
        _move(process, group)

    def _one_each(self) -> list[Path]:
        return [path for path in self.group.iterdir() if path.is_dir()]

    def _limit(self, group: Path, share: float) -> None:
        (group / "cpu.cfs_period_us").write_text(str(PERIOD_US))
        (group / "cpu.cfs_quota_us").write_text(str(_quota(share)))


def _quota(share: float) -> int:
    return round(share * PERIOD_US)


def _processes(group: Path) -> list[str]:
    with suppress(OSError):
        return (group / "cgroup.procs").read_text().split()
    return []


def _move(process: str, group: Path) -> None:
    with suppress(OSError):  # it has ended meanwhile
        (group / "cgroup.procs").write_text(process)


def _remove(group: Path) -> None:
    with suppress(OSError):  # somebody has just come in, or the kernel has not buried its last one
        group.rmdir()


@contextmanager
def slow_host(piece_ms: float) -> Iterator[Ration]:
    """A ration with which the fixed piece takes so many milliseconds of wall time."""
    own = measured().processor_ms
    if piece_ms <= own:
        raise NoControlGroups(f"this host is no faster than that: its own piece takes {own} ms of a processor")
    parent = own_group(Path("/proc/self/mounts").read_text(), Path("/proc/self/cgroup").read_text())
    with Ration(own / piece_ms, parent / f"readback-slow-{os.getpid()}") as ration:
        yield ration


def pieces_at_once(ration: Ration, processes: int) -> float:
    """Mean wall milliseconds of the fixed piece inside, in so many processes at once."""
    started = [ration.start([sys.executable, "-m", "benchmarks.host"]) for _ in range(processes)]
    said = [process.communicate()[0] for process in started]
    return round(mean(float(json.loads(line)["mean_ms"]) for line in said), 1)


def run(ration: Ration, command: Sequence[str]) -> tuple[int, dict[str, Any]]:
    """Run a command inside, its lines shown as they come; returns its exit code and the JSON of its last line, if it is any."""
    process, last = ration.start(command), ""
    assert process.stdout is not None
    try:
        for line in process.stdout:
            print(last, end="", flush=True)
            last = line
        code = process.wait()
    finally:
        process.terminate()
        process.wait()
    if last.startswith("{"):
        return code, dict(json.loads(last))
    print(last, end="", flush=True)
    return code, {}


def _end(*_: object) -> NoReturn:
    raise SystemExit(128 + signal.SIGTERM)


def main() -> None:
    """Run the command on a slow host; what it was is added to the JSON that it ends with."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.slow_host", description=__doc__.partition("\n")[0])
    parser.add_argument("--piece-ms", type=float, default=17.0, help="wall milliseconds that the fixed piece is to take (default 17)")
    parser.add_argument("command", nargs=argparse.REMAINDER, help="what to run, after --; benchmarks.calls by default")
    options = parser.parse_args()
    command = options.command[1:] if options.command[:1] == ["--"] else options.command
    signal.signal(signal.SIGTERM, _end)
    cores = os.cpu_count() or 1
    try:
        with slow_host(options.piece_ms) as ration:
            alone, before = pieces_at_once(ration, 1), pieces_at_once(ration, cores)
            print(f"the fixed piece takes {alone} ms alone and {before} ms on {cores} cores at once", flush=True)
            began = time.monotonic()
            code, row = run(ration, command or [sys.executable, "-m", "benchmarks.calls", *CALLS])
            took = time.monotonic() - began
            after = pieces_at_once(ration, cores)
    except NoControlGroups as error:
        raise SystemExit(f"no slow host can be made of this one: {error}") from error
    host = {"piece_ms_alone": alone, "piece_ms_on_all_cores": [before, after], "share_of_a_core": round(ration.share, 3), "cores": cores}
    print(f"took {took:.0f} s; the fixed piece on {cores} cores at once then: {after} ms", flush=True)
    if row:
        print(json.dumps({"benchmark": "slow_host", "of": row.pop("benchmark", None), "slow_host": host} | row, ensure_ascii=False))
    sys.exit(code)


if __name__ == "__main__":
    main()
