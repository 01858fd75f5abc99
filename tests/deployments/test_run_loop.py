"""A resident worker that cannot begin its work does not stay to spoil everybody's runs."""

import os
import subprocess
import sys
from pathlib import Path

from sandbox.processes import free_port


def test_a_loop_that_cannot_reach_the_server_ends_its_worker(tmp_path: Path) -> None:
    env = os.environ | {"PREFECT_API_URL": f"http://127.0.0.1:{free_port()}/api", "PREFECT_HOME": str(tmp_path)}
    start = "from deployments.resident import _RunLoop; _RunLoop().start(); print('took runs')"
    done = subprocess.run([sys.executable, "-c", start], env=env, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 1
    assert "took runs" not in done.stdout
    assert "RuntimeError: the loop of the resident worker did not start" in done.stderr


INSIST = """
import asyncio, os, signal
from deployments import resident

resident._INSIST_SECONDS = 0.2

async def work():
    signal.signal(signal.SIGTERM, lambda *_: print("asked once"))  # Prefect's one cancellation, lost
    worker = object.__new__(resident.ResidentWorker)
    worker._ending = False
    worker._insist_on_ending()
    os.kill(os.getpid(), signal.SIGTERM)
    try:
        await asyncio.sleep(60)
    except asyncio.CancelledError:
        print("ended")
        worker._ending = True

asyncio.run(work())
"""


def test_a_worker_whose_cancellation_was_lost_is_asked_to_end_again() -> None:
    done = subprocess.run([sys.executable, "-c", INSIST], capture_output=True, text=True, check=False, timeout=120)
    assert done.stdout.split("\n")[:2] == ["asked once", "ended"], done.stderr
