"""The steps of a training of the request classifier."""

import tempfile
from pathlib import Path

from models.lines import REQUEST_CLASSIFIER
from models.training.request_classifier import FAMILY, ClassifierConfig, ClassifierSummary, check_kinds, train_classifier
from models.training.train import MODEL
from reports.training import CLASSIFIER_FILES, classifier_report
from stores.training_runs import RunFile, TrainingRuns, split_files
from tasks.in_thread import task_in_thread
from tasks.training.data import TrainingData
from tasks.training.train import SEVEN_DAYS
from wiring import object_store


@task_in_thread("find-finished-classifier")
def find_finished_classifier(run: str) -> ClassifierSummary | None:
    """The summary of a run that finished earlier, or None."""
    return TrainingRuns(object_store(), REQUEST_CLASSIFIER).find(FAMILY, run, ClassifierSummary)


@task_in_thread("train-classifier", retries=0)
def train_and_upload(config: ClassifierConfig, data: TrainingData, run: str) -> ClassifierSummary:
    """Train, score on rows that were not learnt from, and put everything of the run into the bucket."""
    check_kinds([*data.split.train, *data.split.validation, *data.split.test])
    runs = TrainingRuns(object_store(), REQUEST_CLASSIFIER)
    with tempfile.TemporaryDirectory(prefix="classifier-") as scratch:
        rows, seconds, validation, test = train_classifier(config, data.split, Path(scratch) / MODEL)
        summary = ClassifierSummary(
            run=run,
            prefix=runs.keys(FAMILY, run).prefix,
            config=config,
            train_rows=rows,
            seconds=seconds,
            validation=validation,
            test=test,
        )
        files = split_files(data.split, data.fingerprint, REQUEST_CLASSIFIER.reference) | {"profile.md": RunFile.text(data.profile)}
        runs.save(FAMILY, run, summary, Path(scratch), [MODEL], files)
    return summary


def classifier_report_of(summary: ClassifierSummary) -> str:
    """The run's report, with links that open its files for a week."""
    store = object_store()
    links = {name: store.link(summary.prefix + name, seconds=SEVEN_DAYS) for name in CLASSIFIER_FILES}
    return classifier_report(summary, store.bucket, links)
