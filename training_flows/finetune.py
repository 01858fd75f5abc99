"""One fine-tuning run, launched from the Prefect UI: data, training, test scores, plots, everything in the bucket."""

import asyncio
import re
from collections.abc import Coroutine
from concurrent.futures import Future
from uuid import UUID

import httpx
from prefect import flow, get_run_logger
from prefect.artifacts import acreate_markdown_artifact, acreate_progress_artifact, aupdate_progress_artifact
from prefect.exceptions import PrefectHTTPStatusError
from pydantic import BaseModel, ConfigDict, Field

from models.keys import RunKeys
from models.lines import SUMMARIZER
from models.summarizer.folder import trainable
from models.training import FinetuneConfig, Progress
from models.training.metrics import local_encoder
from models.training.outputs import RunSummary, run_name
from tasks.training.data import prepare_data, publish_data
from tasks.training.evaluate import evaluate
from tasks.training.train import download_models, find_finished, report_of, train, upload_run, work_folder
from wiring import settings


class FinetuneRun(BaseModel):
    """What the launch form asks for."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    data: str = Field(
        "datasets/data_12000.csv", description="CSV with columns input and summary: a key of the bucket, or a file on the worker"
    )
    out_of_domain: str = Field("", description="CSV of pairs from outside insurance for a tenth of the validation set; empty: none")
    split_seed: int = Field(42, ge=0, description="Seed of the split; keep it the same for runs that are to be compared")
    encoders: str = Field(
        "configured",
        pattern="^(configured|shipped)$",
        description="configured: the encoders of config.metrics; shipped: the shipped summarizer's own encoder, which needs no network",
    )
    test_rows: int = Field(0, ge=0, description="Score the best checkpoint on this many test rows; 0: on all")
    config: FinetuneConfig = Field(default_factory=FinetuneConfig, description="Model and hyperparameters")

    def resolved(self) -> FinetuneConfig:
        """The configuration with the encoders that this machine scores with, and the shipped model where the base says so."""
        changes: dict[str, object] = {}
        if self.encoders == "shipped" and self.config.metrics.enabled:
            changes["metrics"] = local_encoder(trainable(settings().model_dir))
        if self.config.base == "shipped":
            changes["base"] = str(trainable(settings().model_dir))
        return self.config.model_copy(update=changes)


@flow(name="finetune", flow_run_name="{run.config.family}-{run.config.method}-lr{run.config.learning_rate}-e{run.config.epochs}", retries=0)
async def finetune(run: FinetuneRun) -> RunSummary:
    """Train one model and keep its best checkpoint under ``models/<family>/<run>/``.

    The same run launched again returns what is there. A run that was killed, launched again or retried, goes on from its last
    checkpoint, on any worker.

    Args:
        run: data, model and hyperparameters of the run
    """
    config = run.resolved()
    data = await prepare_data(run.data, run.out_of_domain, run.split_seed)
    await publish_data(SUMMARIZER, data, run.data)
    name = run_name(config, f"{data.fingerprint} {run.split_seed}")
    keys = RunKeys(SUMMARIZER.name, config.family, name)
    known = await find_finished(config.family, name)
    if known is not None:
        await publish(known)
        return known
    await download_models(config)
    out = work_folder(config.family, name)
    bar = await acreate_progress_artifact(0.0, key=artifact_key("progress", name), description="시작")
    assert isinstance(bar, UUID)
    progress = ProgressBar(bar, asyncio.get_running_loop())
    result = await train(config, data.split, out, keys, progress)
    await progress.finish()
    served = result.merged_dir or (result.model_dir if config.method == "full" else None)
    scores = None
    if served is not None and config.metrics.enabled:
        scores = await evaluate(served, data.split.test[: run.test_rows or None], config.metrics)
    summary = RunSummary(run=name, prefix=keys.prefix, config=config, result=result, test_scores=scores)
    await upload_run(summary, data, out)
    await publish(summary)
    return summary


class ProgressBar:
    """Moves the run's progress artifact from the training thread; training neither waits for the server nor fails with it."""

    def __init__(self, artifact: UUID, loop: asyncio.AbstractEventLoop) -> None:
        self._artifact, self._loop, self._logger = artifact, loop, get_run_logger()
        self._moves: list[Future[UUID]] = []

    def __call__(self, progress: Progress) -> None:
        """Show where training stands and what was just measured."""
        measured = progress.row.model_dump(exclude_none=True, exclude={"step", "epoch"})
        values = ", ".join(f"{name} {value:.4g}" for name, value in measured.items())
        move = aupdate_progress_artifact(self._artifact, progress.percent, f"{progress.step}/{progress.total_steps} · {values}")
        self._moves = [earlier for earlier in self._moves if not earlier.done()]
        self._moves.append(asyncio.run_coroutine_threadsafe(self._tell(move), self._loop))

    async def _tell(self, move: Coroutine[None, None, UUID]) -> UUID:
        try:
            return await move
        except (PrefectHTTPStatusError, httpx.HTTPError) as error:
            self._logger.warning("The progress bar was not moved: %s", error)
            return self._artifact

    async def finish(self) -> None:
        """Show the end, after every move that is still on its way."""
        await asyncio.gather(*map(asyncio.wrap_future, self._moves))
        await aupdate_progress_artifact(self._artifact, 100.0, "완료")


async def publish(summary: RunSummary) -> None:
    """Write the run's report as an artifact."""
    report = await asyncio.to_thread(report_of, summary)
    await acreate_markdown_artifact(report, key=artifact_key("finetune", summary.run), description=summary.prefix)


def artifact_key(kind: str, run: str) -> str:
    """An artifact's key: lowercase letters, digits and dashes."""
    return re.sub(r"[^a-z0-9-]+", "-", f"{kind}-{run}".lower())
