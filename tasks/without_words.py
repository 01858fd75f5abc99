"""What runs about calls may say of a fault: our own sentences, and never an exception that may hold a caller's words.

Prefect writes a failed task's exception into its state, and the state into an event that it keeps for days and cannot delete. Our errors
name no caller (``models.errors``). Any other exception might: of a wrong value it tells the value.
"""

import traceback
from collections.abc import Awaitable, Callable, Coroutine
from functools import wraps
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from prefect import Task, task

from models.errors import ReadbackError, Unexpected
from tasks.retrying import RETRY_TRANSIENT

P = ParamSpec("P")
R = TypeVar("R")


def without_words(function: Callable[P, Awaitable[R]]) -> Callable[P, Coroutine[Any, Any, R]]:
    """Let an async function raise errors of ours alone; any other is told by its class and place, and whole in the log of its run."""

    @wraps(function)
    async def run(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return await function(*args, **kwargs)
        except ReadbackError:
            raise
        except Exception as error:
            place = traceback.extract_tb(error.__traceback__)[-1]
            message = f"{type(error).__name__} in {Path(place.filename).name}, line {place.lineno}"
            raise Unexpected(message, remedy="The run's log tells the rest") from error

    return run


def call_task(name: str, **options: Any) -> Callable[[Callable[P, Awaitable[R]]], Task[P, Coroutine[Any, Any, R]]]:
    """Make a task of an async function about calls: it runs again while it meets what may succeed later, and tells no words.

    ``options`` are Prefect's and go before ``RETRY_TRANSIENT``.
    """

    def decorate(function: Callable[P, Awaitable[R]]) -> Task[P, Coroutine[Any, Any, R]]:
        return task(name=name, **{**RETRY_TRANSIENT, **options})(without_words(function))

    return decorate
