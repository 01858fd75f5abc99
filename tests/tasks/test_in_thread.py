"""One decorator makes the async task of a sync function."""

import inspect
import threading

from prefect import Task

from tasks.in_thread import task_in_thread
from tasks.retrying import RETRY_TRANSIENT


@task_in_thread("add", timeout_seconds=9)
def add(one: int, *, other: int = 2) -> tuple[int, int]:
    """The sum."""
    return one + other, threading.get_ident()


async def test_the_function_runs_in_a_thread_of_its_own() -> None:
    total, thread = await add.fn(3, other=4)
    assert total == 7
    assert thread != threading.get_ident()


def test_the_task_is_named_documented_and_repeats_what_is_transient() -> None:
    assert isinstance(add, Task)
    assert (add.name, add.description, add.isasync, add.timeout_seconds) == ("add", "The sum.", True, 9)
    assert (add.retries, add.retry_condition_fn) == (RETRY_TRANSIENT["retries"], RETRY_TRANSIENT["retry_condition_fn"])
    assert list(inspect.signature(add.fn).parameters) == ["one", "other"]
