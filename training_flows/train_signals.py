"""One training of the classifier of emotions or of dangers, launched from the Prefect UI; everything of it goes into the bucket."""

import asyncio
from typing import Any
from uuid import UUID

from prefect import flow
from prefect.artifacts import acreate_markdown_artifact, acreate_progress_artifact
from pydantic import BaseModel, ConfigDict, Field

from models.training.signal_outputs import SignalSummary
from models.training.signal_task import SignalConfig
from tasks.training.data import publish_data
from tasks.training.signals import (
    SignalName,
    find_finished_signals,
    line_of,
    prepare_signal_data,
    resolved,
    signal_report_of,
    train_signals,
)
from tasks.training.watching import artifact_key, rename_this_run, say_ended_early
from training_flows.finetune import ProgressBar

# The requirements' chain against few examples and against alarms: more rows by augmentation, most states dropped, a low learning rate.
DANGER_CONFIG = SignalConfig(dropout=0.7, learning_rate=1e-5, class_weights=True, augmentation=4.5, batch_size=32)


class EmotionRun(BaseModel):
    """What the launch form asks for."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    data: str = Field(
        "datasets/emotions.xlsx",
        description="AI-Hub's 감성 대화 말뭉치 as Excel or CSV, or a table with columns input and emotion: a key of the bucket, or a file",
    )
    split_seed: int = Field(42, ge=0, description="Seed of the split (6:2:2); keep it the same for runs that are to be compared")
    config: SignalConfig = Field(default_factory=SignalConfig, description="Encoder and hyperparameters")


class DangerRun(BaseModel):
    """What the launch form asks for."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    data: str = Field(
        "datasets/dangers.csv",
        description="CSV or Excel with columns input and danger (kinds with commas, or none), dialogue if rows belong to calls",
    )
    split_seed: int = Field(42, ge=0, description="Seed of the split (6:2:2); keep it the same for runs that are to be compared")
    config: SignalConfig = Field(DANGER_CONFIG, description="Encoder and hyperparameters")


# What a run that ends early says by its progress bar.
TOLD: dict[str, Any] = {"on_cancellation": [say_ended_early], "on_crashed": [say_ended_early], "on_failure": [say_ended_early]}


@flow(name="train-emotion", flow_run_name="{run.config.family}-lr{run.config.learning_rate}", **TOLD)
async def train_emotion(run: EmotionRun) -> SignalSummary:
    """Train one classifier of emotions and keep it under `models/emotion/<family>/<run>/`.

    The same run launched again returns what is there; one that was killed goes on from its last epoch on the same machine. Put it into
    service with `promote`, line `emotion`, candidate `<family>/<run>`.

    Args:
        run: data and settings of the run
    """
    return await _train("emotion", run.data, run.split_seed, run.config)


@flow(name="train-danger", flow_run_name="{run.config.family}-lr{run.config.learning_rate}", **TOLD)
async def train_danger(run: DangerRun) -> SignalSummary:
    """Train one classifier of dangers and keep it under `models/danger/<family>/<run>/`; see `train-emotion`.

    Args:
        run: data and settings of the run
    """
    return await _train("danger", run.data, run.split_seed, run.config)


async def _train(name: SignalName, source: str, seed: int, wanted: SignalConfig) -> SignalSummary:
    config = resolved(wanted)
    data = await prepare_signal_data(name, source, seed)
    await publish_data(line_of(name), data, source)
    run = config.run_name(f"{data.fingerprint} {seed}")
    await rename_this_run(run)
    summary = await find_finished_signals(name, config.family, run)
    if summary is None:
        bar = await acreate_progress_artifact(0.0, key=artifact_key(f"progress-{name}", run), description="시작")
        assert isinstance(bar, UUID)
        progress = ProgressBar(bar, asyncio.get_running_loop())
        summary = await train_signals(name, config, data, run, progress)
        await progress.finish()
    report = await asyncio.to_thread(signal_report_of, name, summary)
    await acreate_markdown_artifact(report, key=artifact_key(f"train-{name}", run), description=summary.prefix)
    return summary
