"""``make demo``: put recordings to S3 and wait until each has its transcript, its summary and its prompt.

    python -m sandbox.demo [--recordings FOLDER] [--out out] [--ui-port N]

The exit code is 0 only when every recording has its three files. Everything that was started has ended by then.
"""

import argparse
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from models.call.record import CallRecord, Outcome
from models.keys import RECORDINGS_FOLDER, StorageKeys, call_id, parse_recording_key
from models.summarizer.outcome import NO_REQUEST, Kind
from sandbox.documents import publish
from sandbox.ear import hear
from sandbox.processes import ProcessFailed
from sandbox.progress import progress
from sandbox.stack import BUCKET, EARS, RECORDINGS, Stack, StackOptions

# A log file or a pipe has no width of its own: wide enough for a row of the table.
INTERRUPTED = 130  # as shells say of what Ctrl-C ended
console = Console(width=None if sys.stdout.isatty() else 140)


@dataclass(frozen=True)
class Upload:
    """A recording that was put to S3: its file, its key and the call that it makes."""

    file: Path
    key: str
    call: str


def connect_key(name: str) -> str:
    """Where Amazon Connect would write a recording of this name.

    >>> connect_key("c-1_20261121T01:30_UTC.wav")
    'connect/readback/CallRecordings/2026/11/21/c-1_20261121T01:30_UTC.wav'
    """
    _, _, rest = name.partition("_")
    return f"connect/readback/{RECORDINGS_FOLDER}/{rest[:4]}/{rest[4:6]}/{rest[6:8]}/{name}"


def recordings_in(folder: Path) -> list[Path]:
    """The WAVs of a folder that are named as Connect names them and have their transcript beside them, or a clear error."""
    waves = sorted(folder.glob("*.wav"))
    if not waves:
        raise SystemExit(f"{folder} holds no .wav files")
    for wave in waves:
        if parse_recording_key(connect_key(wave.name)) is None:
            raise SystemExit(f"{wave} is not named <contactId>_<YYYYMMDD>T<HH:MM>_UTC.wav: rename it")
        if not wave.with_suffix(".json").exists():
            raise SystemExit(f"{wave} has no {wave.stem}.json beside it: the speech-to-text stand-in would not know its words")
    return waves


def put(s3: Any, files: Sequence[Path]) -> list[Upload]:
    """Play Amazon Connect: write each recording to S3."""
    uploads = []
    for file in files:
        key = connect_key(file.name)
        etag = s3.put_object(Bucket=BUCKET, Key=key, Body=file.read_bytes(), ContentType="audio/wav")["ETag"]
        uploads.append(Upload(file, key, call_id(BUCKET, key, etag)))
    return uploads


def record_of(s3: Any, upload: Upload) -> CallRecord | None:
    """What is known of a call so far."""
    try:
        return CallRecord.model_validate_json(s3.get_object(Bucket=BUCKET, Key=StorageKeys.call_record(upload.call))["Body"].read())
    except s3.exceptions.NoSuchKey:
        return None


def failed_runs(stack: Stack) -> dict[str, str]:
    """Why runs of ``process-call`` have failed for good, by call."""
    question = {"flows": {"name": {"any_": ["process-call"]}}, "flow_runs": {"state": {"type": {"any_": ["FAILED", "CRASHED"]}}}}
    runs = stack.ask("flow_runs/filter", question)
    return {run["parameters"].get("call_id", ""): run["state"]["message"] or run["state"]["name"] for run in runs}


def wait_for_all(stack: Stack, s3: Any, uploads: Sequence[Upload], deadline_seconds: float) -> dict[str, CallRecord]:
    """Wait until every call has ended or its run has failed, showing how far they are; returns what is known by then."""
    records: dict[str, CallRecord] = {}
    begun, told = time.monotonic(), 0
    deadline = time.monotonic() + deadline_seconds
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as bars:
        bar = bars.add_task("Calls read back", total=len(uploads))
        while time.monotonic() < deadline:
            stack.check()
            for upload in uploads:
                if upload.call not in records or records[upload.call].outcome is Outcome.IN_PROGRESS:
                    record = record_of(s3, upload)
                    if record is not None:
                        records[upload.call] = record
            ended = {call for call, record in records.items() if record.outcome is not Outcome.IN_PROGRESS}
            bars.update(bar, completed=len(ended))
            if not console.is_terminal and len(ended) > told:
                told = len(ended)
                console.print(f"{time.monotonic() - begun:4.0f} s  {told} of {len(uploads)} calls have ended", highlight=False)
            failed = failed_runs(stack)
            if all(upload.call in ended or upload.call in failed for upload in uploads):
                break
            time.sleep(0.5)
    return records


def download(s3: Any, records: Sequence[CallRecord], out: Path) -> int:
    """Bring the files of the finished calls to ``out/``; returns how many calls have all that are theirs."""
    complete = 0
    for record in records:
        if record.number is None or record.outcome is not Outcome.READ_BACK:
            continue
        prompts = [record.prompt.key] if record.prompt else []  # none of a call without a request
        for key in (StorageKeys.transcript(record.number), StorageKeys.summary(record.number), *prompts):
            target = out / key
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(s3.get_object(Bucket=BUCKET, Key=key)["Body"].read())
        complete += 1
    return complete


def show(uploads: Sequence[Upload], records: dict[str, CallRecord], failed: dict[str, str]) -> None:
    """Print the table of the calls."""
    table = Table(title="Calls", show_lines=False)
    for column in ("recording", "n", "summary", "prompt s", "seconds per step"):
        table.add_column(column, justify="right" if column in ("n", "prompt s") else "left", overflow="fold")
    for upload in uploads:
        record = records.get(upload.call)
        table.add_row(upload.file.stem[:8] + "…", *_cells(record, failed.get(upload.call, "")))
    console.print(table)


def show_corrections(records: Sequence[CallRecord]) -> None:
    """Print what was misheard and mended."""
    for record in records:
        for change in record.correction.changes:
            console.print(f"Call {record.number}, {change.seconds:.0f} s: {escape(change.before)} → {escape(change.after)} ({change.rule})")


def show_prompts(records: Sequence[CallRecord], out: Path) -> None:
    """Listen to the prompts and print which do not say what they should."""
    prompts = [record.prompt for record in records if record.prompt is not None and (out / record.prompt.key).exists()]
    heard = [(prompt, hear((out / prompt.key).read_bytes(), prompt.spoken_text, prompt.voice)) for prompt in prompts]
    for prompt, found in heard:
        if not found.says_it:
            console.print(
                f"[red]{prompt.key}[/red] does not say what it should: likeness {found.likeness:.2f}, from {found.differs_at} s on"
            )
    console.print(f"{sum(found.says_it for _, found in heard)} of {len(heard)} prompts say what they should, by the sandbox's own ear.")


def _cells(record: CallRecord | None, failure: str) -> tuple[str, str, str, str]:
    if record is None:
        return "", f"[red]{escape(failure) or 'no run has taken it'}[/red]", "", ""
    number = str(record.number or "")
    if record.failure is not None:
        return number, f"[red]{record.failure.error}: {escape(record.failure.reason)}[/red]", "", record.failure.step
    took = " ".join(f"{step} {seconds:.1f}" for step, seconds in record.step_seconds.items())
    if record.summary is not None and record.summary.kind is Kind.NO_REQUEST:
        return number, NO_REQUEST, "–", took
    if record.summary is None or record.prompt is None:
        return number, f"[red]{escape(failure) or 'still in progress'}[/red]", "", ""
    return number, record.summary.text, f"{record.prompt.seconds:.1f}", took


def run(recordings: Path, out: Path, ui_port: int, hears: Sequence[str] = (), noise: float = 0.0, *, keep: bool = False) -> int:
    """The whole demo; returns the process's exit code. With ``keep`` all stays up, with the console, until Ctrl-C."""
    files = recordings_in(recordings)
    with tempfile.TemporaryDirectory(prefix="readback-demo-") as work:
        options = StackOptions(
            work_dir=Path(work),
            logs=out / "logs",
            transcripts=[recordings],
            ui_port=ui_port,
            hears=hears,
            stt_noise=noise,
            console=keep,
        )
        return read_back(Stack(options), files, out, stay if keep else None)


def read_back(
    stack: Stack, files: Sequence[Path], out: Path, afterwards: Callable[[Stack], None] | None = None, *, a_call_seconds: float = 10
) -> int:
    """Read files back on a stack that is not started yet, and show them; returns the process's exit code.

    They are waited for a minute and ``a_call_seconds`` each. ``afterwards`` is done with the stack while it still runs, once the calls
    have ended; ProcessFailed there is told as any.
    """
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    begun = time.monotonic()
    console.print(f"Logs of every process: {out}/logs/", highlight=False)
    try:
        with progress(console) as tell:
            stack.start(tell)
        console.print(
            f"Started in {time.monotonic() - begun:.0f} s. Prefect UI while this runs: {stack.ui_url}; notices: {stack.notices_url}"
        )
        s3 = stack.client("s3")
        uploads = put(s3, files)
        records = wait_for_all(stack, s3, uploads, deadline_seconds=60 + a_call_seconds * len(files))
        complete, failed = download(s3, list(records.values()), out), failed_runs(stack)
        show(uploads, records, failed)
        if afterwards is not None:
            afterwards(stack)
    except ProcessFailed as failure:
        console.print(f"[red]{escape(str(failure))}[/red]")
        return 1
    except KeyboardInterrupt:
        console.print("Stopped before the end; what was started ends as well")
        return INTERRUPTED
    finally:
        stack.stop()
    if noise := stack.options.stt_noise:
        console.print(f"Speech-to-text misheard {noise:g} % of the characters; what was mended of it:")
    show_corrections(list(records.values()))
    show_prompts(list(records.values()), out)
    console.print(f"{complete} of {len(files)} recordings have their three files, {time.monotonic() - begun:.0f} s in all.")
    console.print(f"Files: {out}/stt/stt_<n>.txt, {out}/nlp/nlp_<n>.txt, {out}/tts/tts_<n>.wav; logs: {out}/logs/")
    return 0 if complete == len(files) else 1


def stay(stack: Stack) -> None:
    """Say where the calls can be looked at, and wait for Ctrl-C."""
    console.print(f"Console: {stack.console_access}", highlight=False)
    console.print(f"Prefect UI: {stack.ui_url}. Ctrl-C ends everything.", highlight=False)
    with suppress(KeyboardInterrupt):
        index(stack)
        while True:
            stack.check()
            time.sleep(1)


def index(stack: Stack) -> None:
    """Make the invented insurer's documents answerable; the stack is of use before it is done."""
    console.print("Indexing the documents that answers are quoted from", highlight=False)
    console.print(f"Answers are found at {stack.console_url}/answers: {publish(stack)}", highlight=False)


def main() -> None:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(
        prog="python -m sandbox.demo", description="Read every recording of a folder back, on this machine alone."
    )
    parser.add_argument(
        "--recordings", type=Path, default=RECORDINGS, help="folder of WAVs, each with its JSON (default: the bundled ones)"
    )
    parser.add_argument("--out", type=Path, default=Path("out"), help="folder for the files; emptied first (default: out)")
    parser.add_argument("--ui-port", type=int, default=0, help="port of the Prefect UI (default: a free one)")
    parser.add_argument("--hears", choices=EARS, help="the vendor that hears the calls (default: ReturnZero)")
    parser.add_argument("--noise", type=float, default=0.0, metavar="PERCENT", help="so many characters that are misheard (4.4)")
    parser.add_argument("--keep", action="store_true", help="stay up afterwards, with the console, until Ctrl-C")
    chosen = parser.parse_args()
    if not chosen.recordings.is_dir():
        parser.error(f"{chosen.recordings} is no folder")
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    hears = [chosen.hears] if chosen.hears else []
    sys.exit(run(chosen.recordings, chosen.out, chosen.ui_port, hears, chosen.noise, keep=chosen.keep))


if __name__ == "__main__":
    main()
