"""What a command is doing: a spinner on a terminal, elsewhere (a log file, a pipe, CI) a line for each step with its second."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console

Tell = Callable[[str], None]


def keep_to_oneself(step: str) -> None:
    """For who starts the stack without showing it."""


@contextmanager
def progress(console: Console) -> Iterator[Tell]:
    """Give a function that is told each step as it begins."""
    begun = time.monotonic()
    if not console.is_terminal:
        yield lambda step: console.print(f"{time.monotonic() - begun:4.0f} s  {step}", highlight=False, soft_wrap=True)
        return
    with console.status("") as status:
        yield status.update
