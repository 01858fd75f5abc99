"""The steps of a training of a classifier of emotions or dangers."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from clients.hub import ensure_downloaded
from models.lifecycle.line import Line
from models.lines import DANGER, EMOTION
from models.signals.told import CallDanger, CallEmotion
from models.training.config import Progress
from models.training.data.dialogues import read_danger_rows, read_emotions
from models.training.data.split import split_dialogues
from models.training.signal_outputs import SignalSummary, made_csv
from models.training.signal_scores import DangerScores, EmotionScores
from models.training.signal_task import SHARES, SignalConfig, danger_task, emotion_task
from models.training.signals import train
from models.training.train import MODEL, data_fingerprint
from reports import plots
from reports.signals import SIGNAL_FILES, signal_data_report, signal_report
from reports.training import versions_report
from stores.datasets import Datasets
from stores.training_runs import RunFile, TrainingRuns, split_files
from tasks.in_thread import task_in_thread
from tasks.training.data import TrainingData
from tasks.training.train import SEVEN_DAYS, work_folder
from wiring import datasets, object_store, settings

SignalName = Literal["emotion", "danger"]


def line_of(name: SignalName) -> Line[CallEmotion] | Line[CallDanger]:
    """The line that a training makes candidates of."""
    return EMOTION if name == "emotion" else DANGER


@task_in_thread("prepare-signal-data")
def prepare_signal_data(name: SignalName, source: str, seed: int) -> TrainingData:
    """Load, split six to two to two and profile."""
    return load_signal_data(datasets(), name, source, seed)


def load_signal_data(known: Datasets, name: SignalName, source: str, seed: int) -> TrainingData:
    """Read a data set, split it, and keep what was read as a version."""
    read, body = read_emotions if name == "emotion" else read_danger_rows, known.read(source)
    pairs, report = read(body, Path(source.partition("@")[0]).name)
    version = known.keep(source, body)
    split = split_dialogues(pairs, SHARES, seed)
    profile = f"{signal_data_report(pairs, split, report)}\n{versions_report([version])}"
    return TrainingData(split, profile, data_fingerprint(pairs), (version,))


@task_in_thread("find-finished-signals")
def find_finished_signals(name: SignalName, family: str, run: str) -> SignalSummary | None:
    """The summary of a run that finished earlier, or None."""
    return TrainingRuns(object_store(), line_of(name)).find(family, run, SignalSummary)


@task_in_thread("train-signals", retries=0)
def train_signals(
    name: SignalName, config: SignalConfig, data: TrainingData, run: str, on_progress: Callable[[Progress], None]
) -> SignalSummary:
    """Train, score on rows that were not learnt from, and put everything of the run into the bucket."""
    if config.family == "encoder":
        ensure_downloaded(config.base)
    begun = time.monotonic()
    runs, out = TrainingRuns(object_store(), line_of(name)), work_folder(f"{name}-{config.family}", run)
    split = data.split
    every = [*split.train, *split.validation, *split.test]
    trained = train(config, emotion_task(every) if name == "emotion" else danger_task(every), split, out, MODEL, on_progress)
    groups = settings().emotion_groups
    summary = SignalSummary(
        run=run,
        prefix=runs.keys(config.family, run).prefix,
        config=config,
        train_rows=len(split.train),
        made_rows=len(trained.made),
        seconds=time.monotonic() - begun,
        device=trained.classifier.device,
        history=list(trained.history),
        emotion=EmotionScores.of(trained.classifier, split.test, groups) if name == "emotion" else None,
        danger=DangerScores.of(trained.classifier, split.test) if name == "danger" else None,
    )
    files = split_files(split, data.fingerprint, line_of(name).reference) | {"profile.md": RunFile.text(data.profile)}
    files |= {"augmented.csv": RunFile.text(made_csv(trained.made), "text/csv")} if trained.made else {}
    files |= {"confusion.png": RunFile.picture(plots.confusion(summary.emotion.matrix))} if summary.emotion else {}
    runs.save(config.family, run, summary, out, [MODEL], files)
    return summary


def signal_report_of(name: SignalName, summary: SignalSummary) -> str:
    """The run's report, with links that open its files for a week."""
    store = object_store()
    names = [file for file in SIGNAL_FILES if name in SIGNAL_FILES[file] and (file != "augmented.csv" or summary.made_rows)]
    links = {file: store.link(summary.prefix + file, seconds=SEVEN_DAYS) for file in names}
    return signal_report(summary, store.bucket, links)


def resolved(config: SignalConfig) -> SignalConfig:
    """The configuration with the folder of the reader that ships where its base says so."""
    from models.summarizer import SHIPPED_READER

    return config.model_copy(update={"base": str(SHIPPED_READER)}) if config.base == "shipped" else config
