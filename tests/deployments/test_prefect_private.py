"""What is reached into Prefect for stands in one module, holds for the pinned version, and is refused under any other."""

import ast
import contextvars
import inspect
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from types import SimpleNamespace

import pytest
from prefect import flow_engine
from prefect.workers.base import BaseJobConfiguration, BaseWorker
from prefect_server import put_database
from sqlalchemy.dialects.postgresql.asyncpg import PGDialect_asyncpg

from deployments import prefect_private
from deployments.prefect_private import (
    KNOWN_VERSION,
    NAMES,
    SERVER_NAMES,
    Intent,
    Supervision,
    answer_for_each_run,
    ask_connections_seldom,
    check_attributes,
    check_names,
    supervise,
)
from deployments.resident import ResidentWorker
from models.errors import ConfigurationError
from tests.deployments.conftest import RunPython

ROOT = Path(__file__).parents[2]
PRODUCT = ("models", "clients", "stores", "reports", "wiring", "tasks", "flows", "training_flows", "deployments", "sandbox", "benchmarks")
# Names that a worker type is documented to set.
DOCUMENTED = {"_description", "_display_name", "_documentation_url", "_logo_url"}


def test_the_version_that_is_known_is_the_one_that_is_pinned_and_deployed() -> None:
    assert version("prefect") == KNOWN_VERSION
    assert f"prefect=={KNOWN_VERSION} " in (ROOT / "requirements" / "run.txt").read_text("utf-8")
    assert f"prefect-version: {KNOWN_VERSION}\n" in (ROOT / "prefect.yaml").read_text("utf-8")


def test_this_prefect_has_every_name() -> None:
    check_names(NAMES)
    check_names(SERVER_NAMES)


@pytest.mark.parametrize(
    ("name", "parameters", "what"),
    [
        ("prefect.flow_engine:get_intention", (), "prefect.flow_engine.get_intention is gone"),
        ("prefect.intents:get_intent", (), "prefect.intents.get_intent is gone"),
        ("prefect.flow_engine:get_intent", ("flow_run_id",), "get_intent takes other parameters than flow_run_id"),
        ("prefect.workers.base:BaseWorker._cancel", None, "BaseWorker._cancel is gone"),
    ],
)
def test_another_prefect_is_refused_with_the_name_that_it_lacks(name: str, parameters: tuple[str, ...] | None, what: str) -> None:
    with pytest.raises(ConfigurationError, match=what) as refused:
        check_names({name: parameters})
    assert f"prefect=={KNOWN_VERSION}" in refused.value.remedy


def test_a_worker_does_not_start_under_a_prefect_that_lacks_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prefect_private, "check_names", lambda: check_names({"prefect.flow_engine:gone": None}))
    with pytest.raises(ConfigurationError, match=r"flow_engine\.gone is gone"):
        ResidentWorker(work_pool_name="calls")


def test_an_attribute_that_prefects_worker_no_longer_sets_is_told() -> None:
    with pytest.raises(ConfigurationError, match=r"ResidentWorker\._gone is gone"):
        check_attributes(ResidentWorker(work_pool_name="calls"), ["_gone"])


def private_names_of(path: Path) -> set[str]:
    """Private modules of Prefect that a file imports, and private attributes of Prefect's worker that it names."""
    inherited = {name for kind in (BaseWorker, BaseJobConfiguration) for name in vars(kind)}
    inherited |= {word for word in inspect.getsource(BaseWorker.__init__).replace(":", " ").replace(".", " ").split() if word[:1] == "_"}
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("prefect"):
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Attribute | ast.FunctionDef | ast.AsyncFunctionDef):
            name = node.attr if isinstance(node, ast.Attribute) else node.name
            found |= {name} if name in inherited and path.parts[-2] == "deployments" else set()
    return {name for name in found if "._" in name or (name[:1] == "_" and name[:2] != "__")} - DOCUMENTED


def test_no_other_module_reaches_into_prefect() -> None:
    files = [path for room in PRODUCT for path in sorted((ROOT / room).rglob("*.py")) if path.name != "prefect_private.py"]
    assert {str(path.relative_to(ROOT)): names for path in files if (names := private_names_of(path))} == {}
    assert len(private_names_of(ROOT / "deployments" / "prefect_private.py")) > 5


class Connection:
    """A connection as the driver has it."""

    closed = False

    def is_closed(self) -> bool:
        return self.closed


def intent_in(context: contextvars.Context) -> Intent | None:
    return context.run(flow_engine._termination_intent)  # type: ignore[return-value]


def test_each_run_has_its_own_answer_to_why_it_is_ended() -> None:
    answer_for_each_run()
    cancelled, untouched = contextvars.copy_context(), contextvars.copy_context()
    supervision = Supervision()
    cancelled.run(supervise, supervision)
    assert intent_in(cancelled) is None
    supervision.intent = "cancel"
    assert intent_in(cancelled) == "cancel"
    assert intent_in(untouched) is None


def test_the_database_gets_plain_timestamps_of_the_same_instant(run_python: RunPython) -> None:
    said = run_python("""
        from datetime import UTC, datetime
        from deployments.prefect_private import bind_plain_timestamps
        from prefect.server.utilities.database import Timestamp
        from prefect.types import DateTime
        from pydantic import TypeAdapter
        from sqlalchemy.dialects import postgresql

        bind_plain_timestamps()
        to_driver = Timestamp().bind_processor(postgresql.asyncpg.dialect())
        given = TypeAdapter(DateTime).validate_python("2026-11-21T01:30:00.25+09:00")
        bound = to_driver(given)
        print(type(bound) is datetime, bound == given, bound.utcoffset() == given.utcoffset(), to_driver(None))
    """).stdout.strip()
    assert said == "True True True None"


def test_the_server_asks_a_connection_every_ten_seconds_whether_it_lives(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[object] = []
    monkeypatch.setattr(PGDialect_asyncpg, "do_ping", lambda self, dbapi_connection: not asked.append(dbapi_connection))
    ask_connections_seldom()
    dialect = PGDialect_asyncpg()
    used, other = Connection(), Connection()
    for connection in (used, used, other, used):
        assert dialect.do_ping(SimpleNamespace(driver_connection=connection))
    assert len(asked) == 2
    used.closed = True
    dialect.do_ping(SimpleNamespace(driver_connection=used))
    monkeypatch.setattr(prefect_private, "_ASK_SECONDS", -1.0)
    dialect.do_ping(SimpleNamespace(driver_connection=other))
    assert len(asked) == 4


def test_the_server_parses_an_event_once_for_all_who_hear_of_it(run_python: RunPython) -> None:
    said = run_python("""
        from datetime import UTC, datetime
        from uuid import uuid4
        from prefect.server.events.schemas.events import ReceivedEvent
        from deployments.prefect_private import parse_events_once

        parse_events_once()
        parse_events_once()
        about = {"occurred": datetime.now(UTC), "resource": {"prefect.resource.id": "a"}}
        sent = [ReceivedEvent(**about, event=name, id=uuid4()) for name in ("one", "other")]
        data = [event.model_dump_json().encode() for event in sent]
        heard = [ReceivedEvent.model_validate_json(one) for one in (data[0], data[1], data[0])]
        print([event.event for event in heard], heard[0] is heard[2], heard[:2] == sent)
    """).stdout.strip()
    assert said == "['one', 'other', 'one'] True True"


def test_a_run_is_read_with_its_queue_and_pool_and_locked_alone(run_python: RunPython) -> None:
    locked, read = run_python("""
        import asyncio
        from uuid import uuid4
        from sqlalchemy.dialects import postgresql
        from deployments.prefect_private import read_runs_at_once
        from prefect.server import models

        class Found:
            def scalar(self):
                return "the run"

        class Session:
            async def execute(self, statement):
                print(*str(statement.compile(dialect=postgresql.dialect())).partition("FROM")[2].split())
                return Found()

        read_runs_at_once()
        for locked in (True, False):
            assert asyncio.run(models.flow_runs.read_flow_run(session=Session(), flow_run_id=uuid4(), for_update=locked)) == "the run"
    """).stdout.splitlines()
    assert locked.count("JOIN") == 2
    assert "flow_run_state" not in locked
    assert locked.endswith("FOR UPDATE OF flow_run")
    assert locked.removesuffix(" FOR UPDATE OF flow_run") == read


DEPLOYMENT_READ = """
import asyncio, os
import sqlalchemy as sa
from deployments.prefect_private import read_runs_at_once
from prefect.server.database import provide_database_interface
from prefect.server.models import deployments, flows, work_queues
from prefect.server.models.workers import create_work_pool, create_work_queue
from prefect.server.schemas import actions, core, schedules

statements = []

async def read():
    db = provide_database_interface()
    await db.create_db()
    async with db.session_context(begin_transaction=True) as session:
        pool = await create_work_pool(session=session, work_pool=actions.WorkPoolCreate(name="calls", type="resident"))
        queue = await create_work_queue(session=session, work_pool_id=pool.id, work_queue=actions.WorkQueueCreate(name="first"))
        flow = await flows.create_flow(session=session, flow=core.Flow(name="f"))
        schedule = actions.DeploymentScheduleCreate(schedule=schedules.IntervalSchedule(interval=60))
        made = core.Deployment(name="d", flow_id=flow.id, work_queue_id=queue.id, schedules=[schedule.model_dump()], concurrency_limit=3)
        made = (await deployments.create_deployment(session=session, deployment=made)).id
    sa.event.listen((await db.engine()).sync_engine, "before_cursor_execute", lambda *told: statements.append(told[2]))
    async with db.session_context() as session:
        found = await deployments.read_deployment(session=session, deployment_id=made)
        print(found.name, found.work_queue.name, found.work_queue.work_pool.name, len(found.schedules))
        print(found.global_concurrency_limit.limit)
        print(len([one for one in statements if one.startswith("SELECT")]))

read_runs_at_once()
asyncio.run(read())
"""


def test_a_deployment_is_read_in_one_statement_with_its_queue_pool_and_schedules(tmp_path: Path, run_python: RunPython) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path / 'prefect.db'}"
    said = run_python(DEPLOYMENT_READ, PREFECT_API_DATABASE_CONNECTION_URL=url, PREFECT_HOME=str(tmp_path)).stdout.splitlines()
    assert said == ["d first calls 1", "3", "1"]


def test_an_automation_that_made_a_run_tells_no_event_of_it_and_one_that_failed_does(run_python: RunPython) -> None:
    said = run_python("""
        import asyncio
        from uuid import uuid4
        from prefect.server.events.actions import Action, CallWebhook, RunDeployment
        from deployments.prefect_private import tell_no_action_that_made_a_run

        tell_no_action_that_made_a_run()
        made = RunDeployment(source="selected", deployment_id=uuid4())
        print(asyncio.run(made.succeed(None)), RunDeployment.fail is Action.fail, CallWebhook.succeed is Action.succeed)
    """).stdout.strip()
    assert said == "None True True"


def test_the_server_completes_no_headers_of_old_clients_and_answers_those_of_its_own(run_python: RunPython) -> None:
    said = run_python("""
        from starlette.testclient import TestClient
        from prefect.server.api import server
        from deployments.prefect_private import leave_out_old_clients

        leave_out_old_clients()
        app = server.create_api_app()
        print(*[one.cls.__name__ for one in app.user_middleware])
        print(TestClient(app).post("/flows/", json={"name": 1}).status_code)
    """).stdout.splitlines()
    assert said == ["GZipMiddleware", "422"]


def test_the_server_takes_the_commands_of_prefect_server() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "deployments.prefect_server", "start", "--help"], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0
    assert "--port" in done.stdout


@pytest.mark.slow
def test_types_of_blocks_are_written_once_for_what_is_installed(run_python: RunPython, tmp_path: Path) -> None:
    put_database(tmp_path / "kept.db")
    said = run_python(
        """
        import asyncio
        import prefect
        from prefect.server.database import provide_database_interface
        from prefect.server.models import block_registration, block_types
        from deployments.prefect_private import spare_the_server

        written = []
        register = block_registration.run_block_auto_registration

        async def run_block_auto_registration(session):
            written.append(prefect.__version__)
            await register(session)

        block_registration.run_block_auto_registration = run_block_auto_registration
        spare_the_server()

        async def start():
            async with await provide_database_interface().session() as session:
                await block_registration.run_block_auto_registration(session=session)
                return len(await block_types.read_block_types(session))

        async def starts():
            there = [await start(), await start()]
            prefect.__version__ = "4.0.0"
            print([[*there, await start()], written])

        asyncio.run(starts())
        """,
        PREFECT_HOME=str(tmp_path),
        PREFECT_SERVER_DATABASE_CONNECTION_URL=f"sqlite+aiosqlite:///{tmp_path / 'kept.db'}",
    )
    there, written = ast.literal_eval(said.stdout)
    assert written == [KNOWN_VERSION, "4.0.0"]
    assert there[0] > 30
    assert there == [there[0]] * 3


@pytest.mark.slow
def test_who_acts_on_each_event_acts_at_once_and_others_count(run_python: RunPython, tmp_path: Path) -> None:
    put_database(tmp_path / "kept.db")
    said = run_python(
        """
        import asyncio, uuid
        from datetime import UTC, datetime, timedelta
        import sqlalchemy as sa
        from deployments.prefect_private import spare_the_server

        spare_the_server()

        from prefect.server.database import provide_database_interface
        from prefect.server.events import triggers
        from prefect.server.events.schemas.automations import Automation, EventTrigger, Posture
        from prefect.server.events.schemas.events import ReceivedEvent
        from prefect.server.events.models.automations import create_automation

        acted = []

        async def act(firing):
            event = firing.triggering_event
            acted.append((firing.trigger.automation.name, event.payload["number"], firing.triggering_labels))

        triggers.act = act
        asked_for = {
            "each": EventTrigger(expect={"landed"}, posture=Posture.Reactive, threshold=1, within=timedelta(0)),
            "each of one": EventTrigger(
                expect={"landed"}, posture=Posture.Reactive, threshold=1, within=timedelta(0), for_each={"prefect.resource.id"}
            ),
            "every second": EventTrigger(expect={"landed"}, posture=Posture.Reactive, threshold=2, within=timedelta(minutes=1)),
            "after another": EventTrigger(
                expect={"landed"}, after={"taken"}, posture=Posture.Reactive, threshold=1, within=timedelta(minutes=1)
            ),
        }
        written = []

        def note(connection, cursor, statement, *_):
            if statement.startswith(("INSERT INTO automation_bucket", "UPDATE automation_bucket", "DELETE FROM automation_bucket")):
                written.append(statement)

        async def main():
            db = provide_database_interface()
            sa.event.listen((await db.engine()).sync_engine, "before_cursor_execute", note)
            counted = {}
            for name, trigger in asked_for.items():
                automation = Automation(name=name, trigger=trigger, actions=[], created=datetime.now(UTC), updated=datetime.now(UTC))
                async with db.session_context(begin_transaction=True) as session:
                    made = await create_automation(session, automation)
                while made.id not in triggers.automations_by_id:  # the server loads it by itself, a moment later
                    await asyncio.sleep(0.05)
                triggers.clear_loaded_automations()
                triggers.load_automation(made)
                written.clear()
                for number in range(3):
                    what = {"event": "landed", "resource": {"prefect.resource.id": f"r{number}"}, "payload": {"number": number}}
                    await triggers.reactive_evaluation(ReceivedEvent(id=uuid.uuid4(), occurred=datetime.now(UTC), **what))
                counted[name] = len(written)
            print([acted, counted])

        asyncio.run(main())
        """,
        PREFECT_HOME=str(tmp_path),
        PREFECT_SERVER_DATABASE_CONNECTION_URL=f"sqlite+aiosqlite:///{tmp_path / 'kept.db'}",
    )
    acted, written = ast.literal_eval(said.stdout)
    assert [one for one in acted if one[0] == "each"] == [("each", number, {}) for number in range(3)]
    assert [one[2] for one in acted if one[0] == "each of one"] == [{"prefect.resource.id": f"r{number}"} for number in range(3)]
    assert [one[1] for one in acted if one[0] == "every second"] == [1]
    assert not [one for one in acted if one[0] == "after another"]
    assert (written["each"], written["each of one"]) == (0, 0)
    assert written["every second"] > 0
