"""A service of Prefect's that ends is begun again, and a container whose services do not read says so."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import ClassVar

import pytest
from prefect.server.services.base import Service
from redis import Redis

from deployments import kept_services, services_health
from deployments.kept_services import keep
from deployments.services_health import READERS, silent
from sandbox.processes import free_port, program, spawn, until
from tests.deployments.conftest import RunPython


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_services, "FIRST_PAUSE", 0.01)


class Reader(Service):
    """As Prefect's are made: it remembers what it has begun, and refuses to stop before. ``fails`` lives end when they begin."""

    fails: ClassVar[int] = 0
    lives: ClassVar[list["Reader"]] = []

    def __init__(self) -> None:
        super().__init__()
        self.consumer_task: asyncio.Task[None] | None = None
        self.written = False
        self.lives.append(self)

    @classmethod
    def enabled_services(cls) -> list[type[Service]]:  # type: ignore[override]
        return [Reader]

    @classmethod
    def service_settings(cls) -> None:  # type: ignore[override]
        raise NotImplementedError

    async def start(self) -> None:  # type: ignore[override]
        if len(self.lives) <= self.fails:
            raise TimeoutError
        self.consumer_task = asyncio.create_task(asyncio.sleep(3600))
        try:
            await self.consumer_task
        except asyncio.CancelledError:
            await asyncio.sleep(0.01)
            self.written = True

    async def stop(self) -> None:
        assert self.consumer_task is not None, "not started"
        self.consumer_task.cancel()


@asynccontextmanager
async def running(monkeypatch: pytest.MonkeyPatch, fails: int) -> AsyncIterator[None]:
    monkeypatch.setattr(Reader, "fails", fails)
    monkeypatch.setattr(Reader, "lives", [])
    async with kept_services.running(Reader):
        while not (Reader.lives and Reader.lives[-1].consumer_task):
            await asyncio.sleep(0.01)
        yield


@pytest.mark.usefixtures("quick")
async def test_a_service_that_could_not_begin_is_begun_again_and_told(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async with running(monkeypatch, fails=2):
        assert len(Reader.lives) == 3
    told = [record.message for record in caplog.records if record.levelno == logging.ERROR]
    assert len(told) == 2
    assert told[0].startswith("Prefect's Reader has ended (TimeoutError: ); it is begun again in")


@pytest.mark.usefixtures("quick")
async def test_a_service_that_ended_later_is_begun_again(monkeypatch: pytest.MonkeyPatch) -> None:
    async with running(monkeypatch, fails=0):
        Reader.lives[0].consumer_task.cancel()  # type: ignore[union-attr]
        while len(Reader.lives) < 2:
            await asyncio.sleep(0.01)


@pytest.mark.usefixtures("quick")
async def test_a_service_writes_what_it_has_before_the_server_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    async with running(monkeypatch, fails=0):
        pass
    assert [life.written for life in Reader.lives] == [True]


async def test_pauses_grow_and_begin_anew_after_a_long_life(monkeypatch: pytest.MonkeyPatch) -> None:
    now, lives, pauses = [0.0], iter((1, 1, 1, 1, 1, 1, 1, 100, 1)), []

    async def live() -> None:
        if (lasts := next(lives, None)) is None:
            raise asyncio.CancelledError
        now[0] += lasts

    async def pause(seconds: float) -> None:
        pauses.append(seconds)

    monkeypatch.setattr(kept_services.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(kept_services.asyncio, "sleep", pause)
    with pytest.raises(asyncio.CancelledError):
        await keep("reader", live)
    assert pauses == [1, 2, 4, 8, 16, 30, 30, 1, 2]


@pytest.mark.slow
def test_automations_act_though_the_database_had_no_tables_when_the_server_began(run_python: RunPython, tmp_path: Path) -> None:
    said = run_python(
        """
        import asyncio
        from prefect.server.database import provide_database_interface
        from prefect.server.events import triggers
        from prefect.server.events.services.triggers import ReactiveTriggers
        from prefect.server.services.base import Service
        from deployments import kept_services

        kept_services.FIRST_PAUSE = 0.1
        kept_services.keep_services()

        class Automations(Service):
            @classmethod
            def enabled_services(cls):
                return [ReactiveTriggers]

        def listening():
            return sum(task.get_coro().__name__ == "listen_for_automation_changes" for task in asyncio.all_tasks())

        async def main():
            async with Automations.running():
                await asyncio.sleep(0.5)
                assert triggers.automation_state_snapshot is None
                await provide_database_interface().create_db()
                while triggers.automation_state_snapshot is None:
                    await asyncio.sleep(0.1)
            print("left", listening())

        asyncio.run(main())
        """,
        PREFECT_HOME=str(tmp_path),
        PREFECT_API_DATABASE_CONNECTION_URL=f"sqlite+aiosqlite:///{tmp_path}/empty.db",
    )
    assert "ReactiveTriggers has ended (OperationalError" in said.stderr
    assert said.stdout.endswith("left 0\n")


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Redis]:
    folder, port = tmp_path_factory.mktemp("redis"), free_port()
    child = spawn("redis", [program("redis-server"), "--port", str(port), "--dir", str(folder), "--save", ""], {}, folder, folder)
    client = Redis(port=port, decode_responses=True)
    try:
        until(lambda: "Ready to accept" in child.said(), child, "answer")
        yield client
    finally:
        client.close()
        child.stop()


def test_services_that_are_not_there_are_named(redis: Redis) -> None:
    redis.flushall()
    assert silent(redis) == ["event-persister", "task-run-recorder", "reactive-triggers", "actions"]
    for stream, groups in READERS.items():
        for group in groups:
            redis.xgroup_create(stream, group, id="0", mkstream=True)
    assert silent(redis) == []
    redis.xgroup_destroy("events", "reactive-triggers")
    assert silent(redis) == ["reactive-triggers"]


def test_a_service_that_takes_nothing_while_something_waits_is_named(redis: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    redis.flushall()
    for stream, groups in READERS.items():
        for group in groups:
            redis.xgroup_create(stream, group, id="0", mkstream=True)
    minutes_ago = int(time.time() * 1000) - 300_000
    redis.xadd("events", {"data": "old"}, id=f"{minutes_ago}-0")
    for group in ("event-persister", "task-run-recorder"):
        redis.xreadgroup(group, "reader", {"events": ">"}, count=1)
    redis.xadd("events", {"data": "new"})
    assert silent(redis) == ["reactive-triggers"]
    # one that has much behind it and works is left alone
    redis.xreadgroup("reactive-triggers", "reader", {"events": ">"}, count=1)
    redis.xadd("events", {"data": "newer"})
    assert silent(redis) == []
    monkeypatch.setattr(services_health, "LONGEST_SECONDS", 0.0)
    assert silent(redis) == ["event-persister", "task-run-recorder", "reactive-triggers"]
