"""What became of every recording, from the evidence alone: the bucket, the vendors' books and Prefect's runs.

``gather`` reads, ``audit`` judges and touches nothing. Each recording must have exactly one number, its own transcript, one
summary and one prompt, stand in quarantine with a reason, or have given way to a later upload; nobody may have been paid twice for it.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import requests
from rich.console import Console
from rich.table import Table

from models.call.record import CallRecord, Failure, Outcome
from models.keys import StorageKeys, call_id
from models.summarizer.outcome import Kind
from sandbox.stack import BUCKET, Stack
from tasks.flow_names import CALL_FLOW, SUMMARY_FLOW

_FILE = re.compile(r"^(stt|nlp|tts)/(?:stt|nlp|tts)_(\d+)\.(?:txt|wav)$")
FINAL_STATES = {"COMPLETED", "FAILED", "CRASHED", "CANCELLED"}
CALL_FLOWS = (CALL_FLOW, SUMMARY_FLOW)


@dataclass(frozen=True)
class Expected:
    """A recording that was put to S3: its key and entity tag, the transcript it must get, the hash of its sound."""

    key: str
    etag: str
    transcript: str
    sound: str

    @property
    def call(self) -> str:
        """The call that it makes."""
        return call_id(BUCKET, self.key, self.etag)


@dataclass(frozen=True)
class File:
    """One of the contract's files: its number, the call that its metadata names, and the words of a transcript."""

    key: str
    number: int
    call: str
    text: str = ""


@dataclass(frozen=True)
class Evidence:
    """Everything that the audit judges. ``written`` counts writes by ``/bucket/key``, ``runs`` holds flow, state and message."""

    records: Mapping[str, CallRecord]
    files: Sequence[File]
    notes: Mapping[str, Failure]
    written: Mapping[str, int]
    jobs_paid: Mapping[str, int]
    spoken: int
    runs: Sequence[tuple[str, str, str]]


@dataclass
class Report:
    """The figures and, for each that must be 0, what stands behind it."""

    calls: int = 0
    read_back: int = 0
    superseded: int = 0
    quarantined: Counter[str] = field(default_factory=Counter)
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    mixed_up: list[str] = field(default_factory=list)
    paid_again: list[str] = field(default_factory=list)
    unexplained: list[str] = field(default_factory=list)
    left_running: list[str] = field(default_factory=list)
    jobs_paid: int = 0
    spoken_again: int = 0
    runs: Counter[str] = field(default_factory=Counter)

    @property
    def faultless(self) -> bool:
        """Whether everything that must be 0 is."""
        return not any((self.lost, self.doubled, self.mixed_up, self.paid_again, self.unexplained, self.left_running))


def audit(expected: Sequence[Expected], evidence: Evidence) -> Report:
    """Judge the evidence."""
    report = Report(calls=len(expected), runs=Counter(f"{flow} {state}" for flow, state, _ in evidence.runs))
    files = {(file.key.partition("/")[0], file.number): file for file in evidence.files}
    for recording in expected:
        _judge_call(recording, evidence, files, report)
    _judge_numbers(evidence, report)
    _judge_payments(expected, evidence, report)
    report.left_running = [f"{flow} is {state}: {said}" for flow, state, said in evidence.runs if state not in FINAL_STATES]
    return report


def _judge_call(recording: Expected, evidence: Evidence, files: Mapping[tuple[str, int], File], report: Report) -> None:
    record, name = evidence.records.get(recording.call), recording.key
    if record is None:
        report.lost.append(f"{name} has no record")
    elif record.outcome is Outcome.QUARANTINED:
        note = evidence.notes.get(recording.call)
        report.quarantined[record.failure.error if record.failure else "without a failure"] += 1
        if not (record.failure and record.failure.reason and record.failure.step and record.failure.flow_run_id):
            report.unexplained.append(f"{name} is in quarantine without a full reason")
        if note is None or not note.reason:
            report.unexplained.append(f"{name} is in quarantine without a note")
    elif record.outcome is Outcome.READ_BACK:
        report.read_back += 1
        missing = [kind for kind in _files_of(record) if record.number is None or (kind, record.number) not in files]
        if missing:
            report.lost.append(f"{name} was read back as {record.number} without its {', '.join(missing)}")
        elif files["stt", record.number or 0].text != recording.transcript:
            report.mixed_up.append(f"{name} has another recording's transcript in {StorageKeys.transcript(record.number or 0)}")
    elif record.outcome is Outcome.SUPERSEDED:
        report.superseded += 1
        if record.superseded_by not in evidence.records:
            report.lost.append(f"{name} gave way to call {record.superseded_by}, which has no record")
    else:
        state = record.outcome.value.replace("_", " ")
        report.unexplained.append(f"{name} is {state} (owner {record.owner}, number {record.number})")


def _files_of(record: CallRecord) -> tuple[str, ...]:
    """Nothing is spoken of a call without a request."""
    asked = record.summary is None or record.summary.kind is not Kind.NO_REQUEST
    return ("stt", "nlp", "tts") if asked else ("stt", "nlp")


def _judge_numbers(evidence: Evidence, report: Report) -> None:
    calls_of: defaultdict[int, set[str]] = defaultdict(set)
    numbers_of: defaultdict[str, set[int]] = defaultdict(set)
    for record in evidence.records.values():
        if record.number is not None:
            calls_of[record.number].add(record.call_id)
            numbers_of[record.call_id].add(record.number)
    for file in evidence.files:
        calls_of[file.number].add(file.call)
        numbers_of[file.call].add(file.number)
    report.doubled += [
        f"number {number} belongs to {len(calls)} calls: {sorted(calls)}" for number, calls in calls_of.items() if len(calls) > 1
    ]
    report.doubled += [f"call {call} has the numbers {sorted(all_)}" for call, all_ in numbers_of.items() if len(all_) > 1]
    for path, times in evidence.written.items():
        if times > 1 and _FILE.match(path.removeprefix(f"/{BUCKET}/")):
            report.doubled.append(f"{path} was written {times} times")


def _judge_payments(expected: Sequence[Expected], evidence: Evidence, report: Report) -> None:
    report.jobs_paid = sum(evidence.jobs_paid.values())
    ours = {recording.sound: recording.key for recording in expected}
    for sound, jobs in evidence.jobs_paid.items():
        if jobs > 1:
            report.paid_again.append(f"{ours.get(sound, sound)} was transcribed {jobs} times")
    prompts = sum(file.key.startswith("tts/") for file in evidence.files)
    report.spoken_again = evidence.spoken - prompts


def gather(stack: Stack) -> Evidence:
    """Read the bucket, the vendors' books and Prefect's runs."""
    s3 = stack.client("s3")
    with ThreadPoolExecutor(16) as pool:
        bodies = pool.map(lambda key: (key, s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()), _keys(s3, StorageKeys.CALLS))
        records = {record.call_id: record for record in (CallRecord.model_validate_json(body) for _, body in bodies)}
        notes = {
            key.removeprefix(StorageKeys.QUARANTINE).removesuffix(".json"): Failure.model_validate_json(body)
            for key, body in pool.map(
                lambda key: (key, s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()), _keys(s3, StorageKeys.QUARANTINE)
            )
        }
        files = list(pool.map(lambda key: _file(s3, key), [key for kind in ("stt/", "nlp/", "tts/") for key in _keys(s3, kind)]))
    returnzero, google = stack.counters("returnzero"), stack.counters("google-tts")
    written = stack.counters("s3")["written"] if "s3" in stack.vendors else {}
    return Evidence(records, files, notes, written, returnzero["paid"], google["spoken"], list(runs_of(stack)))


def runs_of(stack: Stack, states: Sequence[str] = ()) -> list[tuple[str, str, str]]:
    """The calls' runs as Prefect has them: flow, state and the state's message."""
    found: list[tuple[str, str, str]] = []
    for flow in CALL_FLOWS:
        question: dict[str, Any] = {"flows": {"name": {"any_": [flow]}}, "sort": "ID_DESC", "limit": 200, "offset": 0}
        if states:
            question["flow_runs"] = {"state": {"type": {"any_": list(states)}}}
        while True:
            answer = requests.post(f"{stack.ui_url}/api/flow_runs/filter", json=question, timeout=180)
            answer.raise_for_status()
            page = answer.json()
            found += [(flow, run["state_type"] or "", f"{run['name']} {(run['state'] or {}).get('message') or ''}") for run in page]
            if len(page) < 200:
                break
            question["offset"] += 200
    return found


def _keys(s3: Any, prefix: str) -> list[str]:
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix=prefix)
    return [entry["Key"] for page in pages for entry in page.get("Contents", [])]


def _file(s3: Any, key: str) -> File:
    match = _FILE.match(key)
    if match is None:
        return File(key, 0, f"no file of the contract: {key}")
    answer = s3.get_object(Bucket=BUCKET, Key=key)
    text = answer["Body"].read().decode("utf-8") if match[1] == "stt" else ""
    return File(key, int(match[2]), answer["Metadata"].get("call-id", ""), text)


def show(report: Report, console: Console) -> None:
    """Print the figures, and what stands behind those that ought to be 0."""
    table = Table(title="Audit")
    table.add_column("figure")
    table.add_column("value", justify="right")
    table.add_row("calls", str(report.calls))
    table.add_row("read back", str(report.read_back))
    table.add_row("superseded by a later upload", str(report.superseded))
    for error, count in sorted(report.quarantined.items()):
        table.add_row(f"in quarantine: {error}", str(count))
    zeros = {
        "lost": report.lost,
        "doubled": report.doubled,
        "mixed up": report.mixed_up,
        "paid calls repeated": report.paid_again,
        "unexplained": report.unexplained,
        "runs left unfinished": report.left_running,
    }
    for name, behind in zeros.items():
        table.add_row(name, f"[{'red' if behind else 'green'}]{len(behind)}[/]")
    table.add_row("speech-to-text jobs paid", str(report.jobs_paid))
    table.add_row("speech made again (worker killed between Google's answer and the upload)", str(report.spoken_again))
    for run, count in sorted(report.runs.items()):
        table.add_row(f"runs: {run.lower()}", str(count))
    console.print(table)
    for name, behind in zeros.items():
        for line in behind[:20]:
            console.print(f"[red]{name}[/red]: {line}", highlight=False)
