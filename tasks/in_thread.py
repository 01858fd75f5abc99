"""One decorator that makes an async task of a sync function, so that no task needs a twin."""

import asyncio
from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from prefect import Task

from tasks.without_words import call_task

P = ParamSpec("P")
R = TypeVar("R")


def task_in_thread(name: str, **options: Any) -> Callable[[Callable[P, R]], Task[P, Coroutine[Any, Any, R]]]:
    """Make an async task of a sync function: it runs in a thread, and again while it meets what may succeed later.

    ``options`` are Prefect's and go before ``RETRY_TRANSIENT``. The function itself is the plain edge: it takes clients from the wiring and
    hands them to a function that is given all it needs.
    """

    def decorate(function: Callable[P, R]) -> Task[P, Coroutine[Any, Any, R]]:
        @wraps(function)
        async def run(*args: P.args, **kwargs: P.kwargs) -> R:
            return await asyncio.to_thread(function, *args, **kwargs)

        return call_task(name, **options)(run)

    return decorate
