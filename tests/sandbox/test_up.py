"""`make up` says what it is doing and where the logs are, prints a command that may be repeated, and opens nothing else."""

import io
import os
import socket
import sys
from pathlib import Path

import pytest
import requests
from rich.console import Console

from clients.aws import aws_client
from sandbox.demo import connect_key
from sandbox.processes import ProcessFailed, is_taken, spawn, until
from sandbox.progress import progress
from sandbox.stack import Stack, StackOptions
from sandbox.up import allow_uploads
from sandbox.up import main as up


def test_recordings_and_data_sets_may_be_dropped_again_and_are_not_read_without_a_key(
    s3_server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "sandbox")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "sandbox")
    s3 = aws_client("s3", region="ap-northeast-2", endpoint_url=s3_server, timeout_seconds=30)
    s3.create_bucket(Bucket="aicc-up", CreateBucketConfiguration={"LocationConstraint": "ap-northeast-2"})
    allow_uploads(s3, "aicc-up")
    address = f"{s3_server}/aicc-up/{connect_key('c-1_20261121T01:30_UTC.wav')}"
    for body in (b"first", b"first", b"second"):
        assert requests.put(address, data=body, timeout=30).status_code == 200
    assert requests.get(address, timeout=30).status_code == 403
    assert requests.put(f"{s3_server}/aicc-up/datasets/my.csv", data=b"input,summary", timeout=30).status_code == 200
    s3.put_object(Bucket="aicc-up", Key="stt/stt_1.txt", Body=b"ours")
    assert requests.put(f"{s3_server}/aicc-up/stt/stt_1.txt", data=b"theirs", timeout=30).status_code == 403
    for entry in s3.list_objects_v2(Bucket="aicc-up")["Contents"]:
        s3.delete_object(Bucket="aicc-up", Key=entry["Key"])
    s3.delete_bucket(Bucket="aicc-up")


def test_a_port_that_somebody_listens_on_is_told_before_anything_is_started(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as theirs:
        port = theirs.getsockname()[1]
        monkeypatch.setattr(sys, "argv", ["up", "--ui-port", str(port)])
        with pytest.raises(SystemExit):
            up()
    assert f"port {port} is taken" in capsys.readouterr().err
    assert not is_taken(port)


def test_without_a_terminal_each_step_is_a_line_as_soon_as_it_begins() -> None:
    said = io.StringIO()
    with progress(Console(file=said, width=20)) as tell:
        for step in ("Making a database; starting the vendors", "Starting Prefect's server"):
            tell(step)
            assert said.getvalue().endswith(f" s  {step}\n")
    assert len(said.getvalue().splitlines()) == 2


@pytest.mark.slow
def test_the_stack_tells_its_steps_and_its_logs_outlive_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stack = Stack(StackOptions(work_dir=tmp_path / "work", logs=tmp_path / "logs"))
    told: list[str] = []

    def no_server(self: Stack, *, held: bool) -> None:
        self.python("prefect-server", "no_such_module", held=held)

    monkeypatch.setattr(Stack, "start_server", no_server)
    (tmp_path / "work").mkdir()
    with pytest.raises(ProcessFailed, match=f"Its log is {tmp_path}/logs/prefect-server.log"):
        stack.start(told.append)
    assert [step.partition(" ")[0] for step in told] == ["Making", "Starting"]
    assert (tmp_path / "logs" / "prefect-server.log").exists()
    assert not stack.children


def test_a_process_that_failed_names_its_log(tmp_path: Path) -> None:
    child = spawn("register", [sys.executable, "-c", "raise SystemExit('no database')"], os.environ, tmp_path, tmp_path)
    child.process.wait()
    with pytest.raises(ProcessFailed, match=f"register ended with code 1. Its log is {tmp_path}/register.log, which ends:\nno database"):
        until(lambda: False, child, "register")


def test_a_command_of_the_stack_is_run_to_its_end_and_a_failed_one_names_its_log(tmp_path: Path) -> None:
    stack = Stack(StackOptions(work_dir=tmp_path))
    stack.logs.mkdir()
    assert stack.run("version", "calendar", "2026", "1").splitlines()[0].split() == ["January", "2026"]
    assert not stack.children
    with pytest.raises(ProcessFailed, match=f"calendar ended with code 2. Its log is {stack.logs}/calendar.log"):
        stack.run("calendar", "calendar", "2026", "13", "1")
    stack.stop()
