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
from collections.abc import Coroutine
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import Context, copy_context
from dataclasses import dataclass, field
from types import FrameType
from typing import Any, ClassVar
from uuid import UUID

import anyio
import anyio.abc
from prefect.client.schemas.filters import WorkPoolFilter, WorkPoolFilterName, WorkQueueFilter, WorkQueueFilterName
from prefect.client.schemas.objects import FlowRun, State
from prefect.context import SettingsContext, SyncClientContext, get_settings_context
from prefect.exceptions import Abort, ObjectNotFound, Pause, TerminationSignal
from prefect.flow_engine import run_flow
from prefect.flows import Flow, load_flow_from_entrypoint
from prefect.settings import PREFECT_WORKER_ENABLE_CANCELLATION, get_current_settings
from prefect.states import AwaitingRetry, Cancelled
from prefect.workers.base import BaseWorkerResult

from deployments.garbage import freeze_gc
from deployments.prefect_private import (
    Intent,
    KnownConfiguration,
    OpenWorker,
    Supervision,
    one_client,
    one_heart,
    one_suspension_observer,
    supervise,
)
from deployments.run_events import listen_for_runs
from models.errors import ReadbackError
from wiring.configuration import load_settings

# Blocking vendor calls of all runs share these threads; a call waits for the network, not for a core.
BLOCKING_THREADS = 64
_INSIST_SECONDS = 3.0
# Runs that are scheduled within this time are asked for together, and so are those within the second one after a question. The first
# after a pause is not made to wait, so one call a second is as quick; of many at once each would be asked for alone.
_GATHER_SECONDS = 0.005
_REST_SECONDS = 0.3


class ResidentResult(BaseWorkerResult):
    """How a run left this process: 0 when Prefect's engine has recorded its end."""


@dataclass
class _RunInFlight:
    flow_run: FlowRun
    supervision: Supervision = field(default_factory=Supervision)
    task: asyncio.Task[None] | None = None
    relinquished: bool = False
    cancelled: bool = False


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
        with SyncClientContext(), one_heart():
            async with one_client(), one_suspension_observer():
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


class ResidentWorker(OpenWorker):
    """Runs async flows in this process, many at a time, with everything they loaded still loaded."""

    type: ClassVar[str] = "resident"  # type: ignore[misc]
    _display_name = "Resident"
    _description = "Keeps flows, clients and models loaded and runs many async flow runs in one process."

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Take what every Prefect worker takes."""
        super().__init__(*args, **kwargs)
        # Made once: Prefect's ``temporary_settings`` makes all settings anew, 45 ms each time.
        self._cancelling = get_current_settings().copy_with_update({PREFECT_WORKER_ENABLE_CANCELLATION: True})
        self._run_loop = _RunLoop()
        self._in_flight: dict[UUID, _RunInFlight] = {}
        self._flows: dict[str, Flow[..., Any]] = {}
        self._ending = False
        self._asking = asyncio.Lock()
        self._runs_scheduled = asyncio.Event()
        self._listening: list[asyncio.Task[None]] = []
        self._warming: asyncio.Task[None] | None = None

    async def setup(self) -> None:
        """Start the loop of the runs, do what every worker does, and load the flows of the pool before a run asks for them."""
        freeze_gc()
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

    async def sync_with_backend(self) -> None:
        """Tell the server of this worker; the first time, begin to hear of cancelled and of scheduled runs.

        Prefect leaves cancellation to the process of a run, and here there is none.
        """
        with SettingsContext(profile=get_settings_context().profile, settings=self._cancelling):
            await super().sync_with_backend()
        if self.pool_id is not None and not self._listening:
            listen = listen_for_runs(self.pool_id, self._runs_scheduled.set, self.logger)
            self._listening = [asyncio.create_task(listen), asyncio.create_task(self._take_what_is_scheduled())]

    async def _take_what_is_scheduled(self) -> None:
        while True:
            await self._runs_scheduled.wait()
            await asyncio.sleep(_GATHER_SECONDS)
            self._runs_scheduled.clear()
            try:
                await self.get_and_submit_flow_runs()
            except Exception as error:  # noqa: BLE001 — the regular questions go on, and the next event must be heard
                self.logger.warning("The server did not say which runs are scheduled: %s: %s", type(error).__name__, error)
            await asyncio.sleep(_REST_SECONDS)

    async def run(
        self,
        flow_run: FlowRun,
        configuration: KnownConfiguration,
        task_status: anyio.abc.TaskStatus[int] | None = None,
    ) -> ResidentResult:
        """Run one flow run to its end, under Prefect's own submission.

        The run counts as being submitted until it has ended: so long Prefect's worker listens for its cancellation, holds its slot,
        and marks it Crashed should it not even begin. There is no infrastructure whose id could be noted on the run, hence ``None``.
        """
        try:
            await self._execute(flow_run)
        finally:
            if self.is_full:
                self._runs_scheduled.set()  # runs may have been left waiting for this slot
        if task_status is not None:
            task_status.started(None)  # type: ignore[arg-type]
        return ResidentResult(identifier=str(os.getpid()), status_code=0)

    async def _execute(self, flow_run: FlowRun) -> None:
        flow = await self._flow_of(flow_run)
        run = _RunInFlight(flow_run, Supervision(taken=flow_run.model_copy()))
        self._in_flight[flow_run.id] = run
        try:
            await asyncio.shield(asyncio.wrap_future(self._run_loop.submit(run, _engine(flow, run))))
            if run.cancelled:
                await self._set_state(flow_run, Cancelled(message="Cancelled by a person."))
        finally:
            if run.task is None or run.task.done():
                self._in_flight.pop(flow_run.id, None)

    async def _preload(self) -> None:
        """Load each flow of this worker's queues, and call its module's ``preload`` where there is one.

        What cannot be loaded now is logged and fails the run that needs it, with the reason.
        """
        deployments = await self.client.read_deployments(
            work_pool_filter=WorkPoolFilter(name=WorkPoolFilterName(any_=[self.pool_name])),
            work_queue_filter=WorkQueueFilter(name=WorkQueueFilterName(any_=self.queue_names)) if self.queue_names else None,
        )
        for deployment in deployments:
            try:
                flow = await self._load(deployment.entrypoint or "")
                await _call_where_there_is_one(flow, "preload")
            except ReadbackError as error:
                self.logger.error("Deployment %s could not be loaded: %s: %s", deployment.name, error.code, error)
            except Exception:
                self.logger.exception("Deployment %s could not be loaded", deployment.name)

    async def _warm_up(self) -> None:
        """Call ``warm_up`` of the loaded flows' modules where there is one; runs are taken meanwhile, so a failure is left to them."""
        for entrypoint, flow in list(self._flows.items()):
            try:
                await _call_where_there_is_one(flow, "warm_up")
            except Exception as error:  # noqa: BLE001 — the run that needs it says so again, with the remedy
                self.logger.warning("%s could not be warmed up: %s: %s", entrypoint, type(error).__name__, error)
        freeze_gc()

    async def _flow_of(self, flow_run: FlowRun) -> Flow[..., Any]:
        """Load the flow of a run's deployment, once for each entry point."""
        deployment = await KnownConfiguration.deployment_of(flow_run, self.client)
        if not deployment.entrypoint:
            raise ValueError(f"deployment {deployment.name!r} has no entry point")
        return await self._load(deployment.entrypoint)

    async def _load(self, entrypoint: str) -> Flow[..., Any]:
        if entrypoint not in self._flows:
            loaded: Flow[..., Any] = await asyncio.to_thread(load_flow_from_entrypoint, entrypoint, use_placeholder_flow=False)
            if not loaded.isasync:
                raise TypeError(f"{entrypoint} is a sync flow: a resident worker cannot interrupt it; write it async")
            self._flows[entrypoint] = loaded
        return self._flows[entrypoint]

    def cancel(self, flow_run_id: UUID) -> bool:
        """End one run because a person cancelled it; False when it does not run here."""
        run = self._in_flight.get(flow_run_id)
        if run is not None:
            self._end(run, "cancel")
        return run is not None

    def _end(self, run: _RunInFlight, intent: Intent) -> None:
        run.supervision.intent = intent
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
        await self._set_state(flow_run, AwaitingRetry(message="Its worker was stopped; another one takes it over."))

    async def _set_state(self, flow_run: FlowRun, state: State[Any]) -> None:
        try:
            await self.client.set_flow_run_state(flow_run.id, state, force=True)
        except ObjectNotFound:
            self.logger.info("Flow run %s was deleted before it could be marked %s", flow_run.id, state.name)


async def _call_where_there_is_one(flow: Flow[..., Any], name: str) -> None:
    """Call a function without parameters of a flow's module, in a thread, where the module has it."""
    function = getattr(sys.modules[flow.fn.__module__], name, None)
    if function is not None:
        await asyncio.to_thread(function)


async def _engine(flow: Flow[..., Any], run: _RunInFlight) -> None:
    """Hand one run to Prefect's engine, which records every end but those that somebody asked for."""
    supervise(run.supervision)
    try:
        outcome = run_flow(flow, flow_run=run.flow_run, return_type="state")
        if asyncio.iscoroutine(outcome):
            await outcome
    except (Abort, Pause):
        return  # the orchestrator has set the state
    except (TerminationSignal, asyncio.CancelledError):
        # Given back by the worker or cancelled by a person: the worker sets the state. The engine sets Cancelled only for
        # runs that no runner supervises, and under a worker it takes itself for supervised.
        run.relinquished = run.supervision.intent == "reschedule"
        run.cancelled = run.supervision.intent == "cancel"
