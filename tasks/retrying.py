"""How runs behave in Prefect: which failures a task repeats and how patiently, by error class, and that results stay with us."""

from typing import Any

from prefect import Task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State, TaskRun
from prefect.settings import get_current_settings
from prefect.tasks import exponential_backoff

from models.errors import TransientError


def is_transient(task: Task[..., Any], task_run: TaskRun, state: State[Any]) -> bool:
    """Repeat only what may succeed later; a permanent error is called once."""
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
