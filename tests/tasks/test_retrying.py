"""How often a task asks again."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from prefect import task
from prefect.client.schemas.objects import TaskRun
from prefect.states import Failed

from models.errors import AccessRefused, PermanentError, ReadbackError, VendorUnavailable, VendorUnreachable
from tasks.retrying import is_transient


@task
def some_task() -> None:
    """Never run here."""


def again(error: ReadbackError, *, tries: int, seconds: float = 0.0) -> bool:
    begun = datetime.now(UTC) - timedelta(seconds=seconds)
    run: dict[str, Any] = {"flow_run_id": uuid4(), "task_key": "t", "dynamic_key": "0", "run_count": tries, "start_time": begun}
    return is_transient(some_task, TaskRun(**run), Failed(data=error))


@pytest.mark.parametrize("kind", [PermanentError, AccessRefused])
def test_what_will_not_change_by_itself_is_asked_once(kind: type[ReadbackError]) -> None:
    assert not again(kind("no"), tries=1)


def test_a_vendors_bad_moment_is_waited_for_with_the_patience_of_the_task() -> None:
    assert again(VendorUnavailable("HTTP 500"), tries=7, seconds=100)


@pytest.mark.parametrize("flow", ["process-call", "summarize-call"])
def test_a_call_asks_who_cannot_be_reached_three_times_and_not_again_once_seconds_have_passed(
    flow: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PREFECT__RUNTIME__FLOW_RUN__FLOW_NAME", flow)
    gone = VendorUnreachable("no route")
    assert [again(gone, tries=tries) for tries in (1, 2, 3)] == [True, True, False]
    assert not again(gone, tries=1, seconds=5)


def test_what_has_no_queue_to_wait_in_keeps_its_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PREFECT__RUNTIME__FLOW_RUN__FLOW_NAME", "digest")
    assert again(VendorUnreachable("no route"), tries=6, seconds=60)
