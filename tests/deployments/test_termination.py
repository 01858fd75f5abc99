"""The one place that reaches into Prefect's engine: held to what the pinned version does."""

import asyncio
import contextvars
from pathlib import Path

import pytest
from prefect import flow_engine
from prefect.workers.base import BaseWorker

from deployments.resident import ResidentWorker
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


def test_the_worker_type_is_found_by_prefect_itself() -> None:
    assert BaseWorker.get_worker_class_from_type("resident") is ResidentWorker


def test_a_sync_flow_is_refused_since_nothing_could_interrupt_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "blocking_flows.py").write_text("from prefect import flow\n\n@flow\ndef blocking() -> None:\n    pass\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    worker = ResidentWorker(work_pool_name="calls")
    with pytest.raises(TypeError, match="blocking is a sync flow"):
        asyncio.run(worker._load("blocking_flows.blocking"))


def test_a_flow_is_imported_once_and_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "kept_flows.py").write_text("from prefect import flow\n\n@flow\nasync def kept() -> None:\n    pass\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    worker = ResidentWorker(work_pool_name="calls")

    async def load_twice() -> bool:
        return await worker._load("kept_flows.kept") is await worker._load("kept_flows.kept")

    assert asyncio.run(load_twice())
