"""The one place that reaches into Prefect's engine: held to what the pinned version does."""

import contextvars

import pytest
from prefect import flow_engine

from deployments.termination import Intent, Termination, begin, install


def intent_in(context: contextvars.Context) -> Intent | None:
    return context.run(flow_engine._termination_intent)  # type: ignore[return-value]


def test_each_run_has_its_own_answer_to_why_it_is_ended() -> None:
    install()
    cancelled, untouched = contextvars.copy_context(), contextvars.copy_context()
    termination = Termination()
    cancelled.run(begin, termination)
    assert intent_in(cancelled) is None
    termination.intent = "cancel"
    assert intent_in(cancelled) == "cancel"
    assert intent_in(untouched) is None


def test_a_prefect_without_the_hook_is_refused_with_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(flow_engine, "get_intent")
    with pytest.raises(ImportError, match="needs another way to cancel"):
        install()
