"""How runs behave in Prefect: which failures a task repeats and how patiently, by error class, and that results stay with us."""

from datetime import UTC, datetime
from typing import Any

from prefect import Task, runtime
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State, TaskRun
from prefect.settings import get_current_settings
from prefect.tasks import exponential_backoff

from models.errors import TransientError, VendorUnreachable
from tasks.flow_names import CALL_FLOW, SUMMARY_FLOW

# Where nobody answers, a call says so in its own state within ten seconds instead of looking busy for minutes: it waits in its queue.
_TRIES, _SECONDS = 3, 2.5
_WAITS_IN_ITS_QUEUE = (CALL_FLOW, SUMMARY_FLOW)


def is_transient(task: Task[..., Any], task_run: TaskRun, state: State[Any]) -> bool:
    """Repeat only what may succeed later; a permanent error is called once. Calls ask who cannot be reached again but briefly."""
    if isinstance(state.data, VendorUnreachable) and runtime.flow_run.flow_name in _WAITS_IN_ITS_QUEUE:
        begun = task_run.start_time or datetime.now(UTC)
        return task_run.run_count < _TRIES and (datetime.now(UTC) - begun).total_seconds() < _SECONDS
    return isinstance(state.data, TransientError)


# 1 + 2 + 4 + … + 64 s, each with up to half as much again: about two to three minutes of a vendor's bad day. What is still
# broken then fails the run, and the reconciler starts the call again later. Results are not persisted: the call record is
# the checkpoint, and transcripts must not lie in a second place.
RETRY_TRANSIENT: dict[str, Any] = {
    "retries": 7,
    "retry_delay_seconds": exponential_backoff(1),
    "retry_jitter_factor": 0.5,
    "retry_condition_fn": is_transient,
    "persist_result": False,
    "cache_policy": NO_CACHE,
}

# Flows that run once or twice a call. Nothing is stored, for the same reason; naming a place all the same saves the three requests
# with which Prefect asks its server for one, one of which holds up every other run of the process.
NO_RESULT: dict[str, Any] = {"persist_result": False, "result_storage": get_current_settings().results.local_storage_path}
