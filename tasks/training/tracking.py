"""A training on MLflow's tracking server while it lasts. Training neither waits for that server nor fails with it; without a setting
there is none.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Any

from prefect import get_run_logger
from prefect.client.schemas.objects import FlowRun, State
from prefect.settings import get_current_settings

from clients.mlflow_tracking import FLOW_RUN_TAG, Ending, MlflowRun, end_run_of
from models.errors import TransientError
from models.keys import RunKeys
from models.training import FinetuneConfig, Progress
from models.training.config import HistoryRow
from models.training.data.pair import Pair
from models.training.outputs import RunSummary
from models.training.train import package_versions
from reports.markdown import table
from reports.training import verdict
from tasks.markdown import shown
from tasks.training.data import TrainingData
from wiring import object_store, settings

EXPERIMENT = "readback-summarizer"


class Tracking:
    """Sends what is measured, in order, from a thread of its own; what the server does not take is warned of once and left out."""

    def __init__(self, run: MlflowRun, samples: Sequence[Pair], logger: Any) -> None:
        self._run, self._samples, self._logger = run, samples, logger
        self._sender = ThreadPoolExecutor(1, thread_name_prefix="mlflow")
        self._warned = False
        self.address = run.address

    def __call__(self, progress: Progress) -> None:
        """A step's figures, and where the model was evaluated what it wrote."""
        row = progress.row
        values = row.model_dump(exclude_none=True, exclude={"step", "samples"})
        self._send(lambda: self._run.measure(row.step, values))
        if row.samples is not None:
            self._send(lambda: self._run.write(f"samples/step-{row.step:06d}.md", self._written(row)))

    def _written(self, row: HistoryRow) -> str:
        rows = [(shown(pair.input), shown(pair.summary), shown(text)) for pair, text in zip(self._samples, row.samples or [], strict=False)]
        return table(("문의", "정답", f"{row.step} 스텝"), rows) + "\n"

    def _send(self, work: Callable[[], None]) -> None:
        def guarded() -> None:
            try:
                work()
            except TransientError as error:
                if not self._warned:
                    self._logger.warning("Not all is on MLflow, and all of it will be in the bucket: %s", error)
                self._warned = True

        self._sender.submit(guarded)

    def finish(self, summary: RunSummary) -> None:
        """What is known at the end."""
        test = summary.test_scores
        told = {"best_step": summary.result.best_step, "seconds": summary.result.seconds, "memory_mib": summary.result.memory_mib}
        told |= {"gain": summary.result.gain} if summary.result.gain is not None else {}
        told |= {"test_bertscore_f1": test.bertscore_f1, "test_sts": test.sts, "test_score": test.score} if test else {}
        self._send(lambda: self._run.measure(summary.result.steps, told))
        self._send(lambda: self._run.write("finished.json", summary.model_dump_json(indent=1)))
        self._send(lambda: self._run.write("verdict.md", verdict(summary) + "\n"))

    def end(self, status: Ending) -> None:
        """Say how it ended, once everything is sent; blocks."""
        self._send(lambda: self._run.end(status))
        self._sender.shutdown(wait=True)


def open_tracking(config: FinetuneConfig, keys: RunKeys, name: str, data: TrainingData, flow_run: str, logger: Any) -> Tracking | None:
    """Begin, or go on with, the run's page on the server; None where tracking is off or the server is away."""
    url = settings().tracking_url.rstrip("/")
    if not url:
        return None
    ui, folder = get_current_settings().ui_url, f"s3://{object_store().bucket}/{keys.prefix}"
    page = f"{ui}/runs/flow-run/{flow_run}" if ui else ""
    parameters: dict[str, object] = config.model_dump(mode="json", exclude={"metrics"})
    parameters |= {f"encoder.{score}": encoder for score, encoder in config.metrics.named_encoders().items()}
    parameters |= {"data.fingerprint": data.fingerprint, "data.seed": data.split.record.seed}
    for number, version in enumerate(data.versions):
        which = "data" if number == 0 else "out_of_domain"
        parameters |= {f"{which}.version": version.name, f"{which}.sha256": version.sha256}
    parameters |= {f"package.{package}": version for package, version in package_versions().items()}
    note = f"[Prefect]({page}) · `{folder}`" if page else f"`{folder}`"
    tags = {FLOW_RUN_TAG: flow_run, "prefect": page, "s3": folder, "mlflow.note.content": note}
    try:
        run = MlflowRun.open(url, EXPERIMENT, name, keys.prefix)
        run.describe(parameters, tags, data.versions)
        run.watch_machine()
    except TransientError as error:
        logger.warning("This run is not on MLflow: %s", error)
        return None
    return Tracking(run, data.split.validation, logger)


@asynccontextmanager
async def ending(tracking: Tracking | None) -> AsyncIterator[None]:
    """Say FINISHED at the end, FAILED where the training raises, KILLED where somebody stops it."""
    status: Ending = "KILLED"
    try:
        yield
        status = "FINISHED"
    except Exception:
        status = "FAILED"
        raise
    finally:
        if tracking is not None:
            await asyncio.to_thread(tracking.end, status)


async def say_killed(flow: Any, flow_run: FlowRun, state: State[Any]) -> None:
    """A hook for runs that are cancelled or crash: their own process cannot say so any more."""
    if url := settings().tracking_url.rstrip("/"):
        try:
            await asyncio.to_thread(end_run_of, url, EXPERIMENT, str(flow_run.id), "KILLED")
        except TransientError as error:
            get_run_logger().warning("MLflow was not told of the end: %s", error)
