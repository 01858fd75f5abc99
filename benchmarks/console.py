"""How long the console's pages take with many calls behind them: ``python -m benchmarks.console [--calls 10000]``.

A real PostgreSQL holds the list, the pages are asked in this process as a browser would ask them. The opponent is what there was before:
reading the records themselves (here from memory, where S3 would cost a request each) until a page of hits is full.
"""

import argparse
import json
import os
import random
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from fastapi.testclient import TestClient

from clients.postgres import Postgres as Database
from clients.s3 import ObjectStore
from console.app import PAGE, Console, create_app
from console.chat_room import room_by_settings
from console.roles import Role
from console.users import User, Users, hashed, save
from models.call.caller_said import ContactFacts
from models.call.listed import ListedCall
from models.call.record import CallRecord, Outcome, Recording, Speaker, Summary, Transcription, Utterance
from sandbox.postgres import Postgres
from sandbox.processes import spawn, until
from sandbox.stack import RECORDINGS
from stores.call_index import CallIndex

# What is asked of the list: the first page, a rare word, a frequent one, a word of one letter, digits, a page far down.
QUESTIONS = {
    "first page": "/",
    "rare words": "/?words=진단비 서류",
    "frequent word": "/?words=보험",
    "one letter": "/?words=암",
    "last digits": "/?digits=0042",
    "nothing found": "/?words=아무도안한말",
    "review": "/review",
}


def conversations() -> list[list[str]]:
    """The words of the bundled recordings."""
    files = sorted(RECORDINGS.glob("*_UTC.json"))
    return [[turn["msg"] for turn in json.loads(file.read_text("utf-8"))["utterances"]] for file in files]


def records(count: int, seed: int) -> list[CallRecord]:
    """Calls of a year, each with the words of three conversations."""
    rng, said, begun = random.Random(seed), conversations(), datetime(2025, 11, 1, tzinfo=UTC)
    made = []
    for number in range(count):
        at = begun + timedelta(seconds=number * 365 * 86_400 / count)
        key = f"connect/acme/CallRecordings/{at:%Y/%m/%d}/c-{number}_{at:%Y%m%dT%H:%M}_UTC.wav"
        texts = [text for talk in rng.sample(said, min(3, len(said))) for text in talk]
        heard = [
            Utterance(speaker=list(Speaker)[turn % 2], start_ms=2000 * turn, duration_ms=1900, text=text) for turn, text in enumerate(texts)
        ]
        summary = Summary(text=rng.choice(texts)[:60], model="reader", version=str(number % 5), confidence=rng.random())
        record = CallRecord.begin(Recording(bucket="b", key=key, etag=str(number)), "run", at)
        changes = {
            "outcome": Outcome.READ_BACK,
            "transcription": Transcription(done=True, utterances=heard),
            "summary": summary,
            "contact": ContactFacts(number=f"010-****-{number % 10_000:04d}"),
        }
        made.append(record.model_copy(update=changes))
    return made


def milliseconds(ask: Callable[[], object], rounds: int) -> float:
    """The median of some rounds."""
    ask()
    took = []
    for _ in range(rounds):
        begun = time.perf_counter()
        ask()
        took.append(1000 * (time.perf_counter() - begun))
    return round(statistics.median(took), 1)


def read_all(bodies: list[bytes], words: str) -> list[str]:
    """Records read, the latest first, until a page is full."""
    found: list[str] = []
    for body in reversed(bodies):
        record = CallRecord.model_validate_json(body)
        if all(word in " ".join(u.text for u in record.transcription.utterances) for word in words.split()):
            found.append(record.call_id)
            if len(found) == PAGE:
                break
    return found


def measure(count: int, rounds: int, work: Path) -> dict[str, object]:
    """Fill the list, ask each question, and ask the records themselves."""
    postgres = Postgres()
    postgres.make()
    server = spawn("postgres", postgres.command, os.environ, work, postgres.data, postgres.become)
    try:
        until(postgres.ready, server, "take connections")
        postgres.create_database()
        index = CallIndex(Database(postgres.url, timeout_seconds=60))
        made = records(count, seed=7)
        begun = time.perf_counter()
        for at in range(0, count, 500):
            index.write_all([ListedCall.of(record) for record in made[at : at + 500]])
        listing = time.perf_counter() - begun
        save(work / "users.json", {"lead": User(name="lead", roles=[Role.LEAD], password=hashed("a long password"))})
        store = ObjectStore("none", region="ap-northeast-2")  # the pages asked here read no record
        console = Console(store, index, Users(work / "users.json"), "s" * 40, lambda deployment, parameters: "", chat=room_by_settings())
        browser = TestClient(create_app(console), base_url="https://console.test")
        browser.post("/login", data={"name": "lead", "password": "a long password"})
        pages = {name: milliseconds(lambda path=path: browser.get(path).raise_for_status(), rounds) for name, path in QUESTIONS.items()}  # type: ignore[misc]
        middle = made[count // 2]
        far = f"/?until={middle.created_at:%Y-%m-%d}"
        pages["far down"] = milliseconds(lambda: browser.get(far).raise_for_status(), rounds)
        size = index._database.rows("SELECT pg_total_relation_size('readback_calls') AS bytes")[0]["bytes"]
        bodies = [record.model_dump_json().encode() for record in made]
        naive = milliseconds(lambda: read_all(bodies, "아무도안한말"), 1)
        return {
            "benchmark": "console",
            "calls": count,
            "page_milliseconds": pages,
            "slowest_milliseconds": max(pages.values()),
            "list_a_call_milliseconds": round(1000 * listing / count, 2),
            "bytes_a_call": round(size / count),
            "reading_all_records_milliseconds": naive,
            "ratio": round(naive / pages["nothing found"], 1),
        }
    finally:
        server.stop()
        postgres.remove()


def main() -> None:
    """Measure, print a table and the row."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.console", description="The console's pages over many calls.")
    parser.add_argument("--calls", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=15)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="readback-console-") as work:
        row = measure(chosen.calls, chosen.rounds, Path(work))
    pages = row["page_milliseconds"]
    assert isinstance(pages, dict)
    for name, took in pages.items():
        print(f"{name:16} {took:8.1f} ms")
    print(f"all records read {row['reading_all_records_milliseconds']:8} ms; {row['bytes_a_call']} bytes a call")
    print(json.dumps(row, ensure_ascii=False))


if __name__ == "__main__":
    main()
