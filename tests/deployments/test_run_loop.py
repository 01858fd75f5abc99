"""A resident worker that cannot begin its work does not stay to spoil everybody's runs."""

from pathlib import Path

from sandbox.processes import free_port
from tests.deployments.conftest import RunPython


def test_a_loop_that_cannot_reach_the_server_ends_its_worker(tmp_path: Path, run_python: RunPython) -> None:
    nowhere = f"http://127.0.0.1:{free_port()}/api"
    start = "from deployments.resident import _RunLoop; _RunLoop().start(); print('took runs')"
    done = run_python(start, ends=1, PREFECT_API_URL=nowhere, PREFECT_HOME=str(tmp_path))
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


def test_a_worker_whose_cancellation_was_lost_is_asked_to_end_again(run_python: RunPython) -> None:
    done = run_python(INSIST)
    assert done.stdout.split("\n")[:2] == ["asked once", "ended"], done.stderr
