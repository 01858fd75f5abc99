"""The console over a bucket in memory, a real PostgreSQL and a list of what was started."""

import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import uvicorn
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sounds import tone, wav

from clients.postgres import Postgres
from console.app import Console, create_app
from console.roles import Role
from console.users import User, Users, hashed, save
from models.call.caller_said import ContactFacts
from models.call.listed import ListedCall
from models.call.record import CallRecord, Outcome, Prompt, Recording, Speaker, Summary, Transcription, Utterance
from models.errors import VendorUnreachable
from models.keys import StorageKeys
from models.summarizer.outcome import Evidence
from sandbox.processes import free_port
from stores.call_index import CallIndex
from tests.console.browser import Browser
from tests.console.chat_world import desk
from tests.in_memory import InMemoryStore

PASSWORD = "correct horse battery"
HASH = hashed(PASSWORD, n=2**4)  # a person's takes 50 ms of a processor to sign on by, as guesses should
SOUND = wav(np.column_stack([np.concatenate([tone(4), tone(4, level=0.002)]), np.concatenate([tone(4, level=0.002), tone(4)])]))
SAID = ["안녕하세요, 무엇을 도와드릴까요", "암 진단비를 청구하고 싶어요 제 번호는 010-1234-5678이에요", "네 알겠습니다"]


@dataclass
class Started:
    """What was started; ``away`` as if Prefect's server were."""

    runs: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    away: bool = False

    def __call__(self, deployment: str, parameters: Mapping[str, Any]) -> str:
        if self.away:
            raise VendorUnreachable("Prefect is away", case="prefect")
        self.runs.append((deployment, dict(parameters)))
        return "run-1"


@dataclass
class World:
    """The console, and who uses it."""

    store: InMemoryStore
    index: CallIndex
    started: Started
    users: Path
    console: Console

    def put(self, name: str = "c-1", said: list[str] | None = None, *, sound: bytes = SOUND, **changes: Any) -> CallRecord:
        """A call that was read back."""
        key = f"connect/acme/CallRecordings/2026/11/20/{name}_20261120T00:44_UTC.wav"
        etag = self.store.put(key, sound)
        heard = [
            Utterance(speaker=(Speaker.AGENT, Speaker.CUSTOMER)[at % 2], start_ms=2000 * at, duration_ms=1900, text=text)
            for at, text in enumerate(SAID if said is None else said)
        ]
        number = len(self.store.keys(StorageKeys.CALLS)) + 1
        evidence = [Evidence("진단비를 청구하고", 1)] if said is None else []
        summary = Summary(text="암 진단비 청구", model="reader", version="1", confidence=0.9, evidence=evidence)
        record = CallRecord.begin(Recording(bucket=self.store.bucket, key=key, etag=etag), "run", datetime(2026, 11, 20, 1, tzinfo=UTC))
        prompt = Prompt(key=StorageKeys.prompt(number), seconds=1, spoken_text="문의하신 내용이 암 진단비 청구", voice="v")
        self.store.put(prompt.key, sound)
        record = record.model_copy(
            update={
                "outcome": Outcome.READ_BACK,
                "number": number,
                "audio_seconds": 8.0,
                "channels": 2,
                "transcription": Transcription(done=True, utterances=heard),
                "summary": summary,
                "prompt": prompt,
                "step_seconds": {"summarize": 0.5},
                "contact": ContactFacts(number="010-****-5678"),
                **changes,
            }
        )
        self.store.put(StorageKeys.call_record(record.call_id), record.model_dump_json().encode())
        self.index.write(ListedCall.of(record))
        return record

    def client(self, *roles: Role) -> "Person":
        """Somebody with these roles, who has signed on."""
        name = "-".join(role.value for role in roles)
        known = dict(Users(self.users).all())
        known[name] = User(name=name, roles=list(roles), password=HASH)
        save(self.users, known)
        person = Person(TestClient(create_app(self.console), base_url="https://console.test"))
        assert person.browser.post("/login", data={"name": name, "password": PASSWORD}, follow_redirects=False).status_code == 303
        return person


@dataclass
class Person:
    """A browser and its hands: forms are sent as the page holds them."""

    browser: TestClient

    def see(self, path: str, status: int = 200) -> str:
        answer = self.browser.get(path)
        assert answer.status_code == status, answer.text[:2000]
        return answer.text

    def send(self, page: str, action: str, status: int = 303, **fields: str) -> str:
        """Fill the hidden fields of the page's first form and send these to ``action``."""
        hidden = dict(re.findall(r'name="(csrf|seen)" value="([^"]*)"', page))
        answer = self.browser.post(action, data=hidden | fields, follow_redirects=False)
        assert answer.status_code == status, answer.text[:2000]
        return answer.text


@pytest.fixture
def world(postgres_url: str, tmp_path: Path) -> Iterator[World]:
    database = Postgres(postgres_url, timeout_seconds=10)
    database.execute("DROP TABLE IF EXISTS readback_calls; DROP TABLE IF EXISTS readback_erased")
    store, index, started, users = InMemoryStore(), CallIndex(database), Started(), tmp_path / "users.json"
    save(users, {})
    console = Console(store, index, Users(users), "s" * 40, started, prefect_url="http://prefect.test", chat=desk(store))
    yield World(store, index, started, users, console)
    database.close()


@pytest.fixture
def anybody(world: World) -> Callable[[], TestClient]:
    """A browser that has not signed on."""
    return lambda: TestClient(create_app(world.console), base_url="https://console.test")


@pytest.fixture
def address(world: World) -> Iterator[str]:
    """The console on a port, with a user for each role."""
    world.console.secure = False  # plain http on this machine
    save(world.users, {role.value: User(name=role.value, roles=[role], password=HASH) for role in Role})
    world.console.users = Users(world.users)
    port = free_port()
    with console_on(create_app(world.console), port):
        yield f"http://127.0.0.1:{port}"


@contextmanager
def console_on(app: FastAPI, port: int) -> Iterator[None]:
    """The console over real HTTP."""
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_config=None))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    yield
    server.should_exit = True
    thread.join(20)


def sign_on(browser: Browser, address: str, role: Role, size: tuple[int, int] = (1280, 900)) -> None:
    browser.size(*size)
    browser.open(f"{address}/login")
    browser.submit("main form", name=role.value, password=PASSWORD)
