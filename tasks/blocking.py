"""Async Prefect tasks of plain functions: the function runs in a thread, so that it may wait for S3 or compute."""

import asyncio
import functools
from collections.abc import Callable, Coroutine
from typing import Any, ParamSpec, TypeVar

from prefect import Task, task

P = ParamSpec("P")
R = TypeVar("R")


def blocking_task(name: str, **options: Any) -> Callable[[Callable[P, R]], Task[P, Coroutine[Any, Any, R]]]:
    """Make an async task of a function that blocks; ``options`` are those of ``prefect.task``, such as how it is retried."""

    def decorate(function: Callable[P, R]) -> Task[P, Coroutine[Any, Any, R]]:
        @functools.wraps(function)
        async def in_a_thread(*args: P.args, **kwargs: P.kwargs) -> R:
            return await asyncio.to_thread(function, *args, **kwargs)

        return task(name=name, **options)(in_a_thread)

    return decorate
