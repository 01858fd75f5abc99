"""``make up``: the demo's stack, staying up with the Prefect UI until Ctrl-C."""

import argparse
import json
import shutil
import signal
import tempfile
import time
from pathlib import Path
from typing import Any

from rich.console import Console

from models.keys import DatasetKeys
from sandbox.datasets import provide
from sandbox.demo import connect_key, index
from sandbox.hub import ACCOUNT
from sandbox.processes import ProcessFailed, is_taken
from sandbox.progress import progress
from sandbox.stack import BUCKET, EARS, RECORDINGS, Stack, StackOptions

RECORDINGS_PREFIX = "connect/"
LOGS = Path("out/up/logs")  # they stay when the stack has ended

console = Console()


def main() -> None:
    """Start the stack, say how to use it, and wait."""
    parser = argparse.ArgumentParser(prog="python -m sandbox.up", description="The whole product on this machine, until Ctrl-C.")
    parser.add_argument("--recordings", type=Path, default=RECORDINGS, help="folder of WAVs whose words speech-to-text knows")
    parser.add_argument("--ui-port", type=int, default=4200, help="port of the Prefect UI; 0: a free one (default: 4200)")
    more = "vendors' stand-ins beside ReturnZero's, the first of which hears the calls; repeatable"
    parser.add_argument("--hears", choices=EARS, action="append", default=[], help=more)
    parser.add_argument("--no-tracking", dest="tracking", action="store_false", help="without MLflow, which follows trainings")
    parser.add_argument("--oidc", action="store_true", help="sign on to the console by a stand-in for a company's OpenID Connect provider")
    parser.add_argument("--hub", action="store_true", help="a stand-in for the Hugging Face hub, for push-to-hub")
    chosen = parser.parse_args()
    if not chosen.recordings.is_dir():
        parser.error(f"{chosen.recordings} is no folder")
    if is_taken(chosen.ui_port):
        parser.error(f"port {chosen.ui_port} is taken, perhaps by another make up: end that one, or choose UI_PORT=0")
    shutil.rmtree(LOGS, ignore_errors=True)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with tempfile.TemporaryDirectory(prefix="readback-up-") as work:
        options = StackOptions(
            work_dir=Path(work),
            logs=LOGS,
            transcripts=[chosen.recordings],
            ui_port=chosen.ui_port,
            training_worker=True,
            console=True,
            oidc=chosen.oidc,
            hub=chosen.hub,
            hears=chosen.hears,
            tracking=chosen.tracking,
        )
        stack = Stack(options)
        console.print(f"Logs of every process: {LOGS}/", highlight=False)
        try:
            with progress(console) as tell:
                stack.start(tell)
                allow_uploads(stack.client("s3"), BUCKET)
                tell("Generating data sets for training")
                datasets = provide(stack.client("s3"), BUCKET)
            _say_how(stack, chosen.recordings, datasets)
            index(stack)
            while True:
                stack.check()
                time.sleep(1)
        except KeyboardInterrupt:
            console.print("Stopping")
        except ProcessFailed as failure:
            raise SystemExit(str(failure)) from failure
        finally:
            stack.stop()


def allow_uploads(s3: Any, bucket: str) -> None:
    """Let anybody on this machine drop recordings and data sets: S3 asks an unsigned request for a permission where it would replace."""
    resources = [f"arn:aws:s3:::{bucket}/{prefix}*" for prefix in (RECORDINGS_PREFIX, DatasetKeys.UPLOADS)]
    statement = {"Effect": "Allow", "Principal": "*", "Action": "s3:PutObject", "Resource": resources}
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))


def _say_how(stack: Stack, recordings: Path, datasets: list[str]) -> None:
    example = next(iter(sorted(recordings.glob("*.wav"))), None)
    console.print(f"Prefect UI   {stack.ui_url}")
    if stack.tracking_url:
        console.print(f"MLflow       {stack.tracking_url} (curves and comparison of trainings; up within seconds)", soft_wrap=True)
    console.print(f"Console      {stack.console_access}", highlight=False, soft_wrap=True)
    console.print(f"S3           {stack.s3_url} (bucket {BUCKET})")
    if "hub" in stack.vendors:
        console.print(f"Hub          {stack.vendors['hub']} (what push-to-hub published; account {ACCOUNT})", soft_wrap=True)
    console.print(f"Notices      {stack.notices_url} (what Slack or mail would get)")
    console.print(f"Logs         {LOGS}/<process>.log", highlight=False)
    if example:
        console.print("\nStart a call by dropping a recording into S3:\n")
        address = f"{stack.s3_url}/{BUCKET}/{connect_key(example.name)}"
        console.print(f"  curl -X PUT -T '{example}' '{address}'\n", soft_wrap=True, highlight=False)
        console.print("The same file again is the same call, which is done; another contact in the name makes another call.\n")
    fault = """{"rate": 1, "kinds": ["A0001"]}"""
    console.print("To be told of something, use up the speech-to-text quota (rate 0 gives it back) and drop a recording:\n")
    console.print(f"  curl -X POST -d '{fault}' '{stack.vendors['returnzero']}/sandbox/faults'\n", soft_wrap=True, highlight=False)
    console.print("From a table of your own to a model in service (docs/quick-start.md):\n")
    console.print(f"  curl -X PUT -T my.csv '{stack.s3_url}/{BUCKET}/datasets/my.csv'\n", soft_wrap=True, highlight=False)
    console.print(f"Data that is there: {', '.join(datasets)}; Deployments → sweep → Quick run trains on some", soft_wrap=True)
    console.print("Ctrl-C ends everything.")


if __name__ == "__main__":
    main()
