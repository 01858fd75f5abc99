"""Python's garbage collector in a process that loads a lot once and then serves."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def no_gc_while_loading() -> Iterator[None]:
    """Look for no garbage meanwhile: loading leaves none, and looking at what is loaded already is a sixth of what loading takes."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def freeze_gc() -> None:
    """Take all that is loaded by now for permanent, and look for garbage after 20,000 new objects instead of 700.

    What was imported is most of what such a process holds, and stays: looking at it took 13 % of the server's time and 8 % of a
    call worker's, where each look stopped every call for a fifth of a second (benchmarks/LOG.md).
    """
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
