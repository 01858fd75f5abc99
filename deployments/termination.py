"""How one flow run among many in a process is told to end: the only place that reaches into Prefect's engine.

Prefect's engine asks ``prefect.flow_engine.get_intent`` why it is being ended; in a process of its own that answer is one
flag for the process. Here every run has its own answer, carried by a context variable. The name is private to Prefect:
the version is pinned and ``tests/deployments/test_resident.py`` holds the contract.
"""

from contextvars import ContextVar
from dataclasses import dataclass
from typing import Literal

Intent = Literal["cancel", "reschedule"]


@dataclass
class Termination:
    """Why a run is being ended: a person cancelled it, its worker gives it back, or (None) nobody asked."""

    intent: Intent | None = None


_OF_THIS_RUN: ContextVar[Termination | None] = ContextVar("termination_of_this_run", default=None)


def begin(termination: Termination) -> None:
    """Make this the termination of every engine call in the current context."""
    _OF_THIS_RUN.set(termination)


def _intent_of_this_run() -> Intent | None:
    termination = _OF_THIS_RUN.get()
    return termination.intent if termination else None


def install() -> None:
    """Let the engine ask about the run at hand; a second call changes nothing."""
    from prefect import flow_engine

    if not callable(getattr(flow_engine, "get_intent", None)):
        raise ImportError("prefect.flow_engine.get_intent is gone: this Prefect needs another way to cancel one run among many")
    flow_engine.get_intent = _intent_of_this_run  # type: ignore[attr-defined]
