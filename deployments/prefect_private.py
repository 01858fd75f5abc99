"""Every private name of Prefect that Readback uses, in one place, checked when a worker or the server starts (ADR 10).

Prefect has no public way to end, suspend or cancel one run among many in a process, to share one client among them, or to ask a
worker what it serves. What is reached into for that stands in ``NAMES`` and ``WORKER_ATTRIBUTES``; another Prefect that lacks one of
them is refused with its name, before a run is taken. ``tests/deployments/test_prefect_private.py`` sees that no other module does.
"""

import abc
import asyncio
import inspect
import logging
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar, copy_context
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache, partial, wraps
from importlib.metadata import entry_points
from pkgutil import resolve_name
from typing import Any, ClassVar, Literal, Self, cast
from uuid import UUID
from weakref import WeakKeyDictionary

import httpx
import prefect
from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.objects import Flow as APIFlow
from prefect.client.schemas.objects import FlowRun, State, TaskRun, WorkPool
from prefect.client.schemas.responses import DeploymentResponse, OrchestrationResult, SetStateStatus
from prefect.context import AsyncClientContext, FlowRunContext
from prefect.deployments.runner import RunnerDeployment
from prefect.events.schemas.events import Event, RelatedResource
from prefect.workers.base import BaseJobConfiguration, BaseVariables, BaseWorker, BaseWorkerResult

from models.errors import ConfigurationError

KNOWN_VERSION = "3.9.1"

# Each with the parameters that it must have, in order; None: not a function of ours to call or to stand in for.
NAMES: Mapping[str, tuple[str, ...] | None] = {
    # why a run is being ended; the engine calls it through its own function
    "prefect.flow_engine:get_intent": (),
    "prefect.flow_engine:_termination_intent": (),
    # that a run was suspended by a person
    "prefect.flow_engine:observe_flow_run_suspension": ("flow_run_id", "suspension_request", "polling_interval"),
    "prefect._flow_run_suspension:mark_flow_run_suspension_requested": ("flow_run_id", "state"),
    "prefect._internal.observers:FlowRunSuspendingObserver": ("on_suspended", "polling_interval", "event_filter", "on_failure"),
    "prefect._internal.observers:FlowRunSuspendingObserver._create_watch": ("self", "flow_run_id"),
    "prefect._internal.observers:FlowRunSuspendingObserver.remove_in_flight_flow_run_id": ("self", "flow_run_id"),
    "prefect._internal.observers:_SuspensionWatch.initialize": ("self", "state"),
    # one thread for all heartbeats
    "prefect.flow_engine:_send_heartbeats": ("engine", "join_on_exit"),
    "prefect.flow_engine:BaseFlowRunEngine._emit_flow_run_heartbeat": ("self", "resource", "related"),
    "prefect.flow_engine:BaseFlowRunEngine.heartbeat_seconds": None,
    # one client for all runs
    "prefect.context:AsyncClientContext._httpx_settings": None,
    # a lease that was granted a moment ago
    "prefect.concurrency._leases:_lease_renewal_loop": ("lease_id", "lease_duration", "stop_event"),
    "prefect.concurrency._leases:_RENEWAL_FRACTION": None,
    # events that tell nothing
    "prefect.task_engine:emit_task_run_state_change_event": ("task_run", "initial_state", "validated_state", "follows"),
    "prefect.concurrency._events:_emit_concurrency_event": ("phase", "primary_limit", "related_limits", "slots", "follows"),
    "prefect.events.worker:EventsWorker.attach_related_resources_from_context": ("self", "event"),
    "prefect.workers.base:BaseWorker._emit_flow_run_submitted_event": ("self", "configuration"),
    # the worker
    "prefect.workers.base:BaseWorker._propose_submitting_state": ("self", "flow_run"),
    "prefect.workers.base:BaseWorker._give_worker_labels_to_flow_run": ("self", "flow_run_id"),
    "prefect.workers.base:BaseWorker._cancel_run": ("self", "flow_run_id"),
    "prefect.workers.base:BaseWorker._record_work_pool_snapshot": ("self", "work_pool"),
    "prefect.workers.base:BaseJobConfiguration._related_objects": None,
}
# What Prefect's worker and its observer set on themselves.
WORKER_ATTRIBUTES = ("_logger", "_work_pool", "_work_pool_name", "_work_queues", "_limiter")
OBSERVER_ATTRIBUTES = ("_watches",)
_OF_A_BUCKET = ("db", "session", "trigger", "bucketing_key", "start", "end", "last_event", "initial_count")
# The server's; the first is for a Python below 3.13, the second of the driver that Prefect chose.
SERVER_NAMES: Mapping[str, tuple[str, ...] | None] = {
    "prefect.server.utilities.database:Timestamp.process_bind_param": ("self", "value", "dialect"),
    "sqlalchemy.dialects.postgresql.asyncpg:PGDialect_asyncpg.do_ping": ("self", "dbapi_connection"),
    # public names that our own stand in for
    "prefect.server.models.flow_runs:read_flow_run": ("db", "session", "flow_run_id", "for_update"),
    "prefect.server.models.deployments:read_deployment": ("db", "session", "deployment_id"),
    "prefect.server.events.schemas.events:ReceivedEvent.model_validate_json": None,
    "prefect.server.events.actions:RunDeployment.succeed": ("self", "triggered_action"),
    "prefect.server.api.server:create_api_app": None,
    "prefect.server.events.triggers:ensure_bucket": _OF_A_BUCKET,
    "prefect.server.events.triggers:evaluate": ("session", "trigger", "bucket", "now", "triggering_event"),
    "prefect.server.events.triggers:fire": ("session", "firing"),
    "prefect.server.models.block_registration:run_block_auto_registration": ("session",),
}

# Those of the command that registers.
COMMAND_NAMES: Mapping[str, tuple[str, ...] | None] = {"prefect.deployments.runner:RunnerDeployment._parameter_openapi_schema": None}

Intent = Literal["cancel", "reschedule"]
_REMEMBER_SECONDS = 60.0
_ASK_SECONDS = 10.0
_log = logging.getLogger("readback.prefect")
_WAKE_SECONDS = 1.0
_OF_A_RUN = ("prefect.task-run.", "prefect.artifact.")
_SHORT_SECONDS = 1.0
_CONNECTIONS = 8
_EVENTS_AT_HAND = 1000
_BLOCK_TYPES = "readback-block-types"
_NO_BUCKET = object()
# Where Prefect's engine and worker write of runs, and what they write that the states Pending, Running and Completed say.
_LOGS_OF_RUNS = ("prefect.flow_runs", "prefect.flow_runs.worker")
_AS_STATES_SAY = ("Worker '", "Beginning flow run ", "Finished in state ")


def check_names(names: Mapping[str, tuple[str, ...] | None] = NAMES) -> None:
    """Raise ConfigurationError where this Prefect lacks a private name, or has it with other parameters."""
    for name, parameters in names.items():
        try:
            found = _find(name)
        except (ImportError, AttributeError) as error:
            raise _unknown_prefect(name, "is gone") from error
        if parameters is not None and tuple(inspect.signature(found).parameters) != parameters:
            raise _unknown_prefect(name, f"takes other parameters than {', '.join(parameters) or 'none'}")


def check_attributes(instance: object, names: Iterable[str]) -> None:
    """Raise ConfigurationError where an object of Prefect's lacks a private attribute."""
    for name in names:
        if not hasattr(instance, name):
            raise _unknown_prefect(f"{type(instance).__name__}.{name}", "is gone")


def _find(name: str) -> Any:
    owner, _, last = name.rpartition(".")
    if ":" not in owner:
        return resolve_name(name)
    found = resolve_name(owner)
    # pydantic keeps the private attributes of a model apart
    return getattr(found, "__private_attributes__", {}).get(last) or getattr(found, last)


def _unknown_prefect(name: str, what: str) -> ConfigurationError:
    return ConfigurationError(
        f"Prefect {prefect.__version__}: {name.replace(':', '.')} {what}",
        remedy=f"Install prefect=={KNOWN_VERSION}, or teach deployments/prefect_private.py this one (ADR 10)",
    )


@dataclass
class Supervision:
    """One run among many: why it is being ended (None: nobody asked), as what it was taken, how often it has begun since, and as what it
    last did, until its engine has asked for that."""

    intent: Intent | None = None
    taken: FlowRun | None = None
    beginnings: int = 0
    begun: FlowRun | None = None


_OF_THIS_RUN: ContextVar[Supervision | None] = ContextVar("supervision_of_this_run", default=None)


def supervise(supervision: Supervision) -> None:
    """Make this the supervision of every engine call in the current context."""
    _OF_THIS_RUN.set(supervision)


def _intent_of_this_run() -> Intent | None:
    supervision = _OF_THIS_RUN.get()
    return supervision.intent if supervision else None


def answer_for_each_run() -> None:
    """Let Prefect's engine ask why the run at hand is being ended; by itself it has one answer for the whole process."""
    from prefect import flow_engine

    flow_engine.get_intent = _intent_of_this_run  # type: ignore[attr-defined]


@asynccontextmanager
async def one_suspension_observer() -> AsyncIterator[None]:
    """Let one observer tell all runs of this process that a person suspended them.

    Prefect starts a thread with an event loop, a client and a websocket for each run, and blocks the loop that the run is on until
    they stand: with many runs on one loop each waits for all the others' connections.
    """
    from prefect import flow_engine
    from prefect._flow_run_suspension import mark_flow_run_suspension_requested
    from prefect._internal.observers import FlowRunSuspendingObserver

    def suspend(flow_run_id: UUID, state: State[Any]) -> None:
        mark_flow_run_suspension_requested(flow_run_id, state)

    async with FlowRunSuspendingObserver(on_suspended=suspend) as observer:
        check_attributes(observer, OBSERVER_ATTRIBUTES)

        @contextmanager
        def observe(flow_run_id: UUID, *_: object, **__: object) -> Iterator[None]:
            supervision = _OF_THIS_RUN.get()
            watch = observer._watches[flow_run_id] = observer._create_watch(flow_run_id)
            # From the state that the run was taken in: an older suspension, which a resumed run has behind it, is told again when
            # the stream of events connects anew. Prefect asks the server for this state.
            watch.initialize(supervision.taken.state if supervision and supervision.taken else None)
            try:
                yield
            finally:
                observer.remove_in_flight_flow_run_id(flow_run_id)

        flow_engine.observe_flow_run_suspension = observe  # type: ignore[attr-defined]
        yield


class _Heart(threading.Thread):
    """The heartbeats of all runs of a process: one thread that wakes once a second."""

    def __init__(self) -> None:
        super().__init__(name="heartbeats", daemon=True)
        self._due: dict[object, tuple[float, float, Callable[[], None]]] = {}
        self._stopped = threading.Event()

    def run(self) -> None:
        while not self._stopped.wait(_WAKE_SECONDS):
            now = time.monotonic()
            for run, (due, seconds, beat) in list(self._due.items()):
                if due <= now and run in self._due:
                    self._due[run] = (now + seconds, seconds, beat)
                    try:
                        beat()
                    except Exception:  # noqa: BLE001 — whatever it is, the other runs must not fall silent
                        _log.exception("A heartbeat could not be sent; the next one follows")

    def stop(self) -> None:
        self._stopped.set()

    @contextmanager
    def beats(self, run: object, seconds: float, beat: Callable[[], None]) -> Iterator[None]:
        self._due[run] = (time.monotonic() + seconds, seconds, beat)
        try:
            yield
        finally:
            self._due.pop(run, None)


@contextmanager
def one_heart() -> Iterator[None]:
    """Let one thread send the heartbeats of all runs of this process, the first of each when one is due.

    Prefect starts a thread for each run, which wakes once a second and speaks at once: the run's state has just told that it runs.
    """
    from prefect import flow_engine

    heart = _Heart()
    heart.start()

    @contextmanager
    def send_heartbeats(engine: Any, join_on_exit: bool = True) -> Iterator[None]:
        if not engine.heartbeat_seconds:
            yield
            return
        context = copy_context()  # of the run, which the event names

        def beat() -> None:
            state = engine.flow_run.state if engine.flow_run else None
            if state is None or not state.is_final():
                context.run(engine._emit_flow_run_heartbeat)

        with heart.beats(object(), engine.heartbeat_seconds, beat):
            yield

    flow_engine._send_heartbeats = send_heartbeats
    try:
        yield
    finally:
        heart.stop()


@asynccontextmanager
async def one_client() -> AsyncIterator[None]:
    """Give all runs of this context one client, which keeps all its connections to the server.

    By itself Prefect keeps half of them, and opens the others anew for each request. httpx looks at each connection twice a request, and
    the server answers one request at a time: half as many as Prefect's are enough.
    """
    keep_connections = {"limits": httpx.Limits(max_connections=_CONNECTIONS, max_keepalive_connections=_CONNECTIONS, keepalive_expiry=25)}
    async with AsyncClientContext(keep_connections) as clients:
        clients._httpx_settings = None  # else Prefect hands this client only to who asks for the same settings
        join_updates(clients.client)
        know_what_begins(clients.client)
        yield


def join_updates(client: PrefectClient) -> None:
    """Let what Prefect's engine notes of a run that begins go with the next thing that is noted, as a call's name; two requests in one.

    It is its flow's version and how often it is repeated. A run that ends without anything else being noted has it noted then.
    """
    update, set_state = client.update_flow_run, client.set_flow_run_state
    held: dict[UUID, dict[str, Any]] = {}

    async def update_flow_run(flow_run_id: UUID, **noted: Any) -> httpx.Response | None:
        if noted.keys() == {"flow_version", "empirical_policy"}:
            held[flow_run_id] = noted
            return None
        return await update(flow_run_id, **{**held.pop(flow_run_id, {}), **noted})

    async def set_flow_run_state(flow_run_id: UUID | str, state: State[Any], force: bool = False) -> OrchestrationResult[Any]:
        if not state.is_running() and (noted := held.pop(UUID(str(flow_run_id)), None)):
            await update(UUID(str(flow_run_id)), **noted)
        return await set_state(flow_run_id, state, force)

    client.update_flow_run = update_flow_run  # type: ignore[assignment, method-assign]
    client.set_flow_run_state = set_flow_run_state  # type: ignore[method-assign]


def know_what_begins(client: PrefectClient) -> None:
    """Let the engine's question for its own run, which it asks once the run has begun, be answered with what its worker was told of it.

    What beginning changes in a run is its state, which the server has just answered, and how often it has begun.
    """
    set_state, read = client.set_flow_run_state, client.read_flow_run

    async def set_flow_run_state(flow_run_id: UUID | str, state: State[Any], force: bool = False) -> OrchestrationResult[Any]:
        answer = await set_state(flow_run_id, state, force)
        supervision = _OF_THIS_RUN.get()
        taken = supervision.taken if supervision else None
        if supervision is None or taken is None or str(taken.id) != str(flow_run_id):
            return answer
        if answer.status == SetStateStatus.ACCEPT and answer.state is not None and answer.state.is_running():
            supervision.beginnings += 1
            supervision.begun = taken.model_copy(update={"state": answer.state, "run_count": taken.run_count + supervision.beginnings})
        return answer

    async def read_flow_run(flow_run_id: UUID) -> FlowRun:
        supervision = _OF_THIS_RUN.get()
        if supervision is None or supervision.begun is None or supervision.begun.id != flow_run_id:
            return await read(flow_run_id)
        begun, supervision.begun = supervision.begun, None
        return begun

    client.set_flow_run_state = set_flow_run_state  # type: ignore[method-assign]
    client.read_flow_run = read_flow_run  # type: ignore[method-assign]


def renew_leases_when_due() -> None:
    """Let a lease be renewed once three quarters of it have passed.

    Prefect renews each for the first time at once: one request in fifteen of a call, in a thread that opens a client for it.
    """
    from prefect.concurrency import _leases

    if hasattr(_leases._lease_renewal_loop, "__wrapped__"):
        return
    renew = _leases._lease_renewal_loop

    @wraps(renew)
    def renew_when_due(lease_id: UUID, lease_duration: float, stop_event: threading.Event) -> None:
        if not stop_event.wait(lease_duration * _leases._RENEWAL_FRACTION):
            renew(lease_id, lease_duration, stop_event)

    _leases._lease_renewal_loop = renew_when_due


def tell_less() -> None:
    """Let the runs of this process tell no event that tells nothing new, and let those of tasks and artifacts name their flow run alone.

    Of a limit Prefect tells that a slot was taken and given back. Each event of a task names its deployment, flow, pool, queue and tags,
    which its flow run's events name as well: six rows and half of the event. Its log of a run says again what the run's states say.
    """
    from prefect import task_engine
    from prefect.concurrency import _events
    from prefect.events.worker import EventsWorker

    if hasattr(EventsWorker.attach_related_resources_from_context, "__wrapped__"):
        return
    attach = EventsWorker.attach_related_resources_from_context

    @wraps(attach)
    async def attach_run(self: EventsWorker, event: Event) -> None:
        context = FlowRunContext.get()
        if not event.event.startswith(_OF_A_RUN) or context is None or context.flow_run is None:
            return await attach(self, event)
        run = {"prefect.resource.id": f"prefect.flow-run.{context.flow_run.id}", "prefect.resource.role": "flow-run"}
        event.related.append(RelatedResource({**run, "prefect.resource.name": context.flow_run.name}))
        return None

    @wraps(_events._emit_concurrency_event)
    def emit_nothing(*_: Any, **__: Any) -> None:
        return None

    EventsWorker.attach_related_resources_from_context = attach_run  # type: ignore[method-assign]
    task_engine.emit_task_run_state_change_event = tell_ends_of_short_tasks(task_engine.emit_task_run_state_change_event)  # type: ignore[attr-defined]
    _events._emit_concurrency_event = emit_nothing
    for name in _LOGS_OF_RUNS:
        logging.getLogger(name).addFilter(_says_more_than_states)


def tell_ends_of_short_tasks(emit: Callable[..., Event | None]) -> Callable[..., Event | None]:
    """What tells of a task's states by ``emit``: that it runs, once it has run for a second or ends otherwise than well, and how it ends.

    Prefect tells that it is pending, that it runs and how it ends, each a row of events, one of states and five parsings at the server. A
    task that completes within the second appears with its end, which names its beginning.
    """
    held: dict[UUID, tuple[asyncio.TimerHandle, Callable[[], object]]] = {}

    @wraps(emit)
    def emit_what_lasts(
        task_run: TaskRun, initial_state: State[Any] | None, validated_state: State[Any], follows: Event | None = None
    ) -> Event | None:
        if initial_state is None and validated_state.is_pending():
            return None
        timer, tell_that_it_runs = held.pop(task_run.id, (None, None))
        if timer is not None and tell_that_it_runs is not None:
            timer.cancel()
            if not validated_state.is_completed():
                tell_that_it_runs()
        if validated_state.is_running() and (loop := _running_loop()) is not None:
            tell = partial(emit, task_run.model_copy(), initial_state, validated_state)
            held[task_run.id] = (loop.call_later(_SHORT_SECONDS, _tell_held, held, task_run.id), tell)
            return None
        return emit(task_run, initial_state, validated_state, follows)

    return emit_what_lasts


def _tell_held(held: dict[UUID, tuple[asyncio.TimerHandle, Callable[[], object]]], task_run_id: UUID) -> None:
    _, tell = held.pop(task_run_id)
    tell()


def _running_loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:  # a task in a thread of its own
        return None


def _says_more_than_states(record: logging.LogRecord) -> bool:
    return record.levelno != logging.INFO or not record.getMessage().startswith(_AS_STATES_SAY)


def remember_deployments(client: PrefectClient) -> None:
    """Let a worker's client ask for a deployment once a minute: Prefect's worker sees before each run whether it is still there."""
    read = client.read_deployment
    known: dict[UUID | str, tuple[float, DeploymentResponse]] = {}

    async def read_deployment(deployment_id: UUID | str) -> DeploymentResponse:
        asked, deployment = known.get(deployment_id, (0.0, None))
        if deployment is None or time.monotonic() - asked > _REMEMBER_SECONDS:
            known.pop(deployment_id, None)  # where it is gone, the next question is asked as well
            deployment = await read(deployment_id)
            known[deployment_id] = (time.monotonic(), deployment)
        return deployment

    client.read_deployment = read_deployment  # type: ignore[method-assign]


def name_who_takes(client: PrefectClient, worker: str) -> None:
    """Let the state Pending, in which a worker takes a run, say which worker that is."""
    set_state = client.set_flow_run_state

    async def set_flow_run_state(flow_run_id: UUID | str, state: State[Any], force: bool = False) -> OrchestrationResult[Any]:
        if state.is_pending() and not state.message:
            state = state.model_copy(update={"message": f"Taken by worker {worker}"})
        return await set_state(flow_run_id, state, force)

    client.set_flow_run_state = set_flow_run_state  # type: ignore[method-assign]


class KnownConfiguration(BaseJobConfiguration):
    """What Prefect's worker tells with a run's events: its deployment and its flow, read once by a process.

    A resident worker is its runs' environment. Prefect would read both for each run and collect every setting into variables for a
    process that is never started: two requests and 16 ms.
    """

    _flows: ClassVar[dict[UUID, APIFlow]] = {}
    _deployments: ClassVar[dict[UUID, DeploymentResponse]] = {}

    @classmethod
    async def resolve_for_flow_run(cls, flow_run: FlowRun, *, client: PrefectClient, **_: Any) -> Self:
        """The configuration of a run, with what belongs to it."""
        known = cls()
        known._related_objects = {
            "deployment": await cls.deployment_of(flow_run, client),
            "flow": cls._flows.get(flow_run.flow_id) or cls._flows.setdefault(flow_run.flow_id, await client.read_flow(flow_run.flow_id)),
            "flow-run": flow_run,
        }
        return known

    @classmethod
    async def deployment_of(cls, flow_run: FlowRun, client: PrefectClient) -> DeploymentResponse:
        """The deployment of a run, as it was when this process first saw one of its runs."""
        if flow_run.deployment_id is None:
            raise ValueError("the flow run has no deployment, so there is nothing to load")
        key = flow_run.deployment_id
        return cls._deployments.get(key) or cls._deployments.setdefault(key, await client.read_deployment(key))


class OpenWorker(BaseWorker[KnownConfiguration, BaseVariables, BaseWorkerResult], abc.ABC):
    """Prefect's worker, with what a resident worker needs of its inside under public names."""

    job_configuration = KnownConfiguration
    job_configuration_variables = BaseVariables

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Take what every Prefect worker takes. ConfigurationError under a Prefect that is not known."""
        check_names()
        super().__init__(*args, **kwargs)
        check_attributes(self, WORKER_ATTRIBUTES)
        answer_for_each_run()
        renew_leases_when_due()
        tell_less()

    async def setup(self) -> None:
        """Do what every worker does."""
        await super().setup()
        remember_deployments(self.client)
        name_who_takes(self.client, self.name)

    @property
    def logger(self) -> "logging.Logger | logging.LoggerAdapter[logging.Logger]":
        """The worker's own log."""
        return self._logger

    @property
    def pool_name(self) -> str:
        """The pool that this worker serves."""
        return self._work_pool_name

    @property
    def queue_names(self) -> list[str]:
        """The queues that it serves; empty: all of the pool."""
        return sorted(self._work_queues)

    @property
    def pool_id(self) -> UUID | None:
        """The pool's id, once the server has told it."""
        return self._work_pool.id if self._work_pool else None

    @property
    def is_full(self) -> bool:
        """Whether runs may be waiting for this worker to finish one."""
        return self._limiter is not None and not self._limiter.available_tokens

    @abc.abstractmethod
    def cancel(self, flow_run_id: UUID) -> bool:
        """Begin to end a run that a person cancelled; False when it does not run here."""

    async def _cancel_run(self, flow_run_id: UUID) -> None:
        if not self.cancel(flow_run_id):
            await super()._cancel_run(flow_run_id)

    async def _propose_submitting_state(self, flow_run: FlowRun) -> None:
        """Go from Pending to Running: nothing is handed to an infrastructure meanwhile, and each state is a row, an event and 8 ms."""

    async def _give_worker_labels_to_flow_run(self, flow_run_id: UUID) -> None:
        """Write no labels, which are a request of their own: the state Pending names the worker."""

    def _emit_flow_run_submitted_event(self, configuration: BaseJobConfiguration) -> None:
        """Tell no event of a run's submission, and so none of its end: the run's state Pending names its worker, its states the rest."""

    def _record_work_pool_snapshot(self, work_pool: WorkPool) -> None:
        """Accept a pool of any type: the summarizer's resident worker serves the GPU pool beside process or ECS workers."""
        self._work_pool = work_pool


def parameters_of(deployment: RunnerDeployment) -> dict[str, Any]:
    """The schema of a deployment's parameters, as it is sent to the server: Prefect makes it when the flow is loaded, and keeps it."""
    check_names(COMMAND_NAMES)
    return deployment._parameter_openapi_schema.model_dump(exclude_unset=True)


def ask_connections_seldom() -> None:
    """Ask a connection to PostgreSQL at most every ten seconds whether it lives.

    Prefect asks before each use, with a transaction of its own: three messages there and back. A connection that
    PostgreSQL closes is known as closed at once; one that is cut off without a word is noticed by whoever uses it next, as it is now.
    """
    from sqlalchemy.dialects.postgresql.asyncpg import PGDialect_asyncpg

    ask, asked = PGDialect_asyncpg.do_ping, WeakKeyDictionary[Any, float]()

    @wraps(ask)
    def do_ping(self: PGDialect_asyncpg, dbapi_connection: Any) -> bool:
        connection = dbapi_connection.driver_connection
        if not connection.is_closed() and time.monotonic() - asked.get(connection, float("-inf")) < _ASK_SECONDS:
            return True
        lives: bool = ask(self, dbapi_connection)  # type: ignore[no-untyped-call]
        asked[connection] = time.monotonic()
        return lives

    PGDialect_asyncpg.do_ping = do_ping  # type: ignore[method-assign]


def spare_the_server() -> None:
    """Let Prefect's server in this process do what it does at less cost. ConfigurationError under a Prefect that is not known."""
    check_names(SERVER_NAMES)
    bind_plain_timestamps()
    ask_connections_seldom()
    parse_events_once()
    read_runs_at_once()
    tell_no_action_that_made_a_run()
    leave_out_old_clients()
    register_block_types_once()
    act_without_buckets()


def leave_out_old_clients() -> None:
    """Let the server complete no headers of clients before Prefect 3.6.19; for that it makes a task and two streams for each request."""
    from prefect.server.api import server

    make = server.create_api_app

    @wraps(make)
    def create_api_app(*arguments: Any, **options: Any) -> Any:
        app = make(*arguments, **options)
        app.user_middleware[:] = [
            one for one in app.user_middleware if getattr(one.kwargs.get("dispatch"), "__name__", "") != "default_content_type"
        ]
        return app

    server.create_api_app = create_api_app


def register_block_types_once() -> None:
    """Let the server write the types of blocks when its database does not have those of what is installed; which it has stands there.

    Prefect notes it in a file, which a container loses (``PREFECT_SERVER_MEMOIZE_BLOCK_AUTO_REGISTRATION``, off with us). Then it writes
    45 types at each start, and loads every integration for that, our worker as well.
    """
    from prefect.plugins import load_prefect_collections
    from prefect.server.models import block_registration, configuration
    from prefect.server.schemas.core import Configuration
    from sqlalchemy.ext.asyncio import AsyncSession

    register, kept = block_registration.run_block_auto_registration, cast(Any, configuration)

    @wraps(register)
    async def run_block_auto_registration(session: AsyncSession) -> None:
        installed = {"prefect": prefect.__version__, "integrations": _integrations()}
        async with session.begin():
            known = await kept.read_configuration(session, _BLOCK_TYPES)
        if known is not None and known.value == installed:
            return
        load_prefect_collections()
        await register(session=session)
        async with session.begin():
            await kept.write_configuration(session, Configuration(key=_BLOCK_TYPES, value=installed))

    block_registration.run_block_auto_registration = run_block_auto_registration


def _integrations() -> dict[str, str]:
    """Packages that may bring blocks of their own, with their versions."""
    return {one.dist.name: one.dist.version for one in entry_points(group="prefect.collections") if one.dist is not None}


def parse_events_once() -> None:
    """Let the server parse an event once for all of its services that hear of it.

    Each parses it for itself, five times in all, and changes nothing in it. Those that lag behind further than this parse again.
    """
    from prefect.server.events.schemas.events import ReceivedEvent

    if not hasattr(ReceivedEvent.model_validate_json, "__wrapped__"):
        parse = lru_cache(maxsize=_EVENTS_AT_HAND)(ReceivedEvent.model_validate_json)
        ReceivedEvent.model_validate_json = parse  # type: ignore[method-assign, assignment]


def read_runs_at_once() -> None:
    """Let the server read a run, and a deployment, together with its queue and pool.

    Prefect reads a run and its deployment several times a call, and what belongs to them after it, a statement each. The state of a run
    stays apart: joined, it would be missing where the run's row had to be waited for and has another state by then.
    """
    import sqlalchemy as sa
    from prefect.server.database import PrefectDBInterface, db_injector
    from prefect.server.models import deployments, flow_runs
    from sqlalchemy.ext.asyncio import AsyncSession
    from sqlalchemy.orm import joinedload

    @db_injector
    async def read_flow_run(db: PrefectDBInterface, session: AsyncSession, flow_run_id: UUID, for_update: bool = False) -> Any:
        queue_and_pool = joinedload(db.FlowRun.work_queue).joinedload(db.WorkQueue.work_pool)
        run = sa.select(db.FlowRun).where(db.FlowRun.id == flow_run_id).options(queue_and_pool)
        return (await session.execute(run.with_for_update(of=db.FlowRun) if for_update else run)).scalar()

    @db_injector
    async def read_deployment(db: PrefectDBInterface, session: AsyncSession, deployment_id: UUID) -> Any:
        queue_and_pool = joinedload(db.Deployment.work_queue).joinedload(db.WorkQueue.work_pool)
        what_belongs_to_it = (joinedload(db.Deployment.schedules), joinedload(db.Deployment.global_concurrency_limit), queue_and_pool)
        return await session.get(db.Deployment, deployment_id, options=what_belongs_to_it)

    flow_runs.read_flow_run = read_flow_run
    deployments.read_deployment = read_deployment


def tell_no_action_that_made_a_run() -> None:
    """Let an automation that has started a run tell no event of it: the run names the automation."""
    from prefect.server.events.actions import RunDeployment

    async def succeed(self: RunDeployment, triggered_action: object) -> None:
        return None

    RunDeployment.succeed = succeed  # type: ignore[method-assign, assignment]


def act_without_buckets() -> None:
    """Let an automation that acts on each event count no events: its count is one, and it acts at once.

    Prefect makes a row for the count, reads it, raises it, reads it again and deletes it: five statements and a transaction a call.
    """
    from prefect.server.events import triggers
    from prefect.server.events.schemas.automations import EventTrigger, Firing, TriggerState
    from prefect.server.events.schemas.events import ReceivedEvent
    from sqlalchemy.ext.asyncio import AsyncSession

    ensure, evaluate = cast(Any, triggers.ensure_bucket), triggers.evaluate

    @wraps(evaluate)
    async def evaluate_at_once(
        session: AsyncSession, trigger: EventTrigger, bucket: Any, now: Any, triggering_event: ReceivedEvent | None
    ) -> Any:
        if bucket is not _NO_BUCKET or triggering_event is None:
            return await evaluate(session, trigger, bucket, now, triggering_event)
        labels = dict(zip(sorted(trigger.for_each), trigger.bucketing_key(triggering_event), strict=False))
        firing = Firing(
            trigger=trigger,
            trigger_states={TriggerState.Triggered},
            triggered=datetime.now(UTC),
            triggering_labels=labels,
            triggering_event=triggering_event,
        )
        await triggers.fire(session, firing)
        return None

    async def ensure_bucket(session: AsyncSession, trigger: EventTrigger, *arguments: Any, **named: Any) -> Any:
        if acts_on_each_event(trigger):
            return _NO_BUCKET
        return await ensure(session, trigger, *arguments, **named)

    triggers.ensure_bucket, triggers.evaluate = ensure_bucket, evaluate_at_once


def acts_on_each_event(trigger: Any) -> bool:
    """Whether a trigger of Prefect's is reactive, of no time, and waits for neither a second event nor one before, nor another trigger."""
    return bool(trigger.immediate and trigger.threshold == 1 and not trigger.after and trigger.parent is trigger.automation)


def bind_plain_timestamps() -> None:
    """Let every timestamp of Prefect's server reach the database's driver as a ``datetime``.

    Below Python 3.13 Prefect's are ``pendulum.DateTime``. asyncpg subtracts its epoch from each, over a thousand times a call: 18
    microseconds, 0.1 for a ``datetime``, 1.4 to make the one of the other; an eighth of the server's processor time (ADR 9).
    """
    if sys.version_info >= (3, 13):
        return
    from prefect.server.utilities.database import Timestamp

    bind = Timestamp.process_bind_param

    @wraps(bind)
    def process_bind_param(self: Timestamp, value: datetime | None, dialect: Any) -> datetime | None:
        it = bind(self, value, dialect)
        if it is None or type(it) is datetime:
            return it
        return datetime(it.year, it.month, it.day, it.hour, it.minute, it.second, it.microsecond, it.tzinfo, fold=it.fold)

    Timestamp.process_bind_param = process_bind_param  # type: ignore[method-assign]
