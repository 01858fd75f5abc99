"""A command that loads what it will need at once and runs when it is told to: ``python -m sandbox.held [--load MODULE]... MODULE ...``.

Most of what a start takes is loading modules, which waits for nothing, while a worker must not ask a server that is not there yet. So
it loads, and a line on standard input lets it go: a JSON object of variables that were not known before. Nobody holds it: it ends.
"""

import argparse
import fcntl
import importlib
import json
import os
import runpy
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from deployments.garbage import no_gc_while_loading


@contextmanager
def in_turn(file: Path | None) -> Iterator[None]:
    """Wait until no other process that was given the same file is in here."""
    if file is None:
        yield
        return
    with file.open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def load(names: Sequence[str]) -> None:
    """Import modules, and call functions (``module:function``) that load something once for the process."""
    with no_gc_while_loading():
        for name in names:
            module, _, function = name.partition(":")
            loaded = importlib.import_module(module)
            if function:
                getattr(loaded, function)()


def wait_to_be_let_go() -> dict[str, str]:
    """The variables that the line on standard input brings; standard input is empty from then on. Ends the process at its end."""
    line = sys.stdin.readline()
    if not line:
        sys.exit("sandbox.held: whoever held this command is gone")
    with open(os.devnull) as nothing:
        os.dup2(nothing.fileno(), sys.stdin.fileno())
    variables: dict[str, str] = json.loads(line)
    return variables


def main() -> None:
    """Load, wait, run."""
    parser = argparse.ArgumentParser(prog="python -m sandbox.held", description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument(
        "--load", action="append", default=[], metavar="MODULE[:FUNCTION]", help="what to import, and call, before; repeatable"
    )
    parser.add_argument("--turn", type=Path, help="file by which one process at a time loads")
    parser.add_argument("command", nargs=argparse.REMAINDER, help="module and its arguments, as after python -m")
    options = parser.parse_args()
    with in_turn(options.turn):
        load(options.load)
    os.environ.update(wait_to_be_let_go())
    module, *arguments = options.command
    sys.modules.pop(module, None)  # where it was loaded for what it imports: it runs as a program, and not as that module
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
