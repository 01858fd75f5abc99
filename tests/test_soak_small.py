"""A small soak on the real stack: one in five requests faulty, every process killed once, and the audit finds nothing."""

from pathlib import Path

import pytest

from sandbox.soak import SoakOptions, soak

CALLS = 12
VICTIMS = {"call-worker", "console", "watch-s3", "prefect-server"}


@pytest.mark.soak
@pytest.mark.timeout(3600)  # against a hang only: what is killed and how it ends depends on events, not on the clock
def test_nothing_is_lost_doubled_paid_twice_or_unexplained_while_everything_fails(tmp_path: Path) -> None:
    options = SoakOptions(calls=CALLS, seed=6, minutes=0.4, kills=len(VICTIMS))
    report, figures = soak(options, tmp_path)
    assert report.lost == []
    assert report.doubled == []
    assert report.mixed_up == []
    assert report.paid_again == []
    assert report.unexplained == []
    assert report.left_running == []
    assert report.read_back + report.quarantined.total() == CALLS
    assert report.read_back >= CALLS // 2
    assert set(figures["killed"]) == VICTIMS
    assert all(sum(faults.values()) for faults in figures["faults"].values())
