"""A worker that keeps its flows loaded: ``prefect worker start --type resident``.

Prefect's process worker starts a Python for every run, seconds of work before a call is even looked at, and a summarizer
would load its model each time. This worker imports a deployment's module once and runs its async flows on one event loop
in a thread of its own, so module globals (clients, the model) stay. The deployments are ordinary ones: a stock process or
ECS worker runs them too. A deployment's job variables (environment, command) do not apply here: this process's do.

Ending: a cancelled run is cancelled alone. On SIGTERM the worker takes no more runs, lets those in flight finish for
``READBACK_DRAIN_SECONDS`` and gives the rest back to the pool (AwaitingRetry), so that nothing stays Running.
"""

import asyncio
import os
import signal
import sys
import threading
from collections.abc import Coroutine, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import Context, copy_context
from dataclasses import dataclass, field
from importlib.metadata import entry_points
from types import FrameType
from typing import Any, ClassVar
from uuid import UUID

import anyio
import anyio.abc
import httpx
from prefect import flow_engine
from prefect._flow_run_suspension import mark_flow_run_suspension_requested
from prefect._internal.observers import FlowRunCancellingObserver, FlowRunSuspendingObserver
from prefect.client.schemas.filters import WorkPoolFilter, WorkPoolFilterName, WorkQueueFilter, WorkQueueFilterName
from prefect.client.schemas.objects import FlowRun, Integration, State, WorkerMetadata, WorkPool
from prefect.context import AsyncClientContext, SyncClientContext
from prefect.events.filters import EventAnyResourceFilter, EventFilter, EventNameFilter
from prefect.exceptions import Abort, ObjectNotFound, Pause, TerminationSignal
from prefect.flow_engine import run_flow
from prefect.flows import Flow, load_flow_from_entrypoint
from prefect.settings import get_current_settings
from prefect.states import AwaitingRetry
from prefect.workers.base import BaseJobConfiguration, BaseVariables, BaseWorker, BaseWorkerResult

from deployments.collector import spare_the_collector
from deployments.doorbell import listen_for_runs
from deployments.termination import Intent, Termination, begin, install
from wiring.configuration import load_settings

# Blocking vendor calls of all runs share these threads; a call waits for the network, not for a core.
BLOCKING_THREADS = 64
# As many connections to the server as Prefect opens at once; by itself it keeps half of them, and opens the others anew for each request.
_KEEP_CONNECTIONS = {"limits": httpx.Limits(max_connections=16, max_keepalive_connections=16, keepalive_expiry=25)}
_INSIST_SECONDS = 3.0
# Runs that are scheduled within this time are asked for together.
_GATHER_SECONDS = 0.005


class ResidentResult(BaseWorkerResult):
    """How a run left this process: 0 when Prefect's engine has recorded its end."""


@dataclass
class _RunInFlight:
    flow_run: FlowRun
    termination: Termination = field(default_factory=Termination)
    task: asyncio.Task[None] | None = None
    relinquished: bool = False
    cancelled: bool = False


def _suspend(flow_run_id: UUID, state: State[Any]) -> None:
    mark_flow_run_suspension_requested(flow_run_id, state)


def _share(observer: FlowRunSuspendingObserver) -> None:
    """Let one observer tell all runs of this process that a person suspended them.

    Prefect starts a thread with an event loop, a client and a websocket for each run, and blocks the loop that the run is on until
    they stand: with many runs on one loop each waits for all the others' connections.
    """

    @contextmanager
    def observe(flow_run_id: UUID, *_: object, **__: object) -> Iterator[None]:
        observer.add_in_flight_flow_run_id(flow_run_id)
        try:
            yield
        finally:
            observer.remove_in_flight_flow_run_id(flow_run_id)

    flow_engine.observe_flow_run_suspension = observe  # type: ignore[attr-defined]


class _RunLoop:
    """An event loop in a thread of its own, with one Prefect client that all runs share."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._context: Context | None = None
        self._stopping = asyncio.Event()
        self._started = threading.Event()
        self._thread = threading.Thread(target=self._main, name="resident-runs", daemon=True)

    def start(self) -> None:
        self._thread.start()
        self._started.wait()
        if self._context is None:
            self._thread.join()  # it is still writing its error down; ending the process under it would abort the interpreter
            # A worker that lived on without its loop would take every run and crash it; whoever keeps it up starts it again.
            raise RuntimeError("the loop of the resident worker did not start: see the error above")

    def _main(self) -> None:
        asyncio.set_event_loop(self.loop)
        self.loop.set_default_executor(ThreadPoolExecutor(BLOCKING_THREADS, thread_name_prefix="resident-blocking"))
        try:
            self.loop.run_until_complete(self._serve())
        finally:
            self._started.set()

    async def _serve(self) -> None:
        # Prefect's engine makes three blocking clients a run, only to see whether one is needed; the runs share one of those as well.
        with SyncClientContext():
            async with AsyncClientContext(_KEEP_CONNECTIONS) as clients, FlowRunSuspendingObserver(on_suspended=_suspend) as observer:
                clients._httpx_settings = None  # else Prefect hands this client only to who asks for the same settings
                _share(observer)
                self._context = copy_context()
                self._started.set()
                await self._stopping.wait()

    def submit(self, run: _RunInFlight, work: Coroutine[Any, Any, None]) -> "Future[None]":
        """Start a run's coroutine on the loop; the future ends when it does."""
        done: Future[None] = Future()
        if self._context is None:
            work.close()
            raise RuntimeError("the loop of the resident worker has not been started")
        context = self._context.copy()

        def begin_task() -> None:
            run.task = self.loop.create_task(work, name=str(run.flow_run.id), context=context)
            run.task.add_done_callback(finish)

        def finish(task: asyncio.Task[None]) -> None:
            if task.cancelled():
                done.set_result(None)
            elif error := task.exception():
                done.set_exception(error)
            else:
                done.set_result(None)

        self.loop.call_soon_threadsafe(begin_task)
        return done

    def stop(self) -> None:
        self.loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join(timeout=10)


class ResidentWorker(BaseWorker[BaseJobConfiguration, BaseVariables, ResidentResult]):
    """Runs async flows in this process, many at a time, with everything they loaded still loaded."""

    type: ClassVar[str] = "resident"  # type: ignore[misc]
    job_configuration = BaseJobConfiguration
    job_configuration_variables = BaseVariables
    _display_name = "Resident"
    _description = "Keeps flows, clients and models loaded and runs many async flow runs in one process."

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Take what every Prefect worker takes."""
        super().__init__(*args, **kwargs)
        install()
        self._run_loop = _RunLoop()
        self._in_flight: dict[UUID, _RunInFlight] = {}
        self._flows: dict[str, Flow[..., Any]] = {}
        self._entrypoints: dict[UUID, str] = {}
        self._ending = False
        self._asking = asyncio.Lock()
        self._bell = asyncio.Event()
        self._listening: list[asyncio.Task[None]] = []
        self._warming: asyncio.Task[None] | None = None

    async def setup(self) -> None:
        """Start the loop of the runs, do what every worker does, and load the flows of the pool before a run asks for them."""
        spare_the_collector()
        self._run_loop.start()
        self._insist_on_ending()
        await super().setup()
        await self._preload()
        self._warming = asyncio.create_task(self._warm_up())

    async def teardown(self, *exc_info: Any) -> None:
        """Let runs in flight finish, give the rest back, then stop."""
        self._ending = True
        for task in (*self._listening, self._warming):
            if task is not None:
                task.cancel()
        with anyio.CancelScope(shield=True):
            await self._drain()
        await super().teardown(*exc_info)
        self._run_loop.stop()

    def _insist_on_ending(self) -> None:
        """Cancel this worker's main task as long as a SIGTERM has not made it end.

        Prefect turns SIGTERM into one cancellation. It was seen to get lost, and the worker took runs until it was killed.
        """
        first, main = signal.getsignal(signal.SIGTERM), asyncio.current_task()
        if threading.current_thread() is not threading.main_thread() or not callable(first) or main is None:
            return
        loop = asyncio.get_running_loop()

        def insist() -> None:
            if not self._ending:
                main.cancel()
                loop.call_later(_INSIST_SECONDS, insist)

        def end(number: int, frame: FrameType | None) -> None:
            loop.call_soon_threadsafe(loop.call_later, _INSIST_SECONDS, insist)
            first(number, frame)

        signal.signal(signal.SIGTERM, end)

    async def get_and_submit_flow_runs(self) -> list[FlowRun]:
        """Ask for runs; at the regular time, and whenever one was scheduled or a slot has become free."""
        async with self._asking:
            return await super().get_and_submit_flow_runs()

    async def _worker_metadata(self) -> WorkerMetadata | None:
        """The integrations that are installed, as Prefect tells them, but without reading what every installed package is (0.2 s)."""
        installed = [entry.dist for entry in entry_points(group="prefect.collections") if entry.dist]
        integrations = [Integration(name=package.name, version=package.version) for package in installed]
        return WorkerMetadata(integrations=integrations) if integrations else None

    async def _initialize_after_sync(self) -> None:
        await super()._initialize_after_sync()
        if self._work_pool is not None and not self._listening:
            listen = listen_for_runs(self._work_pool.id, self._bell.set, self._logger)
            self._listening = [asyncio.create_task(listen), asyncio.create_task(self._answer_the_bell())]

    async def _answer_the_bell(self) -> None:
        while True:
            await self._bell.wait()
            await asyncio.sleep(_GATHER_SECONDS)
            self._bell.clear()
            try:
                await self.get_and_submit_flow_runs()
            except Exception as error:  # noqa: BLE001 — the regular questions go on, and the next ring must be heard
                self._logger.warning("The server did not say which runs are scheduled: %s: %s", type(error).__name__, error)

    async def run(
        self,
        flow_run: FlowRun,
        configuration: BaseJobConfiguration,
        task_status: anyio.abc.TaskStatus[int] | None = None,
    ) -> ResidentResult:
        """Run one flow run to its end (the way in for ``worker.submit``; scheduled runs take ``_submit_run``)."""
        if task_status is not None:
            task_status.started(os.getpid())
        await self._execute(flow_run)
        return ResidentResult(identifier=str(os.getpid()), status_code=0)

    async def _submit_run(self, flow_run: FlowRun) -> None:
        """Take a scheduled run without the half dozen requests that starting infrastructure costs the server."""
        try:
            if await self._propose_pending_state(flow_run):
                await self._execute(flow_run)
        except Exception as error:  # noqa: BLE001 — reported on the run itself; the worker must survive any run
            self.get_flow_run_logger(flow_run).exception("The resident worker could not run this flow run")
            await self._propose_crashed_state(flow_run, f"The resident worker could not run it: {type(error).__name__}: {error}")
        finally:
            if self._limiter is not None and not self._limiter.available_tokens:
                self._bell.set()  # runs may have been left waiting for this slot
            self._release_limit_slot(flow_run.id)
            self._submitting_flow_run_ids.discard(flow_run.id)
            if self._cancelling_observer is not None:
                self._cancelling_observer.remove_in_flight_flow_run_id(flow_run.id)

    async def _execute(self, flow_run: FlowRun) -> None:
        flow = await self._flow_of(flow_run)
        run = _RunInFlight(flow_run)
        self._in_flight[flow_run.id] = run
        try:
            await asyncio.shield(asyncio.wrap_future(self._run_loop.submit(run, _engine(flow, run))))
            if run.cancelled:
                await self._mark_flow_run_as_cancelled(flow_run, state_updates={"message": "Cancelled by a person."})
        finally:
            if run.task is None or run.task.done():
                self._in_flight.pop(flow_run.id, None)

    async def _preload(self) -> None:
        """Load each flow of this worker's queues, and call its module's ``preload`` where there is one.

        What cannot be loaded now is logged and fails the run that needs it, with the reason.
        """
        deployments = await self.client.read_deployments(
            work_pool_filter=WorkPoolFilter(name=WorkPoolFilterName(any_=[self._work_pool_name])),
            work_queue_filter=WorkQueueFilter(name=WorkQueueFilterName(any_=sorted(self._work_queues))) if self._work_queues else None,
        )
        for deployment in deployments:
            try:
                flow = await self._load(deployment.entrypoint or "")
                await _call_where_there_is_one(flow, "preload")
            except Exception:
                self._logger.exception("Deployment %s could not be loaded", deployment.name)

    async def _warm_up(self) -> None:
        """Call ``warm_up`` of the loaded flows' modules where there is one; runs are taken meanwhile, so a failure is left to them."""
        for entrypoint, flow in list(self._flows.items()):
            try:
                await _call_where_there_is_one(flow, "warm_up")
            except Exception as error:  # noqa: BLE001 — the run that needs it says so again, with the remedy
                self._logger.warning("%s could not be warmed up: %s: %s", entrypoint, type(error).__name__, error)
        spare_the_collector()

    async def _flow_of(self, flow_run: FlowRun) -> Flow[..., Any]:
        """Load the flow of a run's deployment, once for each entry point."""
        if flow_run.deployment_id is None:
            raise ValueError("the flow run has no deployment, so there is nothing to load")
        entrypoint = self._entrypoints.get(flow_run.deployment_id)
        if entrypoint is None:
            deployment = await self.client.read_deployment(flow_run.deployment_id)
            if not deployment.entrypoint:
                raise ValueError(f"deployment {deployment.name!r} has no entry point")
            entrypoint = self._entrypoints.setdefault(flow_run.deployment_id, deployment.entrypoint)
        return await self._load(entrypoint)

    async def _load(self, entrypoint: str) -> Flow[..., Any]:
        if entrypoint not in self._flows:
            loaded: Flow[..., Any] = await asyncio.to_thread(load_flow_from_entrypoint, entrypoint, use_placeholder_flow=False)
            if not loaded.isasync:
                raise TypeError(f"{entrypoint} is a sync flow: a resident worker cannot interrupt it; write it async")
            self._flows[entrypoint] = loaded
        return self._flows[entrypoint]

    async def _setup_cancellation_observer(self) -> None:
        """Listen for cancelled runs of this pool; without it only the run's own process could be told, and here there is none.

        Prefect's own switch for this (``worker.enable_cancellation``) is off by default and is about runs that have not started.
        """
        if self._cancelling_observer is not None or self._work_pool is None:
            return
        self._cancelling_observer = await self._exit_stack.enter_async_context(
            FlowRunCancellingObserver(
                on_cancelling=self._cancel_soon,
                polling_interval=get_current_settings().worker.cancellation_poll_seconds,
                event_filter=EventFilter(
                    event=EventNameFilter(name=["prefect.flow-run.Cancelling"]),
                    any_resource=EventAnyResourceFilter(id=[f"prefect.work-pool.{self._work_pool.id}"]),
                ),
            )
        )

    def _cancel_soon(self, flow_run_id: UUID) -> None:
        if self._runs_task_group is not None:
            self._runs_task_group.start_soon(self._cancel_run, flow_run_id)

    async def _cancel_run(self, flow_run_id: UUID) -> None:
        """End one run because a person cancelled it; Prefect's engine records Cancelled."""
        run = self._in_flight.get(flow_run_id)
        if run is None:
            await super()._cancel_run(flow_run_id)
            return
        self._end(run, "cancel")

    def _end(self, run: _RunInFlight, intent: Intent) -> None:
        run.termination.intent = intent
        if run.task is not None:
            self._run_loop.loop.call_soon_threadsafe(run.task.cancel)

    async def _drain(self) -> None:
        """Wait for runs in flight, then give back those that are left."""
        await self._wait_for_runs(load_settings().drain_seconds)
        left = list(self._in_flight.values())
        for run in left:
            self._end(run, "reschedule")
        await self._wait_for_runs(10)
        for run in left:
            if run.relinquished:
                await self._give_back(run.flow_run)

    async def _wait_for_runs(self, seconds: float) -> None:
        with anyio.move_on_after(seconds):
            while any(run.task is None or not run.task.done() for run in self._in_flight.values()):
                await anyio.sleep(0.05)
        self._in_flight = {key: run for key, run in self._in_flight.items() if run.task is None or not run.task.done()}

    async def _give_back(self, flow_run: FlowRun) -> None:
        try:
            await self.client.set_flow_run_state(
                flow_run.id, AwaitingRetry(message="Its worker was stopped; another one takes it over."), force=True
            )
        except ObjectNotFound:
            self._logger.info("Flow run %s was deleted while its worker stopped", flow_run.id)

    def _record_work_pool_snapshot(self, work_pool: WorkPool) -> None:
        """Accept a pool of any type: the summarizer's resident worker serves the GPU pool beside process or ECS workers."""
        self._work_pool = work_pool


async def _call_where_there_is_one(flow: Flow[..., Any], name: str) -> None:
    """Call a function without parameters of a flow's module, in a thread, where the module has it."""
    function = getattr(sys.modules[flow.fn.__module__], name, None)
    if function is not None:
        await asyncio.to_thread(function)


async def _engine(flow: Flow[..., Any], run: _RunInFlight) -> None:
    """Hand one run to Prefect's engine, which records every end but those that somebody asked for."""
    begin(run.termination)
    try:
        outcome = run_flow(flow, flow_run=run.flow_run, return_type="state")
        if asyncio.iscoroutine(outcome):
            await outcome
    except (Abort, Pause):
        return  # the orchestrator has set the state
    except (TerminationSignal, asyncio.CancelledError):
        # Given back by the worker or cancelled by a person: the worker sets the state. The engine sets Cancelled only for
        # runs that no runner supervises, and under a worker it takes itself for supervised.
        run.relinquished = run.termination.intent == "reschedule"
        run.cancelled = run.termination.intent == "cancel"
