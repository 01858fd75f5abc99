"""A slow host is made of a fast one by control groups: every process gets its share of a core, and afterwards nothing is left of it."""

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks.slow_host import LEAST_QUOTA_US, PERIOD_US, NoControlGroups, Ration, own_group, run

GROUPS = "3:cpuset:/\n1:cpu,cpuacct:/user.slice\n0::/\n"
MOUNTS = "tmpfs /sys/fs/cgroup tmpfs rw 0 0\ncgroup /sys/fs/cgroup/cpu,cpuacct cgroup rw,cpu,cpuacct 0 0\n"


def writable_group() -> Path | None:
    try:
        group = own_group(Path("/proc/self/mounts").read_text(), Path("/proc/self/cgroup").read_text())
    except (NoControlGroups, OSError):
        return None
    return group if os.access(group, os.W_OK) and os.geteuid() == 0 else None


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_the_group_of_a_process_is_found_where_its_controller_is_mounted() -> None:
    assert own_group(MOUNTS, GROUPS) == Path("/sys/fs/cgroup/cpu,cpuacct/user.slice")


def test_a_host_without_such_groups_is_refused_with_the_reason() -> None:
    with pytest.raises(NoControlGroups, match="version 1 with the controller cpu"):
        own_group("cgroup2 /sys/fs/cgroup cgroup2 rw 0 0\n", "0::/user.slice\n")


@pytest.mark.parametrize("share", [LEAST_QUOTA_US / PERIOD_US / 2, 1.01])
def test_a_share_that_the_kernel_does_not_take_is_refused(share: float, tmp_path: Path) -> None:
    with pytest.raises(NoControlGroups, match="cannot be given"):
        Ration(share, tmp_path / "group")


def test_a_group_that_cannot_be_made_is_told_with_what_is_wanted(tmp_path: Path) -> None:
    with pytest.raises(NoControlGroups, match="root is wanted"), Ration(0.5, tmp_path / "nowhere" / "group"):
        pass


@pytest.mark.slow
@pytest.mark.skipif(writable_group() is None, reason="control groups of version 1 cannot be written here")
def test_a_command_and_what_it_starts_get_a_group_each_and_none_is_left_afterwards(tmp_path: Path) -> None:
    parent = writable_group()
    assert parent is not None
    group = parent / f"readback-test-{os.getpid()}"
    with Ration(0.5, group) as ration:
        process = ration.start(["sh", "-c", f"sleep 30 & echo $! > {tmp_path / 'child'}; wait"])
        try:
            until(lambda: (tmp_path / "child").exists() and (group / (tmp_path / "child").read_text().strip()).exists())
            child = (tmp_path / "child").read_text().strip()
            until(lambda: (group / child / "cgroup.procs").read_text().split() == [child])
            assert int((group / child / "cpu.cfs_quota_us").read_text()) == PERIOD_US // 2
            assert int((group / str(process.pid) / "cpu.cfs_quota_us").read_text()) == PERIOD_US // 2
            assert int((group / "cpu.cfs_quota_us").read_text()) == PERIOD_US * (os.cpu_count() or 1) // 2
        finally:
            process.kill()
            os.kill(int(child), 9)
            process.wait()
    until(lambda: not group.exists())


@pytest.mark.slow
@pytest.mark.skipif(writable_group() is None, reason="control groups of version 1 cannot be written here")
def test_a_commands_last_line_of_json_and_its_exit_code_come_back(capsys: pytest.CaptureFixture[str]) -> None:
    parent = writable_group()
    assert parent is not None
    with Ration(1.0, parent / f"readback-test-{os.getpid()}") as ration:
        code, row = run(ration, [sys.executable, "-c", "print('a line'); print('{\"benchmark\": \"calls\"}'); raise SystemExit(3)"])
    assert (code, row) == (3, {"benchmark": "calls"})
    assert capsys.readouterr().out == "a line\n"
