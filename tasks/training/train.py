"""The steps of a fine-tuning run: a model out of data, everything of it in the bucket."""

import asyncio
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from prefect import Task, task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State, TaskRun

from clients.hub import ensure_downloaded
from clients.s3 import ObjectStore
from models.errors import ConfigurationError, PermanentError
from models.keys import RunKeys
from models.lines import SUMMARIZER
from models.training import FinetuneConfig, FinetuneResult, Progress, finetune
from models.training.data.split import Split
from models.training.data.version import versions_json
from models.training.outputs import RunSummary
from models.training.train import CHECKPOINTS, MERGED, MODEL, RUN
from reports import plots
from reports.model_card import model_card
from reports.training import RUN_FILES, run_report
from stores.training_runs import CheckpointMirror, RunFile, TrainingRuns, split_files
from tasks.in_thread import task_in_thread
from tasks.markdown import shown
from tasks.training.data import TrainingData
from wiring import object_store

# As long as S3 lets a signed link live.
SEVEN_DAYS = 7 * 24 * 3600


def may_go_on(task: Task[..., Any], task_run: TaskRun, state: State[Any]) -> bool:
    """Repeat a training that broke for no reason of its own: a driver, a full disk, a lost connection. It resumes."""
    return not isinstance(state.data, (PermanentError, ConfigurationError))


@task_in_thread("download-models")
def download_models(config: FinetuneConfig) -> None:
    """Have the base and the metrics' encoders on this machine before anything else begins."""
    names = [config.base_model]
    if config.metrics.enabled:
        names += [config.metrics.bertscore_model, config.metrics.sts_model]
    for name in names:
        ensure_downloaded(name)


@task(name="train", retries=2, retry_delay_seconds=10, retry_condition_fn=may_go_on, persist_result=False, cache_policy=NO_CACHE)
async def train(config: FinetuneConfig, split: Split, out: Path, keys: RunKeys, on_progress: Callable[[Progress], None]) -> FinetuneResult:
    """Fine-tune, going on from the last checkpoint on this machine or in the bucket."""
    mirror = CheckpointMirror(object_store(), keys, out / CHECKPOINTS)

    def on_step(progress: Progress) -> None:
        mirror.send()
        on_progress(progress)

    await asyncio.to_thread(mirror.fetch)
    return await asyncio.to_thread(finetune, config, split.train, split.validation, out, on_step)


@task_in_thread("claim-name")
def claim_name(config: FinetuneConfig, run: str, data: str, seed: int) -> None:
    """Take a run's name for what it learns from which data; ConfigurationError where another run has it."""
    TrainingRuns(object_store(), SUMMARIZER).claim(config.family, run, f"{config.fingerprint()} {data} {seed}")


@task_in_thread("find-finished")
def find_finished(family: str, run: str) -> RunSummary | None:
    """The summary of a run that finished earlier, or None."""
    return TrainingRuns(object_store(), SUMMARIZER).find(family, run, RunSummary)


@task_in_thread("upload-run")
def upload_run(summary: RunSummary, data: TrainingData, out: Path) -> None:
    """Put everything of the run into the bucket; the mark of a finished run comes last."""
    store_run(object_store(), summary, data, out)


def store_run(store: ObjectStore, summary: RunSummary, data: TrainingData, out: Path) -> None:
    """Model, settings, rows, figures and plots of a fine-tuning run; its checkpoints are no longer needed."""
    result, runs = summary.result, TrainingRuns(store, SUMMARIZER)
    files = split_files(data.split, data.fingerprint, SUMMARIZER.reference) | {
        RUN: RunFile("application/json", (out / RUN).read_bytes()),
        "profile.md": RunFile.text(data.profile),
        "README.md": RunFile.text(model_card(summary)),
        "datasets.json": RunFile("application/json", versions_json(data.versions)),
        "metrics.csv": RunFile.text(plots.metrics_csv(result.history, result.encoders), "text/csv"),
        "losses.png": RunFile.picture(plots.losses(result.history)),
        "scores.png": RunFile.picture(plots.scores(result.history, result.encoders)),
    }
    family = summary.config.family
    runs.save(family, summary.run, summary, out, [MODEL, *([MERGED] if result.merged_dir else [])], files)
    CheckpointMirror(store, runs.keys(family, summary.run), out / CHECKPOINTS).clear()


def report_of(summary: RunSummary) -> str:
    """The run's report, with links that open its files for a week."""
    store = object_store()
    links = {name: store.link(summary.prefix + name, seconds=SEVEN_DAYS) for name in RUN_FILES}
    return run_report(summary, store.bucket, links, shown)


def work_folder(family: str, run: str) -> Path:
    """Where a run works on this machine: the same folder for the same run, so that a retry finds its checkpoints."""
    return Path(tempfile.gettempdir()) / "readback-training" / family / run
