"""``make aws``: the containers of ``deployments/aws`` as processes of this machine, with the bundled recordings through them.

    python -m sandbox.aws [--recordings FOLDER] [--out out/aws] [--templates cdk.out]

The exit code is 0 only when every recording has its three files, no role was refused anything, and the pages let nobody in unasked.
"""

import argparse
import re
import signal
import sys
import tempfile
import time
from pathlib import Path

from models.keys import StorageKeys
from sandbox.aws.stack import AwsStack
from sandbox.demo import console, read_back, recordings_in
from sandbox.processes import ProcessFailed
from sandbox.stack import BUCKET, RECORDINGS, Stack, StackOptions


def look(stack: Stack) -> None:
    """Hold against the templates what the demo does not see: sign-on, the console's list, MLflow, what roles were refused."""
    if not isinstance(stack, AwsStack):
        raise TypeError("a stack of AWS is meant")
    records = stack.client("s3").list_objects_v2(Bucket=BUCKET, Prefix=StorageKeys.CALLS)["KeyCount"]
    if calls_of_the_console(stack) < records:
        # A call does not wait for the list; what was left out is made good by the flow that runs every quarter of an hour.
        console.print("Some calls are not listed yet: running index-calls")
        run_to_its_end(stack, "index-calls", {"recent_days": 0})
    if (listed := calls_of_the_console(stack)) != records:
        raise ProcessFailed(f"the console lists {listed} calls where there are {records} records")
    tracking = f"{stack.ui_url}/mlflow"
    with stack.session() as browser:
        doors = {
            "Prefect's API": (f"{stack.ui_url}/api/flows/filter", 401),
            "MLflow": (f"{tracking}/api/2.0/mlflow/experiments/search", 401),
            "the console": (f"{stack.console_url}/", 303),
        }
        for name, (url, closed) in doors.items():
            status = (
                browser.post(url, json={}).status_code if name != "the console" else browser.get(url, allow_redirects=False).status_code
            )
            if status != closed:
                raise ProcessFailed(f"{name} answers {status} to who has not signed on, not {closed}")
        signed_on = ("readback", stack.secret("tracking-password"))
        answer = browser.post(f"{tracking}/api/2.0/mlflow/experiments/search", json={"max_results": 1}, auth=signed_on)
        if not answer.ok:
            raise ProcessFailed(f"MLflow answers {answer.status_code} to who has signed on")
    console.print(f"Containers that ran: {', '.join(stack.started)}", highlight=False)
    for name, why in stack.left_out.items():
        console.print(f"[yellow]Not started: {name}: {why}[/yellow]")
    console.print(f"The console lists {listed} calls; Prefect's API, MLflow and the console let nobody in unasked.", highlight=False)
    if refused := stack.refused():
        told = {f"{one['role']}: {one['action']} {one['resource']}" for one in refused}
        raise ProcessFailed("roles were refused what their processes asked for:\n" + "\n".join(sorted(told)))
    console.print("No role was refused anything.")


def run_to_its_end(stack: AwsStack, name: str, parameters: dict[str, object]) -> None:
    """Run a deployment and wait for it."""
    [deployment] = stack.ask("deployments/filter", {"flows": {"name": {"any_": [name]}}})
    run = stack.ask(f"deployments/{deployment['id']}/create_flow_run", {"parameters": parameters, "state": {"type": "SCHEDULED"}})
    for _ in range(120):
        [now] = stack.ask("flow_runs/filter", {"flow_runs": {"id": {"any_": [run["id"]]}}})
        if now["state"]["type"] in ("COMPLETED", "FAILED", "CRASHED", "CANCELLED"):
            break
        stack.check()
        time.sleep(1)
    if now["state"]["type"] != "COMPLETED":
        raise ProcessFailed(f"{name} is {now['state']['name']}: {now['state']['message']}")


def calls_of_the_console(stack: AwsStack) -> int:
    """Sign on as a lead and count the calls that the console lists."""
    with stack.session() as browser:
        site = {"Origin": stack.console_url, "Referer": f"{stack.console_url}/login"}
        answer = browser.post(
            f"{stack.console_url}/login", data={"name": "lead", "password": stack.console_password}, headers=site, allow_redirects=False
        )
        if answer.status_code != 303:
            raise ProcessFailed(f"the console answers {answer.status_code} to a lead who signs on")
        return len(set(re.findall(r"/calls/([0-9a-f]{32})", browser.get(f"{stack.console_url}/").text)))


def main() -> None:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(
        prog="python -m sandbox.aws", description="The containers of AWS as processes, with recordings through."
    )
    parser.add_argument(
        "--recordings", type=Path, default=RECORDINGS, help="folder of WAVs, each with its JSON (default: the bundled ones)"
    )
    parser.add_argument("--out", type=Path, default=Path("out/aws"), help="folder for files and logs; emptied first (default: out/aws)")
    parser.add_argument("--templates", type=Path, help="folder with templates that are made already (default: they are made)")
    chosen = parser.parse_args()
    if not chosen.recordings.is_dir():
        parser.error(f"{chosen.recordings} is no folder")
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with tempfile.TemporaryDirectory(prefix="readback-aws-") as work:
        options = StackOptions(work_dir=Path(work), logs=chosen.out / "logs", transcripts=[chosen.recordings])
        stack = AwsStack(options, chosen.templates)
        # Thirteen processes on a machine that may be small: no verdict depends on how fast it is.
        sys.exit(read_back(stack, recordings_in(chosen.recordings), chosen.out, look, a_call_seconds=45))


if __name__ == "__main__":
    main()
