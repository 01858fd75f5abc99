"""What a flow refuses is told in its run's log by one sentence."""

import logging

import pytest
from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.filters import FlowFilter, FlowFilterName

from clients.s3 import ObjectStore
from flows.redrive import redrive
from models.errors import ConfigurationError


class Kept(logging.Handler):
    """Writes records as Prefect's handlers do."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines += self.format(record).splitlines()


async def test_a_refused_run_has_one_sentence_in_its_log_and_state(store: ObjectStore, client: PrefectClient) -> None:
    kept, logger = Kept(), logging.getLogger("prefect.flow_runs")
    logger.addHandler(kept)
    try:
        with pytest.raises(ConfigurationError):
            await redrive()
        with pytest.raises(Exception, match="per_minute"):
            await redrive(calls=["c"], per_minute="fast")  # type: ignore[arg-type]
    finally:
        logger.removeHandler(kept)
    assert not [line for line in kept.lines if "Traceback" in line or line.lstrip().startswith("File ")]
    assert [line for line in kept.lines if "configuration_error" in line and "Give call ids, an error code, or a time range" in line]
    runs = await client.read_flow_runs(flow_filter=FlowFilter(name=FlowFilterName(any_=["redrive"])))
    assert {run.state.name for run in runs if run.state} == {"Failed"}
    assert any("Give call ids" in (run.state.message or "") for run in runs if run.state)
